"""aiohttp's HTTP server with two additions: our own answer to what it cannot parse, and webhooks without a task.

aiohttp answers a request that it cannot parse in plain text and repeats parts of it. A sender should get the same
problem+json as for every other refusal, and the answer must not repeat a secret from the first line.

For each request aiohttp makes a task, a response object and two more turns of the loop: half of the cost of a
webhook. A webhook that arrives whole in one read, as nearly all do, is handed over where it was parsed and answered
by one write. Senders that keep a connection send the same head again and again: while its bytes are those that were
parsed for the webhook before, they are not parsed again. Everything else (other methods, addresses and codings,
chunks, requests in a queue, HTTP/1.0, closing connections) takes aiohttp's own way, and so does every request under
an aiohttp whose inner names differ.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.http_exceptions import ContentEncodingError, HttpProcessingError
from aiohttp.streams import EMPTY_PAYLOAD

from server.http.connections import Connections
from server.http.problems import Refused
from server.http.remote import Networks, is_loopback_address

log = logging.getLogger("gatedeck.http")

_CODING = re.compile(r"\((\w+)\)")
_HEAD_END = b"\r\n\r\n"
_USED = (
    "_buffer_paused", "_close", "_force_close", "_handler_waiter", "_keepalive_timeout", "_loop", "_manager",
    "_messages", "_msg_queue_resume_size", "_next_keepalive_close_time", "_parser", "_pause_reading_for_buffer",
    "_paused", "_process_keepalive", "_request_in_progress", "_resume_reading_if_drained", "_task_handler",
    "_waiter",
)  # fmt: skip
"""Names inside aiohttp's RequestHandler that the direct way needs."""
_KNOWN = all(hasattr(web.RequestHandler, name) for name in _USED)

_Messages = Sequence[Any]


class Head:
    """Head of a webhook as aiohttp parsed it: its bytes, the length of the body it states, request and endpoint.

    ``admitted`` is what its receiver keeps for the next webhook of the connection with the same head.
    """

    __slots__ = ("admitted", "endpoint", "length", "raw", "request")

    def __init__(self, raw: bytes, length: int, request: web.BaseRequest, endpoint: str | None) -> None:
        self.raw, self.length = raw, length
        self.request, self.endpoint = request, endpoint
        self.admitted: Any = None


