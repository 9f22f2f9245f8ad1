"""The decks of other processes: snapshots taken once for all of them, sent as differences, and their asks answered.

Without a deck connected nothing runs. A deck that does not confirm what it was sent is sent nothing more until it
does, and then one whole snapshot: what waits for a slow deck is bounded, and no other deck or webhook waits for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import orjson

from server.deck.protocol import Deck
from server.deck.rows import DeckSnapshot
from server.deck.wire import delta
from server.deck.wire.asks import ASKS, COMMAND, LOCAL_HZ, Hello
from server.deck.wire.codec import dump, load
from server.deck.wire.flat import Flat, flatten
from server.feeds.base import FeedStatus
from server.runtime.ports import Command, CommandResult, NotStored, Overloaded

log = logging.getLogger("gatedeck.deck")

UNCONFIRMED = 4
"""Snapshots on their way to a deck from which on it is sent no more until all of them arrived."""
WAITING = 200
"""Messages that may wait for a connection; notices beyond that are dropped."""
ASKS_AT_ONCE = 16

Send = Callable[[bytes], Awaitable[None]]


class Line:
    """One connected deck: what waits to be sent to it, and what of that arrived."""

    def __init__(self, send: Send, *, may_command: bool) -> None:
        self.may_command = may_command
        self._send = send
        self._outbox: asyncio.Queue[bytes] = asyncio.Queue(WAITING + UNCONFIRMED + ASKS_AT_ONCE)
        self._sent = self._arrived = 0
        self._behind = True
        """The next snapshot must be a whole one."""
        self.asks: set[asyncio.Task[None]] = set()

    def put(self, message: bytes) -> None:
        with suppress(asyncio.QueueFull):
            self._outbox.put_nowait(message)

    def notice(self, message: bytes) -> None:
        if self._outbox.qsize() < WAITING:
            self.put(message)

    def tick(self, n: int, change: bytes | None, whole: Callable[[], bytes]) -> None:
        """Send the snapshot ``n``: its difference to the one before if this deck has that, else the whole of it."""
        if self._behind or change is None:
            if self._sent > self._arrived:
                self._behind = True
                return
            self._behind = False
            self.put(whole())
        elif self._sent - self._arrived >= UNCONFIRMED:
            self._behind = True
            return
        else:
            self.put(change)
        self._sent = n

    def confirm(self, n: int) -> None:
        self._arrived = max(self._arrived, n)

    async def write(self) -> None:
        """Send what waits until cancelled."""
        while True:
            await self._send(await self._outbox.get())


class Broadcast:
    """Snapshots at one rate, for all decks that want this rate."""

    def __init__(self, deck: Deck, hz: float) -> None:
        self._deck, self._hz = deck, hz
        self.lines: set[Line] = set()
        self._task: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._flat: Flat | None = None
        self._n = 0

    def add(self, line: Line) -> None:
        self.lines.add(line)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="snapshots for decks")

    def remove(self, line: Line) -> None:
        self.lines.discard(line)
        if not self.lines and self._task is not None:
            self._task.cancel()
            self._task, self._flat = None, None

    async def _run(self) -> None:
        while True:
            await self.tick()
            await asyncio.sleep(1 / self._hz)

    async def tick(self) -> None:
        """Take a snapshot and send it; written in a thread, so that no webhook waits for that."""
        async with self._turn:
            n = self._n + 1
            try:
                snapshot, feeds = self._deck.snapshot(), self._deck.feeds()
                flat, change = await asyncio.to_thread(_written, n, snapshot, feeds, self._flat)
            except Exception as error:
                log.exception("no snapshot for the decks")
                self._flat = None
                problem = dump({"kind": "problem", "text": repr(error)})
                for line in self.lines:
                    line.notice(problem)
                return
            self._n = n
            kept: list[bytes] = []

            def whole() -> bytes:
                if not kept:
                    kept.append(dump({"kind": "whole", "n": n, **delta.whole(flat)}))
                return kept[0]

            self._flat = flat
            for line in self.lines:
                line.tick(n, change, whole)


def _written(
    n: int, snapshot: DeckSnapshot, feeds: tuple[FeedStatus, ...], before: Flat | None
) -> tuple[Flat, bytes | None]:
    """Return a snapshot as flat rows, and the message with what changed since the one before."""
    flat = flatten(snapshot, feeds)
    if before is None:
        return flat, None
    return flat, dump({"kind": "change", "n": n, **delta.difference(before, flat)})


class DeckHub:
    """The connected decks of an engine; ``deck`` is its own."""

    def __init__(self, deck: Deck) -> None:
        self._deck = deck
        self._broadcasts: dict[float, Broadcast] = {}
        self._closers: dict[Line, Callable[[], Awaitable[None]]] = {}
        self._following: asyncio.Task[None] | None = None
        self._commands: dict[str, asyncio.Task[CommandResult]] = {}
        """Commands under way by id: one that comes again, after a lost connection, gets the same result."""
        self.closing = False

    @property
    def connected(self) -> int:
        """Number of decks."""
        return len(self._closers)

    async def serve(
        self,
        hello: Hello,
        send: Send,
        receive: Callable[[], Awaitable[bytes | None]],
        close: Callable[[], Awaitable[None]],
        *,
        hz: float,
    ) -> None:
        """Serve one deck until ``receive`` returns None: it is gone. ``hz`` is the rate that it wants."""
        line = Line(send, may_command=hello.may_command)
        rate = 0.5 if hz < 1 else min(float(int(hz)), LOCAL_HZ)
        broadcast = self._broadcasts.setdefault(rate, Broadcast(self._deck, rate))
        writing = asyncio.create_task(line.write(), name="write to a deck")
        self._closers[line] = close
        if self._following is None:
            self._following = asyncio.create_task(self._follow(), name="notices for decks")
        line.put(dump({"kind": "hello", **_fields(hello)}))
        broadcast.add(line)
        if broadcast.lines != {line}:
            await broadcast.tick()
        reading = asyncio.create_task(self._read(line, broadcast, receive), name="read from a deck")
        try:
            await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            broadcast.remove(line)
            self._closers.pop(line, None)
            for task in (reading, writing, *line.asks):
                task.cancel()
            if not self._closers and self._following is not None:
                self._following.cancel()
                self._following = None
            await asyncio.gather(reading, writing, return_exceptions=True)

    async def close(self, text: str) -> None:
        """Tell every deck that the engine stops, with its last word, and close their connections."""
        self.closing = True
        bye = dump({"kind": "bye", "text": text})
        lines = list(self._closers.items())
        for line, _ in lines:
            line.put(bye)
        if lines:
            await asyncio.sleep(0.05)
            await asyncio.wait([asyncio.ensure_future(close()) for _, close in lines], timeout=0.5)

    async def _follow(self) -> None:
        async for notice in self._deck.changes():
            message = dump({"kind": "notice", "notice": notice})
            for line in self._closers:
                line.notice(message)

    # --- asks -------------------------------------------------------------------------------------------------

    async def _read(
        self, line: Line, broadcast: Broadcast, receive: Callable[[], Awaitable[bytes | None]]
    ) -> None:
        while (data := await receive()) is not None:
            message = orjson.loads(data)
            if message["kind"] == "ack":
                line.confirm(int(message["n"]))
            elif message["kind"] == "ask":
                while len(line.asks) >= ASKS_AT_ONCE:
                    await asyncio.wait(line.asks, return_when=asyncio.FIRST_COMPLETED)
                task = asyncio.create_task(self._answer(line, broadcast, message), name="an ask of a deck")
                line.asks.add(task)
                task.add_done_callback(line.asks.discard)

    async def _answer(self, line: Line, broadcast: Broadcast, message: Mapping[str, Any]) -> None:
        answer: dict[str, Any] = {"kind": "answer", "id": message["id"]}
        try:
            what = message["what"]
            ask = ASKS[what]
            given = [load(kind, dump(value)) for kind, value in zip(ask.takes, message["with"], strict=True)]
            if what == COMMAND:
                answer["value"] = await self._command(line, given[0])
                await broadcast.tick()  # the screen shows what came of it before it tells the result
            else:
                answer["value"] = await getattr(self._deck, what)(*given)
        except (Overloaded, NotStored) as error:
            busy = isinstance(error, Overloaded)
            answer |= {"error": "refused", "text": "the engine is busy" if busy else "it could not be stored"}
        except ValueError as error:
            answer |= {"error": "value", "text": str(error)}
        except Exception as error:
            log.exception("an ask of a deck failed")
            answer |= {"error": "failed", "text": repr(error)}
        line.put(await asyncio.to_thread(dump, answer) if "value" in answer else dump(answer))

    async def _command(self, line: Line, command: Command) -> CommandResult:
        if not line.may_command:
            return READ_ONLY
        under_way = self._commands.get(command.id)
        if under_way is None:
            under_way = asyncio.create_task(self._carry_out(command), name=f"command {command.name}")
            self._commands[command.id] = under_way
            under_way.add_done_callback(lambda _: self._commands.pop(command.id, None))
        return await asyncio.shield(under_way)

    async def _carry_out(self, command: Command) -> CommandResult:
        return await self._deck.command(command)


READ_ONLY = CommandResult(
    ok=False,
    code="READ_ONLY",
    text="this deck may only look: commands need the engine's command token (GATEDECK_COMMAND_TOKEN)",
)


def _fields(hello: Hello) -> dict[str, Any]:
    return {name: getattr(hello, name) for name in hello.__slots__}
