"""The stream of what the engine does, for any number of readers up to a limit.

Events are read from the ledger, where each stands in the commit of its input: by one task for all readers that are
up to date, and page by page for one that comes back. So both are the same events in the same order, and none is lost
or told twice. Marks of positions are not stored: each reader gets the present ones, then what changes every second.
The engine only says that something was stored. Without readers nothing here runs.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Protocol

from aiohttp import web

from core.effects import Effect, StoreMarks
from server.deck.rows import DeckSnapshot, PositionRow
from server.http.problems import Refused
from server.http.stream_query import WHOLE_INPUT, StreamQuery, format_id, kinds_of
from server.http.stream_reader import RETRY_MS, Reader
from server.ledger.base import Ledger, LedgerError
from server.ledger.codec import encode_any
from server.ledger.streamed import STREAMED, Place, StreamedEvent, StreamKind, StreamPage
from server.runtime.stream_counts import StreamCounts

log = logging.getLogger("gatedeck.http")

MOST_READERS = 32
PAUSE_SECONDS = 0.05
"""Pause after each page, so that the engine's loop has most of its time for webhooks."""
MARK_SECONDS = 1.0
AGAIN_SECONDS = 1.0
"""Pause after a page that could not be read."""
_STOPPING = b": the engine stops\n\n"


class Source(Protocol):
    """The engine whose events are streamed."""

    @property
    def ledger(self) -> Ledger: ...

    @property
    def listeners(self) -> set[Callable[[Effect], None]]: ...


class Positions(Protocol):
    """The deck, for the values of open positions."""

    def snapshot(self) -> DeckSnapshot: ...


