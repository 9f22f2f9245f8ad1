"""NYSE's rules for holidays, early closes and daylight time, for years that the table of sessions does not reach.

Invariant, tested under this name: the rules give the table's years, but for closures that nobody could foresee.
Source: NYSE Rule 7.2 (holidays, and which of them move when they fall on a weekend).
"""

from __future__ import annotations

from datetime import date, timedelta

MONDAY, THURSDAY, SATURDAY, SUNDAY = 0, 3, 5, 6
EARLY = "1300"


def table_line(year: int) -> str:
    """Return a year's line as ``session_exceptions.TABLE`` has it: daylight time, closures, early closes."""
    closed = _closures(year)
    early = sorted(
        day
        for day in (date(year, 7, 3), _nth(year, 11, THURSDAY, 4) + timedelta(1), date(year, 12, 24))
        if day.weekday() < SATURDAY and day not in closed and not _is_before_a_weekend_fourth(day)
    )
    switches = f"{_nth(year, 3, SUNDAY, 2):%m%d} {_nth(year, 11, SUNDAY, 1):%m%d}"
    days = " ".join(f"{day:%m%d}" for day in closed if day.year == year)
    return f"{year} {switches}|{days}|" + " ".join(f"{day:%m%d}@{EARLY}" for day in early)


def _closures(year: int) -> list[date]:
    # Not New Year's Day on a Saturday: the Friday before is in the old year and trades.
    new_year = date(year, 1, 1)
    movable = [date(year, 6, 19), date(year, 7, 4), date(year, 12, 25)]
    if new_year.weekday() != SATURDAY:
        movable.append(new_year)
    fixed = [
        _nth(year, 1, MONDAY, 3),
        _nth(year, 2, MONDAY, 3),
        _easter(year) - timedelta(2),
        _last_monday_of_may(year),
        _nth(year, 9, MONDAY, 1),
        _nth(year, 11, THURSDAY, 4),
    ]
    return sorted(fixed + [_observed(day) for day in movable])


def _observed(day: date) -> date:
    """Return when a holiday is kept: on Friday if it falls on a Saturday, on Monday if on a Sunday."""
    return day + timedelta({SATURDAY: -1, SUNDAY: 1}.get(day.weekday(), 0))


def _is_before_a_weekend_fourth(day: date) -> bool:
    return (day.month, day.day) == (7, 3) and (day + timedelta(1)).weekday() >= SATURDAY


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta((weekday - first.weekday()) % 7 + 7 * (n - 1))


def _last_monday_of_may(year: int) -> date:
    last = date(year, 5, 31)
    return last - timedelta(last.weekday())


def _easter(year: int) -> date:
    """Return Easter Sunday by the anonymous Gregorian algorithm (Meeus, Astronomical Algorithms, chapter 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 19 * weekday) // 433
    month = (h + weekday - 7 * m + 90) // 25
    return date(year, month, (h + weekday - 7 * m + 33 * month + 19) % 32)
