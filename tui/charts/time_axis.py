"""Time axes: where an instant lies on the axis, and ticks as clock times, days or months of the exchange."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tui import fmt
from tui.charts.canvas import Ticks

_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360)
_DAYS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 45)
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120)
_CLOCK_CELLS, _DAY_CELLS, _MONTH_CELLS = 10, 11, 14
"""Cells that a tick takes with the gap beside it."""
_NIGHT = 0.15
"""Room between two days, as a part of a day's length on the axis."""
_WEEK = 7
_SATURDAY = 5


def exchange_time(at: datetime) -> datetime:
    """Return the instant in the exchange's zone; UTC where the machine has no time zones."""
    zone = fmt.exchange_zone()
    return at.astimezone(zone) if zone else at


@dataclass(frozen=True, slots=True)
class DayScale:
    """A time axis with short nights, and without weekends that hold no data.

    Each day is as long as the stretch from the earliest to the latest time of day in the data, so that a
    week of trades is not five thin lines with nights between them.
    """

    first: date
    indices: dict[date, int]
    begin: float
    length: float

    @classmethod
    def of(cls, instants: Iterable[datetime]) -> DayScale:
        """Build the scale for the data's instants, of which there is at least one."""
        times = [exchange_time(at) for at in instants]
        days = {at.date() for at in times}
        first, last = min(days), max(days)
        weekend = {day.weekday() for day in days if day.weekday() >= _SATURDAY}
        indices: dict[date, int] = {}
        index = 0
        for n in range((last - first).days + 1):
            day = first + timedelta(days=n)
            if day.weekday() < _SATURDAY or day.weekday() in weekend:
                indices[day] = index
                index += 1
        clocks = [_seconds_of_day(at) for at in times]
        return cls(first, indices, min(clocks), max(max(clocks) - min(clocks), 60.0))

    def position(self, at: datetime) -> float:
        """Return where an instant of the data lies on the axis, in seconds."""
        local = exchange_time(at)
        return self._start(local.date()) + _seconds_of_day(local) - self.begin

    @property
    def end(self) -> float:
        """The end of the last day; the first day begins at zero."""
        return self._start(next(reversed(self.indices))) + self.length

    def _start(self, day: date) -> float:
        return self.indices[day] * self.length * (1 + _NIGHT)

    def ticks(self, low: float, high: float, cells: int) -> Ticks:
        """Clock times within a day, days within months, months beyond."""
        days = list(self.indices)
        if len(days) == 1:
            return self._clock_ticks(cells)
        step = day_step(len(days), cells)
        if step <= _DAYS[-1]:
            label = label_of_days(days[0], days[-1])
            return [(self._start(day), label(day)) for day in days[::step]]
        months = [b for a, b in zip([None, *days], days, strict=False) if a is None or a.month != b.month]
        step = next((n for n in _MONTHS if len(months) / n <= cells / _MONTH_CELLS), len(months))
        return [(self._start(day), f"{day:%b %Y}") for day in months[::step]]

    def _clock_ticks(self, cells: int) -> Ticks:
        return [
            (seconds - self.begin, label)
            for seconds, label in clock_times(self.begin, self.begin + self.length, cells)
        ]


@dataclass(frozen=True, slots=True)
class KnotScale:
    """A time axis that is given by instants and their places on it, with straight lines between them."""

    knots: tuple[tuple[datetime, float], ...]

    def position(self, at: datetime) -> float:
        times = [when for when, _ in self.knots]
        n = min(max(1, bisect_right(times, at)), len(times) - 1)
        (start, x0), (end, x1) = self.knots[n - 1], self.knots[n]
        span = (end - start).total_seconds()
        return x0 + (x1 - x0) * (at - start).total_seconds() / span if span > 0 else x1

    def clock_ticks(self, cells: int) -> Ticks:
        """Round clock times between the first and the last instant, which lie on one day."""
        if len(self.knots) < 2:
            return []
        first, last = exchange_time(self.knots[0][0]), exchange_time(self.knots[-1][0])
        midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
        begin, end = _seconds_of_day(first), _seconds_of_day(last)
        return [
            (self.position(midnight + timedelta(seconds=seconds)), label)
            for seconds, label in clock_times(begin, end, cells)
        ]


def clock_times(begin: float, end: float, cells: int) -> list[tuple[float, str]]:
    """Return round times between two seconds of a day, as many as have room, with their labels."""
    most = max(1, cells // _CLOCK_CELLS)
    step = next((n for n in _MINUTES if (end - begin) / 60 / n <= most), _MINUTES[-1]) * 60
    first = -int(-begin // step)
    return [
        (float(n * step), f"{n * step // 3600 % 24:02d}:{n * step // 60 % 60:02d}")
        for n in range(first, int(end // step) + 1)
    ]


def day_step(count: int, cells: int) -> int:
    """Return how many days apart ticks must be, so that the labels of ``count`` days have room."""
    return next((n for n in _DAYS if count / n <= cells / _DAY_CELLS), count)


def label_of_days(first: date, last: date) -> Callable[[date], str]:
    """Return the way to write a day: Tue 24 within a week, 24 Nov beyond."""
    pattern = "%a %d" if (last - first).days < _WEEK else "%d %b"
    return lambda day: day.strftime(pattern)


def _seconds_of_day(at: datetime) -> float:
    return at.hour * 3600 + at.minute * 60 + at.second + at.microsecond / 1e6


@dataclass(frozen=True, slots=True)
class ExitScale:
    """An axis of exits by number, for exits of which a time is not known."""

    count: int

    @property
    def end(self) -> float:
        return float(self.count - 1)

    def ticks(self, _low: float, _high: float, cells: int) -> Ticks:
        step = max(1, -(-self.count // max(1, cells // _MONTH_CELLS)))
        return [(float(n), f"exit {n + 1}") for n in range(0, self.count, step)]


def scale_of(instants: Sequence[datetime | None]) -> tuple[list[float], DayScale | ExitScale]:
    """Return the place of each instant on a time axis, and the axis; there is at least one instant."""
    known = [at for at in instants if at is not None]
    if len(known) < len(instants):
        return [float(n) for n in range(len(instants))], ExitScale(len(instants))
    scale = DayScale.of(known)
    return [scale.position(at) for at in known], scale
