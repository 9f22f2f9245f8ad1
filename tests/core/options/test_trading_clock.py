"""The trading clock: minutes of variance left, continuous and falling, early closes and holidays included."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.exchange.calendar import Calendar, CalendarError
from core.options.trading_clock import TradingClock, calendar_years
from core.rules.sections import ClockRules

NEW_YORK = ZoneInfo("America/New_York")
CLOCK = TradingClock.from_rules(ClockRules())
START = datetime(2026, 11, 16, tzinfo=UTC)
seconds = st.integers(0, 60 * 86_400)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


UNITS_LEFT = [
    # now (exchange time), expiry, minutes of variance left
    ("2026-11-23 09:30", "2026-11-23", 390, "a whole session"),
    ("2026-11-23 15:59", "2026-11-23", 1, "the last minute"),
    ("2026-11-23 16:00", "2026-11-23", 0, "closed"),
    ("2026-11-23 16:00", "2026-11-24", 100 + 390, "a night and a session"),
    ("2026-11-24 00:45", "2026-11-24", 50 + 390, "half of the night is gone"),
    ("2026-11-27 09:30", "2026-11-27", 210, "early close at 13:00"),
    ("2026-11-25 16:00", "2026-11-27", 150 + 210, "Thanksgiving is one gap, then a short day"),
    ("2026-11-20 16:00", "2026-11-23", 150 + 390, "a weekend"),
    ("2026-12-23 09:30", "2026-12-24", 390 + 100 + 210, "Christmas Eve closes at 13:00"),
    ("2026-12-24 13:00", "2026-12-28", 150 + 390, "Christmas on a Friday and the weekend are one gap"),
]


@pytest.mark.parametrize(("now", "expiry", "minutes", "why"), UNITS_LEFT)
def test_minutes_of_variance_left(now: str, expiry: str, minutes: float, why: str) -> None:
    years = CLOCK.years_to_expiry(at(now), date.fromisoformat(expiry))
    assert years * CLOCK.units_per_year == pytest.approx(minutes, abs=1e-6), why


def test_a_year_is_the_mean_year_of_the_table() -> None:
    years = [
        CLOCK.years_between(at(f"{y}-03-01 12:00"), at(f"{y + 1}-03-01 12:00")) for y in range(1999, 2029)
    ]
    assert np.mean(years) == pytest.approx(1.0, abs=2e-3)
    assert 252 * 390 < CLOCK.units_per_year < 252 * (390 + 150)
    assert CLOCK.one_day_years == pytest.approx(490 / CLOCK.units_per_year)


def test_weights_of_nights_and_gaps_come_from_the_rules() -> None:
    sessions_only = TradingClock.from_rules(ClockRules(night_minutes=0, weekend_minutes=0))
    assert sessions_only.years_between(at("2026-11-23 16:00"), at("2026-11-24 09:30")) == 0
    assert sessions_only.units_per_year == pytest.approx(252 * 390, rel=0.01)


def test_an_unscheduled_closure_shortens_the_time_that_is_left() -> None:
    closed = TradingClock.from_rules(ClockRules(closures=("2026-12-01",)))
    now, expiry = at("2026-11-30 16:00"), date(2026, 12, 2)
    assert CLOCK.years_to_expiry(now, expiry) * CLOCK.units_per_year == pytest.approx(100 + 390 + 100 + 390)
    assert closed.years_to_expiry(now, expiry) * closed.units_per_year == pytest.approx(150 + 390)


@given(seconds, seconds)
def test_time_to_expiry_never_rises_as_time_passes(first: int, second: int) -> None:
    earlier, later = sorted((START + timedelta(seconds=first), START + timedelta(seconds=second)))
    end = at("2027-01-29 16:00")
    assert CLOCK.years_between(earlier, end) >= CLOCK.years_between(later, end)


@given(seconds)
def test_time_to_expiry_is_continuous(offset: int) -> None:
    now, end = START + timedelta(seconds=offset), at("2027-01-29 16:00")
    step = CLOCK.years_between(now, end) - CLOCK.years_between(now + timedelta(seconds=1), end)
    assert 0 < step * CLOCK.units_per_year <= 1 / 60 + 1e-6, "no second weighs more than one of a session"


@given(seconds, seconds, seconds)
def test_spans_add_up(a: int, b: int, c: int) -> None:
    first, middle, last = (START + timedelta(seconds=s) for s in sorted((a, b, c)))
    whole = CLOCK.years_between(first, last)
    assert whole == pytest.approx(
        CLOCK.years_between(first, middle) + CLOCK.years_between(middle, last), abs=1e-12
    )


@given(st.lists(st.tuples(seconds, seconds), min_size=1, max_size=20))
def test_arrays_agree_with_scalars(pairs: list[tuple[int, int]]) -> None:
    starts = [START + timedelta(seconds=a) for a, _ in pairs]
    ends = [START + timedelta(seconds=b) for _, b in pairs]
    found = CLOCK.years_between_arrays([t.timestamp() for t in starts], [t.timestamp() for t in ends])
    expected = [CLOCK.years_between(a, b) for a, b in zip(starts, ends, strict=True)]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_one_instant_against_many_expiries() -> None:
    now = at("2026-11-23 10:00")
    expiries = [date(2026, 11, 23), date(2026, 11, 27), date(2027, 1, 15)]
    found = CLOCK.years_between_arrays(
        now.timestamp(), np.array([CLOCK.expiry_instant(day).timestamp() for day in expiries])
    )
    np.testing.assert_allclose(found, [CLOCK.years_to_expiry(now, day) for day in expiries], rtol=1e-12)


def test_what_the_calendar_does_not_know_raises() -> None:
    with pytest.raises(CalendarError, match="not a session"):
        CLOCK.expiry_instant(date(2026, 11, 26))
    with pytest.raises(CalendarError, match="outside"):
        CLOCK.years_between(at("2026-11-23 10:00"), at("2061-01-03 10:00"))
    with pytest.raises(CalendarError, match="outside"):
        CLOCK.years_between_arrays([0.0], [at("2026-11-23 10:00").timestamp()])
    with pytest.raises(CalendarError, match="outside"):
        CLOCK.years_between_arrays([float("nan")], [at("2026-11-23 10:00").timestamp()])


def test_the_last_close_of_the_table_is_still_known() -> None:
    last = Calendar.load().sessions_between(date(2030, 12, 31), date(2030, 12, 31))[0]
    assert CLOCK.years_between(last.open, last.close) * CLOCK.units_per_year == pytest.approx(390)


def test_calendar_years_are_days_over_365() -> None:
    start = datetime(2026, 11, 23, tzinfo=UTC)
    assert calendar_years(start, start + timedelta(days=73)) == pytest.approx(0.2)
    assert calendar_years(start, start - timedelta(days=1)) == 0
