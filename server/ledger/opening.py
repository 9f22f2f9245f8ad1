"""Open a ledger for writing and end it: locks, tables, owner, what is missing, and the note that it is being written.

The note is kept in the file itself while an engine writes it. A copy of the file alone, without the write-ahead log
beside it, still holds the note, so that nobody takes it for the whole ledger.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from server.ledger.base import LedgerError
from server.ledger.connection import GroupConnection, connect
from server.ledger.files import delete_files, side_files
from server.ledger.head_file import read_head
from server.ledger.journal import journal_end
from server.ledger.lock import WriterLock
from server.ledger.missing import find_missing, keep_log, note_missing
from server.ledger.schema import create
from server.private_files import hide_from_others, make_private_file, make_private_folder

_LONGEST_LOG = 8_000
"""Pages of log after which SQLite copies the log during a commit, should the reading thread fall behind."""
_BUSY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Opened:
    """The writing connection, the seq and hash at the end of the journal, what is missing there, if anything."""

    writing: GroupConnection
    end: tuple[int, bytes]
    created: bool
    missing: str | None


@asynccontextmanager
async def open_for_writing(
    path: Path, engine_id: str, busy_seconds: float
) -> AsyncIterator[tuple[Opened, GroupConnection, WriterLock]]:
    """Open the file for the block that takes it over; on an error close it, and delete a file that was made for it.

    Raises LedgerLocked or LedgerError.
    """
    try:
        make_private_folder(path.parent)
        lock = WriterLock(path, engine_id)
    except OSError as error:
        raise LedgerError(f"{path}: {error.strerror}") from error
    created = not path.exists()  # noqa: ASYNC240
    connections: list[GroupConnection] = []
    try:
        # SQLite gives its side files (-wal, -shm) the mode of the file.
        make_private_file(path)
        lock.hold_file()
        for side in side_files(path):
            hide_from_others(side)
        noted = None if created else read_head(path)
        connections += await open_connections(path, busy_seconds)
        writing, reading = connections
        missing = await writing.run(lambda connection: find_missing(connection, noted))
        if missing is not None:
            missing = f"{missing}. {keep_log(path)}"
        await writing.run(create)
        await writing.run(lambda connection: _claim(connection, engine_id, missing))
        # The file itself holds the schema from now on: a copy of it alone is a ledger, not an empty shell.
        await writing.run(lambda c: c.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())
        end = await writing.run(journal_end)
        yield Opened(writing, end, created, missing), reading, lock
    except BaseException as error:
        for connection in connections:
            await connection.close()
        if created:
            delete_files(path)
        lock.release(delete=created)
        if isinstance(error, sqlite3.Error):
            raise LedgerError(f"{path}: {error}") from error
        if isinstance(error, OSError):
            raise LedgerError(f"{path}: {error.strerror}") from error
        raise


async def open_connections(
    path: Path, busy_seconds: float = _BUSY_SECONDS
) -> tuple[GroupConnection, GroupConnection]:
    """Open the writing and the reading connection of a writer. Raises sqlite3.Error."""
    opened: list[GroupConnection] = []
    try:
        for writes, busy in ((True, busy_seconds), (False, 5.0)):
            connection = await connect(path, busy_seconds=busy, writes=writes)
            opened.append(connection)
            # A first read opens the log: from then on the connection does not need its path.
            await connection.run(lambda c: c.execute("SELECT count(*) FROM sqlite_master").fetchone())
        writing, reading = opened
        await writing.run(lambda c: c.execute(f"PRAGMA wal_autocheckpoint = {_LONGEST_LOG}").fetchall())
    except BaseException:
        for connection in opened:
            await connection.close()
        raise
    return writing, reading


def _claim(connection: sqlite3.Connection, engine_id: str, missing: str | None) -> None:
    connection.execute("INSERT OR IGNORE INTO meta (key, value) VALUES ('engine_id', ?)", (engine_id,))
    owner = connection.execute("SELECT value FROM meta WHERE key = 'engine_id'").fetchone()[0]
    if owner != engine_id:
        raise LedgerError(
            f"the ledger belongs to engine {owner}, not to {engine_id}: --engine-id {owner} opens it "
            f"(engine_id in the configuration), or choose another ledger with --db"
        )
    if missing is not None:
        note_missing(connection, missing)
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('written_since', ?)", (now,))


def end_writing(connection: sqlite3.Connection) -> None:
    """Remove the note that the file is being written; closing the last connection makes the file whole."""
    connection.execute("DELETE FROM meta WHERE key = 'written_since'")


def written_since(connection: sqlite3.Connection) -> str | None:
    """Return since when the file is being written, or was until the writer was killed; ``None`` if it was closed."""
    row = connection.execute("SELECT value FROM meta WHERE key = 'written_since'").fetchone()
    return None if row is None else str(row[0])


def owner_of(connection: sqlite3.Connection) -> str | None:
    """Return the id of the engine that a ledger belongs to, ``None`` where it cannot be read."""
    with suppress(sqlite3.Error, ValueError):
        row = connection.execute("SELECT value FROM meta WHERE key = 'engine_id'").fetchone()
        return None if row is None else str(row[0])
    return None


def rescue(connection: sqlite3.Connection, path: Path) -> Path:
    """Write all that a writer holds, whose file is gone, to a new file beside it; return its path."""
    make_private_folder(path.parent)
    target = path.with_name(f"{path.name}.rescued-{datetime.now(UTC):%Y%m%d-%H%M%S}")
    make_private_file(target)
    copy = sqlite3.connect(target)
    try:
        connection.backup(copy)
        end_writing(copy)
        copy.commit()
    finally:
        copy.close()
    return target
