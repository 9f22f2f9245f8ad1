"""A ledger, its log or its folder removed or replaced under a running writer: told, and nothing is lost."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from server.ledger.base import LedgerError
from server.ledger.files import FileGone
from server.ledger.reader import SqliteReader
from server.ledger.sqlite import SqliteLedger


def removed(ledger: Path) -> None:
    ledger.unlink()


def renamed(ledger: Path) -> None:
    ledger.rename(ledger.with_name("moved.db"))


def replaced(ledger: Path) -> None:
    copy = ledger.with_name("copy.db")
    shutil.copy(ledger, copy)
    copy.replace(ledger)


def folder_renamed(ledger: Path) -> None:
    ledger.parent.rename(ledger.parent.with_name("elsewhere"))


def folder_removed(ledger: Path) -> None:
    shutil.rmtree(ledger.parent)


@pytest.fixture
async def held(tmp_path: Path, make: Any) -> Any:
    """A ledger in a folder of its own with three inputs, of which some are only in the log."""
    ledger = await SqliteLedger.open(tmp_path / "folder" / "ledger.db", "engine-1", busy_seconds=0.05)
    await ledger.commit([make.webhook(seq) for seq in (1, 2, 3)])
    yield ledger
    await ledger.close()


@pytest.mark.parametrize("happens", [removed, renamed, replaced, folder_renamed, folder_removed])
async def test_nothing_is_stored_once_the_file_is_gone(held: SqliteLedger, make: Any, happens: Any) -> None:
    await held.check()
    happens(held.path)
    for _ in range(2):
        with pytest.raises(FileGone, match="put the ledger back"):
            await held.commit([make.webhook(4)])
        with pytest.raises(FileGone):
            await held.save_checkpoint(3, make.at(3), b"{}")
        with pytest.raises(FileGone):
            await held.check()
    assert held.last_seq == 3 and (await held.verify()).rows == 3


async def test_a_file_that_is_put_back_is_written_on(held: SqliteLedger, make: Any) -> None:
    moved = held.path.parent.with_name("elsewhere")
    held.path.parent.rename(moved)
    with pytest.raises(FileGone):
        await held.commit([make.webhook(4)])
    moved.rename(held.path.parent)
    await held.check()
    await held.commit([make.webhook(4)])
    assert (await held.verify()).rows == 4


@pytest.mark.parametrize("happens", [removed, folder_removed, replaced])
async def test_what_a_writer_holds_is_written_beside_the_path_at_its_end(
    tmp_path: Path, make: Any, happens: Any
) -> None:
    ledger = await SqliteLedger.open(tmp_path / "folder" / "ledger.db", "engine-1")
    await ledger.commit([make.webhook(seq) for seq in (1, 2, 3)])
    happens(ledger.path)
    await ledger.close()
    (kept,) = ledger.path.parent.glob("ledger.db.rescued-*")
    again = await SqliteLedger.open(kept, "engine-1")
    assert (await again.verify()).rows == again.last_seq == 3
    await again.close()


@pytest.mark.parametrize("suffixes", [("-wal",), ("-shm",), ("-wal", "-shm")])
@pytest.mark.parametrize("noticed_by", ["commit", "check"])
async def test_a_removed_log_is_copied_into_the_file_and_begun_anew(
    held: SqliteLedger, make: Any, suffixes: tuple[str, ...], noticed_by: str
) -> None:
    for suffix in suffixes:
        held.path.with_name(held.path.name + suffix).unlink()
    if noticed_by == "check":
        await held.check()
        assert held.healed == 1
    reading = [asyncio.create_task(held.receipt(make.id(2))) for _ in range(5)]
    await held.commit([make.webhook(4)])
    assert held.healed == 1
    assert all(found is not None for found in await asyncio.gather(*reading))
    reader = await SqliteReader.attach(held.path)
    assert (await reader.verify()).rows == (await held.verify()).rows == 4
    await reader.close()
    await held.commit([make.webhook(5)])
    with sqlite3.connect(held.path) as c:
        assert c.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert c.execute("SELECT count(*) FROM journal").fetchone() == (5,)
    c.close()


async def test_a_log_that_cannot_be_copied_refuses_until_it_can(held: SqliteLedger, make: Any) -> None:
    other = sqlite3.connect(held.path, isolation_level=None)
    other.execute("BEGIN")
    assert other.execute("SELECT count(*) FROM journal").fetchone() == (3,)
    held.path.with_name(held.path.name + "-wal").unlink()
    with pytest.raises(LedgerError, match=r"-wal was removed or replaced.*another program reads"):
        await held.commit([make.webhook(4)])
    other.close()
    await held.commit([make.webhook(4)])
    assert (await held.verify()).rows == 4
