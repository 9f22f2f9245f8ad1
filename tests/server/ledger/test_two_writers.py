"""Two writers of one file under another name, or after its lock file was removed: the second is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from server.ledger.address import LedgerAddress
from server.ledger.base import LedgerError, LedgerLocked, OwnLedger
from server.ledger.sqlite import SqliteLedger
from server.ledger.timestamps import Micros
from tests.server.ledger.databases import change

TRY = """
import asyncio, sys
from server.ledger.base import LedgerLocked
from server.ledger.sqlite import SqliteLedger
async def main():
    try:
        ledger = await SqliteLedger.open(sys.argv[1], "engine-1")
    except LedgerLocked as error:
        print(error)
    else:
        print("opened")
        await ledger.close()
asyncio.run(main())
"""


def another_process_opens(path: Path) -> str:
    done = subprocess.run([sys.executable, "-c", TRY, str(path)], capture_output=True, text=True, timeout=60)
    assert not done.stderr
    return done.stdout


def by_symbolic_link(path: Path) -> Path:
    other = path.with_name("other.db")
    other.symlink_to(path)
    return other


def by_hard_link(path: Path) -> Path:
    other = path.parent / "folder" / "hard.db"
    other.parent.mkdir()
    other.hardlink_to(path)
    return other


def lock_removed(path: Path) -> Path:
    path.with_name(path.name + ".lock").unlink()
    return path


@pytest.mark.parametrize("other", [by_symbolic_link, by_hard_link, lock_removed])
async def test_a_second_writer_is_refused_whatever_the_file_is_called(
    file_ledger: SqliteLedger, make: Any, other: Any
) -> None:
    await file_ledger.commit([make.webhook(1)])
    assert f"is being written by process {os.getpid()}" in another_process_opens(other(file_ledger.path))
    await file_ledger.commit([make.webhook(2)])
    assert (await file_ledger.verify()).rows == 2


async def test_a_second_writer_in_the_same_process_is_refused_by_a_link(
    file_ledger: SqliteLedger, make: Any
) -> None:
    with pytest.raises(LedgerLocked):
        await SqliteLedger.open(by_symbolic_link(file_ledger.path), "engine-1")
    await file_ledger.commit([make.webhook(1)])


INSERT = "INSERT INTO journal (seq, at, kind, payload, hash) VALUES (?, ?, 'ticked', ?, ?)"


def row(seq: int) -> tuple[Any, ...]:
    return (seq, Micros(0), b"{}", bytes(1))


async def test_the_journal_of_another_writer_is_not_written_over(
    ledger: OwnLedger, address: LedgerAddress, make: Any
) -> None:
    await ledger.commit([make.webhook(1)])
    change(address, INSERT, row(2))
    for seq in (2, 3):
        with pytest.raises(LedgerError, match=r"another program has written|does not follow"):
            await ledger.commit([make.webhook(seq)])
    assert (await ledger.stats()).rows["journal"] == 2


async def test_the_table_refuses_a_gap_and_a_repetition(
    ledger: OwnLedger, address: LedgerAddress, make: Any
) -> None:
    await ledger.commit([make.webhook(1), make.webhook(2)])
    for seq in (2, 4, 1, -1):
        with pytest.raises(Exception, match=r"seq does not follow|(?i:unique)"):
            change(address, INSERT, row(seq))
    with pytest.raises(LedgerError, match="does not follow"):
        await ledger.commit([make.webhook(4)])
    await ledger.commit([make.webhook(3)])
