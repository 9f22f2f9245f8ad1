"""Observations: one per signal, at one size, with the verdict of its decision."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from core.learning.columns import Observations
from core.learning.observations import observations_from

Entry = Callable[..., dict[str, Any]]


def test_an_executed_trade_is_read_whole(entry: Entry) -> None:
    (seen,) = observations_from([entry(1, net=120.0)])
    assert (seen.kind, seen.net, seen.r, seen.win) == ("executed", 120.0, 120 / 250, True)
    assert seen.passed == (True, True, True) and seen.failed == () and seen.refused is None
    assert (seen.symbol, seen.direction, seen.setup, seen.timeframe) == ("SPY", "LONG", "BREAKOUT", 15)
    assert (seen.quality, seen.session, seen.weekday, seen.phase) == ("HIGH", "OPEN", "TUESDAY", 2)
    assert (seen.confidence, seen.ai_score, seen.spread_bps, seen.depth_score) == (80.0, 8.0, 4.0, 80.0)
    assert (seen.atr_pct, seen.rr1, seen.regime_confidence, seen.volatility) == (1.0, 2.5, 80.0, "NORMAL")
    assert seen.alignment_pct == 80.0 and seen.htf == "WEAK" and seen.day == date(2026, 11, 24)


def test_dollars_are_those_of_multiplier_one(entry: Entry) -> None:
    # L is 125 a contract, the budget of multiplier 1 is 250: two contracts, whatever was bought.
    (large,) = observations_from([entry(1, net=360.0, filled=6, risk=750.0, multiplier=3.0)])
    (small,) = observations_from([entry(2, net=60.0, filled=1, risk=125.0, multiplier=0.5)])
    assert large.net == small.net == 120.0
    assert large.r == small.r == 0.48


def test_a_trade_too_risky_for_multiplier_one_is_scaled(entry: Entry) -> None:
    # L of 600 is over twice the budget of 250: at multiplier 1 not even one contract.
    (seen,) = observations_from([entry(1, net=300.0, filled=1, risk=600.0, multiplier=3.0)])
    assert seen.net == 100.0


@pytest.mark.parametrize(
    ("shadow", "net", "counted"),
    [("CLOSED", -40.0, True), ("OPEN", None, False), ("OPEN", 10.0, False), ("SUPERSEDED", None, False)],
)
def test_only_closed_shadows_count(entry: Entry, shadow: str, net: float | None, counted: bool) -> None:
    skipped = entry(
        1,
        decision="SKIP",
        codes=("SPREAD_WIDE", "LOW_CONFIDENCE"),
        failed=("market",),
        net=net,
        shadow=shadow,
    )
    seen = observations_from([skipped])
    assert len(seen) == counted
    if counted:
        assert (seen[0].kind, seen[0].net, seen[0].failed) == ("shadow", -40.0, ("SPREAD_WIDE",))
        assert seen[0].passed == (True, True, False)


def test_one_observation_per_signal_and_the_trade_before_the_shadow(entry: Entry) -> None:
    first = entry(1, signal="s", decision="WAIT", codes=("UNSURE",), net=-50.0, shadow="CLOSED")
    second = entry(2, signal="s", at="2026-11-24T15:10:00+00:00", net=80.0)
    for order in ([first, second], [second, first]):
        (seen,) = observations_from(order)
        assert (seen.id, seen.kind, seen.net) == ("d2", "executed", 80.0)


def test_a_wait_names_the_confidence_as_what_kept_it(entry: Entry) -> None:
    (seen,) = observations_from(
        [entry(1, decision="WAIT", codes=("UNSURE", "HIGH_SCORE"), net=10.0, shadow="CLOSED")]
    )
    assert seen.failed == ("UNSURE",)


def test_a_refusal_is_kept_apart_from_the_verdict(entry: Entry) -> None:
    refused = entry(1, decision="SKIP", code="MAX_POSITIONS", codes=("CONFIDENT",), net=10.0, shadow="CLOSED")
    (seen,) = observations_from([refused])
    assert seen.failed == () and seen.refused == "MAX_POSITIONS"


def test_exits_without_a_fresh_price_count_only_when_asked_for(entry: Entry) -> None:
    entries = [entry(1, net=10.0, stale=True)]
    assert observations_from(entries) == ()
    assert len(observations_from(entries, stale=True)) == 1


def test_what_still_holds_contracts_is_no_observation(entry: Entry) -> None:
    half = entry(1, net=10.0)
    half["exit"]["partials"][0]["contracts"] = 1
    assert observations_from([half, entry(2), entry(3, decision="SKIP", code="LATE")]) == ()


def test_what_was_assumed_is_no_evidence_about_a_limit(entry: Entry) -> None:
    market = {"spread_bps": None, "depth_score": None, "atr14": None}
    assumed = {**market, "assumed": ["spread_bps", "depth_score", "atr14"]}
    (seen,) = observations_from([entry(1, net=10.0, market=assumed)])
    assert (seen.spread_bps, seen.depth_score, seen.atr_pct) == (None, None, None)


def test_inputs_that_cannot_be_read_leave_only_what_came_of_it(entry: Entry) -> None:
    odd = entry(1, net=10.0)
    odd["inputs"]["context"]["session"] = "LUNCH"
    (seen,) = observations_from([odd])
    assert seen.net == 10.0 and seen.ai_score is None and seen.passed == (True, True, True)


def test_columns_hold_the_same(entry: Entry) -> None:
    rows = observations_from([entry(1, net=10.0), entry(2, net=-10.0, shadow="CLOSED", codes=("UNSURE",))])
    seen = Observations.from_rows(rows)
    assert seen.net.tolist() == [10.0, -10.0] and seen.executed.tolist() == [True, False]
    assert seen.blocked_by("").tolist() == [True, False]
    assert seen.blocked_by("UNSURE", "LOW_CONFIDENCE").tolist() == [False, True]
    assert seen.number("ai_score").tolist() == [8.0, 8.0]
    quality = seen.label("quality")
    assert [quality.labels[c] for c in quality.codes] == ["HIGH", "HIGH"]
    assert len(Observations.from_rows([])) == 0
