"""A vendor made by hand, an engine that only writes down, and a market put together from them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from core.effects import FetchMarket, Watch
from core.exchange.calendar import Calendar
from core.model import Contract, Direction
from core.options.trading_clock import TradingClock
from core.rules import parse_rules
from server.demo.feed import SimulatedFeed
from server.demo.market import SimulatedMarket
from server.demo.vendors.simulated import SimulatedSource
from server.feeds.base import FeedStatus, MarketReply
from server.feeds.live import LiveMarkets
from server.feeds.registry import OpenFeeds
from server.feeds.values import (
    Bar,
    ChainPage,
    Dividend,
    Fault,
    Need,
    OptionRow,
    Quote,
    Split,
    SymbolChange,
    Unavailable,
)
from server.feeds.vendor import OnTick, Vendor, Wanted
from server.runtime.clock import VirtualClock

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
FRIDAY = date(2026, 11, 27)
EVERY = frozenset(Need)
RULES = parse_rules("[market]\nfeed_timeout_seconds = 0.05\n")


def down(symbol: str = "") -> Unavailable:
    return Unavailable(Fault.TIMED_OUT, "no answer", symbol)


class HandVendor(Vendor):
    """Answers what the test has put into its fields; ``wait`` makes it slow; ``asked`` lists the requests."""

    def __init__(
        self, clock: VirtualClock, name: str = "hand", offers: frozenset[Need] = EVERY - {Need.STREAM}
    ) -> None:
        self.name = name
        self.offers = offers
        self.clock = clock
        self.prices: dict[str, Quote | Unavailable] = {}
        self.days: dict[str, tuple[Bar, ...] | Unavailable] = {}
        self.minutes: dict[str, tuple[Bar, ...] | Unavailable] = {}
        self.expiries: tuple[date, ...] | Unavailable = (FRIDAY,)
        self.rows: list[OptionRow] | Unavailable = []
        self.actions: dict[str, tuple[Any, ...]] = {}
        self.asked: list[str] = []
        self.wait = 0.0
        self.limit: int | None = None
        self.ahead = 0.0
        self.on_tick: OnTick | None = None
        self.wanted: Wanted | None = None
        self.streaming = asyncio.Event()

    @property
    def clock_ahead(self) -> float:
        return self.ahead

    def quote(self, symbol: str, last: float, *, age: float = 0.0, spread: float = 0.02, **more: Any) -> None:
        """Set the quote of a symbol with a last trade and a book of the same age in seconds."""
        at = self.clock.now() + timedelta(seconds=self.ahead - age)
        book = {"bid": last - spread / 2, "ask": last + spread / 2, "bid_size": 500.0, "ask_size": 500.0}
        fields = {"last": last, "last_at": at, "bid_at": at, "ask_at": at, **book, **more}
        self.prices[symbol] = Quote(symbol=symbol, source=self.name, **fields)

    def option(
        self, strike: float, bid: float, ask: float, *, right: str = "C", age: float = 0.0
    ) -> OptionRow:
        at = self.clock.now() - timedelta(seconds=age)
        contract = Contract(underlying="SPY", root="SPY", expiry=FRIDAY, strike=strike, right=right)
        return OptionRow(
            occ=contract.occ, source=self.name, underlying="SPY", root="SPY", expiry=FRIDAY, strike=strike,
            right=right, bid=bid, bid_at=at, ask=ask, ask_at=at, bid_size=10, ask_size=10,
        )  # fmt: skip

    async def _answer(self, what: str, value: Any) -> Any:
        self.asked.append(what)
        await asyncio.sleep(self.wait)
        return value

    async def quotes(self, symbols: tuple[str, ...], *, urgent: bool = False) -> Any:
        found = {symbol: self.prices.get(symbol, down(symbol)) for symbol in symbols}
        return await self._answer(f"quotes {' '.join(symbols)}", found)

    async def daily_bars(self, symbols: tuple[str, ...], count: int, *, urgent: bool = False) -> Any:
        return await self._answer("days", {symbol: self.days.get(symbol, down(symbol)) for symbol in symbols})

    async def minute_bars(self, symbols: tuple[str, ...], since: datetime, *, urgent: bool = False) -> Any:
        return await self._answer(
            "minutes", {symbol: self.minutes.get(symbol, down(symbol)) for symbol in symbols}
        )

    async def expirations(self, symbol: str, *, urgent: bool = False) -> Any:
        return await self._answer("expirations", self.expiries)

    async def chain(
        self, symbol: str, expiry: date, strikes: tuple[float, float] | None = None, *, urgent: bool = False
    ) -> Any:
        if isinstance(self.rows, Unavailable):
            return await self._answer("chain", self.rows)
        page = ChainPage(
            underlying=symbol, expiry=expiry, source=self.name, rows=tuple(self.rows), at=self.clock.now()
        )
        return await self._answer("chain", page)

    async def option_quotes(
        self, contracts: tuple[Contract, ...], *, urgent: bool = False
    ) -> Mapping[str, OptionRow | Unavailable]:
        rows = [] if isinstance(self.rows, Unavailable) else self.rows
        known = {row.occ: row for row in rows}
        found = {c.occ: known.get(c.occ, down(c.occ)) for c in contracts}
        result: Mapping[str, OptionRow | Unavailable] = await self._answer("options", found)
        return result

    async def dividends(self, symbols: tuple[str, ...]) -> Any:
        return {s: tuple(a for a in self.actions.get(s, ()) if isinstance(a, Dividend)) for s in symbols}

    async def splits(self, symbols: tuple[str, ...]) -> Any:
        return {s: tuple(a for a in self.actions.get(s, ()) if isinstance(a, Split)) for s in symbols}

    async def symbol_changes(self, symbols: tuple[str, ...]) -> Any:
        return {s: tuple(a for a in self.actions.get(s, ()) if isinstance(a, SymbolChange)) for s in symbols}

    async def stream(self, wanted: Wanted, on_tick: OnTick) -> None:
        self.wanted, self.on_tick = wanted, on_tick
        self.streaming.set()
        await asyncio.Event().wait()

    def status(self) -> FeedStatus:
        return FeedStatus(name=self.name, state="OK", budget_limit=self.limit)


@dataclass
class Notes:
    """The engine as the feeds see it; ``levels_of`` are the stops and targets by symbol, ``posts`` what came."""

    rules: Any = RULES
    calendar: Calendar = field(default_factory=Calendar.load)
    levels_of: dict[str, tuple[float, ...]] = field(default_factory=dict)
    posts: list[dict[str, Any]] = field(default_factory=list)
    halts: dict[str, datetime] = field(default_factory=dict)
    broken: bool = False
    stated: datetime | None = None
    statuses: list[tuple[str, bool, str]] = field(default_factory=list)
    actions: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    awaited: dict[tuple[str, date], bool] = field(default_factory=dict)
    missing: list[tuple[str, date, str]] = field(default_factory=list)
    closes_of: dict[str, tuple[tuple[date, float], ...]] = field(default_factory=dict)

    def awaited_closes(self) -> dict[tuple[str, date], bool]:
        return self.awaited

    async def close_unavailable(self, symbol: str, day: date, why: str) -> None:
        self.missing.append((symbol, day, why))
        self.awaited[symbol, day] = True

    def last_stated(self) -> datetime | None:
        return self.stated

    def levels(self, symbol: str) -> tuple[float, ...] | None:
        return self.levels_of.get(symbol)

    def halted_since(self, symbol: str) -> datetime | None:
        return self.halts.get(symbol)

    async def price(self, symbol: str, price: float, source: str, **more: Any) -> None:
        if self.broken:
            raise RuntimeError("not stored")
        self.posts.append({"symbol": symbol, "price": price, "source": source, **more})

    async def closes(self, symbol: str, source: str, closes: tuple[tuple[date, float], ...]) -> None:
        self.closes_of[symbol] = closes

    async def trading_status(self, symbol: str, halted: bool, source: str, reason: str = "") -> None:
        self.statuses.append((symbol, halted, source))

    async def corporate_action(self, symbol: str, action: str, source: str, **more: Any) -> None:
        self.actions.append((symbol, str(action), {k: v for k, v in more.items() if v is not None}))

    @property
    def prices(self) -> list[float]:
        return [post["price"] for post in self.posts]


@dataclass
class Desk:
    """Clock, vendors, market and engine together."""

    clock: VirtualClock
    notes: Notes
    vendors: list[HandVendor]
    markets: LiveMarkets

    async def ask(self, symbol: str = "SPY", *, chain: bool = True) -> MarketReply:
        return await self.markets.ask(fetch(symbol), self.clock.now(), chain=chain)

    async def watch(self, *symbols: str, contracts: tuple[Contract, ...] = ()) -> None:
        await self.markets.watch([Watch(symbol=symbol, contracts=contracts) for symbol in symbols])

    async def round(self, seconds: float = 0.0) -> None:
        """Let time pass, and do one round of requests and posts."""
        self.clock.move(self.clock.now() + timedelta(seconds=seconds))
        await self.markets.follower.round(wait=True)


def fetch(symbol: str = "SPY") -> FetchMarket:
    return FetchMarket(signal_id="s", symbol=symbol, direction=Direction.LONG, timeframe=15)


@pytest.fixture
def desk() -> Any:
    """Makes a market of vendors by hand: ``desk("one", "two")``."""

    def make(
        *names: str, offers: frozenset[Need] = EVERY - {Need.STREAM}, at: datetime = NOON, unusable: int = 0
    ) -> Desk:
        clock = VirtualClock(at, "test")
        vendors = [HandVendor(clock, name, offers) for name in names or ("hand",)]
        lost = tuple(FeedStatus(name=f"lost{n}", state="KEY_MISSING") for n in range(unusable))
        markets = LiveMarkets(OpenFeeds(vendors=tuple(vendors), unusable=lost), clock)
        notes = Notes()
        markets.attach(notes)
        return Desk(clock, notes, vendors, markets)

    return make


@pytest.fixture
def days() -> Any:
    """Makes ``count`` daily bars of sessions up to and including the one at noon, closing at ``close``."""

    def make(symbol: str, count: int = 40, close: float = 100.0, today: float = 100.0) -> tuple[Bar, ...]:
        calendar = Calendar.load()
        day, found = calendar.session(NOON.date()), list[Bar]()
        assert day is not None
        for n in range(count):
            price = today if n == 0 else close
            found.append(
                Bar(
                    symbol=symbol, source="hand", start=day.open, end=min(day.close, NOON), open=price,
                    high=price + 1, low=price - 1, close=price, complete=n > 0,
                )
            )  # fmt: skip
            day = calendar.previous_session(day.date)
        return tuple(reversed(found))

    return make


@pytest.fixture
def simulated() -> SimulatedSource:
    """The simulated market behind a local vendor server."""
    rules = parse_rules("")
    market = SimulatedMarket(NOON, Calendar.load(), TradingClock.from_rules(rules.clock), 7)
    return SimulatedSource(market, SimulatedFeed(market, rules), 7)
