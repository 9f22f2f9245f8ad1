"""Exits beyond the scenario table: fill prices, partial fills, modes, settlement."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.model import Direction, ExitReason
from core.options import price_one
from core.options.quotes import OptionQuote
from core.positions import (
    PositionState,
    exit_by_hand,
    exit_record,
    on_price,
    on_time,
    settle,
    stop_to_break_even,
)
from core.positions.exits import EXITS, time_exit_at
from core.rules import parse_rules

LONG, SHORT = Direction.LONG, Direction.SHORT
MINUTE = timedelta(minutes=1)


def test_the_table_has_every_reason_once_in_the_order_of_the_reasons() -> None:
    assert [reason for reason, *_ in EXITS] == list(ExitReason)


def test_a_price_beyond_a_level_is_sold_on_the_real_quote(desk: Any) -> None:
    position = desk.open(quote=(2.40, 2.50), contracts=1)
    now = position.opened_at + MINUTE
    leg = on_price(position, desk.seen(position, now, 596.5, quote=(1.20, 1.30)), now, desk.trading).legs[0]
    assert leg.mid == pytest.approx(1.25) and leg.spread_cost == pytest.approx(5.0)
    assert leg.price == pytest.approx(1.19)  # the bid less .5 % of the mid, down to the cent
    assert leg.reason is ExitReason.STOP_LOSS and not leg.stale_fill


def test_inside_a_bar_the_option_is_valued_at_the_level_with_the_volatility_of_the_bars_end(
    desk: Any,
) -> None:
    position = desk.open(quote=(2.40, 2.50), contracts=2)
    now = position.opened_at + MINUTE
    seen = desk.seen(position, now, 604.0, bar=(601.0, 604.2, 600.8), quote=(5.20, 5.40))
    outcome = on_price(position, seen, now, desk.trading)
    (leg,), (inside, end) = outcome.legs, outcome.marks
    assert (leg.underlying, end.spot, end.mid) == (603.0, 604.0, pytest.approx(5.30))
    assert inside.iv == end.iv != position.last.iv
    at_level = price_one(
        603, 600, inside.years, inside.iv, True, carry_years=inside.carry_years, american=True
    )
    assert leg.mid == inside.mid == pytest.approx(at_level, abs=1e-12)
    assert leg.spread_cost == pytest.approx(
        leg.mid * (0.20 / 10.60) * 100
    )  # the quote's relative half-spread
    assert end.step.theta == end.step.iv == 0  # the instant and the volatility were reached in the first step


def test_without_a_quote_the_spread_is_that_of_the_premium(desk: Any) -> None:
    position = desk.open(contracts=1)
    now = position.opened_at + MINUTE
    leg = on_price(position, desk.seen(position, now, 596.0), now, desk.trading).legs[0]
    for cost, mid in (
        (position.entry.spread_cost, position.entry.entry_mid),
        (leg.spread_cost, leg.mid),
    ):
        assert cost / 100 == pytest.approx(max(0.01, 0.015 * mid**0.4) / 2)


def test_a_winner_in_the_money_pays_for_its_intrinsic_value(desk: Any) -> None:
    position = desk.open(contracts=1)
    now = position.opened_at + MINUTE
    leg = on_price(position, desk.seen(position, now, 606.0), now, desk.trading).legs[0]
    # 6 $ in the money at 606, .99 % of the price: .99 % of the 6 $ on top of the time value's spread
    expected = 0.015 * (leg.mid - 6.0) ** 0.4 + 6.0 * 0.01 * (100 * 6 / 606)
    assert leg.spread_cost / 100 == pytest.approx(expected / 2)


def test_without_a_quote_the_spread_by_days_is_fixed_by_the_entry(desk: Any) -> None:
    desk.rules = replace(desk.rules, fills=replace(desk.rules.fills, spread_model="dte"))
    position = desk.open(contracts=1)
    now = position.opened_at + MINUTE
    leg = on_price(position, desk.seen(position, now, 596.0), now, desk.trading).legs[0]
    entry = position.entry
    assert 0.03 / 2 <= leg.spread_cost / leg.mid / 100 <= 0.05 / 2
    assert leg.spread_cost / leg.mid == pytest.approx(entry.spread_cost / entry.entry_mid)


def test_the_rest_of_a_large_exit_is_retried_on_the_next_price_until_flat(desk: Any) -> None:
    position = desk.open(contracts=120)  # 102 are bought
    trading, now = desk.trading, position.opened_at
    sold = []
    for n, price in enumerate((596.5, 596.0, 598.0), start=1):
        at = now + n * MINUTE
        outcome = on_price(position, desk.seen(position, at, price), at, trading)
        position = outcome.position
        sold += [(leg.reason, leg.contracts, leg.underlying) for leg in outcome.legs]
        if n == 1:
            assert position.state is PositionState.EXITING and position.pending.contracts == 16
    assert sold == [("STOP_LOSS", 86, 596.5), ("STOP_LOSS", 16, 596.0)]
    assert position.state is PositionState.CLOSED


def test_the_rest_is_retried_at_a_bars_open_and_by_the_clock_when_no_price_comes(desk: Any) -> None:
    opened = desk.open(contracts=120)
    trading, now = desk.trading, opened.opened_at + MINUTE
    first = on_price(opened, desk.seen(opened, now, 596.5), now, trading).position
    later = now + MINUTE
    bar = desk.seen(first, later, 598.0, bar=(597.5, 598.5, 597.0))
    assert on_price(first, bar, later, trading).legs[0].underlying == 597.5
    assert on_time(first, later, None, trading).legs == ()
    much_later = on_time(first, now + 3 * MINUTE, None, trading)
    assert much_later.legs[0].stale_fill and much_later.position.state is PositionState.CLOSED


def test_after_target_1_half_of_a_large_position_the_rest_of_that_half_goes_first(desk: Any) -> None:
    position = desk.open(contracts=141)  # 119 bought, 60 to leave at target 1, 51 of them at once
    trading, now = desk.trading, position.opened_at + MINUTE
    position = on_price(position, desk.seen(position, now, 603.2), now, trading).position
    assert [leg.contracts for leg in position.legs] == [51] and position.pending.contracts == 9
    assert position.stop == 600
    now += MINUTE
    position = on_price(position, desk.seen(position, now, 602.0), now, trading).position
    assert [leg.contracts for leg in position.legs] == [51, 9]
    assert (position.state, position.remaining) == (PositionState.OPEN, 59)


def test_halted_nothing_is_sold_but_it_is_marked_and_expires(desk: Any) -> None:
    position = desk.open()
    trading, now = desk.trading, position.opened_at + MINUTE
    outcome = on_price(position, desk.seen(position, now, 590.0), now, trading, exits=False)
    assert outcome.legs == () and outcome.position.last.spot == 590.0
    outcome = on_time(outcome.position, desk.at("2026-11-24T15:58"), None, trading, exits=False)
    assert outcome.legs == ()
    by_hand = exit_by_hand(outcome.position, 4, desk.at("2026-11-24T15:58"), None, None, trading)
    assert by_hand.position.state is PositionState.CLOSED
    close = desk.at("2026-11-24T16:00")
    waiting = on_time(outcome.position, close, None, trading, exits=False).position
    assert waiting.state is PositionState.AWAITING_SETTLEMENT


def test_halted_only_the_rest_of_a_sale_by_hand_is_still_sold(desk: Any) -> None:
    opened = desk.open(contracts=120)
    trading, now = desk.trading, opened.opened_at + MINUTE
    stopped = on_price(opened, desk.seen(opened, now, 596.5), now, trading).position
    by_hand = exit_by_hand(opened, 102, now, None, None, trading).position
    later = now + MINUTE
    seen = desk.seen(opened, later, 596.0)
    assert on_price(stopped, seen, later, trading, exits=False).legs == ()
    assert [leg.contracts for leg in on_price(by_hand, seen, later, trading, exits=False).legs] == [16]


def test_at_the_open_a_price_of_that_session_is_waited_for(desk: Any) -> None:
    """What fell due overnight is not sold at yesterday's price, unless no price comes."""
    position = desk.open(expiry="2026-11-25", entered="2026-11-24T15:50", contracts=1)
    desk.rules = parse_rules("[exits]\ntheta_decay_pct = 8")
    trading = desk.trading
    assert on_time(position, desk.at("2026-11-25T09:30:05"), None, trading).legs == ()
    assert on_time(position, desk.at("2026-11-25T09:31:30"), None, trading).legs == ()
    (leg,) = on_time(position, desk.at("2026-11-25T09:31:31"), None, trading).legs
    assert leg.reason is ExitReason.THETA_DECAY and leg.stale_fill
    at = desk.at("2026-11-25T09:30:05")
    (leg,) = on_price(position, desk.seen(position, at, 600.0), at, trading).legs
    assert leg.reason is ExitReason.THETA_DECAY and not leg.stale_fill


