"""Recorded answers of vendors as parameters, and vendors' clients before their local servers.

A test that names ``recorded_<vendor>`` runs once per recorded file.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import pytest

from core.exchange.calendar import Calendar
from core.model import Contract
from core.options.trading_clock import TradingClock
from core.rules import parse_rules
from server.config import Settings
from server.demo.feed import SimulatedFeed
from server.demo.market import SimulatedMarket
from server.demo.vendors import alpaca as alpaca_server
from server.demo.vendors import tradier as tradier_server
from server.demo.vendors.simulated import SimulatedSource
from server.feeds import alpaca, tradier
from server.feeds.http import HttpLimits
from server.feeds.streaming import StreamLimits
from server.feeds.values import StreamState
from server.feeds.vendor import VendorTools, Wanted
from tests.ports import own_port

_PREFIX = "recorded_"


def _folder() -> Path:
    default = Path(__file__).resolve().parents[4] / "shared" / "data"
    return Path(os.environ.get("GATEDECK_REFERENCE") or default) / "vendor"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for argument in metafunc.fixturenames:
        vendor = argument.removeprefix(_PREFIX)
        if vendor == argument:
            continue
        files = sorted(_folder().glob(f"{vendor}_*/*.json"))
        if files:
            ids = [f"{file.parent.name}/{file.stem}" for file in files]
            metafunc.parametrize(argument, [_Recorded(file) for file in files], ids=ids)
        else:
            skip = pytest.mark.skip(reason=f"no answers of {vendor} in {_folder()}: set GATEDECK_REFERENCE")
            metafunc.parametrize(argument, [pytest.param(None, marks=skip, id="absent")])


class _Recorded:
    """One recorded answer: its folder and name, and its body as JSON."""

    def __init__(self, file: Path) -> None:
        self.folder, self.name = file.parent.name, file.stem
        self._file = file

    @property
    def body(self) -> Any:
        return json.loads(self._file.read_text("utf-8"))


class MarketClock:
    """The engine's clock at the time of a simulated market; ``wrong_by`` shifts it, as a machine's clock may be."""

    note = "SIMULATED TIME"

    def __init__(self, source: SimulatedSource) -> None:
        self._source, self.wrong_by = source, timedelta()

    def now(self) -> datetime:
        return self._source.now() + self.wrong_by


@dataclass
class Live:
    """A vendor's client before a local server that shows a simulated market."""

    server: Any
    source: SimulatedSource
    vendor: Any
    clock: MarketClock
    ticks: list[Any] = field(default_factory=list)
    wanted: Wanted = field(default_factory=Wanted)
    streaming: asyncio.Task[None] | None = None

    def minute(self, count: int = 1) -> None:
        """Let minutes pass, and publish each as it ends."""
        for _ in range(count):
            self.server.publish(self.source.record(self.source.market.step()))

    def stream(self, *symbols: str, contracts: tuple[Contract, ...] = ()) -> None:
        """Set what is wanted, and begin to stream."""
        self.wanted.replace(symbols, contracts)
        if self.streaming is None:
            self.streaming = asyncio.create_task(self.vendor.stream(self.wanted, self.ticks.append))

    async def until(self, found: Callable[[], Any], seconds: float = 20.0, beat: bool = False) -> Any:
        """Wait until something is found; with ``beat`` a minute passes between the looks."""
        async with asyncio.timeout(seconds):
            while not (value := found()):
                assert self.streaming is None or not self.streaming.done() or found(), self.streaming
                if beat:
                    self.minute()
                await asyncio.sleep(0.01)
        return value

    @property
    def states(self) -> list[StreamState]:
        return [tick for tick in self.ticks if isinstance(tick, StreamState)]

    @property
    def connected(self) -> bool:
        return bool(self.states) and self.states[-1].connected

    def of(self, kind: type, symbol: str = "") -> list[Any]:
        names = ("symbol", "occ")
        return [
            tick
            for tick in self.ticks
            if isinstance(tick, kind) and (not symbol or symbol in [getattr(tick, n, None) for n in names])
        ]


def quick(silence: float) -> StreamLimits:
    return StreamLimits(
        first=0.02, longest=0.1, steady=0.2, slow=0.3, connect=5, answer=2, silence=silence, heartbeat=5
    )


SERVERS: dict[str, Any] = {"tradier": tradier_server.TradierServer, "alpaca": alpaca_server.AlpacaServer}
KEYS = {
    "TRADIER_TOKEN": tradier_server.TOKEN,
    "APCA_API_KEY_ID": alpaca_server.KEY,
    "APCA_API_SECRET_KEY": alpaca_server.SECRET,
}
OPENS = datetime(2026, 11, 24, 14, 35, tzinfo=UTC)


@pytest.fixture
async def live() -> AsyncIterator[Callable[..., Awaitable[Live]]]:
    """Starts a vendor's local server and its client; ``settings`` are added to the client's.

    ``seconds`` is the longest wait for an answer, ``silence`` that for something on a stream.
    """
    started: list[tuple[Live, aiohttp.ClientSession]] = []

    async def start(
        name: str,
        *,
        keys: dict[str, str] = KEYS,
        settings: dict[str, Any] | None = None,
        over_http: bool = False,
        seconds: float = 5.0,
        silence: float = 30.0,
        **options: Any,
    ) -> Live:
        rules = parse_rules("")
        calendar, clock = Calendar.from_rules(rules.clock), TradingClock.from_rules(rules.clock)
        market = SimulatedMarket(OPENS, calendar, clock, 7)
        source = SimulatedSource(market, SimulatedFeed(market, rules), 7)
        server = SERVERS[name](source, **options)
        await server.start(own_port())
        stream = server.url if over_http else server.url.replace("http", "ws")
        addresses = {
            "tradier_url": f"{server.url}/v1",
            "tradier_stream_url": f"{stream}/v1/markets/events",
            "alpaca_data_url": server.url,
            "alpaca_trading_url": server.url,
            "alpaca_stream_url": server.url.replace("http", "ws"),
        }
        session = aiohttp.ClientSession()
        own = MarketClock(source)
        tools = VendorTools(
            session=session,
            settings=Settings(**addresses | (settings or {})),
            environment=keys,
            clock=own,
            random=Random(1),
        )
        hasty = HttpLimits(total=seconds, connect=seconds, tries=3, pause=0.01)
        limits: dict[str, Any] = {"limits": hasty, "stream_limits": quick(silence)}
        vendor: Any = (
            tradier.Tradier(tools, keys["TRADIER_TOKEN"], **limits)
            if name == "tradier"
            else alpaca.Alpaca(tools, keys["APCA_API_KEY_ID"], keys["APCA_API_SECRET_KEY"], **limits)
        )
        found = Live(server, source, vendor, own)
        started.append((found, session))
        return found

    yield start
    for one, session in started:
        if one.streaming is not None:
            one.streaming.cancel()
            await asyncio.gather(one.streaming, return_exceptions=True)
        await session.close()
        await one.server.stop()
