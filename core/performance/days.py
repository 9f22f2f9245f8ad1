"""Convert instants to exchange days and list the sessions between two days."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.exchange.calendar import FIRST_DAY, LAST_DAY, Calendar

Ints = NDArray[np.int64]

_EPOCH = date(1970, 1, 1).toordinal()
_EPOCH_INSTANT = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_DAY_SECONDS = 86_400
_OPEN_SECONDS = 9 * 3600 + 1800

UNKNOWN_AT = np.iinfo(np.int64).min
"""Marks an unknown instant in a column of instants."""


def micros(at: datetime) -> int:
    """Return whole microseconds since 1970 UTC."""
    passed = at - _EPOCH_INSTANT
    return (passed.days * _DAY_SECONDS + passed.seconds) * 1_000_000 + passed.microseconds


def day_number(day: date) -> int:
    """Return the days since 1970."""
    return day.toordinal() - _EPOCH


def to_date(number: int) -> date:
    return date.fromordinal(number + _EPOCH)


def exchange_days(at: Ints) -> Ints:
    """Return the exchange's local days since 1970 of instants in microseconds; unknown stays unknown.

    Instants outside the calendar use the UTC offset of its first or last session.
    """
    days, lags = _lags()
    seconds = at // 1_000_000
    nearest = np.minimum(np.searchsorted(days, seconds // _DAY_SECONDS), len(days) - 1)
    wall = (seconds - lags[nearest]) // _DAY_SECONDS
    return np.where(at == UNKNOWN_AT, UNKNOWN_AT, wall)


def session_days(first: int, last: int, sessions: Iterable[date] | None = None) -> Ints | None:
    """Return the sessions from ``first`` to ``last`` inclusive, as days since 1970.

    ``None`` outside the calendar. ``sessions`` replaces the exchange's calendar.
    """
    if sessions is None:
        if first < day_number(FIRST_DAY) or last > day_number(LAST_DAY):
            return None
        days = _lags()[0]
    else:
        days = np.unique(np.fromiter((day_number(day) for day in sessions), np.int64))
    return days[np.searchsorted(days, first) : np.searchsorted(days, last, side="right")]


@lru_cache(maxsize=1)
def _lags() -> tuple[Ints, Ints]:
    """Return the session days, and by how many seconds the exchange's local time is behind UTC on each."""
    days, opens, _ = Calendar.load().table()
    return days, opens - days * _DAY_SECONDS - _OPEN_SECONDS