def test_theta_decay_acts_at_the_first_price_with_half_of_the_premium_paid(desk: Any) -> None:
    desk.rules = parse_rules("[volatility]\nterm_structure = [[1, 0.6]]\nsmile = [[0, 1.0]]")
    position = desk.open(contracts=1)
    trading, now, paid = desk.trading, position.opened_at, 0.0
    while position.is_open:
        assert paid < 0.5 * position.premium
        now += MINUTE
        position = on_price(position, desk.seen(position, now, 600.0), now, trading).position
        paid = (position.entry.entry_mid - position.last.mid) * 100  # nothing but time has passed
    assert position.legs[0].reason is ExitReason.THETA_DECAY and paid >= 0.5 * position.premium


@pytest.mark.parametrize(
    ("entered", "expiry", "leaves"),
    [
        ("2026-11-24T10:00", "2026-11-24", "2026-11-24T15:55"),
        ("2026-11-27T10:00", "2026-11-27", "2026-11-27T12:55"),
        ("2026-11-24T10:00", "2026-11-25", "2026-11-25T15:55"),  # never later than its own last close
        ("2026-11-24T10:00", "2026-12-04", "2026-11-30T15:55"),
        ("2026-11-24T15:59", "2026-12-08", "2026-11-30T15:55"),  # 14 days: weekly still
        ("2026-11-24T10:00", "2026-12-09", "2026-12-04T15:55"),  # 15 days: monthly
        ("2026-12-18T10:00", "2026-12-24", "2026-12-23T15:55"),
        ("2026-12-21T10:00", "2026-12-24", "2026-12-24T12:55"),
        ("2026-12-21T10:00", "2026-12-31", "2026-12-24T12:55"),  # its third session closes early
    ],
)
def test_time_counts_full_sessions_and_their_own_closes(
    desk: Any, entered: str, expiry: str, leaves: str
) -> None:
    assert time_exit_at(desk.open(entered=entered, expiry=expiry), desk.trading) == desk.at(leaves)


