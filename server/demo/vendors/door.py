"""The simulated market behind a vendor's local server, and the real client of that vendor before it."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver

from server.config import ConfigError, Settings
from server.demo.drive import Drive
from server.demo.market import Bar
from server.demo.vendors import alpaca, tradier, twelvedata
from server.demo.vendors.base import VendorServer
from server.demo.vendors.faults import Faults
from server.demo.vendors.simulated import SimulatedSource
from server.feeds.base import FeedStatus
from server.feeds.live import LiveMarkets
from server.feeds.registry import open_feeds
from server.runtime.clock import Clock

SERVERS: dict[str, type[VendorServer]] = {
    "tradier": tradier.TradierServer,
    "alpaca": alpaca.AlpacaServer,
    "twelvedata": twelvedata.TwelveDataServer,
}
KEYS = {
    "TRADIER_TOKEN": tradier.TOKEN,
    "APCA_API_KEY_ID": alpaca.KEY,
    "APCA_API_SECRET_KEY": alpaca.SECRET,
    "TWELVEDATA_API_KEY": twelvedata.KEY,
}
BUDGETS = {"tradier": 120, "alpaca": 200, "twelvedata": 600}
"""Requests a simulated minute. Twelve Data's free plan, eight a minute, is too small for ten underlyings."""
FASTEST = 10_000
STREAM_SECONDS = 0.2
AFTER_CLOSE = timedelta(minutes=3)


@dataclass(slots=True)
class Door:
    """Vendors' local servers with the market behind them and the clients before them, in order of preference."""

    servers: tuple[VendorServer, ...]
    source: SimulatedSource
    markets: SimulatedVendor

    def publish(self, bars: Sequence[Bar]) -> None:
        """Let the servers' streams tell the minute that ends now."""
        made = self.source.record(bars)
        for server in self.servers:
            server.publish(made)

    @property
    def is_streaming(self) -> bool:
        return any(server.streams for server in self.servers)


class SimulatedVendor(LiveMarkets):
    """The market of the real clients, marked as simulated wherever its source is shown."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        chains = any("chain" in status.offers for status in super().status())
        self.note = f"simulated, read as {self.note}" + ("" if chains else " · option chains assumed")

    def status(self) -> tuple[FeedStatus, ...]:
        """Return the state of each feed; one that works is SIMULATED."""
        return tuple(
            replace(
                status,
                state="SIMULATED",
                detail=", ".join(part for part in ("simulated, by a local server", status.detail) if part),
            )
            if status.state == "OK"
            else status
            for status in super().status()
        )


@asynccontextmanager
async def vendor_door(
    vendors: Sequence[str],
    settings: Settings,
    source: SimulatedSource,
    clock: Clock,
    *,
    seed: int,
    speed: float = 1.0,
    faults: Mapping[str, Faults] | None = None,
    resolver: AbstractResolver | None = None,
) -> AsyncIterator[Door]:
    """Start vendors' local servers and open their clients; raises ConfigError for an unknown vendor.

    Budgets of requests grow with ``speed``: the client counts them in real minutes. With a ``resolver`` the clients
    use names, which it has to resolve.
    """
    for vendor in vendors:
        if vendor not in SERVERS:
            raise ConfigError(f"feed: no local server is named {vendor}; there are {', '.join(SERVERS)}")
    for symbol in source.market.symbols:  # the first quotes load libraries, and a client waits half a second
        source.chain(symbol, source.expiries(symbol)[0])
    factor = FASTEST if math.isinf(speed) else max(1, math.ceil(speed))
    servers = tuple(
        SERVERS[vendor](source, faults=(faults or {}).get(vendor), per_minute=BUDGETS[vendor] * factor)
        for vendor in vendors
    )
    connector = None if resolver is None else aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False)
    session = aiohttp.ClientSession(connector=connector)
    try:
        for server in servers:
            await server.start()
        feeds = open_feeds(
            pointed_at(settings, servers, "127.0.0.1" if resolver is None else "vendor.test"),
            session,
            clock,
            environment=KEYS,
            random=Random(seed),
        )
        yield Door(servers, source, SimulatedVendor(feeds, clock, session))
    finally:
        await session.close()
        for server in servers:
            await server.stop()


def pointed_at(settings: Settings, servers: Sequence[VendorServer], host: str = "127.0.0.1") -> Settings:
    """Return the settings with these feeds alone, each at its local server."""
    changed: dict[str, Any] = {"feeds": tuple(server.name for server in servers)}
    for server in servers:
        address = f"{host}:{server.port}"
        if server.name == "tradier":
            changed["tradier_url"] = f"http://{address}/v1"
            changed["tradier_stream_url"] = f"ws://{address}/v1/markets/events"
        elif server.name == "alpaca":
            changed["alpaca_data_url"] = changed["alpaca_trading_url"] = f"http://{address}"
            changed["alpaca_stream_url"] = f"ws://{address}"
        else:
            changed["twelvedata_url"] = f"http://{address}"
            changed["twelvedata_credits_per_minute"] = server.budget.allowed
    return settings.model_copy(update=changed)


class VendorDrive(Drive):
    """Moves the market behind a vendor's server; the prices reach the engine through the vendor's real client."""

    def __init__(self, *args: Any, door: Door, **options: Any) -> None:
        super().__init__(*args, **options)
        self.door = door

    async def _send_prices(self, bars: tuple[Bar, ...]) -> None:
        """Publish the minute, wait for the stream, let the client ask for what it lacks, and tick."""
        self.door.publish(bars)
        await self._streamed()
        await self._follow()
        if self.clock.now() == self.market.session.close:
            # The official close is asked for some minutes later.
            self.clock.move(self.market.session.close + AFTER_CLOSE)
            await self._follow()

    async def _follow(self) -> None:
        await self.door.markets.follower.round(wait=True)
        await self.runtime.tick()
        await self.runtime.settled()

    async def _streamed(self) -> None:
        """Wait a moment for what the stream brings of the watched underlyings."""
        now, deadline = self.clock.now(), time.monotonic() + STREAM_SECONDS
        while self.door.is_streaming and time.monotonic() < deadline:
            tracks = self.door.markets.follower.tracks.values()
            if all(track.last is not None and track.last.at >= now for track in tracks):
                return
            await asyncio.sleep(0.001)
