"""Whatever instants readers break off and come back at, each has every event exactly once and in order."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from core.model import Action
from server.config import load_settings
from server.http import stream as stream_module
from server.http.app import HttpServer
from server.http.routes import Route
from tests.server.http.conftest import COMMAND_TOKEN, FakeIntake, _Listener
from tests.server.http.streaming import Events, Streaming, streaming
from tests.server.ledger.conftest import Make

make = Make()


class NoPositions:
    """A deck without any."""

    class Nothing:
        positions = ()
        at = None

    def snapshot(self) -> Any:
        return self.Nothing

    def health(self) -> Any:
        raise NotImplementedError


async def listen(deck: Any, *, routes: tuple[Route, ...]) -> TestClient[Any, Any]:
    http = HttpServer(
        intake=FakeIntake(), deck=deck, health=deck, settings=load_settings({"port": 0}),
        command_token=COMMAND_TOKEN, routes=routes,
    )  # fmt: skip
    client: TestClient[Any, Any] = TestClient(_Listener(http))
    await client.start_server()
    return client


@dataclass
class Coming:
    """A reader that comes back with the id that it had last."""

    query: str
    last: str | None = None
    had: list[str] = field(default_factory=list)
    events: Events | None = None

    async def take(self, on: Streaming, most: int) -> None:
        """Read up to so many events that are there, coming back first if it had broken off."""
        if self.events is None:
            self.events = await on.get(f"?{self.query}", last=self.last)
        for _ in range(most):
            try:
                block = await asyncio.wait_for(self.events.block(), 0.03)
            except TimeoutError:
                # A block may have been read in part: what a client lost with its connection.
                self.break_off()
                return
            self.last = block.get("id", self.last)
            if "data" in block:
                self.had.append(block["id"])

    def break_off(self) -> None:
        if self.events is not None:
            self.events.close()
        self.events = None


QUERIES = {
    "events=decision,fill,exit,mode,alert,approval": lambda kind, symbol: True,
    "events=decision,exit": lambda kind, symbol: kind in ("decision", "exit"),
    "events=decision,alert&symbol=QQQ": lambda kind, symbol: (kind, symbol) in (("decision", "QQQ"), ("alert", "")),
}  # fmt: skip
COMMIT, TAKE, BREAK = "commit", "take", "break"
actions = st.lists(
    st.one_of(
        st.tuples(st.just(COMMIT), st.integers(1, 12)),
        st.tuples(st.just(TAKE), st.sampled_from([0, 1, 2]), st.integers(1, 15)),
        st.tuples(st.just(BREAK), st.sampled_from([0, 1, 2])),
    ),
    max_size=30,
)


def step(seq: int) -> tuple[Any, list[tuple[str, str]]]:
    """A step, and the kinds and symbols of its events."""
    if seq % 7 == 3:
        return make.webhook(seq), []
    if seq % 5 == 0:
        return (make.tick(seq), (make.risk(seq), make.approval(seq))), [("alert", ""), ("approval", "SPY")]
    if seq % 4 == 1:
        entry = (make.received(seq), (*make.decided(seq)[1], make.trade(seq)))
        return entry, [("decision", "SPY"), ("fill", "SPY")]
    if seq % 4 == 2 and (seq - 1) % 5:
        return (make.tick(seq), (make.trade(seq - 1, closed_at=seq),)), [("exit", "SPY")]
    return make.decided(seq, symbol="QQQ", action=Action.SKIP), [("decision", "QQQ")]


@settings(max_examples=25, deadline=None)
@given(script=actions, page=st.integers(1, 9))
def test_each_event_exactly_once_and_in_order(script: list[Any], page: int) -> None:
    async def run(path: Path) -> None:
        readers = [Coming(query) for query in QUERIES]
        told: list[list[str]] = [[], [], []]
        last = 0
        deck = NoPositions()
        async with streaming(path, deck, partial(listen, deck)) as on:
            for reader in readers:
                await reader.take(on, 1)
            for name, *rest in script:
                if name == COMMIT:
                    batch = []
                    for seq in range(last + 1, last + 1 + rest[0]):
                        entry, kinds = step(seq)
                        batch.append(entry)
                        for n, (kind, symbol) in enumerate(kinds):
                            for wants, mine in zip(QUERIES.values(), told, strict=True):
                                if wants(kind, symbol):
                                    mine.append(f"{seq}.{n}")
                    last += rest[0]
                    await on.engine.commit(*batch)
                elif name == TAKE:
                    await readers[rest[0]].take(on, rest[1])
                else:
                    readers[rest[0]].break_off()
            for reader, mine in zip(readers, told, strict=True):
                async with asyncio.timeout(20):
                    while len(reader.had) < len(mine):
                        await reader.take(on, 20)
                assert reader.had == mine
            await on.client.close()

    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream_module, "PAUSE_SECONDS", 0.001)
        patch.setattr("server.ledger.streamed.PAGE_EVENTS", page)
        patch.setattr("server.ledger.streamed.PAGE_ROWS", 2 * page)
        asyncio.run(run(Path(folder) / "ledger.db"))
