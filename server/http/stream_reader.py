"""One reader of the stream: what waits for it, which is bounded, and the connection that it is written to."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterable

from aiohttp import web
from aiohttp_sse import EventSourceResponse

from server.http.protocol import when_lost
from server.http.stream_query import StreamQuery
from server.ledger.streamed import Place, StreamKind

log = logging.getLogger("gatedeck.http")

WAITING_BYTES = 1 << 20
"""Most bytes of events that wait for a reader; one that is further behind is dropped."""
HEARTBEAT_SECONDS = 15.0
SEND_SECONDS = 30.0
"""Longest time that a reader may take nothing."""
RETRY_MS = 3_000
"""Time after which a reader that broke off comes back by itself."""
HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""No store, no proxy that holds events back."""


class Reader:
    """A reader with its filters; ``seen`` is the last place whose events it was given, once it is ``live``."""

    def __init__(self, request: web.BaseRequest, query: StreamQuery) -> None:
        self.query = query
        self.seen = query.after
        self.live = self.over = self.dropped = False
        self._request = request
        self._response = EventSourceResponse(ping_interval=HEARTBEAT_SECONDS, send_timeout=SEND_SECONDS)
        self._response.headers.update(HEADERS)
        self._waiting: OrderedDict[Place | str, bytes] = OrderedDict()
        """Events by their place, and marks by the id of their position: only its last one is needed."""
        self._size = 0
        self._writing = False
        self._wake = asyncio.Event()

    async def open(self) -> EventSourceResponse:
        """Send the head of the answer. Raises ConnectionError."""
        await self._response.prepare(self._request)
        when_lost(self._request, self.end)
        return self._response

    # --- what waits --------------------------------------------------------------------------------------

    def put(self, place: Place, kind: StreamKind, symbol: str | None, text: bytes) -> None:
        """Let an event wait unless the reader had it already or does not want it; drop one that is too slow."""
        if self.over or not self.live or place <= self.seen or not self.query.wants(kind, symbol):
            return
        self._waiting[place] = text
        self._size += len(text)
        if self._size > WAITING_BYTES:
            self.drop("too much waits for it")
        self._wake.set()

    def put_mark(self, position_id: str, symbol: str, text: bytes) -> None:
        """Let a mark wait; it takes the place of an older one of its position."""
        if self.over or not self.live or not self.query.wants_mark(symbol):
            return
        self._waiting.pop(position_id, None)
        self._waiting[position_id] = text
        self._wake.set()

    def end(self) -> None:
        """End the reader: its connection is lost, or the engine stops."""
        self.over = True
        if self._writing:
            self._abort()
        self._wake.set()

    def drop(self, why: str) -> None:
        """Close the connection of a reader that is too slow; it can come back and go on where it was."""
        if not self.dropped:
            self.dropped = True
            log.warning("a reader of /api/stream was dropped: %s; it can go on by Last-Event-ID", why)
        self._waiting.clear()
        self.over = True
        self._abort()

    def _abort(self) -> None:
        transport = self._request.transport
        if transport is not None:
            transport.abort()

    # --- writing -----------------------------------------------------------------------------------------

    async def write(self, texts: Iterable[bytes]) -> None:
        """Write events; a reader that takes nothing for SEND_SECONDS is dropped. Raises ConnectionError."""
        if self.over:
            return
        self._writing = True
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._response.write(b"".join(texts))
        except TimeoutError:
            self.drop(f"it took nothing for {SEND_SECONDS:g} s")
        finally:
            self._writing = False

    async def follow(self) -> None:
        """Write what is put until the reader is over. Raises ConnectionError."""
        while not self.over:
            await self._wake.wait()
            self._wake.clear()
            waiting, self._waiting, self._size = self._waiting, OrderedDict(), 0
            if waiting:
                await self.write(waiting.values())

    async def close(self) -> None:
        """End the heartbeat."""
        self._response.stop_streaming()
        await self._response.wait()
