"""A vendor of market data: what it offers, and how it is asked.

A vendor of another package subclasses ``Vendor`` and names its factory in the entry point group ``gatedeck.feeds``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from random import Random

import aiohttp

from core.model import Contract
from server.config import Settings
from server.feeds.base import FeedStatus
from server.feeds.values import (
    Bar,
    ChainPage,
    Dividend,
    ExchangeClock,
    Fault,
    Need,
    OptionRow,
    Quote,
    Split,
    SymbolChange,
    Tick,
    Unavailable,
)
from server.runtime.clock import Clock

ENTRY_POINTS = "gatedeck.feeds"


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorTools:
    """The things that every vendor is made with.

    ``environment`` holds the keys, ``clock`` is the engine's, ``random`` gives the jitter of retries (seeded in
    tests). ``session`` is shared by all vendors and closed by its owner.
    """

    session: aiohttp.ClientSession
    settings: Settings
    environment: Mapping[str, str]
    clock: Clock
    random: Random


Make = Callable[[VendorTools], "Vendor | Unavailable"]
"""An entry point's factory. It returns ``Unavailable`` with a text for a person when a key is missing."""
OnTick = Callable[[Tick], None]


class Wanted:
    """The underlyings and options that a stream subscribes to; it changes while the stream runs."""

    def __init__(self) -> None:
        self.symbols: frozenset[str] = frozenset()
        self.contracts: tuple[Contract, ...] = ()
        self._changed = asyncio.Event()

    def replace(self, symbols: Sequence[str], contracts: Sequence[Contract]) -> None:
        """Set what is wanted; wakes ``changed`` if that differs."""
        new = frozenset(symbols), tuple(contracts)
        if new != (self.symbols, self.contracts):
            self.symbols, self.contracts = new
            self._changed.set()

    async def changed(self) -> None:
        """Wait until what is wanted differs from what it was when this last returned. For one waiter."""
        await self._changed.wait()
        self._changed.clear()


class Vendor:
    """One vendor. A subclass sets ``name`` and ``offers`` and overrides the methods of what it offers.

    No method raises for a fault of the vendor or of the network: the value is ``Unavailable`` instead, and every
    symbol asked for is in the answer. Requests are made by ``VendorHttp``, which keeps the rate budget. ``urgent``
    requests may use the part of the budget that is kept for decisions and open positions.
    """

    name: str = ""
    offers: frozenset[Need] = frozenset()
    note: str = ""
    """Note for a person on the data, such as "quotes delayed 15 min"; empty when there is none."""

    quotes_book: bool = True
    """True if its quotes hold bid and ask with sizes, where the underlying has a book."""
    costs_per_symbol: bool = False
    """True if each symbol of a request costs one of the budget."""
    official_closes: bool = True
    """True if the close of a completed daily bar is the exchange's official one, which settles options."""

    @property
    def clock_ahead(self) -> float:
        """Seconds by which the vendor's clock is ahead of the engine's, as last measured; 0 when unknown."""
        return 0.0

    async def quotes(
        self, symbols: tuple[str, ...], *, urgent: bool = False
    ) -> Mapping[str, Quote | Unavailable]:
        """Return the quotes of underlyings."""
        return self._not_offered(symbols, Need.QUOTES)

    async def daily_bars(
        self, symbols: tuple[str, ...], count: int, *, urgent: bool = False
    ) -> Mapping[str, tuple[Bar, ...] | Unavailable]:
        """Return about the last ``count`` daily bars, oldest first, adjusted for splits."""
        return self._not_offered(symbols, Need.DAILY_BARS)

    async def minute_bars(
        self, symbols: tuple[str, ...], since: datetime, *, urgent: bool = False
    ) -> Mapping[str, tuple[Bar, ...] | Unavailable]:
        """Return the bars of one minute that end after ``since``, oldest first."""
        return self._not_offered(symbols, Need.MINUTE_BARS)

    async def expirations(self, symbol: str, *, urgent: bool = False) -> tuple[date, ...] | Unavailable:
        """Return the listed expiries of an underlying, earliest first, of every root."""
        return self._missing(Need.EXPIRATIONS, symbol)

    async def chain(
        self, symbol: str, expiry: date, strikes: tuple[float, float] | None = None, *, urgent: bool = False
    ) -> ChainPage | Unavailable:
        """Return the options of one expiry, of every root; ``strikes`` is the (lowest, highest) needed."""
        return self._missing(Need.CHAIN, symbol)

    async def option_quotes(
        self, contracts: tuple[Contract, ...], *, urgent: bool = False
    ) -> Mapping[str, OptionRow | Unavailable]:
        """Return the quotes of options by OCC symbol."""
        return self._not_offered(tuple(c.occ for c in contracts), Need.OPTION_QUOTES)

    async def dividends(self, symbols: tuple[str, ...]) -> Mapping[str, tuple[Dividend, ...] | Unavailable]:
        """Return the announced dividends, earliest first."""
        return self._not_offered(symbols, Need.DIVIDENDS)

    async def splits(self, symbols: tuple[str, ...]) -> Mapping[str, tuple[Split, ...] | Unavailable]:
        """Return the announced splits, and those of the last days, earliest first."""
        return self._not_offered(symbols, Need.SPLITS)

    async def symbol_changes(
        self, symbols: tuple[str, ...]
    ) -> Mapping[str, tuple[SymbolChange, ...] | Unavailable]:
        """Return the announced changes of these symbols into others, and those of the last days."""
        return self._not_offered(symbols, Need.SYMBOL_CHANGES)

    async def exchange_clock(self) -> ExchangeClock | Unavailable:
        """Return the vendor's clock."""
        return self._missing(Need.CLOCK)

    async def stream(self, wanted: Wanted, on_tick: OnTick) -> None:
        """Stream what is wanted until cancelled: reconnect with back-off, subscribe again, follow ``wanted``.

        Each message is handed over as it arrives, with only what it states: ``values.merged`` puts them together.
        A refused key ends the stream with a last ``StreamState``.
        """
        raise NotImplementedError(f"{self.name} offers no stream")

    def status(self) -> FeedStatus:
        """Return the vendor's state for the System screen and ``gatedeck feeds``. Cheap: asks nobody."""
        return FeedStatus(name=self.name, state="OK", detail=self.note)

    def _missing(self, need: Need, symbol: str | None = None) -> Unavailable:
        text = f"{self.name} offers no {need.value.replace('_', ' ')}"
        return Unavailable(Fault.NOT_OFFERED, text, symbol)

    def _not_offered(self, names: tuple[str, ...], need: Need) -> dict[str, Unavailable]:
        return {name: self._missing(need, name) for name in names}
