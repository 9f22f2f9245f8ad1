"""A live signal: how long it lives, when it is decided again, what counts as another verdict."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.live_signal import LiveSignal, verdict_key
from core.model import Action, Direction, Gate, Gates, Reason, SignalFacts, Source, Tone, Update
from core.rules import DEFAULT

T0 = datetime(2026, 11, 24, 15, tzinfo=UTC)
MS = timedelta(milliseconds=1)
MINUTE = timedelta(minutes=1)


def _signal(timeframe: int | None = 15, entry: float | None = None) -> LiveSignal:
    update = Update(
        source=Source.TRADINGVIEW_SIGNAL, symbol="SPY", timeframe=timeframe, price=100.0,
        signal=SignalFacts(direction=Direction.LONG, entry=entry),
    )  # fmt: skip
    return LiveSignal.arriving("s1", "r1", update, T0, DEFAULT)


def _gates(*failed: str) -> Gates:
    def gate(name: str) -> Gate:
        return Gate(passed=name not in failed, score=50.0, reason="")

    return Gates(regime=gate("regime"), structural=gate("structural"), market=gate("market"))


WIDE = Reason("SPREAD_WIDE", "Spread too wide (14 bps > 12)", Tone.NEGATIVE)
WIDER = Reason("SPREAD_WIDE", "Spread too wide (15 bps > 12)", Tone.NEGATIVE)
THIN = Reason("DEPTH_THIN", "Too thin (depth 9 < 30)", Tone.NEGATIVE)


@pytest.mark.parametrize(("timeframe", "minutes"), [(None, 15), (1, 15), (15, 15), (60, 60), (1440, 1440)])
def test_live_for_its_timeframe_or_fifteen_minutes(timeframe: int | None, minutes: int) -> None:
    signal = _signal(timeframe)
    assert signal.is_live(T0 + timedelta(minutes=minutes))
    assert not signal.is_live(T0 + timedelta(minutes=minutes) + MS)


def test_executed_or_dead_it_is_live_no_more() -> None:
    one, other = _signal(), _signal()
    one.executed, other.dead = True, True
    assert not one.is_live(T0)
    assert not other.is_live(T0)


REDECIDED = [
    # last verdict, gates that failed: is it decided again
    (Action.WAIT, (), True),
    (Action.SKIP, ("market",), True),
    (Action.SKIP, ("regime",), False),
    (Action.SKIP, ("regime", "market"), False),
    (Action.SKIP, (), False),
    (Action.EXECUTE, (), False),
]


@pytest.mark.parametrize(("action", "failed", "again"), REDECIDED)
def test_only_an_open_verdict_is_decided_again(action: Action, failed: tuple[str, ...], again: bool) -> None:
    signal = _signal()
    assert not signal.is_due(T0, DEFAULT)
    signal.decided(T0, action, _gates(*failed), [WIDE])
    assert signal.is_due(T0 + MINUTE, DEFAULT) is again


def test_at_most_once_a_minute() -> None:
    signal = _signal()
    signal.decided(T0, Action.WAIT, _gates(), [])
    assert not signal.is_due(T0 + MINUTE - MS, DEFAULT)
    assert signal.is_due(T0 + MINUTE, DEFAULT)
    signal.decided(T0 + MINUTE, Action.WAIT, _gates(), [])
    assert not signal.is_due(T0 + MINUTE + MS, DEFAULT)
    assert not signal.is_due(T0 + 15 * MINUTE + MS, DEFAULT)


def test_a_verdict_is_new_only_if_action_pass_or_codes_changed() -> None:
    signal = _signal()
    skip, market = Action.SKIP, _gates("market")
    assert signal.decided(T0, skip, market, [WIDE])
    assert not signal.decided(T0, skip, market, [WIDER])
    assert not signal.decided(T0, skip, market, [WIDE, WIDER])
    assert signal.decided(T0, skip, market, [WIDE, THIN])
    assert not signal.decided(T0, skip, market, [THIN, WIDE])
    assert signal.decided(T0, Action.WAIT, market, [THIN, WIDE])
    assert signal.decided(T0, Action.WAIT, _gates(), [THIN, WIDE])
    assert verdict_key(Action.WAIT, _gates(), [THIN, WIDE]) == signal.last_key


def test_the_way_to_t1_begins_at_the_entry_or_the_price_it_came_with() -> None:
    assert _signal(entry=101.0).reference == 101.0
    assert _signal().reference == 100.0
