"""Bars of any length: where each ends, and what is told of a file that is odd."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from core.exchange.calendar import Calendar
from server.replay.bar_files import read_bars
from server.replay.machine import ReplayError

EXCHANGE = ZoneInfo("America/New_York")
CALENDAR = Calendar.load()


def file_of(path: Path, starts: list[str], prices: str = "660,661,659,660") -> Path:
    rows = ["epoch_ms,open,high,low,close"]
    for start in starts:
        at = datetime.fromisoformat(start).replace(tzinfo=EXCHANGE)
        rows.append(f"{int(at.timestamp() * 1000)},{prices}")
    path.write_text("\n".join(rows))
    return path


def every(day: str, first: str, last: str, minutes: int) -> list[str]:
    at, end = datetime.fromisoformat(f"{day}T{first}"), datetime.fromisoformat(f"{day}T{last}")
    found = []
    while at <= end:
        found.append(at.isoformat())
        at += timedelta(minutes=minutes)
    return found


TUESDAY, HALF_DAY = "2026-11-24", "2026-11-27"
ENDS = {
    "one minute": (every(TUESDAY, "09:30", "15:59", 1), TUESDAY, "16:00"),
    "hours from the open: the last is half an hour": (every(TUESDAY, "09:30", "15:30", 60), TUESDAY, "16:00"),
    "hours of the clock: the first is half an hour": (
        [f"{TUESDAY}T09:30", *every(TUESDAY, "10:00", "15:00", 60)],
        TUESDAY,
        "16:00",
    ),
    "four hours": (
        [f"2026-11-{d}T{t}" for d in (23, 24) for t in ("09:30", "13:30")],
        TUESDAY,
        "16:00",
    ),
    "four hours on a half day": (
        [*(f"2026-11-{d}T{t}" for d in (24, 25) for t in ("09:30", "13:30")), f"{HALF_DAY}T09:30"],
        HALF_DAY,
        "13:00",
    ),
    "quarters of an hour after the close": (every(TUESDAY, "15:00", "17:00", 15), TUESDAY, "17:15"),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDS)
def test_a_shorter_last_bar_counts_to_the_close(tmp_path: Path, name: str) -> None:
    starts, day, ends = ENDS[name]
    found = read_bars("SPY", file_of(tmp_path / "SPY.csv", starts), CALENDAR)
    at = datetime.fromisoformat(f"{day}T{ends}").replace(tzinfo=EXCHANGE)
    assert found.seen[-1].priced_at == at and len(found.seen) == len(starts) and not found.notes
    assert all(a.priced_at <= b.began for a, b in zip(found.seen, found.seen[1:], strict=False) if b.began)


def test_bars_of_two_lengths_end_by_their_days_length_and_are_told(tmp_path: Path) -> None:
    starts = [*every("2026-11-23", "09:30", "15:59", 1), *every(TUESDAY, "09:30", "15:55", 5)]
    found = read_bars("SPY", file_of(tmp_path / "SPY.csv", starts), CALENDAR)
    assert found.notes == ["SPY.csv: bars of 1 and 5 minutes"]
    assert {s.priced_at - s.began for s in found.seen if s.began} == {
        timedelta(minutes=1),
        timedelta(minutes=5),
    }


def test_gaps_and_duplicates_are_told(tmp_path: Path) -> None:
    starts = every(TUESDAY, "09:30", "10:29", 1)
    path = file_of(tmp_path / "SPY.csv", starts[:20] + starts[35:] + starts[40:42])
    found = read_bars("SPY", path, CALENDAR)
    assert found.notes == [
        "SPY.csv: 2 bars twice, counted once",
        "SPY.csv: 1 gaps in sessions, the longest 15 minutes from 2026-11-24 14:50 UTC",
    ]
    assert found.seen[19].priced_at == datetime(2026, 11, 24, 14, 50, tzinfo=UTC)


BAD = {
    "inf,inf,inf,inf": "open 'inf' is not a price",
    "660,nan,659,660": "high 'nan' is not a price",
    "660,661,0,660": "low '0' is not a price",
    "660,661,659,-660": "close '-660' is not a price",
    "660,661,659,": "close '' is not a price",
    "660,659,661,660": "do not hold the open and close",
}


@pytest.mark.parametrize("prices", BAD)
def test_a_bar_that_is_no_number_is_refused_with_file_and_line(tmp_path: Path, prices: str) -> None:
    path = file_of(tmp_path / "SPY.csv", [f"{TUESDAY}T09:30"])
    path.write_text(path.read_text() + f"\n1795530660000,{prices}\n")
    with pytest.raises(ReplayError, match=r"SPY\.csv: line 3: ") as error:
        read_bars("SPY", path, CALENDAR)
    assert BAD[prices] in str(error.value)
