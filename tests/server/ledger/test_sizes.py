"""Rows and bytes by table and by day: they add up to the file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from server.ledger.address import DatabaseLedger
from server.ledger.opened_by_address import open_to_write
from server.ledger.sizes import TABLES, sizes_of
from server.ledger.snapshot import LedgerSnapshot
from server.ledger.sqlite import SqliteLedger


@pytest.fixture
async def ledger(tmp_path: Path, make: Any) -> Path:
    """Ten webhooks and a trade with marks."""
    path = tmp_path / "some.db"
    ledger = await SqliteLedger.open(path, "engine-1")
    await ledger.commit([make.webhook(seq) for seq in range(1, 11)])
    await ledger.commit([(make.tick(11), (make.marks(2, 2, 3, 4),))])
    await ledger.close()
    return path


async def test_every_table_is_counted_and_the_bytes_are_those_of_the_file(ledger: Path) -> None:
    with LedgerSnapshot(ledger) as snapshot:
        found = sizes_of(snapshot)
    with closing(sqlite3.connect(ledger)) as c:
        names = {row[0] for row in c.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        (schema,) = c.execute("SELECT sum(pgsize) FROM dbstat WHERE name = 'sqlite_schema'").fetchone()
    assert {table.name for table in found.tables} == names == set(TABLES)
    rows = {table.name: table.rows for table in found.tables}
    assert (rows["journal"], rows["receipts"]) == (11, 10)
    if found.pages:
        assert sum(table.bytes for table in found.tables) + schema + found.free == found.file
    assert sum(day.inputs for day in found.days) == 11 and sum(day.webhooks for day in found.days) == 10
    assert sum(day.marks for day in found.days) == 3
    assert 0 < sum(day.bytes for day in found.days) <= found.file


async def test_without_pages_the_bytes_are_those_of_the_values(ledger: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("server.ledger.sizes._stored", lambda _: ({}, False))
    with LedgerSnapshot(ledger) as snapshot:
        found = sizes_of(snapshot)
    assert not found.pages and all(table.bytes > 0 for table in found.tables if table.rows)


async def test_a_database_is_measured_as_well(database: DatabaseLedger, make: Any) -> None:
    ledger = await open_to_write(database, "engine-1")
    await ledger.commit([make.webhook(seq) for seq in range(1, 11)])
    await ledger.commit(
        [(*make.decided(11)[:1], (*make.decided(11)[1], make.trade(11), make.marks(11, 11, 12)))]
    )
    await ledger.close()
    with LedgerSnapshot(database) as snapshot:
        found = sizes_of(snapshot)
    rows = {table.name: table.rows for table in found.tables}
    assert rows.keys() == set(TABLES) and (rows["journal"], rows["trades"], rows["marks"]) == (11, 1, 2)
    assert all(table.bytes > 0 for table in found.tables) and found.file == sum(t.bytes for t in found.tables)
    (day,) = found.days
    assert (day.day, day.inputs, day.webhooks, day.decisions, day.marks) == ("2026-11-24", 11, 11, 1, 2)
