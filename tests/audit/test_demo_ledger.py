"""One demo ledger recomputed from what it stores, by the audit's own arithmetic and its own tables.

Nothing of core is imported here: expected values come from the stored inputs, the standard library and the numbers
written below. The program is only asked for what it says: its ledger, its totals and its report.
"""

from __future__ import annotations

import asyncio
import math
import sqlite3
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from server.config import load_settings
from server.demo.drive import virtual_end
from server.demo.session import demo_session
from server.demo.summary import summary
from server.ledger.codec import loads
from server.ledger.mark_store import marks_by_time
from server.ledger.snapshot import LedgerSnapshot

EXCHANGE = ZoneInfo("America/New_York")
SHARES = 100
FEE = Fraction(65, 100)
ACCOUNT, BUDGET_PCT, PREMIUM_CAP, CONTRACT_CAP = 25_000, 1, 2_500, 20
LEAST_LOSS, LEAST, MOST = Fraction(1, 4), Fraction(1, 2), 3

WEIGHTS = {"240": 40, "60": 25, "30": 15, "15": 10, "5": 7, "3": 3}
CONFLUENCE = ((90, "2.5"), (80, "2"), (70, "1.5"), (60, "1"), (50, ".7"), (0, ".5"))
REWARD_RISK = ((5, "1.2"), (4, "1.15"), (3, "1.1"), (2, "1"), ("1.5", ".85"), (-(10**9), ".5"))
VOLUME = (("1.5", "1.1"), (".8", "1"), (-(10**9), ".7"))
TREND = ((80, "1.2"), (60, "1"), (-(10**9), ".8"))
QUALITY = {"EXTREME": "1.3", "HIGH": "1.1", "MEDIUM": "1"}
SESSION = {"OPEN": ".9", "MIDDAY": "1", "POWER_HOUR": ".85", "AFTERHOURS": ".5"}
DAY = (".95", "1.1", "1", ".95", ".85")
PHASE = {1: ".5", 2: "1", 3: ".5", 4: ".75"}
PARTS = ("pnl_from_delta", "pnl_from_gamma", "pnl_from_iv", "pnl_from_theta", "pnl_unexplained")


@dataclass
class Ledger:
    """The stored rows with their JSON read, the totals of the program, and the rules text in force."""

    entries: list[dict[str, Any]]
    marks: list[tuple[dict[str, Any], dict[str, Any]]]
    """Each mark with its contract."""
    told: Mapping[str, Any]
    report: Any
    rules: Mapping[str, Any]

    def trades(self) -> Iterator[dict[str, Any]]:
        return (entry for entry in self.entries if entry["execution"] is not None)

    def sold(self) -> Iterator[dict[str, Any]]:
        return (entry for entry in self.trades() if entry["exit"] is not None)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    folder = tmp_path_factory.mktemp("audit")
    return asyncio.run(_made(folder))


async def _made(folder: Path) -> Ledger:
    flags = {"state_dir": folder, "db": str(folder / "demo.db"), "engine_id": "demo", "port": 0}
    async with demo_session(load_settings(flags, Path("/dev/null")), seed=7, speed=math.inf) as demo:
        await demo.drive.run(virtual_end(demo.drive.clock.now(), 45, math.inf))
        told = await summary(demo.host.runtime.ledger, seed=7, rules="demo")
        report = (await demo.host.deck.performance("all", "symbol")).report
    with sqlite3.connect(folder / "demo.db") as file:
        file.row_factory = sqlite3.Row
        rows = [_read(row) for row in file.execute("SELECT * FROM ledger_entries ORDER BY seq, id")]
        contracts = {
            row["id"]: loads(row["payload"])["contract"] for row in file.execute("SELECT * FROM positions")
        }
        text = file.execute("SELECT toml FROM rules_versions ORDER BY seq DESC LIMIT 1").fetchone()[0]
    file.close()
    with LedgerSnapshot(folder / "demo.db") as ledger:
        marks = [(contracts[m.position_id], loads(m.text)) for m in marks_by_time(ledger.query)]
    return Ledger(rows, marks, told, report, tomllib.loads(text))


