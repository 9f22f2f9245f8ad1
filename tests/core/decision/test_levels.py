"""Levels of a trade and the tests a signal must pass before any execution."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.decision import inputs_from, level_test, levels_for, position_size
from core.decision.levels import reward_risk
from core.model import Context, Direction, Levels, MarketSnapshot, Session, SignalFacts
from core.rules import DEFAULT

AS_OF = datetime(2026, 11, 24, 15, tzinfo=UTC)
LONG, SHORT = Direction.LONG, Direction.SHORT


def _context(timeframe: int | None = 15, price: float = 100.0, **signal: Any) -> Context:
    expert = SignalFacts(**{"direction": LONG, **signal})
    return Context(
        symbol="SPY", as_of=AS_OF, session=Session.OPEN, price=price, expert=expert, timeframe=timeframe
    )


BY_TIMEFRAME = [
    # timeframe, direction, daily ATR in dollars at a price of 100: stop, T1, T2
    (3, LONG, 2.0, (99.5, 100.75, 101.0)),
    (5, LONG, 2.0, (99.5, 100.75, 101.0)),
    (6, LONG, 2.0, (98.5, 102.25, 103.0)),
    (15, SHORT, 2.0, (101.5, 97.75, 97.0)),
    (60, LONG, 2.0, (98.5, 102.25, 103.0)),
    (120, LONG, 2.0, (98.5, 102.25, 103.0)),
    (239, LONG, 2.0, (98.5, 102.25, 103.0)),
    (240, LONG, 2.0, (96.0, 106.0, 108.0)),
    (1440, SHORT, 2.0, (104.0, 94.0, 92.0)),
    (None, LONG, 2.0, (98.5, 102.25, 103.0)),
    (15, LONG, None, (99.25, 101.125, 101.5)),
]


@pytest.mark.parametrize(("timeframe", "direction", "atr", "expected"), BY_TIMEFRAME)
def test_a_signal_without_levels_gets_its_timeframes(
    timeframe: int | None, direction: Direction, atr: float | None, expected: tuple[float, float, float]
) -> None:
    levels = levels_for(_context(timeframe, direction=direction), MarketSnapshot(atr14=atr), DEFAULT)
    assert levels is not None
    assert (levels.stop, levels.target_1, levels.target_2) == pytest.approx(expected)
    assert levels.origin == ("timeframe" if atr else "timeframe, assumed ATR")


PARTLY = [
    # what the signal states: stop, T1, T2, origin (price 100, 15 min, daily ATR 2)
    ("all three", {"stop": 98, "target_1": 103, "target_2": 105}, (98, 103, 105), "signal"),
    ("no T2: the timeframe's ratio", {"stop": 98, "target_1": 103}, (98, 103, 104), "signal+timeframe"),
    ("no T1", {"stop": 98, "target_2": 104}, (98, 103, 104), "signal+timeframe"),
    ("stop and ratio", {"stop": 98, "rr1": 3.0}, (98, 106, 108), "signal+timeframe"),
    ("stop alone", {"stop": 99}, (99, 102.25, 103), "signal+timeframe"),
    ("targets alone", {"target_1": 103, "target_2": 105}, (98.5, 103, 105), "signal+timeframe"),
    ("from its entry", {"entry": 101, "stop": 98, "target_1": 104}, (98, 104, 105), "signal+timeframe"),
]


@pytest.mark.parametrize(
    ("stated", "expected", "origin"), [p[1:] for p in PARTLY], ids=[p[0] for p in PARTLY]
)
def test_what_a_signal_leaves_out_is_filled(
    stated: dict[str, float], expected: tuple[float, float, float], origin: str
) -> None:
    levels = levels_for(_context(**stated), MarketSnapshot(atr14=2.0), DEFAULT)
    assert levels is not None
    assert (levels.stop, levels.target_1, levels.target_2) == pytest.approx(expected)
    assert levels.origin == origin


def test_without_a_price_there_are_no_levels() -> None:
    blind = Context(symbol="SPY", as_of=AS_OF, session=Session.OPEN, expert=SignalFacts(direction=LONG))
    assert levels_for(blind, MarketSnapshot(), DEFAULT) is None


@given(
    st.none() | st.integers(1, 10_080),
    st.floats(0.5, 10_000),
    st.sampled_from(Direction),
    st.floats(0.001, 0.05),
)
def test_levels_made_here_lie_stop_price_t1_t2_in_the_trades_direction(
    timeframe: int | None, price: float, direction: Direction, atr: float
) -> None:
    context = _context(timeframe, price, direction=direction)
    levels = levels_for(context, MarketSnapshot(price=price, atr14=atr * price), DEFAULT)
    assert levels is not None
    sign = direction.sign
    assert levels.stop * sign < price * sign < levels.target_1 * sign < levels.target_2 * sign
    assert context.expert is not None
    assert level_test(levels, context.expert, price, DEFAULT) is None
    assert reward_risk(levels, direction, price) == pytest.approx(1.5)


TESTS = [
    # direction, entry, stop, T1, T2, price: the code that refuses it, or None
    ("at the entry", LONG, 100, 98, 104, 106, 100.0, None),
    ("half the way gone", LONG, 100, 98, 104, 106, 102.0, None),
    ("a cent more", LONG, 100, 98, 104, 106, 102.01, "LEVEL_PASSED"),
    ("at T1", LONG, 100, 98, 104, 106, 104.0, "LEVEL_PASSED"),
    ("between entry and stop", LONG, 100, 98, 104, 106, 98.01, None),
    ("at the stop", LONG, 100, 98, 104, 106, 98.0, "LEVEL_PASSED"),
    ("through the stop", LONG, 100, 98, 104, 106, 97.0, "LEVEL_PASSED"),
    ("SHORT at the entry", SHORT, 100, 102, 96, 94, 100.0, None),
    ("SHORT half the way", SHORT, 100, 102, 96, 94, 98.0, None),
    ("SHORT more than half", SHORT, 100, 102, 96, 94, 97.99, "LEVEL_PASSED"),
    ("SHORT through the stop", SHORT, 100, 102, 96, 94, 102.5, "LEVEL_PASSED"),
    ("stop on the winning side", LONG, 100, 105, 104, 106, 100.0, "BAD_LEVELS"),
    ("stop above the entry", LONG, 100, 101, 104, 106, 102.0, "BAD_LEVELS"),
    ("T2 before T1", LONG, 100, 98, 104, 103, 100.0, "BAD_LEVELS"),
    ("T1 and T2 alike", LONG, 100, 98, 104, 104, 100.0, "BAD_LEVELS"),
    ("LONG levels on a SHORT", SHORT, 100, 98, 104, 106, 100.0, "BAD_LEVELS"),
    ("a level of zero", LONG, 100, 0, 104, 106, 100.0, "BAD_LEVELS"),
    ("no entry, half of the way is not known", LONG, None, 98, 104, 106, 103.9, None),
    ("no entry, at T1", LONG, None, 98, 104, 106, 104.0, "LEVEL_PASSED"),
]


@pytest.mark.parametrize(
    ("direction", "entry", "stop", "t1", "t2", "price", "code"),
    [t[1:] for t in TESTS],
    ids=[t[0] for t in TESTS],
)
def test_before_any_execution(
    direction: Direction,
    entry: float | None,
    stop: float,
    t1: float,
    t2: float,
    price: float,
    code: str | None,
) -> None:
    levels = Levels(stop=stop, target_1=t1, target_2=t2, origin="signal")
    reason = level_test(levels, SignalFacts(direction=direction, entry=entry), price, DEFAULT)
    assert (reason.code if reason else None) == code


def test_the_way_to_t1_begins_at_the_price_the_signal_came_with() -> None:
    levels = Levels(stop=98.0, target_1=104.0, target_2=106.0, origin="signal")
    signal = SignalFacts(direction=LONG)
    reason = level_test(levels, signal, 102.5, DEFAULT, reference=100.0)
    assert reason is not None
    assert reason.code == "LEVEL_PASSED"
    assert level_test(levels, signal, 102.5, DEFAULT, reference=102.0) is None


@pytest.mark.parametrize("stated", [{"stop": 50.0}, {"target_1": 130.0}, {"stop": 98.0, "target_2": 150.0}])
def test_a_message_without_a_price_is_checked_against_the_markets(stated: dict[str, float]) -> None:
    levels = Levels(**{"stop": 98.0, "target_1": 104.0, "target_2": 160.0, **stated}, origin="signal")
    reason = level_test(levels, SignalFacts(direction=LONG, **stated), 100.0, DEFAULT)
    assert reason is not None
    assert (reason.code, "20 % away" in reason.text) == ("BAD_LEVELS", True)


@pytest.mark.parametrize(("direction", "stop", "t1", "t2"), [(LONG, 101, 104, 106), (SHORT, 99, 96, 94)])
def test_a_stop_beyond_the_price_the_signal_came_with_was_never_one(
    direction: Direction, stop: float, t1: float, t2: float
) -> None:
    levels = Levels(stop=stop, target_1=t1, target_2=t2, origin="signal")
    reason = level_test(levels, SignalFacts(direction=direction), 100.0, DEFAULT, reference=100.0)
    assert reason is not None
    assert reason.code == "BAD_LEVELS"


def test_no_risk_gives_no_ratio() -> None:
    levels = Levels(stop=100.0, target_1=104.0, target_2=106.0, origin="signal")
    assert reward_risk(levels, LONG, 100.0) is None
    assert reward_risk(levels, LONG, None) is None
    assert reward_risk(levels, LONG, 102.0) == 1.0


def test_the_levels_of_a_timeframe_are_sized_alike_at_every_price() -> None:
    """Their reward to risk is 1.5 on paper, and just under or over it in binary."""
    factors = set()
    for cents in range(10_000, 90_000, 25):
        context, market = _context(5, price=cents / 100), MarketSnapshot(assumed=("atr14",))
        levels = levels_for(context, market, DEFAULT)
        factors.add(position_size(inputs_from(context, market, DEFAULT, levels), DEFAULT).factors["rr"])
    assert factors == {0.85}
