"""The ledger in one SQLite file: a writing and a reading connection, group commits, one writer at a time.

On return of ``commit`` the batch survives kill -9 and a power cut (write-ahead log, synchronous FULL). Rows
are made, hashed and written in one visit to the writing connection's thread, so the event loop pays for
little more than the hand-over, and the chain's head moves only with a commit that succeeded.
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

from core.effects import Effect
from server.ledger.base import Entry, LedgerError, LedgerStats
from server.ledger.chain import GENESIS
from server.ledger.connection import GroupConnection, connect
from server.ledger.lock import WriterLock
from server.ledger.reader import SqliteReader, open_reading
from server.ledger.rows import DERIVED, Tables, derived, rows_of, write
from server.ledger.schema import create
from server.ledger.timestamps import micros

T = TypeVar("T")

_CHECKPOINTS_KEPT = 3
_TIDY_ROWS = 2_000
"""Rows after which the write-ahead log is carried over into the file."""
_LONGEST_LOG = 8_000
"""Pages of log after which the writer does that itself, for a while in which readers could not."""


class SqliteLedger(SqliteReader):
    """The one writer of a ledger file, and its reader; open it with ``SqliteLedger.open``."""

    def __init__(
        self, path: Path, writing: GroupConnection, reading: GroupConnection, lock: WriterLock
    ) -> None:
        super().__init__(path, reading)
        self._writing = writing
        self._lock = lock
        self._head = GENESIS
        self._last_seq = 0
        self._commits = 0
        self._last_commit: tuple[float | None, int] = (None, 0)
        self._untidy = 0
        self._tidying: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, path: Path | str, engine_id: str, busy_seconds: float = 2.0) -> Self:
        """Open or make the ledger at ``path`` for writing.

        Raises LedgerLocked naming the process that writes it already, LedgerError when the file is not a
        ledger, has another schema, or belongs to another engine.
        """
        path = Path(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = WriterLock(path, engine_id)
        except OSError as error:
            raise LedgerError(f"{path}: {error.strerror}") from error
        writing: GroupConnection | None = None
        try:
            writing = await connect(path, busy_seconds=busy_seconds, read_only=False)
            await writing.run(create)
            await writing.run(lambda c: c.execute(f"PRAGMA wal_autocheckpoint = {_LONGEST_LOG}").fetchall())
            await writing.run(lambda connection: _claim(connection, engine_id))
            ledger = cls(path, writing, await open_reading(path), lock)
            await writing.run(ledger._find_head)
            return ledger
        except BaseException as error:
            if writing is not None:
                await writing.close()
            lock.release()
            if isinstance(error, sqlite3.Error):
                raise LedgerError(f"{path}: {error}") from error
            raise

    @property
    def last_seq(self) -> int:
        """Seq of the last input on disk, 0 in a new ledger."""
        return self._last_seq

    async def commit(self, batch: Sequence[Entry]) -> None:
        """Put a batch on disk, whole or not at all.

        Raises LedgerError with nothing of it stored: disk full, locked by another program, a seq that does
        not come after the last one, or a value that has no form in JSON.
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
        if self._untidy >= _TIDY_ROWS and (self._tidying is None or self._tidying.done()):
            self._untidy = 0
            self._tidying = asyncio.create_task(self._tidy(), name="ledger log")

    async def _tidy(self) -> None:
        """Carry the log over on the reading connection's thread: a commit would wait some milliseconds for it."""
        with suppress(sqlite3.Error, ValueError):
            await self._reading.run(lambda c: c.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall())

    async def save_checkpoint(self, seq: int, at: datetime, state: bytes | bytearray) -> None:
        """Keep the engine's state after ``seq``; of older ones the last few stay. Raises LedgerError."""

        def work(connection: sqlite3.Connection) -> None:
            if seq > self._last_seq:
                raise LedgerError(f"checkpoint of seq {seq}, but the journal ends at {self._last_seq}")

            def put() -> None:
                # Some megabytes: made into text by SQLite, which holds nobody up meanwhile.
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

    async def rebuild(self, steps: Iterable[Sequence[Effect]]) -> None:
        """Make the derived tables again from what a replay of the whole journal asks to be stored.

        All or nothing: on LedgerError, or when ``steps`` raises, the old tables stand.
        """

        def work(connection: sqlite3.Connection) -> None:
            def again() -> None:
                for table in DERIVED:
                    connection.execute(f"DELETE FROM {table}")
                tables: Tables = derived(())
                for effects in steps:
                    derived((effects,), tables)
                    if sum(map(len, tables.values())) >= 1000:
                        write(connection, tables)
                        tables = derived(())
                write(connection, tables)

            _in_transaction(connection, again)

        await self._write(work)

    async def stats(self) -> LedgerStats:
        """Size, rows and the last commit; counts every table, so ask seldom."""
        counted = await super().stats()
        took, rows = self._last_commit
        return replace(counted, commits=self._commits, last_commit_ms=took, last_commit_rows=rows)

    async def close(self) -> None:
        """Wait for what was handed over, close both connections and give the lock back."""
        try:
            if self._tidying is not None:
                await asyncio.gather(self._tidying, return_exceptions=True)
            await super().close()
        finally:
            try:
                await self._writing.close()
            finally:
                self._lock.release()

    def _find_head(self, connection: sqlite3.Connection) -> None:
        row = connection.execute("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
        if row is not None:
            self._last_seq, self._head = row["seq"], row["hash"]

    async def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return await self._writing.run(work)
        except (sqlite3.Error, TypeError, ValueError) as error:
            raise LedgerError(f"{self.path}: nothing stored: {error}") from error


def _in_transaction(connection: sqlite3.Connection, work: Callable[[], None]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        work()
        connection.execute("COMMIT")
    except BaseException:
        # SQLite itself rolls back on some errors (disk full), and then there is nothing left to undo.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _claim(connection: sqlite3.Connection, engine_id: str) -> None:
    connection.execute("INSERT OR IGNORE INTO meta (key, value) VALUES ('engine_id', ?)", (engine_id,))
    owner = connection.execute("SELECT value FROM meta WHERE key = 'engine_id'").fetchone()[0]
    if owner != engine_id:
        raise LedgerError(f"the ledger belongs to engine {owner}, not to {engine_id}")