def _read(row: sqlite3.Row) -> dict[str, Any]:
    found = dict(row)
    for name in ("signal", "decision_breakdown", "inputs", "execution", "exit", "hypothetical"):
        found[name] = None if found[name] is None else loads(found[name])
    return found


def exact(number: Any) -> Fraction:
    """A stored number as the decimal it is written as."""
    return Fraction(str(number))


def cents(number: Fraction) -> Fraction:
    return Fraction(round(number * 100), 100)


def step(value: Fraction, table: Any) -> Fraction:
    return next(
        Fraction(factor) for least, factor in table if value >= Fraction(least) - Fraction(1, 2 * 10**9)
    )


def test_there_is_something_to_audit(ledger: Ledger) -> None:
    assert len(ledger.entries) > 60 and sum(1 for _ in ledger.trades()) > 15
    assert sum(1 for _ in ledger.sold()) > 4


def test_confidence_is_the_weighted_mean_of_what_is_known(ledger: Ledger) -> None:
    for entry in ledger.entries:
        known = [(exact(c["weight"]), exact(c["value"])) for c in entry["decision_breakdown"]["components"]
                 if c["value"] is not None]  # fmt: skip
        mean = sum(w * x for w, x in known) / sum(w for w, _ in known)
        tenth = Decimal(mean.numerator) / Decimal(mean.denominator)
        assert float(tenth.quantize(Decimal("0.1"), ROUND_HALF_UP)) == entry["confidence"], entry["id"]


def test_an_execute_passed_its_gates_and_its_confidence(ledger: Ledger) -> None:
    at = exact(ledger.rules.get("confidence", {}).get("execute_at", 70))
    for entry in ledger.trades():
        gates = entry["decision_breakdown"]["gates"]
        assert all(gate["passed"] for gate in gates.values()) and exact(entry["confidence"]) >= at


def test_the_size_is_the_product_of_its_factors(ledger: Ledger) -> None:
    for entry in ledger.entries:
        size = entry["decision_breakdown"]["size"]
        if size is None:
            continue
        stated, expected = size["factors"], factors(entry)
        for name, factor in expected.items():
            assert stated[name] == pytest.approx(float(factor), abs=1e-12), (entry["id"], name)
        product = math.prod((exact(x) for x in stated.values()), start=Fraction(1))
        assert size["raw"] == pytest.approx(float(product), rel=1e-12)
        assert size["final"] == pytest.approx(float(min(Fraction(MOST), max(LEAST, product))), rel=1e-12)


def factors(entry: Mapping[str, Any]) -> dict[str, Fraction]:
    """The factors that follow from the stored signal and context alone."""
    context, levels = entry["inputs"]["context"], entry["decision_breakdown"]["levels"]
    expert, side = context["expert"], entry["proposed_direction"]
    known = {**((context["alignment"] or {}).get("states") or {}), **context["directions"]}
    weights = {tf: w for tf, w in WEIGHTS.items() if tf in known}
    total, agree = sum(weights.values()), sum(w for tf, w in weights.items() if known[tf] == side)
    ratio = expert["rr1"]
    if ratio is None and levels is not None:
        begin = exact(context["price"] if expert["entry"] is None else expert["entry"])
        ratio = (exact(levels["target_1"]) - begin) / (begin - exact(levels["stop"]))
    volume = expert["volume_ratio"]
    if volume is None:
        volume = entry["inputs"]["market"]["volume_ratio"]
    when = datetime.fromtimestamp(entry["created_at"] / 1e6, UTC).astimezone(EXCHANGE)
    phase = (context["regime"] or {}).get("phase")
    return {
        "confluence": step(Fraction(100 * agree, total), CONFLUENCE) if total >= 50 else Fraction(1),
        "rr": Fraction(1) if ratio is None else step(exact(ratio), REWARD_RISK),
        "volume": Fraction(1) if volume is None else step(exact(volume), VOLUME),
        "trend": Fraction(1)
        if expert["trend_strength"] is None
        else step(exact(expert["trend_strength"]), TREND),
        "quality": Fraction(QUALITY[entry["quality"]]),
        "session": Fraction(SESSION[context["session"]]),
        "day": Fraction(DAY[when.weekday()]),
        "phase": Fraction(PHASE.get(phase, "1")),
    }


