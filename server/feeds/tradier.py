"""Tradier: quotes, expiries, chains, bars and the clock by request, and a stream of its live account.

The sandbox quotes 15 minutes late and has no stream.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from core.exchange.calendar import Calendar
from core.model import Contract
from server.feeds.base import FeedStatus
from server.feeds.budget import Budget, RateHeaders
from server.feeds.http import HttpLimits, VendorHttp
from server.feeds.streaming import StreamLimits
from server.feeds.tradier_bars import clock_of, daily_bars_of, minute_bars_of
from server.feeds.tradier_json import NAME, exchange_text, stated_fault, to_vendor
from server.feeds.tradier_options import chain_of, expirations_of
from server.feeds.tradier_quotes import quotes_of
from server.feeds.tradier_stream import TradierStream
from server.feeds.values import (
    Bar,
    ChainPage,
    ExchangeClock,
    Fault,
    Need,
    OptionRow,
    Quote,
    Unavailable,
    number,
)
from server.feeds.vendor import OnTick, Vendor, VendorTools, Wanted

TOKEN = "TRADIER_TOKEN"
LIVE_BUDGET, SANDBOX_BUDGET = 120, 60
"""Requests for market data in a minute; the rate headers of an answer win."""
MOST_SYMBOLS = 50
"""Symbols in one request, so that its address stays short."""
_BY_REQUEST = frozenset(Need) - {Need.STREAM, Need.DIVIDENDS, Need.SPLITS, Need.SYMBOL_CHANGES}


def make(tools: VendorTools) -> Vendor | Unavailable:
    """Return the vendor, or say that its token is missing."""
    token = tools.environment.get(TOKEN, "").strip()
    if not token:
        return Unavailable(Fault.KEY_MISSING, f"no token: set {TOKEN} in the environment")
    return Tradier(tools, token)


class Tradier(Vendor):
    name = NAME

    def __init__(
        self,
        tools: VendorTools,
        token: str,
        *,
        limits: HttpLimits = HttpLimits(),
        stream_limits: StreamLimits = StreamLimits(),
    ) -> None:
        url = tools.settings.tradier_url
        sandbox = (urlsplit(url).hostname or "").startswith("sandbox.")
        self.delayed = sandbox
        self.offers = _BY_REQUEST if sandbox else _BY_REQUEST | {Need.STREAM}
        self.note = "sandbox: quotes delayed 15 min, no stream" if sandbox else ""
        self._clock = tools.clock
        self._sessions = Calendar.load()
        self.http = VendorHttp(
            NAME,
            tools,
            url,
            Budget(SANDBOX_BUDGET if sandbox else LIVE_BUDGET),
            headers={"Authorization": f"Bearer {token}"},
            secrets=(token,),
            read_rate=_read_rate,
            check=stated_fault,
            limits=limits,
        )
        self._stream = TradierStream(tools, token, self.http, stream_limits)

    @property
    def clock_ahead(self) -> float:
        return self.http.clock_ahead or 0.0

    def status(self) -> FeedStatus:
        offers = tuple(sorted(need.value for need in self.offers))
        stream = None if self.delayed else self._stream.text
        return self.http.status(note=self.note, offers=offers, stream=stream)

    # --- quotes ------------------------------------------------------------------------------------------

    async def quotes(
        self, symbols: tuple[str, ...], *, urgent: bool = False
    ) -> Mapping[str, Quote | Unavailable]:
        found = await self._quoted({symbol: to_vendor(symbol) for symbol in symbols}, urgent)
        return {name: value if not isinstance(value, OptionRow) else _other(name) for name, value in found}

    async def option_quotes(
        self, contracts: tuple[Contract, ...], *, urgent: bool = False
    ) -> Mapping[str, OptionRow | Unavailable]:
        underlyings = {contract.occ: contract.underlying for contract in contracts}
        found = await self._quoted({occ: occ for occ in underlyings}, urgent)
        return {
            occ: replace(value, underlying=underlyings[occ])
            if isinstance(value, OptionRow)
            else value
            if isinstance(value, Unavailable)
            else _other(occ)
            for occ, value in found
        }

    async def _quoted(
        self, names: Mapping[str, str], urgent: bool
    ) -> list[tuple[str, Quote | OptionRow | Unavailable]]:
        """Return the quote of each name (ours to Tradier's), or the reason why there is none."""
        ours, found = list(names), list[tuple[str, Quote | OptionRow | Unavailable]]()
        for first in range(0, len(ours), MOST_SYMBOLS):
            some = ours[first : first + MOST_SYMBOLS]
            params = {"symbols": ",".join(names[name] for name in some), "greeks": "false"}
            body = await self.http.get("/markets/quotes", params, urgent=urgent)
            answer = body if isinstance(body, Unavailable) else quotes_of(body, delayed=self.delayed)
            for name in some:
                if isinstance(answer, Unavailable):
                    found.append((name, replace(answer, symbol=name)))
                else:
                    nothing = Unavailable(Fault.NO_DATA, f"{NAME} said nothing of {name}", name)
                    found.append((name, answer.get(name, nothing)))
        return found

    # --- bars and clock ----------------------------------------------------------------------------------

    async def daily_bars(
        self, symbols: tuple[str, ...], count: int, *, urgent: bool = False
    ) -> Mapping[str, tuple[Bar, ...] | Unavailable]:
        today = self._sessions.market_date(self._vendor_now())
        since = today - timedelta(days=count * 7 // 5 + 10)
        bars = await asyncio.gather(*(self._daily(symbol, since, today, urgent) for symbol in symbols))
        return {
            symbol: each if isinstance(each, Unavailable) else each[-count:]
            for symbol, each in zip(symbols, bars, strict=True)
        }

    async def _daily(
        self, symbol: str, since: date, until: date, urgent: bool
    ) -> tuple[Bar, ...] | Unavailable:
        params = {
            "symbol": to_vendor(symbol),
            "interval": "daily",
            "start": since.isoformat(),
            "end": until.isoformat(),
        }
        body = await self.http.get("/markets/history", params, urgent=urgent)
        if isinstance(body, Unavailable):
            return replace(body, symbol=symbol)
        bars = daily_bars_of(body, symbol, self._sessions, self._vendor_now())
        return bars or Unavailable(Fault.NO_DATA, f"{NAME} has no daily bars of {symbol}", symbol)

    async def minute_bars(
        self, symbols: tuple[str, ...], since: datetime, *, urgent: bool = False
    ) -> Mapping[str, tuple[Bar, ...] | Unavailable]:
        bars = await asyncio.gather(*(self._minutes(symbol, since, urgent) for symbol in symbols))
        return dict(zip(symbols, bars, strict=True))

    async def _minutes(self, symbol: str, since: datetime, urgent: bool) -> tuple[Bar, ...] | Unavailable:
        after = since + timedelta(seconds=self.clock_ahead)
        params = {
            "symbol": to_vendor(symbol),
            "interval": "1min",
            "start": exchange_text(after - timedelta(minutes=1), self._sessions),
            "session_filter": "open",
        }
        body = await self.http.get("/markets/timesales", params, urgent=urgent)
        if isinstance(body, Unavailable):
            return replace(body, symbol=symbol)
        bars = minute_bars_of(body, symbol, self._sessions, self._vendor_now())
        return bars if isinstance(bars, Unavailable) else tuple(bar for bar in bars if bar.end > after)

    async def exchange_clock(self) -> ExchangeClock | Unavailable:
        body = await self.http.get("/markets/clock")
        return body if isinstance(body, Unavailable) else clock_of(body)

    def _vendor_now(self) -> datetime:
        return self._clock.now() + timedelta(seconds=self.clock_ahead)

    # --- options -----------------------------------------------------------------------------------------

    async def expirations(self, symbol: str, *, urgent: bool = False) -> tuple[date, ...] | Unavailable:
        # Without all roots the weekly index options (SPXW, RUTW) are left out.
        params = {"symbol": to_vendor(symbol), "includeAllRoots": "true"}
        body = await self.http.get("/markets/options/expirations", params, urgent=urgent)
        found = body if isinstance(body, Unavailable) else expirations_of(body)
        if isinstance(found, Unavailable):
            return replace(found, symbol=symbol)
        return found or Unavailable(Fault.NO_DATA, f"{NAME} lists no options on {symbol}", symbol)

    async def chain(
        self, symbol: str, expiry: date, strikes: tuple[float, float] | None = None, *, urgent: bool = False
    ) -> ChainPage | Unavailable:
        params = {"symbol": to_vendor(symbol), "expiration": expiry.isoformat(), "greeks": "false"}
        body = await self.http.get("/markets/options/chains", params, urgent=urgent)
        rows = body if isinstance(body, Unavailable) else chain_of(body)
        if isinstance(rows, Unavailable):
            return replace(rows, symbol=symbol)
        read = [row for row in rows if isinstance(row, OptionRow) and row.expiry == expiry]
        if not read:
            text = f"{NAME} lists no options on {symbol} that expire on {expiry}"
            return Unavailable(Fault.NO_DATA, text, symbol)
        low, high = strikes or (0.0, float("inf"))
        return ChainPage(
            underlying=symbol,
            expiry=expiry,
            source=NAME,
            rows=tuple(replace(row, underlying=symbol) for row in read if low <= row.strike <= high),
            at=self._vendor_now(),
            complete=len(read) == len(rows),
        )

    # --- stream ------------------------------------------------------------------------------------------

    async def stream(self, wanted: Wanted, on_tick: OnTick) -> None:
        if self.delayed:
            raise NotImplementedError("the sandbox of Tradier offers no stream")
        await self._stream.run(wanted, on_tick)


def _other(name: str) -> Unavailable:
    return Unavailable(Fault.MALFORMED, f"{NAME} sent another kind of quote for {name}", name)


def _read_rate(headers: Mapping[str, str], at: datetime) -> RateHeaders | None:
    """Read the rate headers; the end of the window is an epoch in milliseconds on the vendor's clock."""
    limit, left, expiry = (
        number(headers.get(f"X-Ratelimit-{name}")) for name in ("Allowed", "Available", "Expiry")
    )
    if left is None:
        return None
    resets_in = None if expiry is None else expiry / 1000 - at.timestamp()
    return RateHeaders(limit=None if limit is None else int(limit), left=int(left), resets_in=resets_in)
