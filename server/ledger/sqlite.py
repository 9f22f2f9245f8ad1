"""The ledger in one SQLite file: a writing and a reading connection, group commits, one writer at a time.

When ``commit`` returns, the batch survives kill -9 and a power cut (write-ahead log, synchronous FULL). Rows
are built, hashed and written in one call on the writing connection's thread, so that the event loop does
almost none of the work. The hash chain's head moves only with a commit that succeeded.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Self, TypeVar

from server.ledger.base import Entry, LedgerError, LedgerStats
from server.ledger.chain import GENESIS
from server.ledger.connection import GroupConnection, connect
from server.ledger.lock import WriterLock
from server.ledger.reader import SqliteReader, open_reading
from server.ledger.rows import DERIVED, Tables, derived, rows_of, write
from server.ledger.schema import STREAMED_AFTER, create
from server.ledger.timestamps import micros
from server.private_files import hide_from_others, make_private_file, make_private_folder

T = TypeVar("T")

_CHECKPOINTS_KEPT = 3
_TIDY_ROWS = 2_000
_TIDY_SECONDS = 5.0
"""Rows after which the write-ahead log is copied into the file, on the reading connection's thread."""
_LONGEST_LOG = 8_000
"""Pages of log after which SQLite copies the log during a commit, should the reading thread fall behind."""


