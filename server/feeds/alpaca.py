"""Alpaca: quotes, bars, listed options, dividends and splits by request, and two streams.

The free plan gives the quotes of one exchange (iex) and modified option quotes (indicative); the paid one all
exchanges (sip, opra). Indices have no quotes here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from core.exchange.calendar import Calendar
from core.model import Contract
from server.feeds.alpaca_actions import changes_of, dividends_of, splits_of
from server.feeds.alpaca_bars import Bars, daily_bars_of, joined_bars, minute_bars_of
from server.feeds.alpaca_chain import AlpacaChains, merged_rows
from server.feeds.alpaca_json import NAME, to_vendor
from server.feeds.alpaca_options import options_of
from server.feeds.alpaca_quotes import quotes_of
from server.feeds.alpaca_requests import AlpacaRequests
from server.feeds.alpaca_stream import AlpacaStreams
from server.feeds.base import FeedStatus
from server.feeds.http import HttpLimits
from server.feeds.streaming import StreamLimits
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
from server.feeds.vendor import OnTick, Vendor, VendorTools, Wanted

T = TypeVar("T", Dividend, Split, SymbolChange)
KEY, SECRET = "APCA_API_KEY_ID", "APCA_API_SECRET_KEY"
MOST_BARS = 10_000
"""Bars in one page, the largest that Alpaca gives."""
MOST_SYMBOLS = 100
"""Symbols or options in one request; of options Alpaca takes no more."""
DELAY = timedelta(minutes=15, seconds=10)
"""Age from which the free plan gives bars of all exchanges."""
ACTION_DAYS = timedelta(days=7), timedelta(days=90)
"""Days back and ahead in which dividends and splits are looked for."""


def make(tools: VendorTools) -> Vendor | Unavailable:
    """Return the vendor, or say which of its keys is missing."""
    key, secret = (tools.environment.get(name, "").strip() for name in (KEY, SECRET))
    missing = [name for name, value in ((KEY, key), (SECRET, secret)) if not value]
    if missing:
        return Unavailable(Fault.KEY_MISSING, f"no key: set {' and '.join(missing)} in the environment")
    return Alpaca(tools, key, secret)


class Alpaca(Vendor):
    name = NAME
    # Its clock is at the address for trading, which may refuse keys that are good for prices.
    offers = frozenset(Need) - {Need.CLOCK}

    def __init__(
        self,
        tools: VendorTools,
        key: str,
        secret: str,
        *,
        limits: HttpLimits = HttpLimits(),
        stream_limits: StreamLimits = StreamLimits(),
    ) -> None:
        settings = tools.settings
        self._feed, self._option_feed = settings.alpaca_feed, settings.alpaca_option_feed
        self.delayed = self._feed == "delayed_sip"
        self.note = ", ".join(
            {"iex": ("quotes of one exchange (IEX)",), "delayed_sip": ("quotes delayed 15 min",)}.get(
                self._feed, ()
            )
            + (("option quotes indicative",) if self._option_feed == "indicative" else ())
        )
        # The bars of one exchange end with a close of its own.
        self.official_closes = self._feed != "iex"
        self._clock = tools.clock
        self._sessions = Calendar.load()
        self._requests = AlpacaRequests(tools, key, secret, limits)
        self.http = self._requests.data
        self._chains = AlpacaChains(tools, self._requests, self._option_feed)
        self._streams = AlpacaStreams(tools, key, secret, self.http, stream_limits)

    @property
    def clock_ahead(self) -> float:
        return self.http.clock_ahead or 0.0

    def status(self) -> FeedStatus:
        offers = tuple(sorted(need.value for need in self.offers))
        trading = self._requests.trading.status()
        second = f"contracts: {trading.detail}" if trading.state in ("KEY_REFUSED", "DOWN") else ""
        note = ", ".join(part for part in (self.note, second) if part)
        return self.http.status(note=note, offers=offers, stream=self._streams.text)

    # --- quotes ------------------------------------------------------------------------------------------

    async def quotes(
        self, symbols: tuple[str, ...], *, urgent: bool = False
    ) -> Mapping[str, Quote | Unavailable]:
        found: dict[str, Quote | Unavailable] = {}
        for some in _parts(symbols):
            pages, refused = await self._requests.batch(
                "/v2/stocks/snapshots", some, {"feed": self._feed}, urgent=urgent
            )
            # Snapshots have no pages; nothing was asked for when every symbol was refused.
            answer = pages if isinstance(pages, Unavailable) else quotes_of(pages[0]) if pages else {}
            for symbol in some:
                quote = found[symbol] = refused.get(symbol) or self._quote(symbol, answer)
                if isinstance(quote, Quote) and (price := quote.last or quote.mid) is not None:
                    self._chains.spots[symbol] = price
        return found

    def _quote(
        self, symbol: str, answer: Mapping[str, Quote | Unavailable] | Unavailable
    ) -> Quote | Unavailable:
        if isinstance(answer, Unavailable):
            return replace(answer, symbol=symbol)
        quote = answer.get(to_vendor(symbol))
        if quote is None:
            return Unavailable(Fault.NO_DATA, f"{NAME} has no quote of {symbol}", symbol)
        if isinstance(quote, Unavailable):
            return replace(quote, symbol=symbol)
        return replace(quote, symbol=symbol, delayed=self.delayed)

    async def option_quotes(
        self, contracts: tuple[Contract, ...], *, urgent: bool = False
    ) -> Mapping[str, OptionRow | Unavailable]:
        underlyings = {contract.occ: contract.underlying for contract in contracts}
        found: dict[str, OptionRow | Unavailable] = {}
        for some in _parts(tuple(underlyings)):
            params = {"feed": self._option_feed, "symbols": ",".join(some), "limit": str(MOST_SYMBOLS)}
            pages = await self._requests.pages(self.http, "/v1beta1/options/snapshots", params, urgent=urgent)
            rows = (
                pages
                if isinstance(pages, Unavailable)
                else merged_rows(tuple(options_of(page) for page in pages))
            )
            for occ in some:
                if isinstance(rows, Unavailable):
                    found[occ] = replace(rows, symbol=occ)
                elif occ in rows:
                    found[occ] = replace(rows[occ], underlying=underlyings[occ])
                else:
                    found[occ] = Unavailable(Fault.NO_DATA, f"{NAME} has no quote of {occ}", occ)
        return found

    # --- bars --------------------------------------------------------------------------------------------

    async def daily_bars(
        self, symbols: tuple[str, ...], count: int, *, urgent: bool = False
    ) -> Mapping[str, tuple[Bar, ...] | Unavailable]:
        now = self._vendor_now()
        since = self._sessions.market_date(now) - timedelta(days=count * 7 // 5 + 10)
        params = {"timeframe": "1Day", "start": since.isoformat()}
        found = await self._bars(
            symbols, params, lambda page: daily_bars_of(page, self._sessions, now), urgent
        )
        return {
            symbol: bars
            if isinstance(bars, Unavailable)
            else bars[-count:] or Unavailable(Fault.NO_DATA, f"{NAME} has no daily bars of {symbol}", symbol)
            for symbol, bars in found.items()
        }

    async def minute_bars(
        self, symbols: tuple[str, ...], since: datetime, *, urgent: bool = False
    ) -> Mapping[str, tuple[Bar, ...] | Unavailable]:
        now, after = self._vendor_now(), since + timedelta(seconds=self.clock_ahead)
        start = (after - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        params = {"timeframe": "1Min", "start": start}
        found = await self._bars(symbols, params, lambda page: minute_bars_of(page, now), urgent)
        return {
            symbol: bars if isinstance(bars, Unavailable) else tuple(bar for bar in bars if bar.end > after)
            for symbol, bars in found.items()
        }

    async def _bars(
        self,
        symbols: tuple[str, ...],
        params: Mapping[str, str],
        read: Callable[[Any], Bars | Unavailable],
        urgent: bool,
    ) -> dict[str, tuple[Bar, ...] | Unavailable]:
        feed = "sip" if self.delayed else self._feed
        asked = {**params, "limit": str(MOST_BARS), "adjustment": "split", "feed": feed}
        if self.delayed:
            asked["end"] = (self._vendor_now() - DELAY).strftime("%Y-%m-%dT%H:%M:%SZ")
        found: dict[str, tuple[Bar, ...] | Unavailable] = {}
        for some in _parts(symbols):
            pages, refused = await self._requests.batch("/v2/stocks/bars", some, asked, urgent=urgent)
            joined = pages if isinstance(pages, Unavailable) else joined_bars(tuple(map(read, pages)))
            for symbol in some:
                if (reason := refused.get(symbol)) is not None:
                    found[symbol] = reason
                    continue
                bars = joined if isinstance(joined, Unavailable) else joined.get(to_vendor(symbol), ())
                found[symbol] = (
                    replace(bars, symbol=symbol)
                    if isinstance(bars, Unavailable)
                    else tuple(replace(bar, symbol=symbol) for bar in bars)
                )
        return found

    # --- options and actions -------------------------------------------------------------------------

    async def expirations(self, symbol: str, *, urgent: bool = False) -> tuple[date, ...] | Unavailable:
        return await self._chains.expirations(symbol, urgent=urgent)

    async def chain(
        self, symbol: str, expiry: date, strikes: tuple[float, float] | None = None, *, urgent: bool = False
    ) -> ChainPage | Unavailable:
        return await self._chains.chain(symbol, expiry, strikes, urgent=urgent)

    async def dividends(self, symbols: tuple[str, ...]) -> Mapping[str, tuple[Dividend, ...] | Unavailable]:
        return await self._actions(symbols, "cash_dividend", dividends_of)

    async def splits(self, symbols: tuple[str, ...]) -> Mapping[str, tuple[Split, ...] | Unavailable]:
        return await self._actions(symbols, "forward_split,reverse_split,unit_split", splits_of)

    async def symbol_changes(
        self, symbols: tuple[str, ...]
    ) -> Mapping[str, tuple[SymbolChange, ...] | Unavailable]:
        return await self._actions(symbols, "name_change", changes_of)

    async def _actions(
        self, symbols: tuple[str, ...], types: str, read: Callable[[Any], tuple[T, ...] | Unavailable]
    ) -> dict[str, tuple[T, ...] | Unavailable]:
        today = self._sessions.market_date(self._clock.now())
        back, ahead = ACTION_DAYS
        params = {
            "types": types,
            "start": (today - back).isoformat(),
            "end": (today + ahead).isoformat(),
            "limit": "1000",
        }
        found: dict[str, tuple[T, ...] | Unavailable] = {}
        for some in _parts(symbols):
            pages, refused = await self._requests.batch("/v1/corporate-actions", some, params, urgent=False)
            rows = pages if isinstance(pages, Unavailable) else _all_rows(pages, read)
            for symbol in some:
                if (reason := refused.get(symbol)) is not None:
                    found[symbol] = reason
                elif isinstance(rows, Unavailable):
                    found[symbol] = replace(rows, symbol=symbol)
                else:
                    own = (row for row in rows if row.symbol == to_vendor(symbol))
                    found[symbol] = tuple(replace(row, symbol=symbol) for row in own)
        return found

    def _vendor_now(self) -> datetime:
        return self._clock.now() + timedelta(seconds=self.clock_ahead)

    # --- streams -----------------------------------------------------------------------------------------

    async def stream(self, wanted: Wanted, on_tick: OnTick) -> None:
        await self._streams.run(wanted, on_tick)


def _parts(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [names[first : first + MOST_SYMBOLS] for first in range(0, len(names), MOST_SYMBOLS)]


def _all_rows(
    pages: tuple[Any, ...], read: Callable[[Any], tuple[T, ...] | Unavailable]
) -> tuple[T, ...] | Unavailable:
    found: list[T] = []
    for page in pages:
        rows = read(page)
        if isinstance(rows, Unavailable):
            return rows
        found += rows
    return tuple(found)