def test_the_contracts_are_the_most_that_the_budget_and_the_caps_allow(ledger: Ledger) -> None:
    sizing, account = ledger.rules.get("sizing", {}), ledger.rules.get("account", {})
    budget = exact(account.get("size", ACCOUNT)) * exact(account.get("budget_pct", BUDGET_PCT)) / 100
    for entry in ledger.trades():
        told, bought = entry["decision_breakdown"], entry["execution"]
        count, loss = bought["contracts"], exact(told["count"]["planned_loss"])
        cost = exact(bought["entry_price"]) * SHARES
        money = budget * exact(told["size"]["final"])
        cap = exact(sizing.get("premium_cap", PREMIUM_CAP))
        assert count == told["count"]["contracts"] >= 1
        assert float(loss) >= float(LEAST_LOSS * cost) - 3 * SHARES / 100 * 0.25 * count, (
            "a tick a contract at most"
        )
        assert cost * count <= cap and count <= sizing.get("contract_cap", CONTRACT_CAP)
        bound = told["count"]["bound_by"]
        if bound == "budget":
            assert float(loss * count) <= float(money) * (1 + 1e-9) < float(loss * (count + 1)) * (1 + 1e-9)
        elif bound == "one contract":
            assert count == 1 and money < loss <= 2 * money
        else:
            assert float(loss * count) <= float(money) * (1 + 1e-9), bound
        assert bought["risk_amount"] == pytest.approx(float(loss * bought["filled_contracts"]))


def test_an_entry_pays_its_mid_its_costs_and_nothing_else(ledger: Ledger) -> None:
    for entry in ledger.trades():
        bought = entry["execution"]
        count, price = bought["filled_contracts"], exact(bought["entry_price"])
        assert price.denominator in (1, 2, 4, 5, 10, 20, 25, 50, 100), "whole cents"
        costs = exact(bought["spread_cost"]) + exact(bought["slippage"])
        assert float((price - exact(bought["entry_mid"])) * SHARES * count) == pytest.approx(
            float(costs), abs=1e-6
        )
        assert exact(bought["commission"]) == cents(FEE * count)
        strike, spot = exact(bought["strike"]), exact(bought["underlying_at_entry"])
        assert (bought["option_type"] == "CALL") == (entry["direction"] == "LONG")
        assert abs(strike - spot) <= spot / 20


def test_the_cash_of_every_sale_is_its_net_to_the_cent(ledger: Ledger) -> None:
    for entry in ledger.sold():
        bought, left = entry["execution"], entry["exit"]
        filled, paid = bought["filled_contracts"], exact(bought["entry_price"])
        sold, net = 0, Fraction(0)
        for leg in left["partials"]:
            count = leg["contracts"]
            share = cents(exact(bought["commission"]) * (sold + count) / filled)
            share -= cents(exact(bought["commission"]) * sold / filled)
            cash = (exact(leg["exit_price"]) - paid) * count * SHARES
            fee = Fraction(0) if leg["exit_reason"] == "EXPIRY" else cents(FEE * count)
            assert exact(leg["pnl_net"]) == cents(cash - fee - share), entry["id"]
            costs = sum(exact(leg[name]) for name in ("spread_cost", "slippage", "commission"))
            assert float(exact(leg["pnl_gross"]) - costs) == pytest.approx(leg["pnl_net"], abs=0.0051)
            sold, net = sold + count, net + exact(leg["pnl_net"])
        assert sold <= filled and exact(left["pnl_net"]) == net
        assert float(sum(exact(left[name]) for name in PARTS)) == pytest.approx(left["pnl_gross"], abs=1e-6)
        assert left["exit_reason"] == left["partials"][-1]["exit_reason"]


