"""One writer per ledger, and only files that are ledgers."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from server.ledger.address import DatabaseLedger, LedgerAddress
from server.ledger.base import LedgerError, LedgerLocked, OwnLedger
from server.ledger.opened_by_address import open_to_read, open_to_write
from server.ledger.paging import PageQuery
from server.ledger.reader import SqliteReader
from server.ledger.sqlite import SqliteLedger

HOLD = """
import asyncio, sys
from server.ledger.address import ledger_address
from server.ledger.opened_by_address import open_to_write
async def main():
    held = await open_to_write(ledger_address(sys.argv[1], "engine-1"), "engine-1")
    print("holding", flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


def given(address: LedgerAddress) -> list[str]:
    """Return the address as an argument of a command."""
    return [address.url if isinstance(address, DatabaseLedger) else str(address)]


async def test_a_second_writer_is_refused_and_told_who_writes(
    ledger: OwnLedger, address: LedgerAddress
) -> None:
    with pytest.raises(LedgerLocked, match=rf"process {os.getpid()} .*\(engine engine-1\)"):
        await open_to_write(address, "engine-1")


def test_the_lock_of_a_killed_process_is_free(address: LedgerAddress) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, *given(address)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "holding\n"
        with pytest.raises(LedgerLocked, match=f"process {holder.pid} "):
            asyncio.run(_open_and_close(address))
    finally:
        holder.kill()
        holder.wait()
        if holder.stdout is not None:
            holder.stdout.close()
    asyncio.run(_open_and_close(address))


async def _open_and_close(address: LedgerAddress) -> None:
    await (await open_to_write(address, "engine-1")).close()


async def test_a_reader_needs_no_lock(ledger: OwnLedger, address: LedgerAddress, make: Any) -> None:
    await ledger.commit([make.webhook(1)])
    reader = await open_to_read(address)
    assert await reader.receipt(make.id(1)) is not None
    await reader.close()


async def test_a_closed_ledger_may_be_opened_again(address: LedgerAddress) -> None:
    for _ in range(2):
        await _open_and_close(address)


async def test_a_ledger_of_another_engine_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    await (await SqliteLedger.open(path, "engine-1")).close()
    with pytest.raises(LedgerError, match="belongs to engine engine-1"):
        await SqliteLedger.open(path, "engine-2")
    await (await SqliteLedger.open(path, "engine-1")).close()


async def test_what_is_no_ledger_is_refused(tmp_path: Path) -> None:
    text, other, newer = (tmp_path / name for name in ("text.db", "other.db", "newer.db"))
    text.write_text("not a database, " * 100)
    with sqlite3.connect(other) as c:
        c.execute("CREATE TABLE t (x)")
    await (await SqliteLedger.open(newer, "engine-1")).close()
    with sqlite3.connect(newer) as c:
        c.execute("PRAGMA user_version = 99")
    for path, match in (
        (text, "not a database"),
        (other, "not a gatedeck ledger"),
        (newer, "schema version 99"),
        (tmp_path, "directory|unable"),
    ):
        with pytest.raises(LedgerError, match=match):
            await SqliteLedger.open(path, "engine-1")
    for path, match in ((text, "not a database"), (newer, "version 99"), (tmp_path / "none", "no ledger")):
        with pytest.raises(LedgerError, match=match):
            await SqliteReader.attach(path)


async def test_a_ledger_without_a_list_of_trades_gets_one(tmp_path: Path, make: Any) -> None:
    path = tmp_path / "older.db"
    ledger = await SqliteLedger.open(path, "engine-1")
    await ledger.commit([make.decided(1), make.decided(2), (make.tick(3), (make.trade(1, closed_at=3),))])
    before = await ledger.page(PageQuery(what="trades"))
    await ledger.close()
    with sqlite3.connect(path) as c:
        c.execute("DROP TABLE trades")
        c.execute("DROP TABLE notes")
        c.execute("PRAGMA user_version = 5")
    ledger = await SqliteLedger.open(path, "engine-1")
    assert await ledger.page(PageQuery(what="trades")) == before and len(before.items) == 1
    await ledger.close()


async def test_an_older_ledger_gets_the_tables_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "older.db"
    await (await SqliteLedger.open(path, "engine-1")).close()
    with sqlite3.connect(path) as c:
        c.execute("DROP TABLE suggestions")
        c.execute("DROP TABLE approvals")
        c.execute("DROP TABLE risk_events")
        c.execute("PRAGMA user_version = 1")
    with pytest.raises(LedgerError, match="version 1"):
        await SqliteReader.attach(path)
    ledger = await SqliteLedger.open(path, "engine-1")
    assert await ledger.judgements() == ()
    await ledger.close()
    await (await SqliteReader.attach(path)).close()
