"""Gate effectiveness in dollars by hand; calibration, tables, drift, shadows and the budget too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest

from core.execution_band import ExecutionBand
from core.learning import (
    Observation,
    Observations,
    budget_advice,
    calibration,
    drift,
    gate_combinations,
    gate_effects,
    observations_from,
    shadows,
    table,
)
from core.learning.tables import drawdown_r
from core.performance.followed import status_of
from core.performance.intervals import critical_value, wilson
from core.performance.metric import Metric, Status
from core.rules import DEFAULT, parse_rules

Made = Callable[..., Observations]

# name: gates failed, net of each signal
BY_HAND = [
    ((), (100.0, -50.0, 0.0)),
    (("market",), (60.0, -40.0, -80.0)),
    (("market", "regime"), (-10.0,)),
    (("structural",), (30.0,)),
]


def by_hand() -> Observations:
    names = ("regime", "structural", "market")
    rows = []
    for failed, nets in BY_HAND:
        for net in nets:
            day = date(2026, 11, 2 + len(rows) % 5)
            at = datetime(day.year, day.month, day.day, 15, tzinfo=UTC)
            rows.append(
                Observation(
                    id=f"{len(rows)}", signal_id=f"{len(rows)}", kind="shadow" if failed else "executed",
                    at=at, day=day, symbol="SPY", net=net, r=net / 100,
                    passed=tuple(name not in failed for name in names),
                    failed=tuple(f"{name}!" for name in failed), confidence=75.0,
                )
            )  # fmt: skip
    return Observations.from_rows(rows)


def test_each_gate_by_hand() -> None:
    regime, structural, market = gate_effects(by_hand())
    assert (market.failed.n, market.skipped_winners, market.skipped_losers) == (4, 1, 3)
    assert (market.saved.value, market.cost.value, market.balance.value) == (130.0, 60.0, 70.0)
    assert market.alone.value == 60.0 and market.alone.n == 3
    assert market.passed.net.value == 80.0 and market.passed.executed == 3
    assert market.edge_r.value == pytest.approx(0.8 / 4 + 0.7 / 4)
    assert (structural.balance.value, structural.skipped_losers) == (-30.0, 0)
    assert regime.alone.value is None and regime.balance.value == 10.0
    assert market.text == "Market gate: 4 skipped, saved 130, cost 60 (too few to judge)"
    assert market.balance.status is Status.INSUFFICIENT_DATA


def test_a_gates_balance_has_its_execution_band() -> None:
    seen = by_hand()
    costs = np.array([30.0, 10.0, 0.0])
    banded = Observations(**{**_fields(seen), "bands": seen.net[:, None] + costs})
    market = gate_effects(banded)[2]
    # four signals kept out: with fills at the mid they would have made 4 × 30 more, so that skipping saved less
    assert market.balance.band == ExecutionBand(best=-50.0, expected=30.0, worst=70.0)
    assert market.balance.band.worst == market.balance.value
    assert gate_effects(seen)[2].balance.band_reason == "no execution band is stored for 4 of 4 signals"


def test_each_combination_by_hand() -> None:
    found = gate_combinations(by_hand())
    assert [(c.failed, c.group.n) for c in found] == [
        ((), 3), (("market",), 3), (("regime", "market"), 1), (("structural",), 1),
    ]  # fmt: skip
    assert [c.balance.value if c.balance else None for c in found] == [None, 60.0, 10.0, -30.0]


def test_a_gate_that_stops_nothing_says_so(ledger: Made) -> None:
    seen = ledger(1)
    effect = gate_effects(seen)[0]
    assert effect.failed.n == 0 and effect.balance.value is None and effect.balance.reason
    assert effect.text == "Regime gate: 0 skipped"
    assert effect.edge_r.value is None


def test_the_balance_has_its_interval_over_sessions(ledger: Made) -> None:
    market = gate_effects(ledger(2))[2]
    assert market.balance.status is Status.OK
    assert market.balance.low < market.balance.value < market.balance.high
    assert market.balance.value == pytest.approx(market.saved.value - market.cost.value)


def test_the_bound_on_a_mean_grows_when_days_share_their_outcome(ledger: Made) -> None:
    def width(metric: Metric) -> float:
        assert metric.high is not None and metric.low is not None
        return metric.high - metric.low

    alone = gate_effects(ledger(3, sessions=100))[0].passed.average_r
    together = gate_effects(ledger(3, sessions=100, clustered=True))[0].passed.average_r
    assert width(together) > 1.3 * width(alone)


# --- calibration ------------------------------------------------------------------------------------


def confident(rows: list[tuple[float, bool]]) -> Observations:
    n = len(rows)
    base = by_hand().where(np.zeros(n, dtype=np.int64))
    return Observations(
        day=np.arange(n, dtype=np.int64), net=np.array([1.0 if won else -1.0 for _, won in rows]),
        r=np.ones(n), executed=base.executed, passed=base.passed, blocker=base.blocker,
        numbers={"confidence": np.array([c for c, _ in rows])},
    )  # fmt: skip


def test_calibration_by_hand() -> None:
    found = calibration(confident([(80, True), (80, True), (80, False), (60, False), (60, True)]))
    assert found.brier.value == pytest.approx((0.04 + 0.04 + 0.64 + 0.36 + 0.16) / 5)
    low, high = found.bins
    assert (low.low, low.high, low.n, low.said, low.won.value) == (60, 70, 2, 0.6, 0.5)
    assert (high.n, high.said, high.won.value) == (3, pytest.approx(0.8), pytest.approx(2 / 3))
    assert found.reliability.value == pytest.approx((3 * (0.8 - 2 / 3) ** 2 + 2 * 0.01) / 5)
    assert found.uncertainty.value == pytest.approx(0.24)
    # Three sessions of one signal each are worth three trades.
    assert high.won.low == pytest.approx(wilson(2, 3, critical_value(3)).low)
    assert found.brier.status is Status.INSUFFICIENT_DATA


def test_the_parts_of_brier_add_up(ledger: Made) -> None:
    found = calibration(ledger(4))
    parts = [m.value for m in (found.reliability, found.uncertainty, found.within, found.resolution)]
    assert found.brier.value == pytest.approx(parts[0] + parts[1] + parts[2] - parts[3])
    assert sum(b.n for b in found.bins) == found.n == 1_000
    assert all(b.low <= 100 * b.said <= b.high for b in found.bins)


def test_calibration_at_its_edges() -> None:
    perfect = calibration(confident([(100, True), (0, False)]))
    assert perfect.brier.value == 0 and perfect.skill.value == 1
    assert [(b.low, b.high) for b in perfect.bins] == [(0, 10), (90, 100)]
    alike = calibration(confident([(90, True), (80, True)]))
    assert alike.skill.value is None and alike.skill.reason == "every signal came out alike"
    empty = calibration(confident([]))
    assert empty.brier.value is None and empty.bins == () and empty.skill.reason == "no signals"


# --- tables and drift -------------------------------------------------------------------------------


def test_a_table_holds_every_signal_once(ledger: Made) -> None:
    seen = ledger(5)
    rows = table(seen, "quality")
    assert [row.label for row in rows] == ["EXTREME", "HIGH", "MEDIUM"]
    assert sum(row.group.n for row in rows) == len(seen)
    for row in rows:
        codes = seen.label("quality")
        chosen = codes.codes == codes.labels.index(row.label)
        expected = seen.r[chosen].mean() - seen.r[~chosen].mean()
        assert row.against_rest.value == pytest.approx(expected)


def test_a_table_that_is_not_known_is_refused(ledger: Made) -> None:
    with pytest.raises(ValueError, match="exit_reason"):
        table(ledger(5), "exit_reason")


def test_drawdown_in_r_by_hand() -> None:
    seen = confident([(80, True)] * 5)
    path = Observations(**{**_fields(seen), "r": np.array([1.0, -2.0, 0.5, -1.0, 4.0])})
    assert drawdown_r(path).value == 2.5
    falling = Observations(**{**_fields(seen), "r": np.array([-1.0, -1.0, np.nan, -1.0, -1.0])})
    assert drawdown_r(falling).value == 4.0 and drawdown_r(falling).n == 4


def _fields(seen: Observations) -> dict[str, Any]:
    return {name: getattr(seen, name) for name in Observations.__dataclass_fields__}


def turned(seed: int, shift: float) -> Observations:
    """A hundred days of four signals; the last thirty win less by ``shift`` R."""
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(100, dtype=np.int64), 4) + 20_000
    r = rng.normal(0.3, 1.0, len(day)) - np.where(day > day.max() - 30, shift, 0.0)
    seen = confident([(80, True)] * len(day))
    return Observations(**{**_fields(seen), "day": day, "r": r, "net": 250 * r})


def test_drift_is_told_when_the_last_days_differ() -> None:
    found = {d.measure: d for d in drift(turned(1, 1.0))}
    assert all(d.drifted for d in found.values())
    assert (found["average R"].recent.n, found["average R"].base.n) == (120, 360)
    difference = found["average R"].difference
    assert difference.value == pytest.approx(found["average R"].recent.value - found["average R"].base.value)
    assert difference.value < 0


def test_drift_is_hardly_ever_told_when_nothing_changed() -> None:
    told = sum(drift(turned(seed, 0.0))[1].drifted for seed in range(100))
    assert told <= 12


def test_a_ledger_younger_than_the_recent_days_has_nothing_to_drift_from() -> None:
    young = turned(1, 3.0).where(np.arange(400) >= 280)
    for found in drift(young):
        assert not found.drifted and found.difference.value is None
        assert found.difference.reason == "no signals older than 30 days to compare with"


def test_no_drift_is_told_from_a_handful() -> None:
    few = turned(1, 3.0).where(np.arange(400) % 8 == 0)
    assert not any(d.drifted for d in drift(few))
    assert drift(turned(1, 0).where(np.zeros(0, dtype=np.int64))) == ()


# --- shadows and budget -----------------------------------------------------------------------------


def test_shadows_by_reason(entry: Callable[..., dict[str, Any]]) -> None:
    entries = [
        entry(1, decision="SKIP", codes=("SPREAD_WIDE",), failed=("market",), net=-40.0, shadow="CLOSED"),
        entry(2, decision="SKIP", codes=("SPREAD_WIDE",), failed=("market",), net=10.0, shadow="CLOSED"),
        entry(3, decision="WAIT", codes=("UNSURE",), net=5.0, shadow="CLOSED"),
        entry(4, decision="SKIP", code="MAX_POSITIONS", net=7.0, shadow="CLOSED"),
        entry(5, decision="WAIT", codes=("UNSURE",), shadow="OPEN"),
        entry(6, decision="WAIT", codes=("UNSURE",), shadow="SUPERSEDED"),
        entry(7, decision="SKIP", code="LATE"),
        entry(8, net=20.0),
    ]
    statuses = [(each["signal_id"], status_of(each)) for each in entries]
    found = shadows(statuses, observations_from(entries))
    assert (found.open, found.closed, found.superseded, found.without) == (1, 4, 1, 1)
    assert [(k.by, k.group.n, k.group.net.value) for k in found.by_reason] == [
        ("SPREAD_WIDE", 2, -30.0), ("MAX_POSITIONS", 1, 7.0), ("UNSURE", 1, 5.0),
    ]  # fmt: skip


def even_bets(wins: int, losses: int, **changed: Any) -> Observations:
    """Bets of 1 R, one a session, in an order that is no pattern."""
    won = np.random.default_rng(4).permutation(np.arange(wins + losses) < wins)
    seen = confident([(80, bool(each)) for each in won])
    return Observations(**{**_fields(seen), "r": np.sign(seen.net), **changed})


def test_kelly_of_even_bets_is_the_edge() -> None:
    found = budget_advice(even_bets(650, 350))
    assert found.kelly.value == pytest.approx(0.3)
    assert found.advised_pct == pytest.approx(100 * 0.25 * found.kelly.low)
    assert 0.21 < found.kelly.low < 0.26
    assert (found.multiplier, found.open_at_once) == (1.0, 1.0)


def test_a_budget_is_for_multiplier_one_though_trades_get_more() -> None:
    once, twice = even_bets(650, 350), even_bets(650, 350, numbers={"multiplier": np.full(1000, 2.0)})
    one, two = budget_advice(once), budget_advice(twice)
    assert two.kelly.value == pytest.approx(one.kelly.value / 2) and two.multiplier == 2.0
    assert two.advised_pct == pytest.approx(one.advised_pct / 2)
    assert "multiplier of 2.00" in two.text


def test_the_same_bet_open_three_times_at_once_is_one_bet_of_three_times_the_size() -> None:
    single = even_bets(325, 175)
    three = single.where(np.repeat(np.arange(500), 3))
    one, all_three = budget_advice(single), budget_advice(three)
    assert all_three.kelly.value == pytest.approx(one.kelly.value / 3)
    assert (all_three.open_at_once, all_three.kelly.n) == (3.0, 1500)


def test_trades_one_after_another_on_a_day_are_not_open_at_once() -> None:
    three = even_bets(325, 175).where(np.repeat(np.arange(500), 3))
    hour = np.tile(np.arange(3), 500)
    opened = three.day * 86_400_000_000 + hour * 3_600_000_000
    after = Observations(**{**_fields(three), "opened": opened, "closed": opened + 3_600_000_000})
    assert budget_advice(after).open_at_once == 1.0
    assert budget_advice(after).kelly.value == pytest.approx(0.3)


@pytest.mark.parametrize(("sessions", "advised"), [(19, False), (20, True)])
def test_a_budget_needs_twenty_sessions(sessions: int, advised: bool) -> None:
    seen = even_bets(360, 40)
    by_session = Observations(**{**_fields(seen), "day": np.arange(400) % sessions})
    found = budget_advice(by_session)
    assert (found.advised_pct is not None) == advised
    assert advised or "in 19 sessions, 20 sessions are needed" in found.text


@pytest.mark.parametrize(
    ("wins", "losses", "advised"), [(52, 48, 0.0), (300, 700, 0.0), (12, 3, None), (0, 0, None)]
)
def test_no_budget_is_advised_without_a_proven_edge(wins: int, losses: int, advised: float | None) -> None:
    found = budget_advice(even_bets(wins, losses))
    assert found.advised_pct == advised and found.text


def test_only_executable_signals_count_for_the_budget(ledger: Made) -> None:
    seen = ledger(6)
    assert budget_advice(seen).kelly.n == int(seen.blocked_by("").sum()) < len(seen)


def test_learning_numbers_are_rules() -> None:
    assert parse_rules("[learning]\nmin_bucket = 50").learning.min_bucket == 50
    assert DEFAULT.learning.max_move_pct == 15
