"""One vendor's server on a local port: its keys, its budget of requests, its faults and its streams."""

from __future__ import annotations

import asyncio
import math
import socket
import struct
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from email.utils import format_datetime
from typing import Any, ClassVar

import orjson
from aiohttp import web

from server.demo.vendors.faults import Fault, FaultKind, Faults
from server.demo.vendors.source import MarketSource, PriceBar, Stock
from server.demo.vendors.streams import Stream

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
HANG_SECONDS = 3600.0
_HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


class Budget:
    """Requests allowed in a minute that begins with the first of them, by a clock in seconds."""

    def __init__(self, allowed: int, monotonic: Callable[[], float]) -> None:
        self.allowed, self._monotonic = allowed, monotonic
        self._used, self._ends = 0, -math.inf

    def spend(self, cost: int = 1) -> bool:
        """Count requests and return whether the budget allowed them."""
        self._roll()
        if self._used + cost > self.allowed:
            return False
        if self._ends == -math.inf:
            self._ends = self._monotonic() + 60.0
        self._used += cost
        return True

    @property
    def used(self) -> int:
        self._roll()
        return self._used

    @property
    def available(self) -> int:
        return self.allowed - self.used

    @property
    def seconds_left(self) -> float:
        """Seconds until the budget is whole again, 0 when it is."""
        self._roll()
        return max(0.0, self._ends - self._monotonic())

    def _roll(self) -> None:
        if self._monotonic() >= self._ends:
            self._used, self._ends = 0, -math.inf


class VendorServer:
    """A vendor's server; a subclass adds the routes, the key check and the vendor's words for errors."""

    name: ClassVar[str]
    budget_per_minute: ClassVar[int]

    def __init__(
        self,
        source: MarketSource,
        *,
        faults: Faults | None = None,
        per_minute: int | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.source = source
        self.faults = faults or Faults()
        self.budget = Budget(per_minute or self.budget_per_minute, monotonic)
        self.requests: list[str] = []
        self.streams: list[Stream] = []
        self._runner: web.AppRunner | None = None
        self._ending = asyncio.Event()
        self.port = 0

    # --- start and stop --------------------------------------------------------------------------------

    async def start(self, port: int = 0) -> None:
        """Listen on this machine alone; port 0 takes a free one. After ``stop`` it can be started again."""
        self._ending = asyncio.Event()
        app = web.Application(middlewares=[self._serve])
        self.add_routes(app)
        # A client that still waits for an answer must not hold up the end.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port or self.port)
        await site.start()
        self.port = int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        self._ending.set()
        for stream in tuple(self.streams):
            stream.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # --- the market as this server shows it ------------------------------------------------------------

    def now(self) -> datetime:
        return self.source.now() + self.faults.skew

    def stamp(self, at: datetime) -> datetime:
        """Return the market's instant as this server's clock has it."""
        return at + self.faults.skew

    def stock(self, symbol: str) -> Stock | None:
        found, factor = self.source.stock(symbol), self.faults.price_factor
        if found is None or factor == 1.0:
            return found
        return replace(
            found,
            last=found.last * factor,
            bid=None if found.bid is None else found.bid * factor,
            ask=None if found.ask is None else found.ask * factor,
        )

    def publish(
        self, bars: Mapping[str, PriceBar] | None = None, symbols: Iterable[str] | None = None
    ) -> None:
        """Send the newest prices to all streams; ``bars`` are minute bars that have just ended."""
        for stream in tuple(self.streams):
            stream.offer(bars or {}, symbols)

    # --- a subclass's -----------------------------------------------------------------------------------

    def add_routes(self, app: web.Application) -> None:
        raise NotImplementedError

    def refuse_key(self, request: web.Request) -> web.Response | None:
        """Return the vendor's refusal of a wrong or missing key, ``None`` when the key is good."""
        raise NotImplementedError

    def error(self, status: int, retry_after: float | None = None) -> web.Response:
        """Return an error in the vendor's own words."""
        raise NotImplementedError

    def rate_headers(self) -> dict[str, str]:
        raise NotImplementedError

    def cost(self, request: web.Request) -> int:
        """Return how much of the budget a request takes."""
        return 1

    # --- every request ----------------------------------------------------------------------------------

    @web.middleware
    async def _serve(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.requests.append(request.path_qs)
        fault = self.faults.of_request(request.path)
        response = None if fault is None else await self._forced(request, fault)
        if response is None:
            response = await self._answer(request, handler)
        if not isinstance(response, web.Response):
            return response
        response.headers["Date"] = format_datetime(self.now(), usegmt=True)
        if fault is not None and fault.kind is FaultKind.HALF_BODY:
            return await self._send_part(request, response)
        if fault is not None and fault.kind is FaultKind.SLOW_BODY:
            return await self._send_slowly(request, response, fault.seconds)
        return response

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        refusal = self.refuse_key(request)
        if refusal is not None:
            return refusal
        response = await handler(request) if self.budget.spend(self.cost(request)) else self.error(429)
        if isinstance(response, web.Response):
            response.headers.update(self.rate_headers())
        return response

    async def _forced(self, request: web.Request, fault: Fault) -> web.StreamResponse | None:
        match fault.kind:
            case FaultKind.TIME_OUT:
                await self._wait(HANG_SECONDS)
                return self.error(500)
            case FaultKind.RESET:
                _reset(request)
                return web.Response()
            case FaultKind.UNAUTHORISED:
                return self.error(401)
            case FaultKind.FORBIDDEN:
                return self.error(403)
            case FaultKind.TOO_MANY:
                return self.error(429, fault.seconds or None)
            case FaultKind.SERVER_ERROR:
                return self.error(500)
            case FaultKind.HTML:
                return web.Response(body=_HTML, content_type="text/html")
            case _:
                return None

    async def _send_part(self, request: web.Request, response: web.Response) -> web.StreamResponse:
        """Announce the whole body, send half of it, and cut the connection."""
        body = _bytes(response)
        part = _copy(response, len(body))
        await part.prepare(request)
        await part.write(body[: len(body) // 2])
        if request.transport is not None:
            request.transport.close()
        return part

    async def _send_slowly(
        self, request: web.Request, response: web.Response, seconds: float
    ) -> web.StreamResponse:
        body, pieces = _bytes(response), 10
        slow = _copy(response, len(body))
        await slow.prepare(request)
        size = max(1, -(-len(body) // pieces))
        with suppress(ConnectionError):  # the client may have lost its patience
            for start in range(0, len(body), size):
                await slow.write(body[start : start + size])
                await self._wait(seconds / pieces)
            await slow.write_eof()
        return slow

    async def _wait(self, seconds: float) -> None:
        """Wait, but not longer than the server runs."""
        try:
            await asyncio.wait_for(self._ending.wait(), seconds)
        except TimeoutError:
            return


def answer(body: Any, status: int = 200) -> web.Response:
    """Return a JSON answer."""
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")


def _bytes(response: web.Response) -> bytes:
    return response.body if isinstance(response.body, bytes) else b""


def _copy(response: web.Response, length: int) -> web.StreamResponse:
    copied = web.StreamResponse(status=response.status, headers=response.headers)
    copied.content_length = length
    return copied


def _reset(request: web.Request) -> None:
    """Cut the connection with a reset instead of an orderly end."""
    transport = request.transport
    if transport is None:
        return
    raw = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
