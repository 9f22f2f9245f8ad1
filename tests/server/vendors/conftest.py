"""A simulated market behind local vendor servers, asked over real sockets as any client would."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from core.exchange.calendar import Calendar
from core.options.trading_clock import TradingClock
from core.rules import parse_rules
from server.demo.feed import SimulatedFeed
from server.demo.market import SimulatedMarket
from server.demo.vendors import alpaca, tradier, twelvedata
from server.demo.vendors.base import VendorServer
from server.demo.vendors.simulated import SimulatedSource

START = datetime(2026, 11, 24, 14, 35, tzinfo=UTC)
SERVERS: dict[str, type[VendorServer]] = {
    "tradier": tradier.TradierServer,
    "alpaca": alpaca.AlpacaServer,
    "twelvedata": twelvedata.TwelveDataServer,
}
KEYS = {
    "tradier": {"Authorization": f"Bearer {tradier.TOKEN}", "Accept": "application/json"},
    "alpaca": {"APCA-API-KEY-ID": alpaca.KEY, "APCA-API-SECRET-KEY": alpaca.SECRET},
    "twelvedata": {"Authorization": f"apikey {twelvedata.KEY}"},
}


@dataclass
class Asked:
    status: int
    headers: Any
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Local:
    """One running server with its market, and a client with its key."""

    server: Any
    market: SimulatedMarket
    source: SimulatedSource
    client: aiohttp.ClientSession
    keys: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, headers: dict[str, str] | None = None) -> Asked:
        chosen = self.keys if headers is None else headers
        async with self.client.get(self.server.url + path, headers=chosen) as answer:
            return Asked(answer.status, answer.headers, await answer.text())

    async def json(self, path: str) -> Any:
        asked = await self.get(path)
        assert asked.status == 200, asked.text
        return asked.json

    def minute(self, count: int = 1) -> None:
        """Let minutes pass, and publish each as it ends."""
        for _ in range(count):
            self.server.publish(self.source.record(self.market.step()))


def simulated_source(seed: int = 7) -> SimulatedSource:
    rules = parse_rules("")
    market = SimulatedMarket(
        START, Calendar.from_rules(rules.clock), TradingClock.from_rules(rules.clock), seed
    )
    return SimulatedSource(market, SimulatedFeed(market, rules), seed)


@pytest.fixture
async def local() -> AsyncIterator[Callable[..., Awaitable[Local]]]:
    """Starts a vendor's server by its name, with options of its own."""
    started: list[Local] = []

    async def start(name: str, **options: Any) -> Local:
        source = simulated_source()
        server = SERVERS[name](source, **options)
        await server.start()
        client = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5))
        started.append(Local(server, source.market, source, client, KEYS[name]))
        return started[-1]

    yield start
    for one in started:
        await one.client.close()
        await one.server.stop()
