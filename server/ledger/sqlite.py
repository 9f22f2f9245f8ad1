"""The ledger in one SQLite file: a writing and a reading connection, group commits, one writer at a time.

When ``commit`` returns, the batch survives kill -9 and a power cut (write-ahead log, synchronous FULL). Rows
are built, hashed and written in one call on the writing connection's thread, so that the event loop does
almost none of the work. The hash chain's head moves only with a commit that succeeded.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Self, TypeVar

from server.ledger.base import Entry, LedgerError, LedgerStats
from server.ledger.checkpoint import compress, put_checkpoint
from server.ledger.connection import GroupConnection
from server.ledger.files import FileGone, LogGone, OpenFiles, delete_files
from server.ledger.head_file import Head, HeadFile
from server.ledger.journal import hash_at, journal_end
from server.ledger.lock import WriterLock
from server.ledger.opening import Opened, end_writing, open_connections, open_for_writing, rescue
from server.ledger.reader import Reads, SqliteReader
from server.ledger.retention import remove_some
from server.ledger.rows import rows_of, write

T = TypeVar("T")

_CHECKPOINTS_KEPT = 3
_TIDY_ROWS = 2_000
_TIDY_SECONDS = 5.0
"""Rows or seconds after which the write-ahead log is copied into the file, on the reading connection's thread."""


