"""The market of one signal: all vendors asked side by side, each within the time limit, the rest from the cache.

Invariants, tested under these names: the first fresh answer in the order of the settings wins, and its name is
stored per field; two fresh prices that disagree give no price and no spread; a field that a configured vendor should
give and does not is absent, one that no configured vendor offers is assumed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import date, datetime, timedelta
from functools import partial

from core.effects import FetchMarket
from core.events import OptionChain
from core.exchange.calendar import Calendar
from core.options.contract import choose_expiry, root_of
from core.rules import Rules
from server.feeds.base import MarketReply
from server.feeds.board import Board
from server.feeds.cache import Cache
from server.feeds.first_answer import first_answer
from server.feeds.snapshot import DAILY_BARS, DailyFigures, daily_figures, option_chain, snapshot
from server.feeds.values import ChainPage, Fault, Need, Unavailable
from server.feeds.vendor import Vendor
from server.runtime.clock import Clock

QUOTE_SECONDS = 5.0
"""Age up to which a quote that has arrived is used for a decision without asking again."""
SLOW_SECONDS = 300.0
"""Age up to which expiries and the figures of daily bars are used without asking again."""
KEPT_SECONDS = 6 * 3600.0
"""Age up to which they are used when asking again fails: they change once a day."""
STRIKES_EACH_SIDE_PCT = 4.0
"""Strikes asked for on each side of the money, in percent; the engine tries at most a few from the money."""

_ASSUMED_WITHOUT = (
    ("spread_bps", Need.QUOTES),
    ("depth_score", Need.QUOTES),
    ("atr14", Need.DAILY_BARS),
)


class Asking:
    """Asks the vendors about the market of a signal."""

    def __init__(self, vendors: tuple[Vendor, ...], board: Board, clock: Clock, configured: int) -> None:
        self.vendors = vendors
        self.board = board
        self.clock = clock
        self._all_open = len(vendors) == configured
        self._figures: Cache[DailyFigures | None] = Cache()
        self._expiries: Cache[tuple[date, ...] | None] = Cache()
        self._chains: Cache[ChainPage | None] = Cache()
        self._quotes: Cache[None] = Cache()
        self.doubts: dict[str, tuple[str, datetime]] = {}
        """By symbol: the last disagreement of two vendors in words, and when it was seen."""

    async def close(self) -> None:
        """Cancel the requests under way."""
        for cache in (self._figures, self._expiries, self._chains, self._quotes):
            await cache.close()

    def offering(self, need: Need) -> tuple[Vendor, ...]:
        """Return the vendors that offer something, in order of preference."""
        return tuple(vendor for vendor in self.vendors if need in vendor.offers)

    def at_once(
        self, ask: FetchMarket, now: datetime, rules: Rules, calendar: Calendar, chain: bool
    ) -> MarketReply | None:
        """Return the reply if all of it is known and fresh enough, else ``None``."""
        quoting = self.offering(Need.QUOTES)
        if not quoting or not self._has_arrived(quoting[0], ask.symbol, now):
            return None
        best = self.board.best(ask.symbol, now, rules.market.stale_seconds, rules.market.feed_disagree_pct)
        if best is None or (
            self.offering(Need.DAILY_BARS) and not self._daily(ask.symbol, now, SLOW_SECONDS)
        ):
            return None
        if chain and self.offering(Need.CHAIN):
            expiry = self._expiry(ask, now, rules, calendar, SLOW_SECONDS)
            if expiry is None or self._chains.get((ask.symbol, expiry), now, QUOTE_SECONDS) is None:
                return None
        return self._reply(ask, now, rules, calendar, chain)

    async def ask(self, ask: FetchMarket, rules: Rules, calendar: Calendar, chain: bool) -> MarketReply:
        """Ask what is not known, wait at most the time limit for each stage, and return what is known then."""
        now, seconds = self.clock.now(), rules.market.feed_timeout_seconds
        works: list[Awaitable[object]] = []
        for vendor in self.offering(Need.QUOTES):
            if not self._has_arrived(vendor, ask.symbol, now):
                key = vendor.name, ask.symbol
                works.append(self._quotes.fetch(key, partial(self._ask_quote, vendor, ask.symbol)))
        if not self._daily(ask.symbol, now, SLOW_SECONDS) and self.offering(Need.DAILY_BARS):
            works.append(self._figures.fetch(ask.symbol, partial(self._ask_bars, ask.symbol, calendar)))
        listing = chain and bool(self.offering(Need.EXPIRATIONS))
        if listing and self._expiries.get(ask.symbol, now, SLOW_SECONDS) is None:
            works.append(self._expiries.fetch(ask.symbol, partial(self._ask_expiries, ask.symbol)))
        await _all_within(works, seconds)
        if chain and self.offering(Need.CHAIN):
            now = self.clock.now()
            expiry = self._expiry(ask, now, rules, calendar, KEPT_SECONDS)
            if expiry is not None and self._chains.get((ask.symbol, expiry), now, QUOTE_SECONDS) is None:
                window = self._window(ask.symbol, now, rules)
                work = partial(self._ask_chain, ask.symbol, expiry, window)
                await _all_within([self._chains.fetch((ask.symbol, expiry), work)], seconds)
        return self._reply(ask, self.clock.now(), rules, calendar, chain)

    # --- requests ------------------------------------------------------------------------------------------

    async def _ask_quote(self, vendor: Vendor, symbol: str) -> None:
        found = (await vendor.quotes((symbol,), urgent=True)).get(symbol)
        if found is not None and not isinstance(found, Unavailable):
            self.board.take_quote(vendor, found, self.clock.now())

    async def _ask_bars(self, symbol: str, calendar: Calendar) -> DailyFigures | None:
        async def ask(vendor: Vendor) -> DailyFigures | Unavailable:
            found = (await vendor.daily_bars((symbol,), DAILY_BARS, urgent=True)).get(symbol)
            if found is None or isinstance(found, Unavailable):
                return found or Unavailable(Fault.NO_DATA, f"{vendor.name} has no bars of {symbol}", symbol)
            figures = daily_figures(found, self.clock.now(), calendar)
            return figures or Unavailable(
                Fault.NO_DATA, f"{vendor.name} has no whole day of {symbol}", symbol
            )

        figures = await first_answer([partial(ask, vendor) for vendor in self.offering(Need.DAILY_BARS)])
        if figures is None or isinstance(figures, Unavailable):
            return None
        self._figures.put(symbol, figures, self.clock.now())
        return figures

    async def _ask_expiries(self, symbol: str) -> tuple[date, ...] | None:
        found = await first_answer(
            [partial(vendor.expirations, symbol, urgent=True) for vendor in self.offering(Need.EXPIRATIONS)]
        )
        if found is None or isinstance(found, Unavailable):
            return None
        self._expiries.put(symbol, found, self.clock.now())
        return found

    async def _ask_chain(
        self, symbol: str, expiry: date, window: tuple[float, float] | None
    ) -> ChainPage | None:
        async def ask(vendor: Vendor) -> ChainPage | Unavailable:
            page = await vendor.chain(symbol, expiry, window, urgent=True)
            if isinstance(page, Unavailable):
                return page
            now = self.clock.now()
            for row in page.rows:
                self.board.take_row(vendor, row, now)
            return page

        found = await first_answer([partial(ask, vendor) for vendor in self.offering(Need.CHAIN)])
        if found is None or isinstance(found, Unavailable):
            return None
        self._chains.put((symbol, expiry), found, self.clock.now())
        return found

    # --- what is known -------------------------------------------------------------------------------------

    def _has_arrived(self, vendor: Vendor, symbol: str, now: datetime) -> bool:
        seen = self.board.seen(vendor.name, symbol)
        return seen is not None and now - seen.arrived <= timedelta(seconds=QUOTE_SECONDS)

    def daily(self, symbol: str) -> DailyFigures | None:
        """Return the figures of an underlying's daily bars, ``None`` where they are not known or too old."""
        return self._daily(symbol, self.clock.now(), SLOW_SECONDS)

    def _daily(self, symbol: str, now: datetime, max_age: float) -> DailyFigures | None:
        found = self._figures.get(symbol, now, max_age)
        return None if found is None else found.value

    def _expiry(
        self, ask: FetchMarket, now: datetime, rules: Rules, calendar: Calendar, max_age: float
    ) -> date | None:
        """Return the expiry that the signal would trade, of those listed."""
        listed = self._expiries.get(ask.symbol, now, max_age)
        if listed is None or listed.value is None:
            return None
        return choose_expiry(ask.symbol, ask.timeframe, now, calendar, listed.value, rules.contract)

    def _window(self, symbol: str, now: datetime, rules: Rules) -> tuple[float, float] | None:
        best = self.board.best(symbol, now, rules.market.stale_seconds, rules.market.feed_disagree_pct)
        if best is None:
            return None
        share = STRIKES_EACH_SIDE_PCT / 100
        return best[1].price * (1 - share), best[1].price * (1 + share)

    def _reply(
        self, ask: FetchMarket, now: datetime, rules: Rules, calendar: Calendar, chain: bool
    ) -> MarketReply:
        symbol, limits = ask.symbol, rules.market
        best = self.board.best(symbol, now, limits.stale_seconds, limits.feed_disagree_pct)
        apart = self.board.disagreement(symbol, now, limits.stale_seconds, limits.feed_disagree_pct)
        if apart is not None:
            self.doubts[symbol] = apart, now
            best = None
        cached = self._figures.get(symbol, now, KEPT_SECONDS)
        return MarketReply(
            snapshot(
                symbol,
                now,
                price=None if best is None else best[1],
                quote=None if best is None else best[0],
                figures=None if cached is None else cached.value,
                figures_age=0.0 if cached is None else (now - cached.at).total_seconds(),
                assumed=self._assumed(),
            ),
            self._chain(ask, now, rules, calendar) if chain else None,
        )

    def _assumed(self) -> tuple[str, ...]:
        """Return the fields that no configured vendor offers; a vendor that cannot be used might offer any."""
        if not self._all_open:
            return ()
        books = any(Need.QUOTES in vendor.offers and vendor.quotes_book for vendor in self.vendors)
        bars = bool(self.offering(Need.DAILY_BARS))
        return tuple(name for name, need in _ASSUMED_WITHOUT if not (books if need is Need.QUOTES else bars))

    def _chain(self, ask: FetchMarket, now: datetime, rules: Rules, calendar: Calendar) -> OptionChain | None:
        """Return the chain, ``None`` if no configured vendor lists options; what did not come is named in it."""
        if not self.offering(Need.CHAIN) and self._all_open:
            return None
        listed = self._expiries.get(ask.symbol, now, KEPT_SECONDS)
        if listed is None or listed.value is None:
            return OptionChain(missing=f"no feed gave the expiries of {ask.symbol}")
        expiry = self._expiry(ask, now, rules, calendar, KEPT_SECONDS)
        if expiry is None:
            return OptionChain(expiries=listed.value, as_of=listed.at)
        page = self._chains.get((ask.symbol, expiry), now, SLOW_SECONDS)
        if page is None or page.value is None:
            missing = f"no feed gave the options of {expiry:%Y-%m-%d}"
            return OptionChain(expiries=listed.value, as_of=listed.at, missing=missing)
        # The board's row may be newer than the page, and its times are those of our clock.
        return option_chain(
            listed.value,
            expiry,
            [self.board.row(row.occ) or row for row in page.value.rows],
            root_of(ask.symbol, rules.contract),
            as_of=min(listed.at, page.at),
            missing="" if page.value.complete else f"{page.value.source} gave only a part of its pages",
        )


async def _all_within(works: list[Awaitable[object]], seconds: float) -> None:
    """Wait for all works, at most ``seconds``; those that need longer go on."""
    if works:
        await asyncio.wait([asyncio.ensure_future(work) for work in works], timeout=seconds)
