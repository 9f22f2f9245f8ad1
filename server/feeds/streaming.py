"""Keep one stream of a vendor open: pauses between attempts, silence, and one state of several connections."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from core.exchange.calendar import Calendar, CalendarError
from server.feeds.values import StreamState
from server.feeds.vendor import OnTick
from server.runtime.clock import Clock

log = logging.getLogger("gatedeck.feeds")

TURN_SECONDS = 0.002
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLimits:
    """Seconds: pauses between attempts, time to connect and for each answer, silence that breaks a stream.

    A stream that has worked for ``steady`` begins again with the ``first`` pause. ``slow`` is the pause after a
    refusal that may pass, such as a second connection that the vendor still counts.
    """

    first: float = 0.5
    longest: float = 30.0
    steady: float = 30.0
    slow: float = 60.0
    connect: float = 10.0
    answer: float = 10.0
    silence: float = 30.0
    heartbeat: float = 10.0


class StreamBroken(Exception):
    """The stream has ended and may be opened again, after ``least`` seconds at the earliest."""

    def __init__(self, text: str, least: float = 0.0) -> None:
        super().__init__(text)
        self.text, self.least = text, least


class StreamRefused(Exception):
    """The vendor does not give this stream; trying again is of no use. ``key``: it refuses the key altogether."""

    def __init__(self, text: str, *, key: bool = False) -> None:
        super().__init__(text)
        self.text, self.key = text, key


class Turns:
    """Lets other work run between messages: those that have arrived already are read without ever waiting."""

    def __init__(self) -> None:
        self._since = time.perf_counter()

    async def take(self) -> None:
        """Give others a turn if the last one is more than TURN_SECONDS ago."""
        if time.perf_counter() - self._since > TURN_SECONDS:
            await asyncio.sleep(0)
            self._since = time.perf_counter()


class Steadiness:
    """Tells how long to wait before the next attempt: twice as long each time, spread, until a stream has held."""

    def __init__(
        self, random: Random, limits: StreamLimits, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._random, self._limits, self._monotonic = random, limits, monotonic
        self._pause = limits.first
        self._begun: float | None = None

    def begin(self) -> None:
        """Note that a stream is open."""
        self._begun = self._monotonic()

    def received(self) -> None:
        """Note that something has arrived: a stream that has held long enough forgets earlier failures."""
        if self._begun is not None and self._monotonic() - self._begun >= self._limits.steady:
            self._pause = self._limits.first

    def pause(self, least: float) -> float:
        """Return the seconds to wait before the next attempt."""
        self._begun = None
        found = max(self._pause * self._random.uniform(0.75, 1.25), least)
        self._pause = min(self._pause * 2, self._limits.longest)
        return found


class Connection:
    """One connection's part of a vendor's stream state; ``idle`` while nothing is wanted of it."""

    def __init__(self, state: JointState, name: str) -> None:
        self._state, self._name = state, name
        self.idle, self.connected, self.text = True, False, ""
        self.refused = False
        """It will not be opened again."""

    def tell(self, connected: bool, text: str = "", *, idle: bool = False) -> None:
        """Note a change, and hand it on if the joint state changes."""
        self.idle, self.connected = idle, connected
        self.text = f"{self._name}{text}" if text else ""
        self._state.changed()


class JointState:
    """The state of a vendor's connections together: connected when each that is needed is."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._parts: list[Connection] = []
        self._told: tuple[bool, str] | None = None
        self.on_tick: OnTick | None = None
        self.text = "not started"
        """The state in words, for the System screen."""

    def connection(self, name: str = "") -> Connection:
        """Return a new part; ``name`` stands before its texts."""
        self._parts.append(Connection(self, name))
        return self._parts[-1]

    @property
    def is_needed(self) -> bool:
        """Return whether a connection is needed that is not refused."""
        return any(not part.idle and not part.refused for part in self._parts)

    def changed(self) -> None:
        needed = [part for part in self._parts if not part.idle]
        connected = bool(needed) and all(part.connected for part in needed)
        text = ", ".join(part.text for part in needed if part.text)
        if not needed:
            text = "nothing to stream"
        self.text = text or ("connected" if connected else "connecting")
        if (connected, text) != self._told and self.on_tick is not None:
            self._told = connected, text
            self.on_tick(StreamState(source=self._source, connected=connected, text=text))


async def keep_open(
    attempt: Callable[[], Awaitable[None]],
    connection: Connection,
    steadiness: Steadiness,
    *,
    sleep: Sleep = asyncio.sleep,
) -> StreamRefused:
    """Make attempts until one is refused for good, and return that refusal.

    An attempt ends with StreamBroken or StreamRefused, or returns when it is no longer wanted as it is; it must wait
    for something before it returns again.
    """
    connection.refused = False
    while True:
        try:
            await attempt()
        except StreamRefused as refused:
            connection.refused = True
            connection.tell(False, refused.text)
            return refused
        except StreamBroken as broken:
            text, least = broken.text, broken.least
        except Exception as error:
            # A fault of ours at one message must not end the stream for the day.
            log.exception("a stream failed", exc_info=error)
            text, least = f"the stream failed ({type(error).__name__})", 0.0
        else:
            continue
        pause = steadiness.pause(least)
        connection.tell(False, f"{text}; connecting again in {math.ceil(pause)} s")
        await sleep(pause)


def network_fault(error: Exception, url: str) -> StreamBroken:
    """Return in words that a connection could not be made or has failed."""
    host = urlsplit(url).hostname or url
    match error:
        case aiohttp.ClientConnectorDNSError():
            return StreamBroken(f"the name {host} cannot be resolved")
        case aiohttp.ClientConnectorError():
            return StreamBroken(f"no connection to {host}")
        case _:
            return StreamBroken(f"the connection failed ({type(error).__name__})")


async def same_address(socket: aiohttp.ClientWebSocketResponse) -> None:
    """Raise StreamRefused if the connection was sent to another address: no key is sent there.

    aiohttp follows redirects of a websocket, and keeps them in the answer that it was made from.
    """
    if getattr(getattr(socket, "_response", None), "history", ()):
        await socket.close()
        raise StreamRefused("the answer sends elsewhere; keys are not sent there")


async def stop(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait for their end. A cancellation of the caller meanwhile is not lost."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # looked at, so that it is not reported as lost


def in_session(clock: Clock, sessions: Calendar) -> bool:
    """Return whether the exchange is open, when silence of a stream means that it is broken."""
    try:
        return sessions.session_at(clock.now()) is not None
    except CalendarError:
        return False
