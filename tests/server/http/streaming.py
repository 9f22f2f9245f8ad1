"""An engine for the stream that only commits what it is told, its listener, and a reader of server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from aiohttp import ClientResponse

from core.effects import Effect
from server.http.stream import EventStream
from server.http.stream_routes import stream_routes
from server.ledger.base import Entry
from server.ledger.sqlite import SqliteLedger


class Engine:
    """Commits steps, then tells its listeners, as the engine loop does."""

    def __init__(self, ledger: SqliteLedger) -> None:
        self.ledger: Any = ledger
        self.listeners: set[Callable[[Effect], None]] = set()

    async def commit(self, *batch: Entry) -> None:
        await self.ledger.commit(batch)
        for _, effects in batch:
            for effect in effects:
                for listener in tuple(self.listeners):
                    listener(effect)


class HeldLedger:
    """A ledger whose next reads of the stream are held, each until its gate opens, and fail as often as said."""

    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger
        self.gates: list[asyncio.Event] = []
        self.errors: list[Exception] = []
        self.reads = 0

    async def stream_after(self, *query: Any) -> Any:
        if self.errors:
            raise self.errors.pop()
        page = await self._ledger.stream_after(*query)
        self.reads += 1
        if self.gates:
            await self.gates.pop(0).wait()
        return page

    def hold(self) -> asyncio.Event:
        """Hold one more read after what it has read; set the gate to let it go on."""
        self.gates.append(asyncio.Event())
        return self.gates[-1]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)


class Events:
    """The blocks of one answer, read one by one."""

    def __init__(self, response: ClientResponse) -> None:
        self.response = response

    async def block(self) -> dict[str, str]:
        """The next block; a comment is under the name ``""``; empty at the end."""
        found: dict[str, str] = {}
        while (line := (await self.response.content.readline()).decode()) not in ("", "\n", "\r\n"):
            name, _, value = line.strip().partition(":")
            found[name] = value.strip()
        return found

    async def next(self) -> dict[str, str]:
        """The next event; raises EOFError at the end."""
        while block := await asyncio.wait_for(self.block(), 10):
            if "data" in block:
                return block
        raise EOFError

    async def take(self, count: int) -> list[str]:
        """The ids of the next events that have one: of all but marks."""
        found: list[str] = []
        while len(found) < count:
            block = await self.next()
            if "id" in block:
                found.append(block["id"])
        return found

    async def data(self) -> Any:
        return orjson.loads((await self.next())["data"])

    def close(self) -> None:
        """Break off, as a lost connection does."""
        self.response.close()


class Streaming:
    """A stream and its listener; ``get`` opens a reader."""

    def __init__(self, engine: Engine, stream: EventStream, client: Any) -> None:
        self.engine, self.stream, self.client = engine, stream, client

    async def get(self, query: str = "", last: str | None = None, **headers: str) -> Events:
        given = headers | ({} if last is None else {"Last-Event-ID": last})
        response = await self.client.get(f"/api/stream{query}", headers=given)
        assert response.status == 200, await response.text()
        return Events(response)

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not done():  # noqa: ASYNC110
                await asyncio.sleep(0.005)


@asynccontextmanager
async def streaming(
    path: Path, deck: Any, listen: Callable[..., Awaitable[Any]], **settings: Any
) -> AsyncIterator[Streaming]:
    """A stream of a new ledger; ``listen`` starts a client of a listener with settings and routes."""
    ledger = await SqliteLedger.open(path, "engine-1")
    engine = Engine(ledger)
    stream = EventStream(engine, deck)
    try:
        yield Streaming(engine, stream, await listen(routes=stream_routes(stream), **settings))
    finally:
        stream.close()
        await ledger.close()


def ids(steps: Sequence[Entry], kinds: Callable[[Effect], bool]) -> list[str]:
    """The ids of the events of steps, of the effects that give exactly one each."""
    return [
        f"{event.seq}.{n}"
        for event, effects in steps
        for n, effect in enumerate(e for e in effects if type(e).__name__ in ONE_EVENT)
        if kinds(effect)
    ]


ONE_EVENT = frozenset({"StoreDecision", "StoreTrade", "StoreApproval", "StoreRiskEvent"})
