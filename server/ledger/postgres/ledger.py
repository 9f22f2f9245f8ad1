"""The ledger in a database: group commits on one connection, reads on another, one writer per engine.

When ``commit`` returns, the server has the batch on disk. Rows are built, hashed and written in one call on the
writing connection's thread, so that the event loop does almost none of the work. The hash chain's head moves only
with a commit that succeeded.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Self, TypeVar

import psycopg

from server.ledger.address import DatabaseLedger
from server.ledger.base import Entry, LedgerError, LedgerStats
from server.ledger.checkpoint import compress, put_checkpoint
from server.ledger.journal import hash_at
from server.ledger.mark_store import closed_with_rows, pack_marks
from server.ledger.postgres.connection import Worker
from server.ledger.postgres.reader import PostgresReader, said
from server.ledger.postgres.session import Session
from server.ledger.postgres.timescale import drop_old_chunks, installed
from server.ledger.postgres.writing import new_tables
from server.ledger.reader import Reads
from server.ledger.retention import remove_some
from server.ledger.rows import POSITION, rows_of
from server.ledger.sql import Connection

T = TypeVar("T")

_CHECKPOINTS_KEPT = 3
_PACKED_AT_ONCE = 50
"""Positions whose marks are put into blocks at a checkpoint: commits wait for it."""
_LONGEST_SECONDS = 10.0
"""Time after which a server that does not answer is given up."""


class PostgresLedger(Reads):
    """The only writer of an engine's ledger, with a reader of the same; open it with ``PostgresLedger.open``."""

    def __init__(self, session: Session, worker: Worker, reader: PostgresReader) -> None:
        self.address = session.address
        self.created = session.created
        """True if this writer created the tables."""
        self.missing: str | None = session.missing
        self.healed: int = 0
        super().__init__(reader)
        self.reader = reader
        reader.settle = self._settle
        self._session, self._worker = session, worker
        self._delete = False
        self._chunks_dropped = False
        self._closed: dict[str, None] | None = None
        """Closed positions whose marks may be rows; ``None`` before it is known of which others this is so."""
        self._commits = 0
        self._last_commit: tuple[float | None, int] = (None, 0)

    @classmethod
    async def open(cls, address: DatabaseLedger) -> Self:
        """Open the ledger of the engine for writing, or create it.

        Raises LedgerLocked naming the process that writes it already, LedgerError when the database cannot be reached
        or holds another version.
        """
        worker = Worker("ledger writer")
        try:
            session = await worker.run(lambda: Session(address))
            try:
                return cls(session, worker, await PostgresReader.attach(address, newest=True))
            except BaseException:
                await worker.run(lambda: session.close(delete=session.created))
                raise
        except psycopg.Error as error:
            worker.close()
            raise LedgerError(f"{address}: {said(error)}") from error
        except BaseException:
            worker.close()
            raise

    @property
    def last_seq(self) -> int:
        """Seq of the last input on disk, 0 in a new ledger."""
        return self._session.end[0]

    async def commit(self, batch: Sequence[Entry]) -> None:
        """Store a batch on disk, whole or not at all.

        Raises LedgerError, with nothing of the batch stored, when the server cannot be reached or refuses it, when
        another program has written to the ledger, a seq does not follow the last one, or a value has no JSON.
        """
        entries = tuple(batch)
        if not entries:
            return

        def work() -> None:
            began = time.perf_counter()
            last_seq, head = self._session.end
            tables, head = rows_of(entries, head, last_seq, new_tables())
            self._session.store(tables, (entries[-1][0].seq, head))
            if self._closed is not None:
                self._closed |= dict.fromkeys(row[0] for row in tables[POSITION] if row[4] is not None)
            self._commits += 1
            self._last_commit = ((time.perf_counter() - began) * 1000, sum(map(len, tables.values())))

        await self._write(work)

    async def check(self) -> None:
        """Connect again after a loss, and raise LedgerError while nothing can be stored; call it every second."""
        await self._write(self._session.check)

    async def save_checkpoint(self, seq: int, at: datetime, state: bytes | bytearray) -> None:
        """Store the engine's state after ``seq`` and drop all but the last few older ones. Raises LedgerError.

        Marks of trades that have closed are put into blocks, some at each call.
        """
        packed = await asyncio.to_thread(compress, state)

        def put(connection: Connection) -> None:
            head = hash_at(connection, seq)
            if head is None:
                raise LedgerError(f"checkpoint of seq {seq}, but the journal ends at {self.last_seq}")
            put_checkpoint(connection, seq, at, head, packed, keep=_CHECKPOINTS_KEPT)

        await self._write(lambda: self._session.in_transaction(put))
        await self._write(self._pack_marks)

    def _pack_marks(self) -> None:
        """Put the marks of some closed positions into blocks, in a transaction of its own.

        A batch whose fate is in doubt is settled before: it is taken back row by row.
        """
        if installed(self._session.raw):
            return  # it compresses them

        def pack(connection: Connection) -> list[str]:
            some = self._closed
            found = (
                closed_with_rows(connection, _PACKED_AT_ONCE) if some is None else [*some][:_PACKED_AT_ONCE]
            )
            pack_marks(connection, (), found)
            return found

        done = self._session.in_transaction(pack)
        if self._closed is not None:
            for position_id in done:
                del self._closed[position_id]
        elif len(done) < _PACKED_AT_ONCE:
            self._closed = {}

    async def remove_old(self, marks_before: datetime | None, prices_before: datetime | None) -> int:
        """Remove some rows of long ago; return how many, 0 when none is left. Raises LedgerError."""

        def remove(connection: Connection) -> int:
            if marks_before is not None and not self._chunks_dropped:
                drop_old_chunks(self._session.raw, marks_before)
                self._chunks_dropped = True
            return remove_some(connection, marks_before, prices_before)

        return await self._write(lambda: self._session.in_transaction(remove))

    async def stats(self) -> LedgerStats:
        """Return size, rows and the last commit. Counts every table: slow on a large ledger."""
        counted = await self.reader.stats()
        took, rows = self._last_commit
        return replace(counted, commits=self._commits, last_commit_ms=took, last_commit_rows=rows)

    def discard(self) -> None:
        """Drop the tables at ``close`` if this writer made them and no more than the first rules are in them."""
        self._delete = self.created and self.last_seq <= 1

    async def close(self) -> None:
        """Finish the pending work, close both connections and release the lock."""
        try:
            await self.reader.close()
        finally:
            await self._worker.run(lambda: self._session.close(delete=self._delete))
            self._worker.close()

    async def _settle(self) -> None:
        """Take back a batch that counts as not stored before anyone reads it. Raises LedgerError."""
        if self._session.in_doubt:
            await self.check()

    async def _write(self, work: Callable[[], T]) -> T:
        task = asyncio.ensure_future(self._worker.run(work))
        try:
            while not (await asyncio.wait({task}, timeout=_LONGEST_SECONDS))[0]:
                self._session.cut()
            return task.result()
        except (psycopg.Error, TypeError, ValueError) as error:
            text = said(error) if isinstance(error, psycopg.Error) else str(error)
            raise LedgerError(f"{self.address}: nothing stored: {text}") from error
