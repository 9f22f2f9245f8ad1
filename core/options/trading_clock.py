"""Trading clock: time to expiry as the share of a year's variance that is still to come.

A session counts its minutes; a night, and a weekend or holiday gap, count a fixed number of minutes each
(rules ``clock.night_minutes`` and ``clock.weekend_minutes``). Inside a gap the minutes accrue evenly, so time
to expiry is continuous and never rises as time passes. A year is the mean year of the whole calendar (minutes
per 365.25 days), so it does not jump between years.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, datetime
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.exchange.calendar import Calendar, CalendarError
from core.rules.sections import ClockRules

FULL_SESSION_MINUTES = 390
CALENDAR_YEAR_SECONDS = 365 * 86_400.0
_MEAN_YEAR_SECONDS = 365.25 * 86_400.0


class TradingClock:
    """Converts spans of time to years of variance; immutable, O(log sessions) per call."""

    __slots__ = (
        "_knot_array",
        "_knots",
        "_unit_array",
        "_units",
        "calendar",
        "one_day_years",
        "units_per_year",
    )

    def __init__(self, calendar: Calendar, night_minutes: float, weekend_minutes: float) -> None:
        """Build the clock of a calendar.

        ``night_minutes`` count between sessions of successive days, ``weekend_minutes`` over longer gaps.
        """
        days, opens, closes = calendar.table()
        knots = np.column_stack((opens, closes)).ravel().astype(np.float64)
        steps = np.zeros(knots.size)
        steps[1::2] = (closes - opens) / 60.0
        steps[2::2] = np.where(np.diff(days) == 1, night_minutes, weekend_minutes)
        units = np.cumsum(steps)
        self.calendar = calendar
        self._knot_array, self._unit_array = knots, units
        self._knots: list[float] = knots.tolist()
        self._units: list[float] = units.tolist()
        self.units_per_year = float(units[-1] / (knots[-1] - knots[0]) * _MEAN_YEAR_SECONDS)
        """Minutes of variance in the mean year."""
        self.one_day_years = (FULL_SESSION_MINUTES + night_minutes) / self.units_per_year
        """One full session and one night: the step that theta per day is stated for."""

    @classmethod
    def from_rules(cls, rules: ClockRules) -> TradingClock:
        """Return the clock of these rules on their calendar; equal rules share one clock."""
        return _shared(Calendar.from_rules(rules), rules.night_minutes, rules.weekend_minutes)

    def years_between(self, start: datetime, end: datetime) -> float:
        """Return the years of variance from ``start`` to ``end``, 0 when ``end`` is not later.

        Raises CalendarError when either is before the first open or after the last close of the calendar.
        """
        return max(0.0, self._at(end.timestamp()) - self._at(start.timestamp())) / self.units_per_year

    def years_to_expiry(self, now: datetime, expiry: date) -> float:
        """Return the years of variance to the close of the expiry's session, 0 after it."""
        return self.years_between(now, self.expiry_instant(expiry))

    def years_between_arrays(self, starts: ArrayLike, ends: ArrayLike) -> NDArray[np.float64]:
        """Return ``years_between`` of epoch seconds that broadcast against each other.

        Raises CalendarError as ``years_between`` does.
        """
        since, until = np.asarray(starts, dtype=np.float64), np.asarray(ends, dtype=np.float64)
        for seconds in (since, until):
            if seconds.size and not (seconds.min() >= self._knots[0] and seconds.max() <= self._knots[-1]):
                raise CalendarError("an instant is outside the calendar")
        spans = self._units_at(until) - self._units_at(since)
        return np.asarray(np.maximum(spans, 0.0) / self.units_per_year)

    def expiry_instant(self, expiry: date) -> datetime:
        """Return the close of the expiry's session; raises CalendarError when the exchange is closed that day."""
        session = self.calendar.session(expiry)
        if session is None:
            raise CalendarError(f"{expiry} is not a session: no option expires then")
        return session.close

    def _units_at(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.interp(seconds, self._knot_array, self._unit_array))

    def _at(self, seconds: float) -> float:
        knots, units = self._knots, self._units
        index = bisect_right(knots, seconds)
        if 0 < index < len(knots):
            left = knots[index - 1]
            share = (seconds - left) / (knots[index] - left)
            return units[index - 1] + share * (units[index] - units[index - 1])
        if index and seconds == knots[-1]:
            return units[-1]
        raise CalendarError(f"epoch second {seconds:.0f} is outside the calendar")


def calendar_years(start: datetime, end: datetime) -> float:
    """Return the years of 365 days from ``start`` to ``end``, 0 when ``end`` is not later.

    For interest and carry, which follow the calendar and not the trading clock.
    """
    return max(0.0, (end - start).total_seconds()) / CALENDAR_YEAR_SECONDS


@lru_cache(maxsize=16)
def _shared(calendar: Calendar, night_minutes: float, weekend_minutes: float) -> TradingClock:
    return TradingClock(calendar, night_minutes, weekend_minutes)
