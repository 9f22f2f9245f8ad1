"""A whole engine before local vendor servers: real clients, real sockets, a market whose prices the test sets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import pytest

from core.exchange.calendar import Calendar
from core.intake import sample
from core.model import Direction, Source
from core.options.trading_clock import TradingClock
from core.positions.position import Position
from core.rules import parse_rules
from server.assembly import RunningEngine, running_engine
from server.config import load_settings
from server.deck.build_stops import stops_warnings
from server.demo.feed import SimulatedFeed
from server.demo.market import Bar, SimulatedMarket
from server.demo.vendors.door import KEYS, SERVERS, Door, SimulatedVendor, pointed_at
from server.demo.vendors.faults import Faults, LocalNames
from server.demo.vendors.simulated import SimulatedSource
from server.feeds.alpaca import Alpaca
from server.feeds.http import HttpLimits
from server.feeds.registry import OpenFeeds
from server.feeds.streaming import StreamLimits
from server.feeds.tradier import Tradier
from server.feeds.twelvedata import TwelveData
from server.feeds.vendor import Vendor, VendorTools
from server.ledger.paging import PageQuery
from server.runtime.clock import VirtualClock

START = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
RULES = """
[risk]
open_positions = 90
per_symbol = 90
symbol_premium = 1e6
daily_loss = 1e6
losses_in_a_row = 90
approval_above_contracts = 1000
approval_above_premium = 1e9
delta_accounts = 1e6
gamma_accounts = 1e6
vega_pct = 1e6
theta_pct = 1e6
[market]
feed_timeout_seconds = 2.0
"""
HASTY = HttpLimits(total=0.15, connect=0.15, tries=2, pause=0.005)
PATIENT = HttpLimits(total=3.0, connect=3.0, tries=2, pause=0.005)
"""Patience while all is well: the machine may be busy with other things."""
QUICK = StreamLimits(
    first=0.02, longest=0.05, steady=30.0, slow=0.2, connect=0.5, answer=0.5, silence=0.3, heartbeat=5.0
)
ARRIVES_WITHIN = 15.0


@dataclass
class Desk:
    """One engine, its vendors, and the hands of the test on the market and the clock."""

    clock: VirtualClock
    market: SimulatedMarket
    door: Door
    host: RunningEngine
    names: LocalNames

    @property
    def runtime(self) -> Any:
        return self.host.runtime

    @property
    def server(self) -> Any:
        """The server of the preferred vendor."""
        return self.door.servers[0]

    @property
    def position(self) -> Position:
        (only,) = [p for p in self.runtime.engine.state.positions.values() if p.symbol == "SPY"]
        return only

    def holds(self, symbol: str = "SPY") -> bool:
        return any(p.symbol == symbol for p in self.runtime.engine.state.positions.values())

    def words(self) -> str:
        """Return the words of the System screen on the feeds."""
        return " | ".join(
            f"{s.name} {s.state} {s.detail} {s.stream or ''}" for s in self.door.markets.status()
        )

    def warning(self) -> str:
        """Return the deck's red words about the stops."""
        now, markets = self.clock.now(), self.door.markets
        told = stops_warnings(self.runtime.engine, markets.trouble, markets.assumed, now)
        return " | ".join(each.text for each in told)

    async def passes(self, seconds: float = 60, price: float | None = None) -> None:
        """Let time pass; SPY is at ``price`` then. The bar of a whole minute is told too."""
        row = self.market.row("SPY")
        before = self.market.spot("SPY")
        self.clock.move(self.clock.now() + timedelta(seconds=seconds))
        self.market.now = self.clock.now()
        if price is not None:
            self.market.price[row] = price
        now = self.market.spot("SPY")
        minute = Bar("SPY", before, max(before, now), min(before, now), now)
        self.door.publish([minute] if seconds >= 60 else [])
        await asyncio.sleep(0.02 if self.door.is_streaming else 0)
        await self.door.markets.follower.round(wait=True)
        await self.runtime.tick()
        await self.runtime.settled()

    async def arrives(self, price: float) -> None:
        """Wait, with the market's time standing still, for a price that a busy machine is late to hand on."""
        deadline = asyncio.get_running_loop().time() + ARRIVES_WITHIN
        while self.position.last.spot != price and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.02)
            await self.door.markets.follower.round(wait=True)
            await self.runtime.settled()

    async def until(self, true: Callable[[], bool], seconds: float = 1.0) -> None:
        """Let seconds of the market pass until something is true."""
        deadline = asyncio.get_running_loop().time() + ARRIVES_WITHIN
        while not true():
            assert asyncio.get_running_loop().time() < deadline, self.words()
            await self.passes(seconds)
            await asyncio.sleep(0.01)

    async def signal(self, symbol: str = "SPY", direction: Direction = Direction.LONG) -> dict[str, Any]:
        """Send all that an EXECUTE takes, and return the decision."""
        sources = (Source.SATY_PHASE, Source.MTF_DOTS, Source.STRAT_EXEC, Source.TRADINGVIEW_SIGNAL)
        for source in sources:
            body = sample(source, self.clock.now(), symbol, self.market.spot(symbol), direction)
            answer = await self.runtime.submit(json.dumps(body), "/api/webhooks")
        await self.runtime.settled()
        newest = (await self.decisions())[0]
        assert newest["symbol"] == symbol, answer
        return newest

    async def enter(self, symbol: str = "SPY") -> None:
        """Open a position; on a busy machine the first answers may come too late for a decision."""
        for _ in range(6):
            await self.signal(symbol)
            await self.passes(5)
            if self.holds(symbol):
                return
        raise AssertionError((await self.decisions())[0])

    def patience(self, limits: HttpLimits) -> None:
        """Give the clients so much time for their requests."""
        for one in self.door.markets.feeds.vendors:
            for http in https(one):
                http._limits = limits

    async def cut(self) -> None:
        """Break off every connection to the preferred vendor; it listens on as before."""
        await self.server.stop()
        await self.server.start()

    async def decisions(self) -> list[dict[str, Any]]:
        page = await self.runtime.ledger.page(PageQuery(what="decisions", limit=50, cursor=None))
        return list(page.items)

    async def trades(self) -> list[dict[str, Any]]:
        """Execution and exit of every trade in the ledger."""
        page = await self.runtime.ledger.page(PageQuery(what="ledger", limit=200, cursor=None))
        return [item for item in page.items if item["execution"] is not None]


