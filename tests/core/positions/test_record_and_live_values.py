"""Ledger record and live values of a position."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.model import Direction
from core.positions import execution_record, exit_record, gross_so_far, live_values, on_price, on_time
from core.rules import parse_rules

MINUTE = timedelta(minutes=1)
EXIT_NAMES = [
    *("exit_time", "exit_price", "exit_iv", "exit_delta", "underlying_at_exit", "pnl_gross", "pnl_net"),
    *("pnl_best", "pnl_expected", "pnl_worst"),
    *("hold_time_seconds", "exit_reason", "pnl_from_delta", "pnl_from_iv", "pnl_from_theta"),
    *("pnl_from_gamma", "pnl_unexplained", "total_commission", "total_spread_cost", "total_slippage"),
    *("partials", "mfe", "mae", "exit_iv_source"),
]
EXECUTION_NAMES = [
    *("option_type", "strike", "expiry", "dte", "contracts", "entry_price", "entry_iv", "entry_delta"),
    *("entry_theta", "entry_gamma", "entry_vega", "spread_cost", "slippage", "fill_quality"),
    *("filled_contracts", "commission", "underlying_at_entry", "risk_amount"),
]


def _at(desk: Any, position: Any, price: float, minutes: float = 1.0, **facts: Any) -> Any:
    now = position.opened_at + minutes * MINUTE
    return on_price(position, desk.seen(position, now, price, **facts), now, desk.trading).position


def test_exit_has_the_names_of_the_format_and_is_json(desk: Any) -> None:
    position = _at(desk, _at(desk, desk.open(), 603.1), 606.3, 9)
    told = exit_record(position)
    assert list(told) == EXIT_NAMES
    first, last = position.legs
    assert told["exit_price"] == pytest.approx((first.price + last.price) / 2)
    assert (told["exit_reason"], told["underlying_at_exit"]) == ("TARGET_2", 606.3)
    assert told["hold_time_seconds"] == 540
    assert [p["exit_reason"] for p in told["partials"]] == ["TARGET_1", "TARGET_2"]
    assert told["total_commission"] == pytest.approx(0.65 * 8)
    assert json.loads(json.dumps(told))["exit_iv"] == last.iv


def test_exit_tells_the_best_and_the_worst_gross_of_the_trade(desk: Any) -> None:
    opened = desk.open()
    position = opened
    marks = [opened]
    for minutes, price in ((1, 598.0), (2, 602.0), (3, 597.4), (4, 603.1), (9, 606.3)):
        position = _at(desk, position, price, minutes)
        marks.append(position)
    told = exit_record(position)
    assert told["mae"] == min(gross_so_far(p) for p in marks) < 0
    assert told["mfe"] == max(gross_so_far(p) for p in marks) > 0


def test_exit_price_is_weighted_by_contracts(desk: Any) -> None:
    position = _at(desk, _at(desk, desk.open(contracts=3), 603.1), 606.3, 9)
    first, last = position.legs
    assert (first.contracts, last.contracts) == (2, 1)
    assert exit_record(position)["exit_price"] == pytest.approx((2 * first.price + last.price) / 3)


def test_execution_has_the_names_of_the_format_and_is_json(desk: Any) -> None:
    told = execution_record(desk.open())
    assert list(told)[: len(EXECUTION_NAMES)] == EXECUTION_NAMES
    assert json.loads(json.dumps(told)) == told


def test_of_what_has_not_been_sold_there_is_no_exit(desk: Any) -> None:
    with pytest.raises(ValueError, match="sold"):
        exit_record(desk.open())


def test_right_after_the_entry_the_costs_paid_are_the_loss(desk: Any) -> None:
    position = desk.open()
    entry = position.entry
    live = live_values(position, position.opened_at, desk.trading)
    assert live.pnl == pytest.approx(-(entry.spread_cost + entry.slippage + entry.commission))
    assert live.pnl_pct == pytest.approx(100 * live.pnl / (entry.entry_price * 400))
    assert live.r == pytest.approx(live.pnl / 100)
    assert (live.delta.now, live.iv.now) == (live.delta.entry, live.iv.entry)
    assert live.theta_paid == 0 and live.time_in_trade == 0 and not live.stale


def test_the_result_by_execution_is_booked_at_the_worst_and_better_at_the_mid(desk: Any) -> None:
    opened = desk.open()
    half = _at(desk, opened, 603.1)
    position = _at(desk, half, 606.3, 9)
    told, entry, legs = exit_record(position), position.entry, position.legs
    fees = entry.commission + sum(leg.commission for leg in legs)
    assert told["pnl_worst"] == told["pnl_net"]  # market orders
    at_mid = sum((leg.mid - entry.entry_mid) * leg.contracts for leg in legs) * 100 - fees
    assert told["pnl_best"] == pytest.approx(at_mid, abs=0.01)
    # .58 of every half-spread, and no slippage
    spread = entry.spread_cost + sum(leg.spread_cost for leg in legs)
    assert told["pnl_expected"] == pytest.approx(at_mid - 0.58 * spread, abs=0.01)
    live = live_values(half, half.last.at, desk.trading)
    assert live.band is not None and live.band.worst == pytest.approx(live.pnl, abs=0.01)
    assert live.band.best > live.band.expected > live.band.worst


def test_a_fill_from_before_bands_were_stored_has_none(desk: Any) -> None:
    position = _at(desk, desk.open(), 603.1)
    old = replace(position, legs=(replace(position.legs[0], expected=None, worst=None),))
    assert live_values(old, old.last.at, desk.trading).band is None
    assert exit_record(old)["pnl_best"] is None is exit_record(old)["pnl_worst"]
    assert exit_record(old)["pnl_net"] == exit_record(position)["pnl_net"]


def test_distances_in_dollars_percent_and_atrs(desk: Any) -> None:
    position = _at(desk, desk.open(), 601.5)
    live = live_values(position, position.last.at, desk.trading)
    assert live.to_stop.dollars == pytest.approx(-4.5) and live.to_stop.atrs == pytest.approx(-0.75)
    assert live.to_target_1.dollars == pytest.approx(1.5)
    assert live.to_target_2.percent == pytest.approx(100 * 4.5 / 601.5)
    assert live.nearest_exit == "TARGET_1 $1.50 away"
    unknown = live_values(desk.open(atr=None), position.opened_at, desk.trading)
    assert unknown.to_stop.atrs is None


def test_after_target_1_its_distance_is_gone_and_both_halves_count(desk: Any) -> None:
    position = _at(desk, desk.open(), 603.1)
    live = live_values(position, position.last.at, desk.trading)
    assert live.to_target_1 is None and live.to_stop.level == 600
    (leg,), entry = position.legs, position.entry
    gross = (leg.mid - entry.entry_mid) * 200 + (live.mark - entry.entry_mid) * 200
    paid = leg.spread_cost + leg.slippage + leg.commission
    paid += entry.spread_cost + entry.slippage + entry.commission
    assert live.pnl == pytest.approx(gross - paid)


def test_theta_paid_counts_what_was_sold_and_what_is_held(desk: Any) -> None:
    position = _at(desk, _at(desk, _at(desk, desk.open(), 600.0, 60), 603.1, 61), 602.0, 120)
    sold, held = position.legs[0].attribution.theta, position.running.theta * position.remaining
    assert sold < 0 and held < sold
    assert live_values(position, position.last.at, desk.trading).theta_paid == pytest.approx(-(sold + held))


def test_a_stop_at_break_even_is_near_when_the_price_comes_back(desk: Any) -> None:
    position = _at(desk, _at(desk, desk.open(), 603.1), 600.4, 5)
    assert live_values(position, position.last.at, desk.trading).nearest_exit == "STOP_LOSS $0.40 away"


def test_days_hours_staleness_and_the_clock(desk: Any) -> None:
    position = desk.open(expiry="2026-12-04")
    later = position.opened_at + timedelta(seconds=91)
    live = live_values(position, later, desk.trading)
    assert live.stale and live.mark_age == 91
    assert live.days_left == 10
    assert live.hours_left == pytest.approx(10 * 24 + 6 - 91 / 3600)
    assert live.time_exit_in == (desk.at("2026-11-30T15:55") - later).total_seconds()


@pytest.mark.parametrize("direction", list(Direction))
def test_the_nearest_exit_is_said_in_words(desk: Any, direction: Direction) -> None:
    sign = direction.sign
    position = desk.open(direction=direction)
    trading = desk.trading

    def said(price: float, minutes: float) -> str:
        now = _at(desk, position, price, minutes)
        return live_values(now, now.last.at, trading).nearest_exit

    assert said(600 - 2.5 * sign, 1) == "STOP_LOSS $0.50 away"
    assert said(600, 200).startswith("THETA_DECAY at 3")
    assert said(600 + 1.0 * sign, 1) == "TARGET_1 $2.00 away"
    desk.rules = parse_rules("[exits]\ntheta_decay_pct = 100")
    trading = desk.trading
    assert said(600, 340) == "TIME in 15m"
    waiting = on_time(position, desk.at("2026-11-24T16:00"), None, trading).position
    assert (
        live_values(waiting, desk.at("2026-11-24T16:00"), trading).nearest_exit
        == "waits for the official close of SPY"
    )


# opened | expiry | nights before the next session
NIGHTS = [
    ("2026-11-23T10:00", "2026-11-27", 1),
    ("2026-11-20T10:00", "2026-11-27", 3),
    ("2026-11-25T10:00", "2026-11-27", 2),
    ("2026-11-20T10:00", "2026-11-20", 1),
]


@pytest.mark.parametrize(("entered", "expiry", "nights"), NIGHTS, ids=["Monday", "Friday", "holiday", "0DTE"])
def test_theta_says_how_many_nights_lie_before_the_next_session(
    desk: Any, entered: str, expiry: str, nights: int
) -> None:
    position = desk.open(entered=entered, expiry=expiry)
    assert live_values(position, position.opened_at, desk.trading).nights == nights
