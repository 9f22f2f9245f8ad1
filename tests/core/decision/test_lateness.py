"""When a signal is too old to trade, by its own timestamp."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.decision import late
from core.model import Direction, SignalFacts, Source, Update
from core.rules import DEFAULT

OPENED = datetime(2026, 11, 24, 15, tzinfo=UTC)

AGES = [
    # timeframe, stamp is the fire time, oldest age in minutes that still trades
    (1, False, 3.0),
    (5, False, 7.0),
    (15, False, 18.75),
    (60, False, 75.0),
    (240, False, 255.0),
    (1440, False, 1455.0),
    (None, False, 18.75),
    (5, True, 2.0),
    (15, True, 3.75),
    (60, True, 15.0),
    (240, True, 15.0),
]


def _update(timeframe: int | None, fired: bool, timestamp: datetime | None = OPENED) -> Update:
    return Update(
        source=Source.TRADINGVIEW_SIGNAL, symbol="SPY", timeframe=timeframe, timestamp=timestamp, fired=fired,
        signal=SignalFacts(direction=Direction.LONG),
    )  # fmt: skip


@pytest.mark.parametrize(("timeframe", "fired", "minutes"), AGES)
def test_late(timeframe: int | None, fired: bool, minutes: float) -> None:
    update = _update(timeframe, fired)
    limit = OPENED + timedelta(minutes=minutes)
    assert late(update, limit, DEFAULT) is None
    reason = late(update, limit + timedelta(milliseconds=1), DEFAULT)
    assert reason is not None
    assert reason.code == "LATE"


def test_without_a_timestamp_or_from_the_future_it_is_not_late() -> None:
    assert late(_update(15, False, None), OPENED, DEFAULT) is None
    assert late(_update(15, False), OPENED - timedelta(minutes=1), DEFAULT) is None


def test_an_absurd_timeframe_does_not_overflow() -> None:
    assert late(_update(10**15, False), OPENED, DEFAULT) is None


def test_the_reason_says_how_old_and_how_old_it_may_be() -> None:
    reason = late(_update(15, False), OPENED + timedelta(hours=2), DEFAULT)
    assert reason is not None
    assert reason.text == "120.0 min since its bar opened, at most 18.75"