class SqliteLedger:
    """The only writer of a ledger file, with a reader of the same file; open it with ``SqliteLedger.open``."""

    def __init__(
        self, path: Path, writing: GroupConnection, reader: SqliteReader, lock: WriterLock, *, created: bool
    ) -> None:
        self.path = path
        self.created = created
        """True if this writer created the file."""
        self._delete = False
        self.reader = reader
        # Reads go to the reader as they are, on its own connection: they never wait for a commit.
        self.page = reader.page
        self.decision = reader.decision
        self.record = reader.record
        self.receipt = reader.receipt
        self.position = reader.position
        self.marks_of = reader.marks_of
        self.judgements = reader.judgements
        self.rules_versions = reader.rules_versions
        self.journal_after = reader.journal_after
        self.last_checkpoint = reader.last_checkpoint
        self.stream_after = reader.stream_after
        self.streamed_after = reader.streamed_after
        self.verify = reader.verify
        self._writing = writing
        self._lock = lock
        self._head = GENESIS
        self._last_seq = 0
        self._commits = 0
        self._last_commit: tuple[float | None, int] = (None, 0)
        self._untidy = 0
        self._tidied_at = time.monotonic()
        self._tidying: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, path: Path | str, engine_id: str, busy_seconds: float = 2.0) -> Self:
        """Open the ledger at ``path`` for writing, or create it.

        ``busy_seconds`` is how long a write waits for another program that holds the file. Raises LedgerLocked
        naming the process that writes it already, LedgerError when the file is not a ledger, has another
        schema, or belongs to another engine.
        """
        path = Path(path)
        try:
            make_private_folder(path.parent)
            lock = WriterLock(path, engine_id)
        except OSError as error:
            raise LedgerError(f"{path}: {error.strerror}") from error
        created = not path.exists()
        writing: GroupConnection | None = None
        try:
            # SQLite gives its side files (-wal, -shm) the mode of the file.
            make_private_file(path)
            for side in _side_files(path):
                hide_from_others(side)
            writing = await connect(path, busy_seconds=busy_seconds, read_only=False)
            await writing.run(create)
            await writing.run(lambda c: c.execute(f"PRAGMA wal_autocheckpoint = {_LONGEST_LOG}").fetchall())
            await writing.run(lambda connection: _claim(connection, engine_id))
            # The file itself holds the schema from now on: a copy of it alone is a ledger, not an empty shell.
            await writing.run(lambda c: c.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())
            ledger = cls(path, writing, SqliteReader(path, await open_reading(path)), lock, created=created)
            await writing.run(ledger._find_head)
            return ledger
        except BaseException as error:
            if writing is not None:
                await writing.close()
            if created:
                _delete_files(path)
            lock.release(delete=created)
            if isinstance(error, sqlite3.Error):
                raise LedgerError(f"{path}: {error}") from error
            if isinstance(error, OSError):
                raise LedgerError(f"{path}: {error.strerror}") from error
            raise

    @property
    def last_seq(self) -> int:
        """Seq of the last input on disk, 0 in a new ledger."""
        return self._last_seq

    async def commit(self, batch: Sequence[Entry]) -> None:
        """Store a batch on disk, whole or not at all.

        Raises LedgerError, with nothing of the batch stored, when the disk is full, another program holds the
        file, a seq does not follow the last one, or a value cannot be written as JSON.
        """
        entries = tuple(batch)
        if not entries:
            return

        def work(connection: sqlite3.Connection) -> None:
            began = time.perf_counter()
            tables, head = rows_of(entries, self._head, self._last_seq)
            _in_transaction(connection, lambda: write(connection, tables))
            self._head, self._last_seq = head, entries[-1][0].seq
            self._commits += 1
            self._last_commit = ((time.perf_counter() - began) * 1000, sum(map(len, tables.values())))

        await self._write(work)
        self._untidy += self._last_commit[1]
        due = self._untidy >= _TIDY_ROWS or time.monotonic() - self._tidied_at >= _TIDY_SECONDS
        if due and (self._tidying is None or self._tidying.done()):
            self._untidy, self._tidied_at = 0, time.monotonic()
            self._tidying = asyncio.create_task(self._copy_log(), name="ledger log")

    async def _copy_log(self) -> None:
        """Copy the log into the file on the reading thread: on the writing thread it would delay a commit."""
        with suppress(sqlite3.Error, ValueError):
            await self.reader.copy_log()

    async def save_checkpoint(self, seq: int, at: datetime, state: bytes | bytearray) -> None:
        """Store the engine's state after ``seq`` and drop all but the last few older ones. Raises LedgerError."""

        def work(connection: sqlite3.Connection) -> None:
            if seq > self._last_seq:
                raise LedgerError(f"checkpoint of seq {seq}, but the journal ends at {self._last_seq}")

            def put() -> None:
                # Some megabytes: SQLite converts them to text without holding Python's interpreter lock.
                connection.execute(
                    "INSERT OR REPLACE INTO checkpoints (seq, at, state) VALUES (?, ?, CAST(? AS TEXT))",
                    (seq, micros(at), state),
                )
                connection.execute(
                    "DELETE FROM checkpoints WHERE seq NOT IN"
                    " (SELECT seq FROM checkpoints ORDER BY seq DESC LIMIT ?)",
                    (_CHECKPOINTS_KEPT,),
                )

            _in_transaction(connection, put)

        await self._write(work)

    async def rebuild(self, steps: Iterable[Entry]) -> None:
        """Rebuild the derived tables from the effects of a replay of the whole journal.

        All or nothing: when ``steps`` or the ledger raises, the old tables stay. Raises LedgerError.
        """

        def work(connection: sqlite3.Connection) -> None:
            def again() -> None:
                for table in DERIVED:
                    connection.execute(f"DELETE FROM {table}")
                tables: Tables = derived(())
                for entry in steps:
                    derived((entry,), tables)
                    if sum(map(len, tables.values())) >= 1000:
                        write(connection, tables)
                        tables = derived(())
                write(connection, tables)
                connection.execute("UPDATE meta SET value = '0' WHERE key = ?", (STREAMED_AFTER,))

            _in_transaction(connection, again)

        await self._write(work)

    async def stats(self) -> LedgerStats:
        """Return size, rows and the last commit. Counts every table: slow on a large ledger."""
        counted = await self.reader.stats()
        took, rows = self._last_commit
        return replace(counted, commits=self._commits, last_commit_ms=took, last_commit_rows=rows)

    def discard(self) -> None:
        """Delete the file at ``close`` if this writer made it and no more than the first rules are in it.

        For an engine that could not start: it leaves no new ledger file behind.
        """
        self._delete = self.created and self._last_seq <= 1

    async def close(self) -> None:
        """Finish the pending work, close both connections and release the lock."""
        try:
            if self._tidying is not None:
                await asyncio.gather(self._tidying, return_exceptions=True)
            await self.reader.close()
        finally:
            try:
                await self._writing.close()
                if self._delete:
                    _delete_files(self.path)
            finally:
                self._lock.release(delete=self._delete)

    def _find_head(self, connection: sqlite3.Connection) -> None:
        row = connection.execute("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
        if row is not None:
            self._last_seq, self._head = row["seq"], row["hash"]

    async def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return await self._writing.run(work)
        except (sqlite3.Error, TypeError, ValueError) as error:
            raise LedgerError(f"{self.path}: nothing stored: {error}") from error


def _side_files(path: Path) -> tuple[Path, ...]:
    return tuple(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))


def _delete_files(path: Path) -> None:
    for file in (*_side_files(path), path):
        file.unlink(missing_ok=True)


def _in_transaction(connection: sqlite3.Connection, work: Callable[[], None]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        work()
        connection.execute("COMMIT")
    except BaseException:
        # On some errors (disk full) SQLite has rolled back already; a second rollback would raise.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _claim(connection: sqlite3.Connection, engine_id: str) -> None:
    connection.execute("INSERT OR IGNORE INTO meta (key, value) VALUES ('engine_id', ?)", (engine_id,))
    owner = connection.execute("SELECT value FROM meta WHERE key = 'engine_id'").fetchone()[0]
    if owner != engine_id:
        raise LedgerError(f"the ledger belongs to engine {owner}, not to {engine_id}")
