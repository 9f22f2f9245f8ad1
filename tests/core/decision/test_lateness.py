"""When a signal is too old to trade, by its own timestamp."""

from __future__ import annotations

from dataclasses import replace
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


@pytest.mark.parametrize("fired", [True, False])
def test_a_time_on_the_exchanges_clock_without_saying_so_is_told(fired: bool) -> None:
    ten_in_new_york = OPENED.replace(hour=10)  # written without an offset, read as UTC
    reason = late(_update(15, fired, ten_in_new_york), OPENED + timedelta(minutes=1), DEFAULT)
    assert reason is not None
    assert reason.text.endswith(
        "; read as exchange time it would be fresh: send an offset, or set intake.naive_zone"
    )


def test_of_two_times_that_of_firing_counts() -> None:
    update = replace(_update(15, False), fired_at=OPENED + timedelta(minutes=2))
    assert late(update, OPENED + timedelta(minutes=5), DEFAULT) is None
    assert late(update, OPENED + timedelta(minutes=6), DEFAULT) is not None
