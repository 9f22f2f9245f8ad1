"""A start of practice, and the rules file that a start remembers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.exchange.calendar import Calendar
from core.rules import Rules, parse_rules
from server.config import ConfigError, Settings
from tui.cli.practice import FILE, LEAST_LEFT, practice_settings, practice_start
from tui.cli.rules_file import remember, remembered

CALENDAR = Calendar.from_rules(Rules().clock)
TUESDAY_10 = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# now | the ledger's last entry | where the clock starts, all in UTC (the exchange is 5 hours behind)
STARTS = [
    ("2026-11-24T15:00", None, "2026-11-24T15:00"),  # a session is open: now
    ("2026-11-24T20:45", None, "2026-11-25T15:05"),  # it closes in a quarter of an hour: the next
    ("2026-11-24T12:00", None, "2026-11-24T15:05"),  # before the opening: today's
    ("2026-11-29T10:00", None, "2026-11-30T15:05"),  # Sunday: Monday's
    ("2026-11-26T15:00", None, "2026-11-27T15:05"),  # Thanksgiving: Friday's
    ("2026-11-27T17:40", None, "2026-11-30T15:05"),  # an early close in 20 minutes: Monday's
    ("2026-11-29T10:00", "2026-11-30T16:00:00", "2026-11-30T16:00:01"),  # goes on where it ended
    ("2026-11-29T10:00", "2026-11-30T20:50:00", "2026-12-01T15:05"),  # ended near the close
    ("2026-12-03T16:00", "2026-11-30T16:00:00", "2026-12-03T16:00"),  # the ledger is behind
]


@pytest.mark.parametrize(("now", "last", "start"), STARTS)
def test_practice_starts_inside_a_session(now: str, last: str | None, start: str) -> None:
    assert practice_start(at(now), None if last is None else at(last), CALENDAR) == at(start)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2029, 12, 1)),
    st.none() | st.datetimes(datetime(2020, 1, 1), datetime(2029, 12, 1)),
)
def test_practice_always_has_time_left_and_never_goes_back(now: datetime, last: datetime | None) -> None:
    ended = None if last is None else last.replace(tzinfo=UTC)
    start = practice_start(now.replace(tzinfo=UTC), ended, CALENDAR)
    session = CALENDAR.session_at(start)
    assert session is not None and session.close - start >= LEAST_LEFT
    assert ended is None or start > ended


def settings(folder: Path, **given: object) -> Settings:
    return Settings(**({"state_dir": folder} | given))  # type: ignore[arg-type]


def test_practice_has_its_own_ledger_and_no_feeds(tmp_path: Path) -> None:
    made = practice_settings(settings(tmp_path, feeds=("tradier",)), TUESDAY_10)
    assert (made.db, made.clock, made.feeds) == (str(tmp_path / FILE), TUESDAY_10, ())


@pytest.mark.parametrize("given", [{"db": "other.db"}, {"clock": "2026-11-24T10:00-05:00"}])
def test_practice_with_a_ledger_or_a_clock_is_refused(tmp_path: Path, given: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"practice: .*leave --db and --clock out"):
        practice_settings(settings(tmp_path, **given), TUESDAY_10)


def test_a_rules_file_is_remembered_by_ledger_and_tells_when_it_changed(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text("[market]\nmax_spread_bps = 10\n")
    own, other = settings(tmp_path), settings(tmp_path, db=str(tmp_path / "other.db"))
    assert remembered(own) is None
    remember(own, file, parse_rules(file.read_text()).fingerprint)
    found = remembered(own)
    assert found is not None and found.drift() == ""
    assert remembered(other) is None
    file.write_text("[market]\nmax_spread_bps = 9\n")
    assert "has changed" in found.drift() and "the rules in force stay" in found.drift()
    file.write_text("[market]\nmax_spread = 9\n")
    assert "cannot be read as rules any more" in found.drift()
    file.unlink()
    assert "cannot be read as rules any more" in found.drift()


def test_a_damaged_memory_of_files_is_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "rules-files.json").write_text("{")
    assert remembered(settings(tmp_path)) is None
