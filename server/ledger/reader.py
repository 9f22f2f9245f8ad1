"""Read a ledger on a connection of its own, so that a read never delays the writer of any process."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite

from core.events import Event
from core.from_json import read_json
from core.model import DecisionRecord
from core.performance.trade import Trade
from core.positions.position import Mark
from server.ledger.base import Checkpoint, Judged, LedgerError, LedgerStats
from server.ledger.chain import GENESIS, Verified, verify
from server.ledger.checkpoint import AFTER_ALL, read_checkpoint
from server.ledger.codec import loads
from server.ledger.connection import GroupConnection, connect_to_read
from server.ledger.entries import COLUMNS, ITEMS, ledger_item, receipt_item, record_of
from server.ledger.followed_reading import NewestDecisions, closed_trades, newest_decisions
from server.ledger.journal import JOURNAL_PART, checked_events, hash_at, journal_row
from server.ledger.mark_store import MARKS_IN_BLOCKS, marks_of
from server.ledger.paging import Page, PageQuery
from server.ledger.queries import plan
from server.ledger.retention import Removed, removed_of
from server.ledger.rows import DERIVED
from server.ledger.schema import STREAMED_AFTER, check
from server.ledger.sql import Connection
from server.ledger.streamed import Place, StreamKind, StreamPage, read_stream
from server.ledger.timestamps import Micros, instant, iso, micros
from server.ledger.trade_lists import NOTED, TOTALS, add_notes, trade_totals

T = TypeVar("T")

_CHUNK = 500
_LATEST_INPUTS = 50_000
"""Inputs looked through for the prices of one symbol: there is no index by symbol."""


class SqlReader:
    """The reads of a ledger, whichever database it is in; ``_read`` runs one on a connection's thread."""

    place: object
    """Return the place of the ledger, as a person knows it."""

    async def page(self, query: PageQuery) -> Page:
        """Return one page of a list, newest (or most confident) first.

        Raises ValueError naming the list, filter, order, limit or cursor that is not accepted.
        """
        wanted = plan(query)
        sql, item = wanted.sql(COLUMNS[wanted.what]), ITEMS[wanted.what]

        def read(connection: Connection) -> Page:
            newest = connection.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone()[0]
            rows = connection.execute(sql, wanted.parameters).fetchall()
            more = len(rows) > query.limit
            shown = rows[: query.limit]
            cursor = wanted.cursor_after(shown[-1], newest) if more else None
            items = tuple(item(row) for row in shown)
            if wanted.what in NOTED:
                add_notes(connection, items, NOTED[wanted.what])
            totals = None
            if wanted.what in TOTALS:
                totals = trade_totals(connection, wanted.what, wanted.filtered, wanted.values)
            return Page(items=items, next_cursor=cursor, totals=totals)

        return await self._read(read)

    async def decision(self, decision_id: str) -> Mapping[str, Any] | None:
        """Return one ledger entry with all of its evidence and inputs; ``None`` when the id is unknown."""
        return await self._one("SELECT * FROM ledger_entries WHERE id = ?", decision_id, ledger_item)

    async def record(self, decision_id: str) -> DecisionRecord | None:
        """Return an entry as the engine made it; ``position_id`` is filled in once there is a trade."""
        return await self._one("SELECT * FROM ledger_entries WHERE id = ?", decision_id, record_of)

    async def receipt(self, receipt_id: str) -> Mapping[str, Any] | None:
        """Return one receipt; ``body`` is its text as received."""

        def item(row: Mapping[str, Any]) -> dict[str, Any]:
            return receipt_item(row) | {"body": loads(row["payload"])["body"]}

        sql = "SELECT r.*, j.payload FROM receipts r JOIN journal j ON j.seq = r.seq WHERE r.id = ?"
        return await self._one(sql, receipt_id, item)

    async def position(self, position_id: str) -> Mapping[str, Any] | None:
        """Return one position as stored, open or closed."""
        return await self._one("SELECT payload FROM positions WHERE id = ?", position_id, _payload)

    async def marks_of(self, position_id: str, *, at_most: int | None = None) -> tuple[Mark, ...]:
        """Return the stored marks of a position, oldest first.

        With ``at_most`` return no more than so many, evenly spaced and always with the last one. Raises
        ValueError when ``at_most`` is below 1.
        """
        if at_most is not None and at_most < 1:
            raise ValueError(f"at_most: {at_most} is not at least 1")

        def read(connection: Connection) -> tuple[Mark, ...]:
            return tuple(read_json(Mark, text) for text in marks_of(connection, position_id, at_most))

        return await self._read(read)

    async def prices_of(
        self, symbol: str, since: datetime, *, at_most: int
    ) -> tuple[tuple[datetime, float], ...]:
        """Return instants and prices of a symbol since an instant, oldest first.

        At most ``at_most``, evenly spaced and always with the last one, and only of the latest prices of all symbols.
        """
        sql = (
            "SELECT priced_at, price FROM paths WHERE seq > (SELECT max(seq) FROM paths) - ? AND symbol = ?"
            " AND priced_at >= ? ORDER BY seq DESC"
        )

        def read(connection: Connection) -> tuple[tuple[datetime, float], ...]:
            rows = connection.execute(sql, (_LATEST_INPUTS, symbol, Micros(micros(since)))).fetchall()
            step = max(1, -(-len(rows) // at_most))
            return tuple((instant(row[0]), row[1]) for row in reversed(rows[::step]))

        return await self._read(read)

    async def closed_trades(self, ids: Sequence[str] | None = None) -> tuple[Trade, ...]:
        """Return every closed trade, newest decision first, or those of some decisions (at most 500)."""
        return await self._read(lambda connection: tuple(closed_trades(connection, ids)))

    async def newest_decisions(self, most: int) -> NewestDecisions | None:
        """Return the newest decisions as learning reads them; ``None`` for a ledger from before packed records."""
        return await self._read(lambda connection: newest_decisions(connection, most))

    async def judgements(self) -> tuple[Judged, ...]:
        """Return the judgements of suggestions, newest first."""

        def read(connection: Connection) -> tuple[Judged, ...]:
            rows = connection.execute(
                "SELECT id, at, status, author, text FROM suggestions ORDER BY seq DESC"
            )
            return tuple(
                Judged(
                    id=r["id"], at=instant(r["at"]), status=r["status"], author=r["author"], text=r["text"]
                )
                for r in rows
            )

        return await self._read(read)

    async def rules_versions(self) -> tuple[Mapping[str, Any], ...]:
        """Return every rules version that came into force, newest first."""

        def read(connection: Connection) -> tuple[Mapping[str, Any], ...]:
            rows = connection.execute("SELECT * FROM rules_versions ORDER BY seq DESC")
            return tuple(dict(row) | {"id": str(row["seq"]), "at": iso(row["at"])} for row in rows)

        return await self._read(read)

    async def journal_after(self, seq: int) -> AsyncIterator[Event]:
        """Yield the inputs after ``seq`` in order, up to the last one on disk when the end is reached.

        Raises LedgerError naming the first input that was changed, moved or removed.
        """
        found = await self._read(lambda connection: hash_at(connection, seq))
        if found is None:
            raise LedgerError(f"{self.place}: the journal has no seq {seq}")
        previous = found

        def read(connection: Connection) -> list[tuple[Event, bytes]]:
            rows = map(journal_row, connection.execute(JOURNAL_PART, (seq, _CHUNK)))
            return list(checked_events(rows, previous, seq))

        while events := await self._read(read):
            for event, _ in events:
                yield event
            seq, previous = events[-1][0].seq, events[-1][1]

    async def stream_after(
        self, place: Place, kinds: Collection[StreamKind] = (), symbols: Collection[str] = ()
    ) -> StreamPage:
        """Return the events of the stream after a place, of these kinds and symbols (of all when empty)."""
        return await self._read(lambda connection: read_stream(connection, place, kinds, symbols))

    async def streamed_after(self) -> int:
        """Return the seq after which the events of the stream are stored; 0 unless an older version began it."""
        sql = "SELECT value FROM meta WHERE key = ?"
        return await self._read(lambda c: int(c.execute(sql, (STREAMED_AFTER,)).fetchone()[0]))

    async def last_checkpoint(self, before: int | None = None) -> Checkpoint | None:
        """Return the newest stored state, or the newest before a seq; ``None`` without one.

        A damaged one has a problem and no state.
        """
        return await self._read(
            lambda connection: read_checkpoint(connection, AFTER_ALL if before is None else before)
        )

    async def removed(self) -> Removed:
        """Return which marks and prices were removed because they are old."""
        try:
            return await self._read(removed_of)
        except ValueError as error:
            raise LedgerError(f"{self.place}: {error}") from error

    async def verify(self) -> Verified:
        """Check the hash chain over the whole journal; the result names the broken link, if any."""
        so_far = Verified(0, GENESIS)
        while True:

            def read(connection: Connection, start: Verified = so_far) -> Verified:
                found = connection.execute(JOURNAL_PART, (start.last_seq, _CHUNK))
                return verify(map(journal_row, found), start.head, start.last_seq)

            step = await self._read(read)
            followed = so_far.rows + step.rows
            so_far = Verified(followed, step.head, step.broken_seq, step.problem, step.last_seq)
            if not step.ok or step.rows < _CHUNK:
                return so_far

    async def stats(self) -> LedgerStats:
        """Return size and rows. Counts every table: slow on a large ledger."""

        def read(connection: Connection) -> tuple[dict[str, int], int]:
            tables = ("journal", *DERIVED, "checkpoints")
            count = {t: connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in tables}
            del count["mark_blocks"]
            count["marks"] += connection.execute(MARKS_IN_BLOCKS).fetchone()[0]
            last = connection.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone()[0]
            return count, last

        rows, last_seq = await self._read(read)
        return LedgerStats(
            bytes_on_disk=await self._bytes_on_disk(),
            rows=rows,
            last_seq=last_seq,
            commits=0,
            last_commit_ms=None,
            last_commit_rows=0,
        )

    async def _one(self, sql: str, key: str, show: Callable[[Mapping[str, Any]], T]) -> T | None:
        def read(connection: Connection) -> T | None:
            row = connection.execute(sql, (key,)).fetchone()
            return None if row is None else show(row)

        return await self._read(read)

    async def _read(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` on the reading connection. Raises LedgerError."""
        raise NotImplementedError

    async def _bytes_on_disk(self) -> int:
        raise NotImplementedError

    async def close(self) -> None:
        """Finish the reads under way and close the connection."""
        raise NotImplementedError


class Reads:
    """The reads of a writer: those of a reader with a connection of its own, so that they never wait for a commit."""

    def __init__(self, reader: SqlReader) -> None:
        self.page = reader.page
        self.decision = reader.decision
        self.record = reader.record
        self.receipt = reader.receipt
        self.position = reader.position
        self.marks_of = reader.marks_of
        self.prices_of = reader.prices_of
        self.closed_trades = reader.closed_trades
        self.newest_decisions = reader.newest_decisions
        self.judgements = reader.judgements
        self.rules_versions = reader.rules_versions
        self.journal_after = reader.journal_after
        self.last_checkpoint = reader.last_checkpoint
        self.stream_after = reader.stream_after
        self.streamed_after = reader.streamed_after
        self.verify = reader.verify
        self.removed = reader.removed


class SqliteReader(SqlReader):
    """A read-only view of a ledger file; open it with ``SqliteReader.attach`` and close it."""

    def __init__(self, path: Path, connection: GroupConnection) -> None:
        self.path = self.place = path
        self._reading = connection
        self._usable = asyncio.Event()
        self._usable.set()

    @classmethod
    async def attach(cls, path: Path | str) -> SqliteReader:
        """Open an existing ledger read-only. Raises LedgerError when the file is missing or not a ledger."""
        path = Path(path)
        if not path.is_file():
            raise LedgerError(f"{path}: no ledger there")
        return cls(path, await _open_reading(path))

    async def close(self) -> None:
        """Finish the reads under way and close the file."""
        await self._reading.close()

    async def swap(self, reopen: Callable[[], Awaitable[GroupConnection]]) -> None:
        """Finish the reads under way, close the file, and read on with the connection that ``reopen`` makes."""
        self._usable.clear()
        try:
            await self._reading.close()
            self._reading = await reopen()
        finally:
            self._usable.set()

    async def copy_log(self, then: Callable[[], None]) -> None:
        """Copy as much of the write-ahead log into the file as possible without waiting for other readers.

        ``then`` is called afterwards on the same thread.
        """

        def copy(connection: sqlite3.Connection) -> None:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            then()

        await self._reading.run(copy)

    async def _bytes_on_disk(self) -> int:
        total = 0
        for suffix in ("", "-wal"):
            with suppress(FileNotFoundError):
                total += self.path.with_name(self.path.name + suffix).stat().st_size
        return total

    async def _read(self, work: Callable[[Connection], T]) -> T:
        await self._usable.wait()
        try:
            return await self._reading.run(work)
        except sqlite3.Error as error:
            raise LedgerError(f"{self.path}: {error}") from error


def _payload(row: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = loads(row["payload"])
    return found


async def _open_reading(path: Path) -> GroupConnection:
    """Open a read-only connection to a ledger of the present schema. Raises LedgerError."""
    connection: GroupConnection | None = None
    try:
        connection = await connect_to_read(path)
        await connection.run(check)
    except (sqlite3.Error, aiosqlite.Error) as error:
        if connection is not None:
            await connection.close()
        raise LedgerError(f"{path}: {error}") from error
    except LedgerError:
        assert connection is not None
        await connection.close()
        raise
    return connection
