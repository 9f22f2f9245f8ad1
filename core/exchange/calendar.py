"""Calendar of the exchange: trading days, opens and closes in UTC, and the part of a session.

It uses a table of sessions (``session_exceptions.py``), after the table's end the exchange's rules for holidays
(``holiday_rules.py``), and the overrides of the rules; it needs no time-zone database. Outside 1998–2060 every
method raises ``CalendarError``.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from core.exchange import session_exceptions as sessions
from core.exchange.holiday_rules import table_line
from core.model import Session

_EPOCH = date(1970, 1, 1).toordinal()
_DAY = 86_400
_OPEN_MINUTE, _CLOSE_MINUTE = 9 * 60 + 30, 16 * 60
_STANDARD, _DAYLIGHT = 300, 240  # minutes to add to exchange time for UTC
_SWITCH_MINUTE = 120  # clocks change at 02:00 of the zone in force

FIRST_DAY = date(sessions.FIRST_YEAR, 1, 1)
TABLE_ENDS = date(sessions.LAST_YEAR, 12, 31)
"""Last day of the table: sessions after it are assumed from the exchange's rules."""
_LAST_YEAR = 2060
LAST_DAY = date(_LAST_YEAR, 12, 31)
_TABLE_END = (LAST_DAY.toordinal() - _EPOCH + 1) * _DAY + _STANDARD * 60


class ClockSettings(Protocol):
    """The rules that the calendar needs; ``core.rules.sections.ClockRules`` is one such set."""

    @property
    def closures(self) -> tuple[str, ...]: ...

    @property
    def early_closes(self) -> Mapping[str, str]: ...

    @property
    def midday_from(self) -> str: ...

    @property
    def power_hour_from(self) -> str: ...


class CalendarError(ValueError):
    """A day outside the calendar, or an override of a day without a session; the message names it."""


@dataclass(frozen=True, slots=True)
class TradingDay:
    """One regular session; ``open`` and ``close`` are UTC instants, the session is open <= t < close."""

    date: date
    open: datetime
    close: datetime

    @property
    def minutes(self) -> int:
        return (self.close - self.open) // timedelta(minutes=1)


class _LocalDay(NamedTuple):
    """Instants of one date at the exchange, in epoch seconds from ``begin`` to before ``end``, with one ``lag``."""

    begin: int
    end: int
    lag: int
    date: date


