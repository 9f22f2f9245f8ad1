"""The exchange's sessions: the committed table against its source, the days that bite, and overrides."""

from __future__ import annotations

import re
import runpy
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.exchange.calendar import FIRST_DAY, LAST_DAY, TABLE_ENDS, Calendar, CalendarError
from core.exchange.holiday_rules import table_line
from core.exchange.session_exceptions import TABLE
from core.model import Session
from core.rules.sections import ClockRules

NEW_YORK = ZoneInfo("America/New_York")
CALENDAR = Calendar.load()
GENERATOR = Path(__file__).parents[2] / "tools" / "make_sessions.py"


def at(text: str) -> datetime:
    """An instant from exchange time such as "2026-11-27 12:59"."""
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


def test_committed_table_is_what_the_generator_writes() -> None:
    assert runpy.run_path(str(GENERATOR))["main"](["--check"]) == 0


def test_every_session_agrees_with_exchange_calendars() -> None:
    library = runpy.run_path(str(GENERATOR))["exchange_schedule"]()
    ours = CALENDAR.sessions_between(FIRST_DAY, TABLE_ENDS)
    assert [s.date for s in ours] == sorted(library)
    for session in ours:
        opens, closes = library[session.date]
        midnight = datetime(session.date.year, session.date.month, session.date.day, tzinfo=NEW_YORK)
        assert session.open == (midnight + timedelta(minutes=opens)).astimezone(UTC), session
        assert session.close == (midnight + timedelta(minutes=closes)).astimezone(UTC), session
        assert session.minutes == closes - opens


UNFORESEEN = {"1029", "1030", "1205", "0109"}
"""Closures since 2007 that no rule gives: a storm and two state funerals."""


@pytest.mark.parametrize("line", [one for one in TABLE.splitlines() if int(one[:4]) > 2007])
def test_the_rules_give_the_tables_years(line: str) -> None:
    year, closed = int(line[:4]), line.split("|")[1].split()
    expected = line.replace(line.split("|")[1], " ".join(day for day in closed if day not in UNFORESEEN))
    found = table_line(year)
    if year < 2022:  # since when Juneteenth is kept
        found = re.sub(r" (0618|0619|0620)(?=[ |])", "", found)
    assert found == expected


def test_after_the_table_sessions_follow_the_rules() -> None:
    """Christmas 2033 is a Sunday and kept on Monday; 2033 begins on a Saturday, and that Friday trades."""
    assert CALENDAR.is_session(date(2032, 12, 31)) and not CALENDAR.is_session(date(2033, 12, 26))
    assert CALENDAR.session(date(2031, 7, 3)).minutes == 210  # type: ignore[union-attr]
    assert CALENDAR.next_session(date(2030, 12, 31)).date == date(2031, 1, 2)


DAYS_THAT_BITE = [
    # day, close in exchange time (None = closed), why
    ("2025-01-09", None, "closed on short notice: day of mourning"),
    ("2025-07-03", "13:00", "day before Independence Day"),
    ("2026-04-03", None, "Good Friday"),
    ("2026-06-19", None, "Juneteenth on a monthly expiry Friday"),
    ("2026-07-02", "16:00", "no early close before an observed holiday"),
    ("2026-07-03", None, "Independence Day observed"),
    ("2026-11-25", "16:00", "Wednesday before Thanksgiving"),
    ("2026-11-26", None, "Thanksgiving"),
    ("2026-11-27", "13:00", "Friday after Thanksgiving"),
    ("2026-11-28", None, "Saturday"),
    ("2026-12-24", "13:00", "Christmas Eve"),
    ("2026-12-25", None, "Christmas on a Friday"),
    ("2027-01-01", None, "New Year on a Friday"),
    ("2027-06-18", None, "Juneteenth observed on a Friday"),
    ("2001-09-12", None, "after the attacks"),
]


@pytest.mark.parametrize(("day", "close", "why"), DAYS_THAT_BITE)
def test_days_that_bite(day: str, close: str | None, why: str) -> None:
    session = CALENDAR.session(date.fromisoformat(day))
    found = None if session is None else session.close.astimezone(NEW_YORK).strftime("%H:%M")
    assert found == close, why
    assert CALENDAR.is_session(date.fromisoformat(day)) == (close is not None)


LABELS = [
    # exchange time, label
    ("2026-11-23 09:29", Session.AFTERHOURS),
    ("2026-11-23 09:30", Session.OPEN),
    ("2026-11-23 11:59", Session.OPEN),
    ("2026-11-23 12:00", Session.MIDDAY),
    ("2026-11-23 14:59", Session.MIDDAY),
    ("2026-11-23 15:00", Session.POWER_HOUR),
    ("2026-11-23 15:59", Session.POWER_HOUR),
    ("2026-11-23 16:00", Session.AFTERHOURS),
    ("2026-11-27 12:59", Session.MIDDAY),
    ("2026-11-27 13:00", Session.AFTERHOURS),
    ("2026-11-26 11:00", Session.AFTERHOURS),
    ("2026-11-22 11:00", Session.AFTERHOURS),
]


@pytest.mark.parametrize(("when", "label"), LABELS)
def test_session_labels(when: str, label: Session) -> None:
    assert CALENDAR.session_label(at(when), ClockRules()) is label


def test_session_labels_follow_the_rules() -> None:
    rules = ClockRules(midday_from="10:30")
    assert CALENDAR.session_label(at("2026-11-23 10:30"), rules) is Session.MIDDAY