class Outbox:
    """Answers that were made in one turn of the event loop, written one after the other in the next one.

    An answer wakes its sender. Written with the making of the next answer in between, each wakes a sender's process
    that has gone to sleep again meanwhile, and waking it takes as long as three writes.
    """

    __slots__ = ("_loop", "_waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[tuple[_Protocol, bytes, bool]] = []

    def put(self, protocol: _Protocol, data: bytes, *, close: bool) -> None:
        """Have an answer written; ``close`` closes its connection then."""
        if not self._waiting:
            self._loop.call_soon(self._write)
        self._waiting.append((protocol, data, close))

    def _write(self) -> None:
        waiting, self._waiting = self._waiting, []
        for protocol, data, close in waiting:
            try:
                protocol.answered(data, close=close)
            except Exception as error:  # one connection's fault must not keep the other answers back
                log.exception("an answer could not be written", exc_info=error)


class Exchange:
    """One webhook that is answered without a task."""

    __slots__ = ("_outbox", "_protocol")

    def __init__(self, protocol: _Protocol, outbox: Outbox) -> None:
        self._protocol: _Protocol | None = protocol
        self._outbox = outbox

    def gone(self) -> bool:
        """Return whether the connection was lost or the answer was given."""
        return self._protocol is None or self._protocol.transport is None

    def answer(self, data: bytes, *, close: bool = False) -> None:
        """Write the whole answer soon; only the first call does. ``close`` also closes the connection."""
        protocol, self._protocol = self._protocol, None
        if protocol is not None:
            self._outbox.put(protocol, data, close=close)


Direct = Callable[[Head, bytes, Exchange], None]
"""Takes a webhook: head and body. Never raises, and answers the exchange sooner or later."""


def _reason(error: BaseException | None) -> str:
    if isinstance(error, ContentEncodingError):
        found = _CODING.search(str(error))
        coding = f"the content coding {found[1]}" if found else "the content coding of this body"
        return f"{coding} cannot be read here; send gzip, deflate or none"
    return "the request is not valid HTTP"


class _Parser:
    """aiohttp's parser, whose messages and errors are offered to the protocol first."""

    __slots__ = ("_feed", "_protocol", "feed_eof", "message_consumed", "pause_reading", "set_upgraded")

    def __init__(self, parser: Any, protocol: _Protocol) -> None:
        self._feed = parser.feed_data
        self._protocol = protocol
        self.feed_eof = parser.feed_eof
        self.message_consumed = parser.message_consumed
        self.pause_reading = parser.pause_reading
        self.set_upgraded = parser.set_upgraded

    def feed_data(self, data: bytes) -> tuple[_Messages, bool, bytes]:
        self._protocol.raise_held()
        try:
            found: tuple[_Messages, bool, bytes] = self._feed(data)
        except HttpProcessingError as error:
            self._protocol.hold_or_raise(error)
            return (), False, b""
        messages, upgraded, tail = found
        return (self._protocol.pick(messages, data, upgraded), upgraded, tail) if messages else found


class _Protocol(web.RequestHandler):
    """``endpoints`` are the addresses whose webhooks go to ``direct``; without it all takes aiohttp's way."""

    def __init__(
        self,
        manager: web.Server,
        *,
        direct: Direct | None,
        endpoints: Mapping[str, str | None],
        connections: Connections,
        proxies: Networks,
        outbox: Outbox,
        **options: Any,
    ) -> None:
        super().__init__(manager, **options)
        self.address = ""
        self.accepted = self.busy = False
        self.since = 0.0
        self.when_lost: Callable[[], None] | None = None
        """Called when the connection is lost."""
        self._connections = connections
        self._proxies = proxies
        self._outbox = outbox
        self._endpoints = endpoints
        self._direct = direct
        self._under_way = False
        self._head: Head | None = None
        """Head of the last webhook, as long as nothing but webhooks with it has arrived since."""
        self._held: list[Any] = []
        """Requests that arrived while a webhook is under way: answers keep the order of their requests."""
        self._held_error: HttpProcessingError | None = None
        if direct is not None:
            parser: Any = _Parser(self._parser, self)
            self._parser = parser

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if exc is not None:
            exc.__traceback__ = None  # its frames hold this connection
        if status >= 500 or request.writer.output_size > 0:
            return super().handle_error(request, status, exc, message)
        return Refused("BAD_BODY", _reason(exc), close=True).response()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self.address = str(peer[0]) if peer else ""
        exempt = is_loopback_address(self.address) or self.address in self._proxies
        self._connections.opened(self, exempt=exempt)

    def abort(self) -> None:
        """Close the connection at once, without sending what is left."""
        transport: Any = self.transport
        if transport is not None:
            transport.abort()

    def waiting(self, *, accepted: bool) -> None:
        """Note that a request was answered: the connection may be closed for another one again."""
        self.busy = False
        self.since = self._loop.time()
        if accepted and not self.accepted:
            self.accepted = True
            self._connections.accepted(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._connections.lost(self)
        self._held.clear()
        self._held_error = self._head = None
        transport: Any = self.transport
        super().connection_lost(exc)
        call, self.when_lost = self.when_lost, None
        if call is not None:
            call()
        if hasattr(transport, "_read_ready_cb"):
            # A method of the transport in itself: only a garbage collection would free the two.
            del transport._read_ready_cb

    def answered(self, data: bytes, *, close: bool) -> None:
        """Write the answer to the webhook under way, and go on with the requests that wait behind it."""
        self.waiting(accepted=data[9:10] == b"2")
        self._under_way = self._request_in_progress = False
        if self._handler_waiter is not None and not self._handler_waiter.done():
            self._handler_waiter.set_result(None)  # the server is stopping and waits for this answer
        transport = self.transport
        if transport is None:
            return
        transport.write(data)
        if close or self._close:
            self.force_close()
            return
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        if self._held or self._held_error is not None:
            self._release()

    def _process_keepalive(self) -> None:
        if self._under_way:
            self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        super()._process_keepalive()

    def data_received(self, data: bytes) -> None:
        """Take the bytes of the connection; a webhook with the head of the last one is not parsed again."""
        head = self._head
        if head is not None:
            if not self._under_way and data.startswith(head.raw) and self._repeats(head, data):
                return
            self._head = None
        super().data_received(data)

    def _repeats(self, head: Head, data: bytes) -> bool:
        """Hand over a webhook with a head that was parsed before; return whether it was."""
        at = len(head.raw)
        waiter, direct, manager = self._waiter, self._direct, self._manager
        if (
            len(data) - at != head.length
            or not data.startswith(b"{", at)
            or waiter is None
            or waiter.done()
            or self._messages
            or self._paused
            or direct is None
            or manager is None
            or self._close
            or self._force_close
        ):
            return False
        manager.requests_count += 1
        self._under_way = self._request_in_progress = self.busy = True
        direct(head, data[at:], Exchange(self, self._outbox))
        return True

    def raise_held(self) -> None:
        """Raise the parser's error that waited for the answer before it."""
        if self._held_error is not None and not self._under_way:
            error, self._held_error = self._held_error, None
            raise error

    def hold_or_raise(self, error: HttpProcessingError) -> None:
        """Raise the parser's error; while a webhook is under way it waits, for it closes the connection."""
        if not self._under_way:
            raise error
        self._held_error = error
        self._hold_back()

    def _hold_back(self) -> None:
        if not self._buffer_paused:
            self._pause_reading_for_buffer()

    def pick(self, messages: _Messages, data: bytes, upgraded: bool) -> _Messages:
        """Take what goes the direct way out of the parsed messages, and hold what must wait for an answer."""
        if self._under_way:
            self._held += messages
            self._hold_back()
            return ()
        if len(messages) == 1 and not upgraded and self._takes(messages[0][0], messages[0][1], data):
            return ()
        return messages

    def _takes(self, message: Any, payload: Any, data: bytes) -> bool:
        """Hand over a webhook that is whole and usual, with an object for a body; return whether it was."""
        endpoint = self._endpoints.get(message.path.partition("?")[0], "")
        waiter, direct, manager = self._waiter, self._direct, self._manager
        if (
            endpoint == ""
            or message.method != "POST"
            or waiter is None
            or waiter.done()
            or self._messages
            or self._paused
            or direct is None
            or manager is None
            or self._task_handler is None
            or message.should_close
            or message.version != HttpVersion11
            or message.chunked
            or not payload.is_eof()
            or hdrs.CONTENT_ENCODING in message.headers
        ):
            return False
        # The body stands at the end of what was read; reading it from the payload would run the parser again.
        at = data.find(_HEAD_END) + len(_HEAD_END)
        length = int(message.headers.get(hdrs.CONTENT_LENGTH, 0))
        if len(data) - at != length or not data.startswith(b"{", at):
            return False
        self._parser.message_consumed()  # type: ignore[union-attr]
        manager.requests_count += 1
        self._under_way = self._request_in_progress = self.busy = True
        nothing_to_write: Any = None
        # The body is handed over beside the request: kept in its payload, it would stay as long as the head does.
        request = web.BaseRequest(
            message, EMPTY_PAYLOAD, self, nothing_to_write, self._task_handler, self._loop
        )
        self._head = head = Head(data[:at], length, request, endpoint)
        direct(head, data[at:], Exchange(self, self._outbox))
        return True

    def _release(self) -> None:
        """Give the requests that waited to aiohttp's own queue."""
        self._messages.extend(self._held)
        self._held.clear()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        if self._buffer_paused and len(self._messages) <= self._msg_queue_resume_size:
            self._resume_reading_if_drained()


class Server(web.Server):
    """``web.Server`` whose parse errors are answered as problem+json, with a direct way for webhooks."""

    def __init__(
        self,
        handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
        *,
        direct: Direct,
        endpoints: Mapping[str, str | None],
        connections: Connections,
        proxies: Networks,
        **options: Any,
    ) -> None:
        super().__init__(handler, **options)
        self._options = options | {
            "direct": direct if _KNOWN else None,
            "endpoints": endpoints,
            "connections": connections,
            "proxies": proxies,
            "outbox": Outbox(self._loop),
        }

    def __call__(self) -> web.RequestHandler:
        return _Protocol(self, loop=self._loop, **self._options)


def engage(request: web.BaseRequest) -> None:
    """Note that a request has arrived whole, see ``Connections``."""
    protocol = request.protocol
    if isinstance(protocol, _Protocol):
        protocol.busy = True


def release(request: web.BaseRequest, status: int) -> None:
    """Note that a request was answered with this status."""
    protocol = request.protocol
    if isinstance(protocol, _Protocol):
        protocol.waiting(accepted=status < 400)


def when_lost(request: web.BaseRequest, call: Callable[[], None]) -> None:
    """Call a function when the connection of a request is lost: aiohttp does not tell a handler that only waits."""
    protocol = request.protocol
    if isinstance(protocol, _Protocol):
        protocol.when_lost = call