def test_stops_and_targets_were_reached(ledger: Ledger) -> None:
    for entry in ledger.sold():
        sign, levels = (1 if entry["direction"] == "LONG" else -1), entry["decision_breakdown"]["levels"]
        begin, taken = entry["execution"]["underlying_at_entry"], False
        for leg in entry["exit"]["partials"]:
            at, reason = leg["underlying_at_exit"], leg["exit_reason"]
            if reason in ("TARGET_1", "TARGET_2"):
                assert (at - levels[reason.lower()]) * sign >= -1e-9
            elif reason == "STOP_LOSS":
                stop = max(levels["stop"] * sign, begin * sign) if taken else levels["stop"] * sign
                assert at * sign <= stop + 1e-9
            taken = taken or reason == "TARGET_1"


def test_totals_and_report_are_the_sums_of_the_closed_trades(ledger: Ledger) -> None:
    counted: list[tuple[str, Fraction]] = []
    apart = Fraction(0)
    for entry in ledger.sold():
        legs, net = entry["exit"]["partials"], exact(entry["exit"]["pnl_net"])
        if sum(leg["contracts"] for leg in legs) < entry["execution"]["filled_contracts"]:
            apart += net
        elif not any(leg["stale_fill"] for leg in legs):
            counted.append((entry["exit"]["exit_time"], net))
    nets = [net for _, net in counted]
    assert exact(ledger.told["pnl_net"]) == sum(nets) and exact(ledger.told["pnl_net_of_open"]) == apart
    found = ledger.report.metrics
    won, lost = [x for x in nets if x > 0], [x for x in nets if x < 0]
    assert (found.trades, found.wins, found.losses) == (len(nets), len(won), len(lost))
    assert found.net_pnl.value == pytest.approx(float(sum(nets)))
    assert found.win_rate.value == pytest.approx(len(won) / len(nets))
    assert found.expectancy.value == pytest.approx(float(sum(nets) / len(nets)))
    if won and lost:
        assert found.profit_factor.value == pytest.approx(float(sum(won) / -sum(lost)))
    assert found.max_drawdown.value == pytest.approx(float(deepest(counted)))


def deepest(counted: list[tuple[str, Fraction]]) -> Fraction:
    """The deepest fall of the running sum, the exits of one instant taken together."""
    steps: dict[datetime, Fraction] = {}
    for at, net in counted:
        when = datetime.fromisoformat(at)
        steps[when] = steps.get(when, Fraction(0)) + net
    total = peak = fall = Fraction(0)
    for when in sorted(steps):
        total += steps[when]
        peak, fall = max(peak, total), max(fall, max(peak, total) - total)
    return fall


def test_marks_are_worth_what_the_formula_says(ledger: Ledger) -> None:
    """Values by the model, and all Greeks; without interest no put is exercised early, without a yield no call."""
    assert ledger.rules["volatility"]["rate"] == 0
    checked, by_model = 0, 0
    for contract, mark in ledger.marks:
        if mark["iv"] is None or mark["estimated"] or mark["dividends"] is None or mark["years"] <= 1e-5:
            continue
        on, strike, sign = (
            mark["spot"] - mark["dividends"],
            contract["strike"],
            1 if contract["right"] == "C" else -1,
        )
        deviation = mark["iv"] * math.sqrt(mark["years"])
        d1 = math.log(on / strike) / deviation + deviation / 2
        density = math.exp(-d1 * d1 / 2) / math.sqrt(2 * math.pi)
        if mark["basis"] == "model":
            worth = sign * (on * normal(sign * d1) - strike * normal(sign * (d1 - deviation)))
            assert mark["mid"] == pytest.approx(worth, abs=1e-12 * on)
            by_model += 1
        assert mark["delta"] == pytest.approx(sign * normal(sign * d1), abs=1e-9)
        assert mark["gamma"] == pytest.approx(density / (on * deviation), rel=1e-9)
        assert mark["vega"] == pytest.approx(on * density * math.sqrt(mark["years"]) / 100, rel=1e-9)
        checked += 1
    assert checked > 200 and by_model > 5


def normal(x: float) -> float:
    return math.erfc(-x / math.sqrt(2)) / 2