def test_session_is_open_from_its_open_to_just_before_its_close() -> None:
    day = date(2026, 11, 27)
    session = CALENDAR.session(day)
    assert session is not None
    assert (session.open, session.close) == (at("2026-11-27 09:30"), at("2026-11-27 13:00"))
    assert CALENDAR.session_at(session.open) == session
    assert CALENDAR.session_at(session.open - timedelta(microseconds=1)) is None
    assert CALENDAR.session_at(session.close - timedelta(microseconds=1)) == session
    assert CALENDAR.session_at(session.close) is None


def test_neighbouring_sessions_step_over_weekend_and_holiday() -> None:
    thanksgiving = date(2026, 11, 26)
    assert CALENDAR.next_session(thanksgiving).date == date(2026, 11, 27)
    assert CALENDAR.previous_session(thanksgiving).date == date(2026, 11, 25)
    assert CALENDAR.next_session(date(2026, 11, 27)).date == date(2026, 11, 30)
    assert CALENDAR.sessions_after(date(2026, 11, 24), 3).date == date(2026, 11, 30)
    week = CALENDAR.sessions_between(date(2026, 11, 23), date(2026, 11, 29))
    assert [s.date.day for s in week] == [23, 24, 25, 27]
    assert CALENDAR.session_dates(date(2026, 11, 23), date(2026, 11, 29)) == tuple(s.date for s in week)
    assert CALENDAR.sessions_between(date(2026, 11, 27), date(2026, 11, 23)) == ()


@given(st.integers(0, int(timedelta(days=365 * 33).total_seconds())))
def test_market_date_is_the_date_in_new_york(seconds: int) -> None:
    instant = datetime(1998, 1, 1, 5, tzinfo=UTC) + timedelta(seconds=seconds)
    local = instant.astimezone(NEW_YORK)
    assert CALENDAR.market_date(instant) == local.date()
    assert CALENDAR.market_minute(instant) == local.hour * 60 + local.minute


def test_an_answer_does_not_depend_on_the_question_before() -> None:
    """At midnight, where clocks change, and at the edges of a session and of the calendar."""
    day = CALENDAR.session(date(2026, 3, 9))
    assert day is not None
    edges = (at("2026-03-08 00:00"), at("2026-03-08 03:00"), at("2026-03-09 00:00"), day.open, day.close)
    near = [edge + timedelta(seconds=seconds) for edge in edges for seconds in (-1, 0, 1)]
    for before, instant in permutations(near, 2):
        CALENDAR.session_at(before), CALENDAR.market_date(before)
        local = instant.astimezone(NEW_YORK)
        assert CALENDAR.session_at(instant) == (day if day.open <= instant < day.close else None)
        assert CALENDAR.market_date(instant) == local.date()
        assert CALENDAR.market_minute(instant) == local.hour * 60 + local.minute
        with pytest.raises(CalendarError, match="no time zone"):
            CALENDAR.market_date(instant.replace(tzinfo=None))


@given(st.dates(date(1998, 2, 1), date(2030, 11, 30)))
def test_next_and_previous_session_enclose_every_day(day: date) -> None:
    before, after = CALENDAR.previous_session(day), CALENDAR.next_session(day)
    assert before.date < day < after.date
    inside = CALENDAR.sessions_between(before.date, after.date)
    assert len(inside) == (3 if CALENDAR.is_session(day) else 2)


@pytest.mark.parametrize("day", [date(1997, 12, 31), date(2061, 1, 1)])
def test_outside_the_table_every_question_raises(day: date) -> None:
    noon = datetime(day.year, day.month, day.day, 17, tzinfo=UTC)
    for ask in (CALENDAR.session, CALENDAR.is_session, CALENDAR.next_session, CALENDAR.previous_session):
        with pytest.raises(CalendarError, match=r"outside the calendar \(1998-01-01 to 2060-12-31\)"):
            ask(day)
    for question in (CALENDAR.session_at, CALENDAR.market_date):
        with pytest.raises(CalendarError, match="outside the calendar"):
            question(noon)


def test_beyond_the_last_session_and_without_a_zone_raise() -> None:
    with pytest.raises(CalendarError, match="calendar covers 1998-01-01 to 2060-12-31"):
        CALENDAR.next_session(LAST_DAY)
    with pytest.raises(CalendarError, match="counts from 1"):
        CALENDAR.sessions_after(date(2026, 11, 23), 0)
    with pytest.raises(CalendarError, match="no time zone"):
        CALENDAR.market_date(datetime(2026, 11, 23, 12))


def test_rules_close_the_exchange_without_a_schedule() -> None:
    rules = ClockRules(closures=("2026-11-30",), early_closes={"2026-12-01": "14:00"})
    changed = Calendar.from_rules(rules)
    assert changed.session(date(2026, 11, 30)) is None
    assert changed.next_session(date(2026, 11, 27)).date == date(2026, 12, 1)
    session = changed.session(date(2026, 12, 1))
    assert session is not None and session.close == at("2026-12-01 14:00")
    assert CALENDAR.is_session(date(2026, 11, 30)), "the table itself is untouched"
    assert Calendar.from_rules(rules) is changed


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (ClockRules(closures=("30.11.2026",)), "clock rules"),
        (ClockRules(closures=("2065-01-02",)), "outside the calendar"),
        (ClockRules(early_closes={"2026-11-26": "13:00"}), "no session that day"),
        (ClockRules(early_closes={"2026-11-30": "17:00"}), "not inside the session"),
        (ClockRules(early_closes={"2026-11-30": "noon"}), "not a time of day"),
    ],
)
def test_overrides_that_mean_nothing_are_named(rules: ClockRules, words: str) -> None:
    with pytest.raises(CalendarError, match=words):
        Calendar.from_rules(rules)
