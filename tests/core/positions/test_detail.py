"""Detail of a position: P&L by cause, price path and time decay."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.model import Direction
from core.options import price
from core.positions import on_price, on_time, stop_to_break_even
from core.positions.detail import POINTS, position_detail
from core.positions.live_values import exit_conditions, live_values, nearest_of

MINUTE = timedelta(minutes=1)


def walked(desk: Any, position: Any, path: list[float], step: float = 1.0) -> tuple[Any, list[Any]]:
    marks: list[Any] = []
    for n, spot in enumerate(path, 1):
        now = position.opened_at + n * step * MINUTE
        outcome = on_price(position, desk.seen(position, now, spot), now, desk.trading)
        position, marks = outcome.position, [*marks, *outcome.marks]
    return position, marks


def test_causes_of_held_and_sold_add_up_to_gross_and_costs_lead_to_net(desk: Any) -> None:
    position, marks = walked(desk, desk.open(contracts=5), [601.0, 603.2, 602.0, 604.0])
    assert position.legs and position.remaining
    made = position_detail(position, marks, position.last.at, desk.trading).money
    assert made.held.total + made.sold.total == pytest.approx(made.gross, abs=1e-6 * position.premium)
    assert made.gross - made.spread_cost - made.slippage - made.commission == pytest.approx(made.net)
    assert made.net == pytest.approx(live_values(position, position.last.at, desk.trading).pnl)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.lists(st.floats(597.5, 602.5), min_size=1, max_size=12), side=st.sampled_from(list(Direction)))
def test_causes_add_up_whatever_the_path(desk: Any, path: list[float], side: Direction) -> None:
    position, marks = walked(desk, desk.open(direction=side), path)
    made = position_detail(position, marks, position.last.at, desk.trading).money
    assert made.held.total + made.sold.total == pytest.approx(made.gross, abs=1e-6 * position.premium)


def test_the_path_begins_at_the_entry_ends_at_the_last_mark_and_is_in_order(desk: Any) -> None:
    position, marks = walked(desk, desk.open(), [600.5, 601.0, 600.2])
    made = position_detail(position, marks, position.last.at, desk.trading)
    first, last = made.path[0], made.path[-1]
    assert (first.share, first.mid, first.underlying) == (0.0, position.entry.entry_mid, 600.0)
    assert (last.mid, last.underlying, last.share) == (position.last.mid, 600.2, made.now_share)
    shares = [point.share for point in made.path]
    assert shares == sorted(shares) and shares[-1] <= 1
    assert position_detail(position, marks[::2], position.last.at, desk.trading).path[-1] == last


def test_a_long_path_is_thinned_and_keeps_both_ends(desk: Any) -> None:
    position, marks = walked(desk, desk.open(), [600 + (n % 7) / 10 for n in range(700)], 0.2)
    made = position_detail(position, marks, position.last.at, desk.trading)
    assert POINTS / 2 < len(made.path) <= POINTS + 1
    assert made.path[-1].at == position.last.at


def test_decay_starts_at_the_mark_falls_and_ends_at_intrinsic(desk: Any) -> None:
    position, marks = walked(desk, desk.open(expiry="2026-12-04", spot=601.0), [601.5])
    made = position_detail(position, marks, position.last.at, desk.trading)
    values = [point.value for point in made.decay]
    assert values[0] == pytest.approx(position.last.mid)
    assert values == sorted(values, reverse=True)
    assert values[-1] == pytest.approx(1.5)
    assert (made.decay[0].share, made.decay[-1].share) == (made.now_share, 1.0)
    middle = made.decay[len(made.decay) // 2]
    years = position.last.years * (1 - middle.share) / (1 - made.now_share)
    by_hand = float(price(601.5, 600, years, position.last.iv, True, carry_years=0.0, american=True))
    assert middle.value == pytest.approx(by_hand, abs=0.25), "evenly spaced on the trading clock"


def test_sessions_lie_between_entry_and_end_and_a_weekend_is_shorter_than_a_session(desk: Any) -> None:
    position, marks = walked(desk, desk.open(entered="2026-12-03T10:00", expiry="2026-12-08"), [600.1])
    made = position_detail(position, marks, position.last.at, desk.trading)
    days = [at.astimezone().date().isoformat() for _, at in made.sessions]
    shares = [share for share, _ in made.sessions]
    assert days == ["2026-12-04", "2026-12-07", "2026-12-08"]
    assert shares == sorted(shares) and shares[0] > 0 and shares[-1] < 1
    assert made.now_share < shares[0] < made.time_exit_share <= 1


def test_a_closed_position_has_its_path_and_nothing_ahead(desk: Any) -> None:
    position, marks = walked(desk, desk.open(), [603.1, 606.5])
    assert not position.remaining
    made = position_detail(position, marks, position.last.at, desk.trading)
    assert made.decay == () and made.exits == () and len(made.path) >= 3
    assert made.money.held.total == 0


def test_after_the_last_close_there_is_no_curve(desk: Any) -> None:
    position = desk.open()
    waiting = on_time(position, desk.at("2026-11-24T16:00"), None, desk.trading).position
    assert position_detail(waiting, (), desk.at("2026-11-24T16:00"), desk.trading).decay == ()


def test_the_conditions_stand_in_the_order_they_are_looked_at_and_the_nearest_is_the_one_in_words(
    desk: Any,
) -> None:
    position, _ = walked(desk, desk.open(), [601.5])
    found = exit_conditions(position, position.last.at, desk.trading)
    assert [each.reason for each in found] == ["STOP_LOSS", "TARGET_2", "TARGET_1", "THETA_DECAY", "TIME"]
    nearest = nearest_of(found)
    assert (nearest.reason, nearest.left) == ("TARGET_1", pytest.approx(0.5))
    said = live_values(position, position.last.at, desk.trading).nearest_exit
    assert said == f"{nearest.reason} {nearest.words}"


@pytest.mark.parametrize("direction", list(Direction))
def test_break_even_is_where_the_command_puts_the_stop_and_says_when_it_would_sell(
    desk: Any, direction: Direction
) -> None:
    sign = direction.sign
    won, _ = walked(desk, desk.open(direction=direction), [600 + 1.0 * sign])
    lost, _ = walked(desk, desk.open(direction=direction), [600 - 1.0 * sign])
    for position, sells in ((won, False), (lost, True)):
        live = live_values(position, position.last.at, desk.trading)
        assert (live.break_even, live.break_even_sells) == (600.0, sells)
        moved = stop_to_break_even(position, position.opened_at, "ann")
        assert moved.stop == live.break_even
        assert live_values(moved, position.last.at, desk.trading).break_even is None
        now = position.last.at + MINUTE
        after = on_price(moved, desk.seen(moved, now, position.last.spot), now, desk.trading).position
        assert bool(after.legs) is sells


@pytest.mark.parametrize(("contracts", "half"), [(1, 1), (2, 1), (5, 3)])
def test_half_is_rounded_up(desk: Any, contracts: int, half: int) -> None:
    position = desk.open(contracts=contracts)
    assert live_values(position, position.opened_at, desk.trading).half == half
