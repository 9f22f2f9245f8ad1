"""Stop and targets set by a person: by price, percent, ATR or at cost, and refused on the wrong side."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.engine import Engine
from core.model import Direction, ExitReason

LONG, SHORT = Direction.LONG, Direction.SHORT
MARKET = {"spread_bps": 4.0, "depth_score": 80.0, "atr14": 5.0, "price": 450.0}

# side | what is given | stop, T1 and T2 then; None stays; the price is 450 and the ATR 5
SET = [
    (LONG, "stop=448.5", (448.5, None, None)),
    (LONG, "stop=1% target_1=1% target_2=2%", (445.5, 454.5, 459.0)),
    (SHORT, "stop=1% target_1=1% target_2=2%", (454.5, 445.5, 441.0)),
    (LONG, "stop=0.5atr target_2=2atr", (447.5, None, 460.0)),
    (LONG, "target_1=451 target_2=460", (None, 451.0, 460.0)),
]


@pytest.mark.parametrize(("side", "argument", "expected"), SET)
def test_levels_are_set_as_given(wired: Any, side: Direction, argument: str, expected: Any) -> None:
    wire = wired(snapshot=MARKET)
    position = wire.enter("SPY", direction=side)
    answer = wire.command("levels", position, argument=argument)
    assert (answer.ok, answer.code) == (True, "LEVELS"), answer.text
    after = wire.state.positions[position.id]
    before = (position.stop, position.levels.target_1, position.levels.target_2)
    wanted = tuple(old if new is None else new for old, new in zip(before, expected, strict=True))
    assert (after.stop, after.levels.target_1, after.levels.target_2) == pytest.approx(wanted)
    assert f"stop {after.stop:.2f}, T1 {after.levels.target_1:.2f}" in answer.text


def test_at_cost_the_stop_is_the_price_at_the_entry(wired: Any) -> None:
    wire = wired(snapshot=MARKET)
    position = wire.enter("SPY")
    wire.later(minutes=2).price(452.0)
    assert wire.command("levels", position, argument="stop=cost").ok
    assert wire.state.positions[position.id].stop == position.level_at_entry


REFUSED = [
    ("stop=450.5", "stop: 450.50 must lie below the price 450.00"),
    ("target_1=449", "target_1: 449.00 must lie above the price 450.00"),
    ("target_2=450.01", "target_2: 450.01 must lie beyond target_1"),
    (
        "stop=abc",
        "stop: 'abc' is not a price as 448.50, a distance from the price as 1.5% or 0.5atr, or cost",
    ),
    ("stop=-3", "stop: '-3' is not"),
    ("stop=nan", "stop: 'nan' is not"),
    ("trail=2%", "levels: 'trail=2%' is not one of stop=, target_1=, target_2="),
    ("", "levels: give stop, target_1, target_2"),
]


@pytest.mark.parametrize(("argument", "why"), REFUSED)
def test_what_cannot_be_is_refused_with_the_field_and_changes_nothing(
    wired: Any, argument: str, why: str
) -> None:
    wire = wired(snapshot=MARKET)
    position = wire.enter("SPY")
    answer = wire.command("levels", position, argument=argument)
    assert (answer.ok, answer.code) == (False, "BAD_LEVELS")
    assert why in answer.text
    assert wire.state.positions[position.id] == position


def test_without_an_atr_a_distance_in_atr_is_refused(wired: Any) -> None:
    wire = wired()
    position = wire.enter("SPY")
    position = wire.state.positions[position.id] = replace(position, entry=replace(position.entry, atr=None))
    answer = wire.command("levels", position, argument="stop=1atr")
    assert not answer.ok and "was not known at the entry" in answer.text


def test_another_quantity_than_expected_and_an_unknown_position_are_refused(wired: Any) -> None:
    wire = wired(snapshot=MARKET)
    position = wire.enter("SPY")
    assert wire.command("levels", position, argument="stop=1%", expected=99).code == "CHANGED"
    assert wire.command("levels", argument="stop=1%", position_id="none").code == "NOT_OPEN"


def test_a_moved_level_says_when_and_by_whom_and_one_that_stays_has_not_moved(wired: Any) -> None:
    wire = wired(snapshot=MARKET)
    position = wire.enter("SPY")
    first = wire.later(minutes=1).now
    assert wire.command("levels", position, argument="target_2=2% stop=447", author="ann").ok
    assert wire.command("levels", position, argument="stop=447", author="bo").ok
    wire.later(minutes=1)
    assert wire.command("levels", position, argument="target_2=460", author="bo").ok
    moves = {move.level: (move.at, move.by) for move in wire.state.positions[position.id].moves}
    assert moves == {"stop": (first, "ann"), "target_2": (wire.now, "bo")}


# A bar that touched the target before that was moved there sells nothing; one that began afterwards does.
BARS = [("10:00", []), ("10:10", [ExitReason.TARGET_1])]


@pytest.mark.parametrize(("began", "sold"), BARS)
def test_what_a_bar_was_before_a_target_was_moved_sells_nothing(wired: Any, began: str, sold: Any) -> None:
    wire = wired(snapshot=MARKET)
    position = wire.enter("SPY")
    wire.at("10:05")
    assert wire.command("levels", position, argument="target_1=451").ok
    began_at = wire.at(began).now
    wire.at("10:15").price(450.5, open=450.2, high=451.5, low=450.0, began=began_at)
    assert [leg.reason for leg in wire.position(position).legs] == sold


def test_the_exits_go_by_the_levels_in_force_and_a_replay_gives_the_same(wired: Any) -> None:
    wire = wired(snapshot=MARKET)
    position = wire.enter("SPY")
    wire.later(minutes=2).price(451.0)
    assert wire.command("levels", position, argument="stop=450.5").ok
    wire.later(minutes=1).price(450.4)
    closed = wire.position(position)
    assert closed.legs[-1].reason is ExitReason.STOP_LOSS
    again = Engine(engine_id="wire")
    for event in wire.journal:
        again.step(event)
    assert again.state == wire.state
