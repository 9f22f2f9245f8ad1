"""Open a ledger by its address: a file with SQLite, a database with psycopg, which is imported only then."""

from __future__ import annotations

from pathlib import Path

from server.ledger.address import LedgerAddress
from server.ledger.base import OwnLedger
from server.ledger.databases import database
from server.ledger.reader import SqliteReader, SqlReader
from server.ledger.sqlite import SqliteLedger


async def open_to_write(address: LedgerAddress, engine_id: str) -> OwnLedger:
    """Open a ledger for its only writer, or create it. Raises LedgerLocked naming the holder, LedgerError."""
    if isinstance(address, Path):
        return await SqliteLedger.open(address, engine_id)
    opened: OwnLedger = await database("ledger").PostgresLedger.open(address)
    return opened


async def open_to_read(address: LedgerAddress) -> SqlReader:
    """Open an existing ledger read-only. Raises LedgerError when there is none."""
    if isinstance(address, Path):
        return await SqliteReader.attach(address)
    reader: SqlReader = await database("reader").PostgresReader.attach(address)
    return reader