def test_settled_at_intrinsic_without_spread_or_commission(desk: Any) -> None:
    position = desk.open(contracts=2)
    close = desk.at("2026-11-24T16:00")
    outcome = settle(position, 604.25, close, desk.trading)
    (leg,) = outcome.legs
    assert (leg.mid, leg.price, leg.spread_cost, leg.slippage, leg.commission) == (4.25, 4.25, 0, 0, 0)
    assert not leg.near_strike and not leg.stale_fill
    told = exit_record(outcome.position)
    assert told["pnl_net"] == pytest.approx((4.25 - position.entry.entry_price) * 200 - 1.30)
    worthless = settle(position, 598.0, close, desk.trading).legs[0]
    assert (worthless.price, worthless.delta) == (0.0, 0.0)
    assert settle(position, 601.0, close, desk.trading).legs[0].near_strike


def test_before_the_close_nothing_is_settled_and_a_close_must_be_a_price(desk: Any) -> None:
    position = desk.open()
    before = desk.at("2026-11-24T15:59")
    assert settle(position, 604.0, before, desk.trading).position is position
    with pytest.raises(ValueError, match="official close"):
        settle(position, float("nan"), desk.at("2026-11-24T16:00"), desk.trading)


def test_the_official_close_of_another_day_does_not_settle(desk: Any) -> None:
    position = on_time(desk.open(), desk.at("2026-11-24T16:00"), None, desk.trading).position
    other = desk.at("2026-11-25T16:00")
    seen = desk.seen(position, other, 640.0, official=True)
    outcome = on_price(position, seen, other, desk.trading)
    assert outcome.position.state is PositionState.AWAITING_SETTLEMENT and not outcome.legs


def test_an_older_price_than_the_last_changes_nothing(desk: Any) -> None:
    position = desk.open()
    now = position.opened_at + MINUTE
    seen = desk.seen(position, now, 590.0, priced_at=position.opened_at - MINUTE)
    assert on_price(position, seen, now, desk.trading).position is position
    for wrong in (0.0, -5.0, float("nan"), float("inf")):
        assert on_price(position, desk.seen(position, now, wrong), now, desk.trading).position is position


def test_a_command_for_nothing_raises(desk: Any) -> None:
    with pytest.raises(ValueError, match="at least one contract"):
        exit_by_hand(desk.open(), 0, desk.at("2026-11-24T10:01"), None, None, desk.trading)