class EventStream:
    """Gives the events of an engine to the readers of ``GET /api/stream``."""

    def __init__(self, source: Source, positions: Positions, counts: StreamCounts | None = None) -> None:
        self.counts = counts or StreamCounts()
        self._source = source
        self._positions = positions
        self._readers: set[Reader] = set()
        self._head = Place(0, 0)
        """Last place whose events were given to the readers that are up to date."""
        self._stored = asyncio.Event()
        self._marked: set[str] = set()
        """Positions that were marked since their marks were last sent."""
        self._catching_up = asyncio.Semaphore(1)
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False

    @property
    def last_seq(self) -> int:
        """Seq of the last input on disk."""
        return self._source.ledger.last_seq

    def close(self) -> None:
        """End every reader, and refuse further ones: the engine stops."""
        self._stopping = True
        for reader in tuple(self._readers):
            reader.end()

    async def serve(self, request: web.BaseRequest, query: StreamQuery) -> web.StreamResponse:
        """Answer a request by the stream, until its reader leaves. Raises Refused before anything is sent."""
        await self._check(query)
        if self._stopping:
            raise Refused("NOT_READY", "the engine stops")
        if len(self._readers) >= MOST_READERS:
            self.counts.refused += 1
            raise Refused(
                "TOO_MANY_READERS", f"{MOST_READERS} readers are connected already", {"Retry-After": "5"}
            )
        reader = Reader(request, query)
        self._came(reader)
        try:
            response = await reader.open()
            try:
                await self._give(reader)
            except ConnectionError as error:
                error.__traceback__ = None  # its frames hold this connection
            finally:
                await reader.close()
        finally:
            self._left(reader)
        return response

    async def _check(self, query: StreamQuery) -> None:
        """Raise Refused if the events after a place are not stored here."""
        last, after = self.last_seq, query.after
        if after.seq > last:
            raise Refused(
                "UNKNOWN_EVENT",
                f"event {format_id(after)} is not in this ledger, which ends at input {last}; the id is of another "
                "ledger, or was made up. Without an id the stream begins now, with 0 at the first event",
            )
        since = await self._source.ledger.streamed_after()
        if after.seq < since:
            raise Refused(
                "EVENTS_NOT_KEPT",
                f"events are kept from input {since} on, when this ledger was upgraded; go on after {since}, or "
                "stop the engine and add the earlier ones by `gatedeck verify --rebuild`",
                extra={"kept_after": since},
            )

    # --- readers -----------------------------------------------------------------------------------------

    def _came(self, reader: Reader) -> None:
        self.counts.came += 1
        self._readers.add(reader)
        self.counts.connected = len(self._readers)
        if len(self._readers) == 1:
            self._head = Place(self.last_seq, WHOLE_INPUT)
            self._marked.clear()
            self._source.listeners.add(self._heard)
            self._tasks = [
                asyncio.create_task(self._pump(), name="stream"),
                asyncio.create_task(self._send_marks(), name="stream marks"),
            ]

    def _left(self, reader: Reader) -> None:
        self.counts.dropped += reader.dropped
        self._readers.discard(reader)
        self.counts.connected = len(self._readers)
        if not self._readers:
            self._source.listeners.discard(self._heard)
            for task in self._tasks:
                task.cancel()
            self._tasks = []

    async def _give(self, reader: Reader) -> None:
        """Write what the reader has missed, then what happens, until it is over."""
        begin = f"retry: {RETRY_MS}\nid: {format_id(reader.seen)}\n\n"
        await reader.write([begin.encode()])
        while not reader.over and not await self._caught_up(reader):
            pass
        reader.live = True
        self._put_marks((reader,), self._positions.snapshot())
        await reader.follow()
        if self._stopping:
            reader.over = False
            await reader.write([_STOPPING])

    async def _caught_up(self, reader: Reader) -> bool:
        """Write the next page of what a reader has missed; return whether it now has all that the others had."""
        if not reader.query.stored:
            return True
        async with self._catching_up:
            head = self._head
            page = await self._page(reader.seen, reader.query.kinds, reader.query.symbols)
            await asyncio.sleep(PAUSE_SECONDS if page is not None and page.more else 0)
        if page is None:
            return False
        if page.events:
            await reader.write(map(_text, page.events))
        # A page that is the last one was read to the end of the ledger, which lies at the head or after it.
        reader.seen = page.upto if page.more else max(page.upto, head)
        return not page.more and reader.seen >= self._head

    async def _page(
        self, after: Place, kinds: Collection[StreamKind], symbols: Collection[str] = ()
    ) -> StreamPage | None:
        """Return the next page; ``None`` after a pause if it could not be read."""
        try:
            return await self._source.ledger.stream_after(after, kinds, symbols)
        except LedgerError as error:
            log.warning("the stream could not be read: %s", error)
            await asyncio.sleep(AGAIN_SECONDS)
            return None

    # --- what happens ------------------------------------------------------------------------------------

    def _heard(self, effect: Effect) -> None:
        if type(effect) in STREAMED:
            self._stored.set()
        elif isinstance(effect, StoreMarks):
            self._marked.add(effect.position_id)

    async def _pump(self) -> None:
        """Give each stored event to every reader that is up to date.

        A reader that becomes so during a read has read later itself: it has the events of this page already, also
        those of kinds that the others did not want.
        """
        while True:
            await self._stored.wait()
            self._stored.clear()
            more = True
            while more:
                wanted = [reader.query for reader in self._readers if reader.query.stored]
                if not wanted:
                    self._head = Place(self.last_seq, WHOLE_INPUT)
                    break
                page = await self._page(self._head, kinds_of(wanted))
                if page is None:
                    continue
                for event in page.events:
                    text = _text(event)
                    for reader in tuple(self._readers):
                        reader.put(event.place, event.kind, event.symbol, text)
                self._head, more = page.upto, page.more
                await asyncio.sleep(PAUSE_SECONDS)

    async def _send_marks(self) -> None:
        """Give the marks that changed to the readers, once a second."""
        while True:
            await asyncio.sleep(MARK_SECONDS)
            wanting = [reader for reader in self._readers if reader.query.marks]
            if wanting and self._marked:
                marked, self._marked = self._marked, set()
                self._put_marks(wanting, self._positions.snapshot(), marked)

    @staticmethod
    def _put_marks(readers: Iterable[Reader], now: DeckSnapshot, marked: set[str] | None = None) -> None:
        for row in now.positions:
            if marked is None or row.id in marked:
                text = _mark_text(now.at, row)
                for reader in readers:
                    reader.put_mark(row.id, row.symbol, text)


def _text(event: StreamedEvent) -> bytes:
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (
        format_id(event.place).encode(), event.kind.encode(), event.data
    )  # fmt: skip


def _mark_text(at: datetime, row: PositionRow) -> bytes:
    """Return a mark as an event: the row of the API with the instant; without an id, for it cannot be resumed."""
    return b'event: mark\ndata: {"at":%b,%b\n\n' % (encode_any(at), encode_any(row)[1:])