def vendor(name: str, tools: VendorTools) -> Vendor:
    """A vendor's real client, with less patience than it has with the real vendor."""
    if name == "tradier":
        return Tradier(tools, KEYS["TRADIER_TOKEN"], limits=PATIENT, stream_limits=QUICK)
    if name == "alpaca":
        key, secret = KEYS["APCA_API_KEY_ID"], KEYS["APCA_API_SECRET_KEY"]
        return Alpaca(tools, key, secret, limits=PATIENT, stream_limits=QUICK)
    made = TwelveData(tools, KEYS["TWELVEDATA_API_KEY"])
    made.http._limits = PATIENT
    return made


def https(vendor: Any) -> list[Any]:
    """Every client of requests that a vendor has."""
    return [vendor.http, *([vendor._requests.trading] if hasattr(vendor, "_requests") else [])]


def on_the_markets_clock(vendor: Any, clock: VirtualClock) -> None:
    """Count budgets and pauses in the market's time: a test need not wait for them."""
    for http in https(vendor):
        for part in (http, http.breaker, http.budget):
            part._monotonic = lambda: clock.now().timestamp()


@asynccontextmanager
async def engine_at(
    folder: Path,
    source: Any,
    clock: VirtualClock,
    vendors: Sequence[str],
    faults: dict[str, Faults],
    rules: str,
) -> AsyncIterator[tuple[Door, RunningEngine, LocalNames]]:
    """A whole engine that reads a market through local servers of some vendors."""
    flags = {"state_dir": folder, "db": str(folder / "deck.db"), "engine_id": "deck", "port": 0}
    settings, names = load_settings(flags, Path("/dev/null")), LocalNames()
    servers = tuple(SERVERS[name](source, faults=faults.get(name), per_minute=100_000) for name in vendors)
    async with AsyncExitStack() as stack:
        for server in servers:
            await server.start()
            stack.push_async_callback(server.stop)
        session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=names, use_dns_cache=False))
        stack.push_async_callback(session.close)
        tools = VendorTools(
            session=session, settings=pointed_at(settings, servers, "vendor.test"), environment=KEYS,
            clock=clock, random=Random(7),
        )  # fmt: skip
        made = tuple(vendor(name, tools) for name in vendors)
        for one in made:
            on_the_markets_clock(one, clock)
        markets = SimulatedVendor(OpenFeeds(vendors=made), clock, session)
        host = await stack.enter_async_context(
            running_engine(tools.settings, clock, markets, rules, ticking=False)
        )
        yield Door(servers, source, markets), host, names


@asynccontextmanager
async def desk_at(
    folder: Path, vendors: Sequence[str], faults: dict[str, Faults], rules: str
) -> AsyncIterator[Desk]:
    parsed, clock = parse_rules(rules), VirtualClock(START, "test")
    market = SimulatedMarket(
        START, Calendar.from_rules(parsed.clock), TradingClock.from_rules(parsed.clock), 7
    )
    source = SimulatedSource(market, SimulatedFeed(market, parsed), 7, clock.now)
    source.chain("SPY", source.expiries("SPY")[0])  # the first quotes load libraries
    async with engine_at(folder, source, clock, vendors, faults, rules) as (door, host, names):
        yield Desk(clock, market, door, host, names)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Starts an engine before the servers of some vendors, the preferred one first."""
    async with AsyncExitStack() as stack:

        async def start(*vendors: str, rules: str = RULES, **faults: Faults) -> Desk:
            folder = tmp_path / "-".join(vendors)
            folder.mkdir()
            return await stack.enter_async_context(desk_at(folder, vendors, faults, rules))

        yield start


@pytest.fixture
async def engine_before(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Starts an engine that reads any market through a vendor's local server."""
    async with AsyncExitStack() as stack:

        async def start(vendor: str, source: Any, clock: VirtualClock, rules: str = RULES) -> Any:
            return await stack.enter_async_context(engine_at(tmp_path, source, clock, (vendor,), {}, rules))

        yield start


@pytest.fixture
def hasty() -> Callable[..., None]:
    """Gives a client less patience, and its pauses the market's time."""

    def make(vendor: Any, clock: VirtualClock) -> None:
        on_the_markets_clock(vendor, clock)
        for http in https(vendor):
            http._limits = HASTY

    return make


@pytest.fixture
def simulated() -> Callable[[], SimulatedSource]:
    """Makes a simulated market that stands at START."""

    def make() -> SimulatedSource:
        rules = parse_rules("")
        calendar = Calendar.from_rules(rules.clock)
        market = SimulatedMarket(START, calendar, TradingClock.from_rules(rules.clock), 7)
        return SimulatedSource(market, SimulatedFeed(market, rules), 7)

    return make
