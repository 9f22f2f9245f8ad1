"""A running engine with two positions, and decks attached to it in every way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from server.assembly import RunningEngine
from server.deck.remote import RemoteDeck
from server.deck.wire.connect import EngineAddress
from tests.server.deck.attached import engine, open_position


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[RunningEngine]:
    async with engine(tmp_path) as running:
        await open_position(running, "SPY")
        await open_position(running, "QQQ", 500.0)
        yield running


Attach = Callable[..., Awaitable[RemoteDeck]]


@pytest.fixture
async def attach(host: RunningEngine, tmp_path: Path) -> AsyncIterator[Attach]:
    """Attach a deck: by the socket in the state folder, or by the listener with a token."""
    async with AsyncExitStack() as stack:

        async def start(token: str | None = None) -> RemoteDeck:
            address = (
                EngineAddress(socket=tmp_path / "deck.sock")
                if token is None
                else EngineAddress(url=host.http.url, token=token)
            )
            deck = RemoteDeck(address)
            await deck.start()
            stack.push_async_callback(deck.close)
            return deck

        yield start