def test_by_hand_the_fresh_quote_is_sold_on(desk: Any) -> None:
    position = desk.open(contracts=1)
    now = position.opened_at + MINUTE
    quote = desk.seen(position, now, 600.0, quote=(1.50, 1.60)).quotes[0][1]
    (leg,) = exit_by_hand(position, 1, now + timedelta(seconds=50), None, quote, desk.trading).legs
    assert leg.mid == pytest.approx(1.55) and not leg.stale_fill
    (leg,) = exit_by_hand(position, 1, now + timedelta(seconds=150), None, quote, desk.trading).legs
    assert leg.mid < 1.3 and leg.stale_fill


def test_break_even_by_command_never_loosens_the_stop(desk: Any) -> None:
    for direction in (LONG, SHORT):
        position = desk.open(direction=direction)
        moved = stop_to_break_even(position, position.opened_at + MINUTE, "ann")
        assert (
            moved.stop == 600.0 and stop_to_break_even(moved, position.opened_at + 2 * MINUTE, "bo") is moved
        )
        assert [(move.level, move.by) for move in moved.moves] == [("stop", "ann")]


def test_without_a_scale_out_target_1_does_not_act(desk_by: Any) -> None:
    desk = desk_by(rules=parse_rules("[exits]\nscale_out_fraction = 0"))
    position = desk.open()
    now = position.opened_at + MINUTE
    assert on_price(position, desk.seen(position, now, 603.5), now, desk.trading).legs == ()
    bar = desk.seen(position, now, 606.2, bar=(602.0, 606.4, 601.8))
    assert [leg.reason for leg in on_price(position, bar, now, desk.trading).legs] == ["TARGET_2"]


# The bar of the last minute (open, high, low, close) | what is sold, by reason and price of the underlying
LAST_BARS = [
    ((600.0, 603.2, 599.8, 601.0), [("TARGET_1", 603.0)]),
    ((600.0, 606.5, 599.8, 605.0), [("TARGET_1", 603.0), ("TARGET_2", 606.0)]),
    ((600.0, 600.5, 596.0, 598.0), [("STOP_LOSS", 597.0)]),
    ((600.0, 601.0, 599.0, 600.5), []),
]


@pytest.mark.parametrize(("bar", "sold"), LAST_BARS)
def test_the_last_minute_before_the_expiry_is_walked_like_any_other(
    desk_by: Any, bar: tuple[float, ...], sold: list[tuple[str, float]]
) -> None:
    rules = parse_rules("[exits]\nminutes_before_close = 0\ntheta_decay_pct = 100\n")
    desk = desk_by(rules=rules)
    position = desk.open(contracts=2)
    close = desk.at("2026-11-24T16:00")
    before = close - MINUTE
    position = on_price(position, desk.seen(position, before, 600.0), before, desk.trading).position
    first, high, low, last = bar
    seen = desk.seen(position, close, last, bar=(first, high, low), official=True)
    after = on_price(position, seen, close, desk.trading)
    legs = [(leg.reason.value, leg.underlying) for leg in after.legs]
    left = 2 - sum(leg.contracts for leg in after.legs if leg.reason is not ExitReason.EXPIRY)
    assert legs == [*sold, *([("EXPIRY", last)] if left else [])]
    assert after.position.state is PositionState.CLOSED
    halted = on_price(position, seen, close, desk.trading, exits=False)
    assert [leg.reason for leg in halted.legs] == [ExitReason.EXPIRY]


# The market of the option at a stop of the underlying (bid, ask) | the price that the sale is made from
ONE_SIDED = [((0.90, None), 0.90), ((0.90, 0.0), 0.90), ((9.0, None), "mark"), ((None, 1.3), "model")]


@pytest.mark.parametrize(("sides", "at"), ONE_SIDED)
def test_a_market_without_an_ask_is_sold_at_its_bid(
    desk: Any, sides: tuple[float | None, float | None], at: float | str
) -> None:
    position = desk.open(quote=(2.40, 2.50), contracts=1)
    now = position.opened_at + MINUTE
    seen = desk.seen(position, now, 596.5)
    quote = OptionQuote(bid=sides[0], ask=sides[1], at=now, source="feed")
    (leg,) = on_price(
        position, replace(seen, quotes=((position.contract.occ, quote),)), now, desk.trading
    ).legs
    (plain,) = on_price(position, seen, now, desk.trading).legs
    slippage = 0.005 * leg.mid
    expected = {"mark": leg.mid, "model": plain.price + slippage}.get(str(at), at)
    assert leg.mid == plain.mid and leg.reason is ExitReason.STOP_LOSS
    assert leg.price == pytest.approx(float(expected) - slippage, abs=0.0101)
    if at == "model":
        assert leg.price == plain.price
