"""A copy made while an engine writes is whole, is checked, and can be put back."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from server.backups import ALARM, Backups, interval
from server.ledger.backup import back_up, restore
from server.ledger.base import LedgerError, LedgerLocked
from server.ledger.compressed import expanded
from server.ledger.receipt_ids import ReceiptIds
from server.ledger.soundness import check_ledger
from server.ledger.sqlite import SqliteLedger

ID = ReceiptIds("engine-1").of


def webhook(make: Any, seq: int) -> Any:
    return make.received(seq, receipt_id=ID(seq)), (make.receipt(seq, id=ID(seq)),)


@pytest.fixture
async def written(file_ledger: SqliteLedger, make: Any) -> SqliteLedger:
    await file_ledger.commit([webhook(make, seq) for seq in (1, 2, 3)])
    return file_ledger


async def test_a_copy_of_a_ledger_that_is_being_written_is_one_whole_file(
    written: SqliteLedger, tmp_path: Path, make: Any
) -> None:
    target = tmp_path / "copies" / "copy.db"
    found = back_up(written.path, target)
    await written.commit([webhook(make, 4)])
    assert (found.last_seq, found.problems) == (3, [])
    assert [file.name for file in target.parent.iterdir()] == ["copy.db"]
    assert check_ledger(target).ok and target.stat().st_mode & 0o077 == 0
    with pytest.raises(LedgerError, match="exists already"):
        back_up(written.path, target)


async def test_a_copy_put_back_goes_on_from_there_and_the_old_ledger_is_kept(
    written: SqliteLedger, tmp_path: Path, make: Any
) -> None:
    copy = tmp_path / "copy.db"
    back_up(written.path, copy)
    await written.commit([webhook(make, 4), webhook(make, 5)])
    with pytest.raises(LedgerLocked):
        restore(copy, written.path, "engine-1")
    await written.close()
    made = restore(copy, written.path, "engine-1")
    assert (made.found.last_seq, made.lacks) == (3, 2)
    assert made.kept is not None and check_ledger(made.kept).last_seq == 5
    again = await SqliteLedger.open(written.path, "engine-1")
    assert again.last_seq == 3 and again.missing is None
    await again.commit([webhook(make, 4)])
    await again.close()
    assert check_ledger(written.path).ok


def test_a_copy_is_put_where_there_was_no_ledger_and_only_for_its_engine(tmp_path: Path, make: Any) -> None:
    with pytest.raises(LedgerError, match="no ledger there"):
        back_up(tmp_path / "none.db", tmp_path / "copy.db")
    with pytest.raises(LedgerError, match="no ledger there"):
        restore(tmp_path / "copy.db", tmp_path / "new.db", "engine-1")
    assert not list(tmp_path.glob("*.db*partial*"))


async def test_a_ledger_of_another_engine_is_not_put_back(written: SqliteLedger, tmp_path: Path) -> None:
    copy, place = tmp_path / "copy.db", tmp_path / "place" / "new.db"
    back_up(written.path, copy)
    with pytest.raises(LedgerError, match="belongs to engine engine-1, not to engine-2"):
        restore(copy, place, "engine-2")
    assert not place.exists()
    assert restore(copy, place, "engine-1").kept is None


async def test_a_damaged_ledger_gives_no_copy(written: SqliteLedger, tmp_path: Path) -> None:
    with sqlite3.connect(written.path) as c:
        c.create_function("expanded", 1, expanded)
        c.execute("UPDATE journal SET payload = replace(expanded(payload), 'SPY', 'QQQ') WHERE seq = 2")
    c.close()
    with pytest.raises(LedgerError, match=r"not sound: seq 2.*gatedeck verify"):
        back_up(written.path, tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


async def test_copies_are_made_on_schedule_and_the_oldest_go(written: SqliteLedger, tmp_path: Path) -> None:
    folder, alarms, now = tmp_path / "backups", dict[str, str](), datetime(2026, 11, 24, 15, tzinfo=UTC)
    told: dict[str, str] = {}
    backups = Backups(written.path, folder, interval("1h"), 2, alarms, lambda: now, told)
    assert told == {"backup": f"none yet, next now; 0 of 2 in {folder}"}
    made = []
    for minutes in (0, 30, 61, 130):
        now = datetime(2026, 11, 24, 15, tzinfo=UTC) + timedelta(minutes=minutes)
        made.append(await backups.back_up_if_due())
    assert [path is not None for path in made] == [True, False, True, True] and not alarms
    assert sorted(folder.iterdir()) == [made[2], made[3]]
    when = "newest 2026-11-24 17:10 UTC, next 2026-11-24 18:10 UTC"
    assert told == {"backup": f"{when}; 2 of 2 in {folder}"}
    assert check_ledger(made[3]).last_seq == 3  # type: ignore[arg-type]


async def test_a_backup_that_fails_is_an_alarm_and_keeps_the_older_ones(
    written: SqliteLedger, tmp_path: Path
) -> None:
    folder, alarms, now = tmp_path / "backups", dict[str, str](), datetime(2026, 11, 24, 15, tzinfo=UTC)
    backups = Backups(written.path, folder, interval("1d"), 1, alarms, lambda: now)
    first = await backups.back_up_if_due()
    moved = written.path.rename(tmp_path / "moved.db")
    now += timedelta(days=2)
    assert await backups.back_up_if_due() is None
    assert "the newest is of 2026-11-24 15:00 UTC" in alarms[ALARM] and "no ledger there" in alarms[ALARM]
    assert await backups.back_up_if_due() is None and [*folder.iterdir()] == [first]
    moved.rename(written.path)
    now += timedelta(minutes=11)
    assert await backups.back_up_if_due() is not None and not alarms


@pytest.mark.parametrize(("text", "hours"), [("30m", 0.5), ("12h", 12), (" 7d ", 168)])
def test_a_time_is_read(text: str, hours: float) -> None:
    assert interval(text) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "0h", "1w", "-1d", "daily", "1.5h"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="such as 30m, 12h or 1d"):
        interval(text)
