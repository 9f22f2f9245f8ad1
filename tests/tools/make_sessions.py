"""Write core/exchange/session_exceptions.py from exchange_calendars: ``python tests/tools/make_sessions.py``.

Run it when the exchange publishes holidays the committed table does not know; ``--check`` only compares.
"""

from __future__ import annotations

import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import exchange_calendars

FIRST, LAST = date(1998, 1, 1), date(2030, 12, 31)
EXCHANGE_ZONE = ZoneInfo("America/New_York")
TARGET = Path(__file__).resolve().parents[2] / "core" / "exchange" / "session_exceptions.py"

HEAD = '''"""NYSE's exceptions to "every weekday 09:30-16:00 exchange time", {first} to {last}; data only.

Written by tests/tools/make_sessions.py from exchange_calendars and checked against it in a test. Do not edit
it; an unscheduled closure belongs in the rules. One line per year: the year, the Sundays on
which daylight time begins and ends, ``|``, weekdays without a session, ``|``, early closes as MMDD@HHMM in
exchange time.
"""

FIRST_YEAR, LAST_YEAR = {first}, {last}

TABLE = """\\
'''


def exchange_schedule() -> dict[date, tuple[int, int]]:
    """Return every session of the library: date -> (open, close) as minutes of the day in exchange time."""
    calendar = exchange_calendars.get_calendar("XNYS", start=FIRST.isoformat(), end=LAST.isoformat())
    rows: dict[date, tuple[int, int]] = {}
    for row in calendar.schedule.itertuples():
        opens, closes = (t.tz_convert(EXCHANGE_ZONE) for t in (row.open, row.close))
        rows[row.Index.date()] = (opens.hour * 60 + opens.minute, closes.hour * 60 + closes.minute)
    return rows


def _daylight(year: int) -> tuple[date, date]:
    days = [date(year, 1, 1) + timedelta(n) for n in range(366)]
    light = [d for d in days if d.year == year and _offset_hours(d) == -4]
    return light[0], light[-1] + timedelta(1)


def _offset_hours(day: date) -> int:
    offset = datetime(day.year, day.month, day.day, 12, tzinfo=EXCHANGE_ZONE).utcoffset()
    assert offset is not None
    return round(offset.total_seconds() / 3600)


def _hhmm(minutes: int) -> str:
    return f"{minutes // 60:02d}{minutes % 60:02d}"


def year_line(year: int, schedule: dict[date, tuple[int, int]]) -> str:
    days = (date(year, 1, 1) + timedelta(n) for n in range(366))
    weekdays = [d for d in days if d.year == year and d.weekday() < 5]
    closed = [f"{d:%m%d}" for d in weekdays if d not in schedule]
    early = [
        f"{d:%m%d}@{_hhmm(schedule[d][1])}" for d in weekdays if d in schedule and schedule[d] != (570, 960)
    ]
    begin, end = _daylight(year)
    return f"{year} {begin:%m%d} {end:%m%d}|{' '.join(closed)}|{' '.join(early)}".rstrip()


def module_text() -> str:
    schedule = exchange_schedule()
    assert all(day.weekday() < 5 for day in schedule), "a weekend session does not fit this table"
    assert all(opens == 570 for opens, _ in schedule.values()), "a late open does not fit this table"
    lines = "\n".join(year_line(year, schedule) for year in range(FIRST.year, LAST.year + 1))
    return f'{HEAD.format(first=FIRST.year, last=LAST.year)}{lines}\n"""\n'


def main(arguments: list[str]) -> int:
    text = module_text()
    if "--check" in arguments:
        same = TARGET.is_file() and TARGET.read_text(encoding="utf-8") == text
        print("sessions.py agrees" if same else "sessions.py differs: run tests/tools/make_sessions.py")
        return 0 if same else 1
    TARGET.write_text(text, encoding="utf-8")
    print(f"wrote {TARGET.name}: {LAST.year - FIRST.year + 1} years")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
