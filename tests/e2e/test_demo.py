"""`gatedeck demo` as its own process, counted again from its ledger by code that is not the engine's."""

from __future__ import annotations

import json
import math
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from scipy.special import ndtr

from server.ledger.codec import loads
from server.ledger.mark_store import marks_by_time
from server.ledger.snapshot import LedgerSnapshot

PARTS = ("delta", "gamma", "iv", "theta", "unexplained")
SHARES = 100


@dataclass
class Ran:
    """A demo that ended, and the ledger it left."""

    told: dict[str, Any]
    ledger: Path

    def rows(self, sql: str) -> list[Any]:
        with sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True) as connection:
            return connection.execute(sql).fetchall()

    def trades(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """Entry and exit of every trade that is closed."""
        sql = "SELECT execution, exit FROM ledger_entries WHERE execution IS NOT NULL AND exit IS NOT NULL"
        for execution, exit_ in self.rows(sql):
            bought, sold = json.loads(execution), json.loads(exit_)
            if sum(leg["contracts"] for leg in sold["partials"]) == bought["filled_contracts"]:
                yield bought, sold


def run(gatedeck: Any, *arguments: str, within: float) -> Ran:
    ledger = gatedeck.state / "demo.db"
    code, out, err = gatedeck("demo", "--headless", "--json", "--db", str(ledger), *arguments, within=within)
    assert (code, err) == (0, "")
    assert out.count("\n") == 1, "one line of JSON and nothing else"
    return Ran(json.loads(out), ledger)


# --- what is told is what is in the ledger ---------------------------------------------------------------------


def check_summary(ran: Ran) -> None:
    told = ran.told
    statuses = Counter(dict(ran.rows("SELECT status, count(*) FROM receipts GROUP BY 1")))
    assert told["receipts"] == sum(statuses.values())
    assert told["duplicates"] == statuses["duplicate"] and told["quarantined"] == statuses["quarantined"]
    decisions = dict(ran.rows("SELECT decision, count(*) FROM ledger_entries GROUP BY 1"))
    assert told["decisions"] == {action: decisions.get(action, 0) for action in ("EXECUTE", "WAIT", "SKIP")}
    assert told["trades_opened"] == decisions["EXECUTE"]
    closed = list(ran.trades())
    assert told["trades_closed"] == len(closed) and told["open"] == told["trades_opened"] - len(closed)
    assert (
        len({source for (source,) in ran.rows("SELECT DISTINCT source FROM receipts WHERE source NOTNULL")})
        == 5
    )


def check_money(ran: Ran) -> None:
    exits: Counter[str] = Counter()
    for bought, sold in ran.trades():
        contracts, entry = bought["filled_contracts"], bought["entry_price"]
        premium = entry * contracts * SHARES
        gross, net = sold["pnl_gross"], sold["pnl_net"]
        assert (
            abs(sum(sold[f"pnl_from_{p}"] for p in PARTS[:4]) + sold["pnl_unexplained"] - gross)
            <= 1e-6 * premium
        )
        costs = sold["total_spread_cost"] + sold["total_slippage"] + sold["total_commission"]
        assert round(gross - costs, 2) == round(net, 2)
        cash = sum(leg["exit_price"] * leg["contracts"] for leg in sold["partials"]) - entry * contracts
        assert abs(cash * SHARES - sold["total_commission"] - net) < 0.005
        exits.update(leg["exit_reason"] for leg in sold["partials"])
        assert sold["exit_reason"] == sold["partials"][-1]["exit_reason"]
    partly = Counter(ran.told["exits"])
    assert all(partly[reason] >= n for reason, n in exits.items()) and set(partly) >= set(exits)


# --- the attribution again, from the stored marks by plain formulas ------------------------------------------


def plain(spot: float, strike: float, sigma: float, years: float, call: bool) -> tuple[float, ...]:
    """Value, delta, gamma, theta a year and vega of a European option without interest."""
    root = sigma * math.sqrt(years)
    d1 = math.log(spot / strike) / root + root / 2
    density = math.exp(-d1 * d1 / 2) / math.sqrt(2 * math.pi)
    up, down = float(ndtr(d1)), float(ndtr(d1 - root))
    value = spot * up - strike * down
    gamma, vega = density / (spot * root), spot * density * math.sqrt(years)
    theta = -spot * density * sigma / (2 * math.sqrt(years))
    return (value, up, gamma, theta, vega) if call else (value - spot + strike, up - 1, gamma, theta, vega)


def marks(ran: Ran) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    with LedgerSnapshot(ran.ledger) as ledger:
        for mark in marks_by_time(ledger.query):
            found[mark.position_id].append(loads(mark.text))
    return found


def cross(spot: float, strike: float, sigma: float, years: float, call: bool) -> tuple[float, float]:
    """How delta changes with volatility and with years (vanna, charm)."""

    def slope(up: tuple[float, float], down: tuple[float, float], width: float) -> float:
        return (plain(spot, strike, *up, call)[1] - plain(spot, strike, *down, call)[1]) / width

    vanna = slope((sigma * 1.0005, years), (sigma * 0.9995, years), sigma * 0.001)
    return vanna, slope((sigma, years * 1.0005), (sigma, years * 0.9995), years * 0.001)


def check_marks(ran: Ran) -> int:
    """Every small step's parts against its Greeks; returns how many there were.

    Greeks are the mean of both ends. Averaging over the orders gives spot half of what spot does together with
    volatility and with time, so gamma is compared with that half added; bare gamma must do nearly always.
    """
    contracts = {i: loads(p) for i, p in ran.rows("SELECT id, payload FROM positions")}
    checked = beside = 0
    for position_id, path in marks(ran).items():
        position = contracts[position_id]
        strike, call = position["contract"]["strike"], position["contract"]["right"] == "C"
        premium = position["entry"]["entry_price"] * SHARES
        for before, after in pairwise(path):
            step = after["step"]
            moved = (after["mid"] - before["mid"]) * SHARES
            assert abs(sum(step[p] for p in PARTS) - moved) <= 1e-9 * premium
            if not small(before, after):
                continue
            ends = [plain(m["spot"], strike, m["iv"], m["years"], call) for m in (before, after)]
            assert abs(ends[0][0] - before["mid"]) < 1e-6 * premium
            _, _, gamma, theta, vega = ((x + y) / 2 for x, y in zip(*ends, strict=True))
            move, more = after["spot"] - before["spot"], after["iv"] - before["iv"]
            passed = after["years"] - before["years"]
            vanna, charm = cross(before["spot"], strike, before["iv"], before["years"], call)
            bare = gamma * move**2 / 2
            expected = {
                "delta": ends[0][1] * move,
                "gamma": bare + move * (vanna * more + charm * passed) / 2,
                "theta": -theta * passed,
                "iv": vega * more,
            }
            for part, dollars in expected.items():
                assert close(step[part], dollars * SHARES, premium), (part, before, after)
            beside += not close(step["gamma"], bare * SHARES, premium)
            checked += 1
    assert beside <= 0.01 * checked
    return checked


def small(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """A minute at most, a tenth of a percent at most, an hour left at least."""
    if None in (before["iv"], after["iv"]) or elapsed(before, after) > 60:
        return False
    move = abs(after["spot"] - before["spot"])
    return move <= 0.001 * before["spot"] and after["carry_years"] * 365 * 24 >= 1


def close(part: float, expected: float, premium: float) -> bool:
    return abs(part - expected) <= max(0.05 * abs(expected), 1e-4 * premium)


def elapsed(before: dict[str, Any], after: dict[str, Any]) -> float:
    return (datetime.fromisoformat(after["at"]) - datetime.fromisoformat(before["at"])).total_seconds()


# --- runs -----------------------------------------------------------------------------------------------------


def test_a_short_demo(gatedeck: Any) -> None:
    ran = run(gatedeck, "--seconds", "60", "--speed", "max", "--seed", "7", within=60)
    assert ran.told["seed"] == 7 and ran.told["rules"] == "demo"
    check_summary(ran)
    check_money(ran)
    assert ran.told["trades_closed"] >= 5
    assert ran.told["attribution_error_max"] <= 1e-6
    assert check_marks(ran) >= 200


@pytest.mark.slow
@pytest.mark.parametrize("pace", [("60", "600"), ("600", "max")], ids=["a minute at 600", "at full speed"])
def test_the_whole_demo(gatedeck: Any, pace: tuple[str, str]) -> None:
    ran = run(gatedeck, "--seconds", pace[0], "--speed", pace[1], "--seed", "7", within=600)
    check_summary(ran)
    check_money(ran)
    assert ran.told["trades_closed"] >= 100
    assert {"TARGET_1", "TARGET_2", "STOP_LOSS", "TIME"} <= set(ran.told["exits"])
    assert ran.told["attribution_error_max"] <= 1e-6
    assert check_marks(ran) >= 2_000