class Calendar:
    """The sessions of one exchange, immutable; ``Calendar.load`` shares equal calendars.

    What was found for the last instant is kept: an engine asks many times about the same day.
    """

    __slots__ = ("_closes", "_days", "_last_day", "_last_span", "_opens", "_switches", "_trading_days")

    def __init__(
        self, days: list[int], opens: list[int], closes: list[int], switches: list[tuple[int, int]]
    ) -> None:
        """Days since 1970, opens and closes in epoch seconds; ``switches``: (instant, seconds behind UTC)."""
        self._days = days
        self._opens = opens
        self._closes = closes
        self._switches = switches
        self._trading_days: dict[int, TradingDay] = {}
        self._last_day = _LocalDay(0, 0, 0, FIRST_DAY)
        self._last_span: tuple[int, int, TradingDay | None] = (0, 0, None)

    @classmethod
    def load(cls, closures: Iterable[date] = (), early_closes: Mapping[date, str] | None = None) -> Calendar:
        """Return the calendar with unscheduled ``closures`` and ``early_closes`` (day -> "HH:MM" exchange time).

        A closure of a day without a session changes nothing. Raises CalendarError for a day outside the
        table, an early close of a day without a session, or a time that is not inside that session.
        """
        early = tuple(sorted((early_closes or {}).items()))
        return _load(tuple(sorted(set(closures))), early)

    @classmethod
    def from_rules(cls, rules: ClockSettings) -> Calendar:
        """Return the calendar with the overrides of the rules, whose dates are ISO dates."""
        try:
            closures = [date.fromisoformat(day) for day in rules.closures]
            early = {date.fromisoformat(day): clock for day, clock in rules.early_closes.items()}
        except ValueError as error:
            raise CalendarError(f"clock rules: {error}") from error
        return cls.load(closures, early)

    def is_session(self, day: date) -> bool:
        """Return whether the exchange has a regular session on that day."""
        return self._find(day) is not None

    def session(self, day: date) -> TradingDay | None:
        """Return that day's session, ``None`` when the exchange is closed all day."""
        index = self._find(day)
        return None if index is None else self._trading_day(index)

    def session_at(self, instant: datetime) -> TradingDay | None:
        """Return the session that is open at an instant, ``None`` outside regular hours."""
        begin, end, session = self._last_span
        if instant.tzinfo is not None and begin <= instant.timestamp() < end:
            return session
        seconds = self._epoch_seconds(instant)
        index = bisect_right(self._opens, seconds) - 1
        if index >= 0 and seconds < self._closes[index]:
            session = self._trading_day(index)
            self._last_span = (self._opens[index], self._closes[index], session)
            return session
        if 0 <= index < len(self._opens) - 1:
            self._last_span = (self._closes[index], self._opens[index + 1], None)
        return None

    def next_session(self, day: date) -> TradingDay:
        """Return the first session after that day."""
        return self._at(bisect_right(self._days, _day_number(day)), day)

    def previous_session(self, day: date) -> TradingDay:
        """Return the last session before that day."""
        return self._at(bisect_left(self._days, _day_number(day)) - 1, day)

    def sessions_between(self, first: date, last: date) -> tuple[TradingDay, ...]:
        """Return all sessions from ``first`` to ``last``, both included; empty when ``last`` is before ``first``."""
        start, stop = bisect_left(self._days, _day_number(first)), bisect_right(self._days, _day_number(last))
        return tuple(self._trading_day(index) for index in range(start, stop))

    def session_dates(self, first: date, last: date) -> tuple[date, ...]:
        """Return the dates of ``sessions_between``."""
        start, stop = bisect_left(self._days, _day_number(first)), bisect_right(self._days, _day_number(last))
        return tuple(date.fromordinal(day + _EPOCH) for day in self._days[start:stop])

    def sessions_after(self, day: date, n: int) -> TradingDay:
        """Return the n-th session after that day (1 is the next one). Raises CalendarError for n below 1."""
        if n < 1:
            raise CalendarError(f"sessions_after counts from 1, got {n}")
        return self._at(bisect_right(self._days, _day_number(day)) + n - 1, day)

    def market_date(self, instant: datetime) -> date:
        """Return the exchange's local date at an instant."""
        return self._local_day(instant).date

    def market_minute(self, instant: datetime) -> int:
        """Return the minutes since midnight in the exchange's local time at an instant."""
        return int((self._epoch_seconds(instant) - self._local_day(instant).lag) % _DAY // 60)

    def session_label(self, instant: datetime, rules: ClockSettings) -> Session:
        """Return OPEN to ``midday_from``, MIDDAY to ``power_hour_from``, then POWER_HOUR; AFTERHOURS when closed."""
        if self.session_at(instant) is None:
            return Session.AFTERHOURS
        minute = self.market_minute(instant)
        if minute < parse_clock(rules.midday_from):
            return Session.OPEN
        return Session.MIDDAY if minute < parse_clock(rules.power_hour_from) else Session.POWER_HOUR

    def table(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return all sessions as new arrays: days since 1970, opens and closes in epoch seconds, ascending."""
        return np.array(self._days), np.array(self._opens), np.array(self._closes)

    def _find(self, day: date) -> int | None:
        number = _day_number(day)
        index = bisect_left(self._days, number)
        return index if index < len(self._days) and self._days[index] == number else None

    def _at(self, index: int, day: date) -> TradingDay:
        if not 0 <= index < len(self._days):
            raise CalendarError(
                f"no session is known that far from {day}: the calendar covers {FIRST_DAY} to {LAST_DAY}"
            )
        return self._trading_day(index)

    def _trading_day(self, index: int) -> TradingDay:
        day = self._trading_days.get(index)
        if day is None:
            day = self._trading_days[index] = TradingDay(
                date.fromordinal(self._days[index] + _EPOCH),
                datetime.fromtimestamp(self._opens[index], UTC),
                datetime.fromtimestamp(self._closes[index], UTC),
            )
        return day

    def _local_day(self, instant: datetime) -> _LocalDay:
        """Return the date at the exchange; on a day when clocks change, the part with the instant's lag."""
        found = self._last_day
        if instant.tzinfo is not None and found.begin <= instant.timestamp() < found.end:
            return found
        seconds = self._epoch_seconds(instant)
        place = bisect_right(self._switches, (seconds, _DAY))
        since, lag = self._switches[place - 1]
        until = self._switches[place][0] if place < len(self._switches) else _TABLE_END
        day = (seconds - lag) // _DAY
        midnight = day * _DAY + lag
        found = _LocalDay(
            max(since, midnight), min(until, midnight + _DAY), lag, date.fromordinal(day + _EPOCH)
        )
        self._last_day = found
        return found

    def _epoch_seconds(self, instant: datetime) -> int:
        if instant.tzinfo is None:
            raise CalendarError(f"{instant.isoformat()} has no time zone")
        seconds = int(instant.timestamp() // 1)
        if not self._switches[0][0] <= seconds < _TABLE_END:
            raise CalendarError(f"{instant.isoformat()} is outside the calendar ({FIRST_DAY} to {LAST_DAY})")
        return seconds


@lru_cache(maxsize=64)
def parse_clock(text: str) -> int:
    """Return the minutes since midnight of "HH:MM". Raises CalendarError for other texts."""
    hours, colon, minutes = text.partition(":")
    if colon and hours.isdigit() and minutes.isdigit() and int(hours) < 24 and int(minutes) < 60:
        return int(hours) * 60 + int(minutes)
    raise CalendarError(f'"{text}" is not a time of day as HH:MM')


def _day_number(day: date) -> int:
    number = day.toordinal() - _EPOCH
    if not FIRST_DAY <= day <= LAST_DAY:
        raise CalendarError(f"{day} is outside the calendar ({FIRST_DAY} to {LAST_DAY})")
    return number


@lru_cache(maxsize=16)
def _load(closures: tuple[date, ...], early_closes: tuple[tuple[date, str], ...]) -> Calendar:
    first, last = FIRST_DAY.toordinal() - _EPOCH, LAST_DAY.toordinal() - _EPOCH
    count = last - first + 1
    lag = np.full(count, _STANDARD, dtype=np.int64)
    close_minute = np.full(count, _CLOSE_MINUTE, dtype=np.int64)
    trades = (np.arange(first, last + 1) + 3) % 7 < 5  # 1970-01-01 was a Thursday
    switches = [(first * _DAY + _STANDARD * 60, _STANDARD * 60)]

    assumed = (table_line(year) for year in range(sessions.LAST_YEAR + 1, _LAST_YEAR + 1))
    for line in (*sessions.TABLE.splitlines(), *assumed):
        dates, closed, early = line.split("|")
        year, begins, ends = dates.split()
        start, stop = _index(year, begins), _index(year, ends)
        lag[start:stop] = _DAYLIGHT
        switches.append(((first + start) * _DAY + (_SWITCH_MINUTE + _STANDARD) * 60, _DAYLIGHT * 60))
        switches.append(((first + stop) * _DAY + (_SWITCH_MINUTE + _DAYLIGHT) * 60, _STANDARD * 60))
        for day in closed.split():
            trades[_index(year, day)] = False
        for entry in early.split():
            day, clock = entry.split("@")
            close_minute[_index(year, day)] = int(clock[:2]) * 60 + int(clock[2:])

    for closure in closures:
        trades[_day_number(closure) - first] = False
    for when, clock in early_closes:
        index, minute = _day_number(when) - first, parse_clock(clock)
        if not trades[index]:
            raise CalendarError(f"early close {when}: no session that day")
        if not _OPEN_MINUTE < minute <= _CLOSE_MINUTE:
            raise CalendarError(f"early close {when}: {clock} is not inside the session 09:30–16:00")
        close_minute[index] = minute

    days = np.arange(first, last + 1)[trades]
    midnight = days * _DAY + lag[trades] * 60
    return Calendar(
        days.tolist(),
        (midnight + _OPEN_MINUTE * 60).tolist(),
        (midnight + close_minute[trades] * 60).tolist(),
        switches,
    )


def _index(year: str, mmdd: str) -> int:
    return date(int(year), int(mmdd[:2]), int(mmdd[2:])).toordinal() - FIRST_DAY.toordinal()