class SqliteLedger(Reads):
    """The only writer of a ledger file, with a reader of the same file; open it with ``SqliteLedger.open``."""

    def __init__(self, path: Path, opened: Opened, reader: SqliteReader, lock: WriterLock) -> None:
        self.path = path
        self.created = opened.created
        """True if this writer created the file."""
        self.missing: str | None = opened.missing
        self.healed: int = 0
        self._delete = False
        super().__init__(reader)
        self.reader = reader
        self._writing = opened.writing
        self._lock = lock
        self._last_seq, self._head = opened.end
        self._head_file = HeadFile(path, Head(*opened.end))
        self._files = OpenFiles(path)
        self._reopening = asyncio.Lock()
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
        async with open_for_writing(path, engine_id, busy_seconds) as (opened, reading, lock):
            return cls(path, opened, SqliteReader(path, reading), lock)

    @property
    def last_seq(self) -> int:
        """Seq of the last input on disk, 0 in a new ledger."""
        return self._last_seq

    async def commit(self, batch: Sequence[Entry]) -> None:
        """Store a batch on disk, whole or not at all.

        Raises LedgerError, with nothing of the batch stored, when the disk is full, another program holds the
        file or has written to it, the file was removed or replaced, a seq does not follow the last one, or a value
        cannot be written as JSON.
        """
        entries = tuple(batch)
        if not entries:
            return

        def work(connection: sqlite3.Connection) -> None:
            began = time.perf_counter()
            tables, head = rows_of(entries, self._head, self._last_seq)

            def put() -> None:
                self._check_end(connection)
                write(connection, tables)

            _in_transaction(connection, put)
            self._head, self._last_seq = head, entries[-1][0].seq
            self._head_file.write(self._last_seq, head)
            self._commits += 1
            self._last_commit = ((time.perf_counter() - began) * 1000, sum(map(len, tables.values())))

        await self._write(work)
        self._untidy += self._last_commit[1]
        self._tidy(_TIDY_ROWS)

    async def check(self) -> None:
        """Copy the log into the file when it is due, and check the files; call it every second.

        Raises FileGone when the file was removed, moved or replaced: nothing can be stored then.
        """
        try:
            self._files.check()
        except LogGone:
            await self._reopen()
        self._tidy(1)

    async def save_checkpoint(self, seq: int, at: datetime, state: bytes | bytearray) -> None:
        """Store the engine's state after ``seq`` and drop all but the last few older ones. Raises LedgerError."""
        packed = await asyncio.to_thread(compress, state)

        def work(connection: sqlite3.Connection) -> None:
            def put() -> None:
                head = hash_at(connection, seq)
                if head is None:
                    raise LedgerError(f"checkpoint of seq {seq}, but the journal ends at {self._last_seq}")
                put_checkpoint(connection, seq, at, head, packed, keep=_CHECKPOINTS_KEPT)

            _in_transaction(connection, put)

        await self._write(work)

    async def remove_old(self, marks_before: datetime | None, prices_before: datetime | None) -> int:
        """Remove some rows of long ago; return how many, 0 when none is left. Raises LedgerError."""

        def work(connection: sqlite3.Connection) -> int:
            return _in_transaction(connection, lambda: remove_some(connection, marks_before, prices_before))

        return await self._write(work)

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
        """Finish the pending work, close both connections and release the locks.

        A ledger whose file is gone is written anew beside it, under a name of its own.
        """
        try:
            if self._tidying is not None:
                await asyncio.gather(self._tidying, return_exceptions=True)
            await self.reader.close()
        finally:
            try:
                with suppress(sqlite3.Error, OSError, ValueError):
                    await self._writing.run(self._end)
                await self._writing.close()
                self._head_file.close()
                if self._delete:
                    delete_files(self.path)
            finally:
                self._lock.release(delete=self._delete)

    def _end(self, connection: sqlite3.Connection) -> None:
        try:
            self._files.check()
        except FileGone:
            if not self._delete:
                rescue(connection, self.path)
            return
        except LogGone:
            pass  # the last connection copies its own log into the file
        end_writing(connection)

    def _check_end(self, connection: sqlite3.Connection) -> None:
        """Raise LedgerError unless the journal ends with what this writer stored last."""
        end = journal_end(connection)
        if end != (self._last_seq, self._head):
            raise LedgerError(
                f"{self.path}: another program has written to the ledger, which ends at seq {end[0]} and not at "
                f"{self._last_seq}: stop that program, and start gatedeck again"
            )

    def _tidy(self, rows: int) -> None:
        """Copy the log in the background after so many rows, or some seconds after the first."""
        old = self._untidy and time.monotonic() - self._tidied_at >= _TIDY_SECONDS
        due = old or (self._untidy >= max(rows, _TIDY_ROWS))
        if due and (self._tidying is None or self._tidying.done()):
            self._untidy, self._tidied_at = 0, time.monotonic()
            self._tidying = asyncio.create_task(self._copy_log(), name="ledger log")

    async def _copy_log(self) -> None:
        """Copy the log into the file on the reading thread: on the writing thread it would delay a commit."""
        with suppress(sqlite3.Error, ValueError):
            await self.reader.copy_log(self._head_file.sync)

    async def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def checked(connection: sqlite3.Connection) -> T:
            self._files.check()
            return work(connection)

        try:
            if self._reopening.locked():
                async with self._reopening:
                    pass
            try:
                return await self._writing.run(checked)
            except LogGone:
                await self._reopen()
                return await self._writing.run(checked)
        except (sqlite3.Error, TypeError, ValueError) as error:
            raise LedgerError(f"{self.path}: nothing stored: {error}") from error

    async def _reopen(self) -> None:
        """Copy the open log, which is gone at its path, into the file, and begin a new one with new connections.

        Raises LedgerError while another connection reads the file.
        """
        async with self._reopening:
            try:
                self._files.check()
                return
            except LogGone as gone:
                busy = await self._writing.run(
                    lambda c: c.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                )
                if busy:
                    raise LedgerError(f"{gone}; another program reads the ledger") from gone
            await self.reader.swap(self._open_again)
            self._files = OpenFiles(self.path)
            self.healed += 1

    async def _open_again(self) -> GroupConnection:
        await self._writing.close()
        self._writing, reading = await open_connections(self.path)
        return reading


def _in_transaction(connection: sqlite3.Connection, work: Callable[[], T]) -> T:
    connection.execute("BEGIN IMMEDIATE")
    try:
        done = work()
        connection.execute("COMMIT")
        return done
    except BaseException:
        # On some errors (disk full) SQLite has rolled back already; a second rollback would raise.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
