"""Tradier's stream: a session is asked for, then events come over a websocket or a long HTTP answer.

The address of the stream says which of the two. A user has one session at a time. Over HTTP the symbols of a stream
cannot change, so a new one is opened for them.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

import aiohttp

from core.exchange.calendar import Calendar
from server.feeds.http import VendorHttp
from server.feeds.streaming import (
    JointState,
    Steadiness,
    StreamBroken,
    StreamLimits,
    StreamRefused,
    Turns,
    in_session,
    keep_open,
    network_fault,
    stop,
)
from server.feeds.tradier_connection import HttpConnection, SocketConnection
from server.feeds.tradier_events import LineError, StreamFault, events_in, tick_of
from server.feeds.tradier_json import NAME, inside, to_vendor
from server.feeds.values import Fault, StreamGap, Unavailable
from server.feeds.vendor import OnTick, VendorTools, Wanted

SETTLED_SECONDS = 2.0
"""A stream without an error for so long is open: nothing confirms that it is."""
GAP_SECONDS = 5.0
"""Lines that cannot be read are told once in this time."""
Events = HttpConnection | SocketConnection
_FINAL = frozenset({Fault.KEY_REFUSED, Fault.REFUSED, Fault.NOT_IN_PLAN, Fault.NO_DATA})


class TradierStream:
    """The stream of one account; ``text`` is its state in words."""

    def __init__(self, tools: VendorTools, token: str, http: VendorHttp, limits: StreamLimits) -> None:
        self._tools, self._token, self._http = tools, token, http
        self._url = tools.settings.tradier_stream_url
        self._over_http = urlsplit(self._url).scheme in ("http", "https")
        self._limits = limits
        self._sessions = Calendar.load()
        self._state = JointState(NAME)
        self._connection = self._state.connection()
        self._steadiness = Steadiness(tools.random, self._limits)
        self._symbols: tuple[str, ...] = ()
        self._underlyings: Mapping[str, str] = {}
        self._changed = asyncio.Event()
        self._gap_told = -GAP_SECONDS
        self._arrived = 0.0

    @property
    def text(self) -> str:
        return self._state.text

    async def run(self, wanted: Wanted, on_tick: OnTick) -> None:
        """Stream until cancelled or refused for good."""
        self._state.on_tick = on_tick
        self._want(wanted)
        following = asyncio.create_task(self._follow(wanted))
        try:
            await keep_open(lambda: self._attempt(on_tick), self._connection, self._steadiness)
        finally:
            await stop(following)

    async def _follow(self, wanted: Wanted) -> None:
        while True:
            await wanted.changed()
            self._want(wanted)

    def _want(self, wanted: Wanted) -> None:
        self._underlyings = {contract.occ: contract.underlying for contract in wanted.contracts}
        names = [*(to_vendor(symbol) for symbol in sorted(wanted.symbols)), *self._underlyings]
        symbols = tuple(dict.fromkeys(names))
        if symbols != self._symbols:
            self._symbols = symbols
            self._changed.set()

    # --- one attempt -------------------------------------------------------------------------------------

    async def _attempt(self, on_tick: OnTick) -> None:
        """Stream the wanted symbols; return when other ones are wanted and this connection cannot change."""
        while not self._symbols:
            self._connection.tell(False, idle=True)
            self._changed.clear()
            await self._changed.wait()
        self._connection.tell(False)
        self._changed.clear()
        session = await self._session()
        kind = HttpConnection if self._over_http else SocketConnection
        connection = kind(self._tools.session, self._url, self._token, session, self._limits)
        try:
            await connection.open(self._symbols)
            self._steadiness.begin()
            await self._read(connection, on_tick)
        except (aiohttp.ClientError, ConnectionError, OSError) as error:
            raise network_fault(error, self._url) from None
        finally:
            with contextlib.suppress(Exception):
                await asyncio.shield(connection.close())

    async def _session(self) -> str:
        body = await self._http.post("/markets/events/session", urgent=True)
        found = body if isinstance(body, Unavailable) else inside(body, "stream")
        if isinstance(found, Unavailable):
            if found.fault in _FINAL:
                raise StreamRefused(found.text, key=found.fault is Fault.KEY_REFUSED)
            raise StreamBroken(found.text, self._seconds_to(found.retry_at))
        session = found.get("sessionid") if isinstance(found, Mapping) else None
        if not isinstance(session, str) or not session:
            raise StreamBroken("the answer names no session")
        return session

    def _seconds_to(self, at: datetime | None) -> float:
        return 0.0 if at is None else max(0.0, (at - self._tools.clock.now()).total_seconds())

    async def _read(self, connection: Events, on_tick: OnTick) -> None:
        self._arrived = time.monotonic()
        tasks = (
            asyncio.create_task(self._take(connection, on_tick)),
            asyncio.create_task(self._watch(connection)),
        )
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await stop(*tasks)
        for task in ended:
            task.result()

    async def _take(self, connection: Events, on_tick: OnTick) -> None:
        """Hand over what arrives until the connection ends."""
        turns = Turns()
        while True:
            lines = await connection.read()
            await turns.take()
            self._arrived = time.monotonic()
            self._steadiness.received()
            self._hand_over(lines, on_tick)
            self._connection.tell(True)

    async def _watch(self, connection: Events) -> None:
        """Follow what is wanted, and look for silence; return when the connection cannot follow."""
        opened = time.monotonic()
        while True:
            try:
                async with asyncio.timeout(min(SETTLED_SECONDS, self._limits.silence / 4)):
                    await self._changed.wait()
            except TimeoutError:
                now = time.monotonic()
                if now - self._arrived >= self._limits.silence and in_session(
                    self._tools.clock, self._sessions
                ):
                    raise StreamBroken(f"silent for {self._limits.silence:g} s") from None
                if now - opened >= SETTLED_SECONDS:
                    self._connection.tell(True)
                continue
            self._changed.clear()
            if not self._symbols or not await connection.change(self._symbols):
                return

    def _hand_over(self, lines: list[bytes], on_tick: OnTick) -> None:
        for line in lines:
            try:
                for event in events_in(line):
                    if (tick := tick_of(event, self._underlyings)) is not None:
                        on_tick(tick)
            except StreamFault as fault:
                raise StreamBroken(f'the vendor sent an error: "{fault}"') from None
            except LineError as error:
                self._tell_gap(str(error), on_tick)

    def _tell_gap(self, text: str, on_tick: OnTick) -> None:
        now = time.monotonic()
        if now - self._gap_told >= GAP_SECONDS:
            self._gap_told = now
            on_tick(StreamGap(source=NAME, text=text))
