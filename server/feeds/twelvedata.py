"""Twelve Data: bars and last prices of underlyings, without bid and ask, options or a halted flag.

Its habits, each with a test: numbers are texts; times are the exchange's without a zone, newest first; an error comes
with status 200, and inside a batch beside good symbols; each symbol of a request costs one credit.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from server.feeds.base import FeedStatus
from server.feeds.budget import Budget, RateHeaders
from server.feeds.http import Json, VendorHttp
from server.feeds.values import Bar, Fault, Need, Quote, Unavailable, number, positive
from server.feeds.vendor import Vendor, VendorTools

NAME = "twelvedata"
KEY = "TWELVEDATA_API_KEY"
NEW_YORK = ZoneInfo("America/New_York")
OPENS, CLOSES = time(9, 30), time(16, 0)
MOST_SYMBOLS = 8
"""Symbols in one request: the free plan has eight credits a minute, and one costs a credit."""
MOST_BARS = 5000


def make(tools: VendorTools) -> Vendor | Unavailable:
    """Return the vendor, or say that its key is missing."""
    key = tools.environment.get(KEY, "").strip()
    if not key:
        return Unavailable(Fault.KEY_MISSING, f"no key: set {KEY} in the environment")
    return TwelveData(tools, key)


class TwelveData(Vendor):
    name = NAME
    offers = frozenset({Need.QUOTES, Need.DAILY_BARS, Need.MINUTE_BARS})
    note = "last prices and bars, no bid and ask"
    quotes_book = False
    costs_per_symbol = True

    def __init__(self, tools: VendorTools, key: str) -> None:
        self._clock = tools.clock
        self.http = VendorHttp(
            NAME,
            tools,
            tools.settings.twelvedata_url,
            Budget(tools.settings.twelvedata_credits_per_minute),
            headers={"Authorization": f"apikey {key}"},
            secrets=(key,),
            read_rate=_read_rate,
            check=self._check,
        )

    @property
    def clock_ahead(self) -> float:
        return self.http.clock_ahead or 0.0

    def status(self) -> FeedStatus:
        return self.http.status(note=self.note, offers=tuple(sorted(need.value for need in self.offers)))

    async def quotes(
        self, symbols: tuple[str, ...], *, urgent: bool = False
    ) -> Mapping[str, Quote | Unavailable]:
        rows = await self._by_symbol("/quote", symbols, {}, urgent)
        return {symbol: self._quote(symbol, row) for symbol, row in rows.items()}

    async def daily_bars(
        self, symbols: tuple[str, ...], count: int, *, urgent: bool = False
    ) -> Mapping[str, tuple[Bar, ...] | Unavailable]:
        params = {"interval": "1day", "outputsize": str(min(max(1, count), MOST_BARS))}
        rows = await self._by_symbol("/time_series", symbols, params, urgent)
        return {symbol: self._bars(symbol, row, None) for symbol, row in rows.items()}

    async def minute_bars(
        self, symbols: tuple[str, ...], since: datetime, *, urgent: bool = False
    ) -> Mapping[str, tuple[Bar, ...] | Unavailable]:
        minutes = (self._clock.now() - since) / timedelta(minutes=1)
        params = {"interval": "1min", "outputsize": str(min(max(2, int(minutes) + 2), MOST_BARS))}
        rows = await self._by_symbol("/time_series", symbols, params, urgent)
        return {symbol: self._bars(symbol, row, since) for symbol, row in rows.items()}

    # --- answers -------------------------------------------------------------------------------------------

    async def _by_symbol(
        self, path: str, symbols: tuple[str, ...], params: Mapping[str, str], urgent: bool
    ) -> dict[str, Mapping[str, Any] | Unavailable]:
        """Return the answer's object of each symbol: the answer itself for one, one of its fields for several."""
        found: dict[str, Mapping[str, Any] | Unavailable] = {}
        for first in range(0, len(symbols), MOST_SYMBOLS):
            some = symbols[first : first + MOST_SYMBOLS]
            asked = {**params, "symbol": ",".join(some)}
            body = await self.http.get(path, asked, cost=len(some), urgent=urgent)
            for symbol in some:
                found[symbol] = self._object(body, symbol, alone=len(some) == 1)
        return found

    def _object(
        self, body: Json | Unavailable, symbol: str, *, alone: bool
    ) -> Mapping[str, Any] | Unavailable:
        if isinstance(body, Unavailable):
            return Unavailable(body.fault, body.text, symbol, body.retry_at)
        row = body if alone else body.get(symbol) if isinstance(body, dict) else None
        if not isinstance(row, dict):
            return Unavailable(Fault.MALFORMED, f"{NAME}: the answer holds nothing of {symbol}", symbol)
        error = _error(row)
        return row if error is None else Unavailable(error.fault, error.text, symbol, error.retry_at)

    def _quote(self, symbol: str, row: Mapping[str, Any] | Unavailable) -> Quote | Unavailable:
        if isinstance(row, Unavailable):
            return row
        last = positive(row.get("close"))
        if last is None:
            return Unavailable(Fault.NO_DATA, f"{NAME} states no price of {symbol}", symbol)
        # "timestamp" is the start of the bar: older than the price, but never newer than it is.
        seconds = positive(row.get("last_quote_at")) or positive(row.get("timestamp"))
        if seconds is None:
            return Unavailable(Fault.MALFORMED, f"{NAME} states no time of the price of {symbol}", symbol)
        return Quote(
            symbol=symbol,
            source=NAME,
            last=last,
            last_at=datetime.fromtimestamp(seconds, UTC),
            volume=number(row.get("volume")),
            previous_close=positive(row.get("previous_close")),
        )

    def _bars(
        self, symbol: str, row: Mapping[str, Any] | Unavailable, since: datetime | None
    ) -> tuple[Bar, ...] | Unavailable:
        """Return the bars oldest first; the one whose period still runs ends now."""
        if isinstance(row, Unavailable):
            return row
        values, meta = row.get("values"), row.get("meta")
        if not isinstance(values, list):
            return Unavailable(Fault.MALFORMED, f"{NAME}: the bars of {symbol} are no list", symbol)
        zone = _zone(meta.get("exchange_timezone") if isinstance(meta, dict) else None)
        now = self._clock.now() + timedelta(seconds=self.clock_ahead)
        bars = [bar for value in values if (bar := _bar(symbol, value, zone, now)) is not None]
        if len(bars) < len(values):
            text = f"{NAME}: {len(values) - len(bars)} of {len(values)} bars of {symbol} cannot be read"
            return Unavailable(Fault.MALFORMED, text, symbol)
        bars.sort(key=lambda bar: bar.start)
        kept = tuple(bar for bar in bars if since is None or bar.end > since)
        return kept if bars else Unavailable(Fault.NO_DATA, f"{NAME} has no bars of {symbol}", symbol)

    def _check(self, status: int, body: Json) -> Unavailable | None:
        """Return the error that is written into a body, whatever its status; ``None`` if there is none."""
        found = _error(body) if isinstance(body, dict) else None
        if found is None or found.fault is not Fault.BUDGET_SPENT:
            return found
        # The two limits differ in the message only; that of the day ends at midnight UTC.
        if "day" not in found.text:
            return found
        now = self._clock.now()
        midnight = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
        return Unavailable(found.fault, found.text, retry_at=midnight)


_FAULTS: Mapping[int, Fault] = {
    401: Fault.KEY_REFUSED,
    403: Fault.NOT_IN_PLAN,
    404: Fault.UNKNOWN_SYMBOL,
    414: Fault.REFUSED,
    429: Fault.BUDGET_SPENT,
}


def _error(body: Mapping[str, Any]) -> Unavailable | None:
    """Return the error of ``{"code": 429, "message": "...", "status": "error"}``; ``None`` for another object."""
    if body.get("status") != "error":
        return None
    code, message = number(body.get("code")), str(body.get("message") or "an error without a message")
    fault = _FAULTS.get(int(code or 0), Fault.VENDOR_ERROR if (code or 0) >= 500 else Fault.REFUSED)
    if fault in (Fault.REFUSED, Fault.UNKNOWN_SYMBOL):
        fault = Fault.UNKNOWN_SYMBOL if "not found" in message else fault
        if "No data is available" in message:
            fault = Fault.NO_DATA
    return Unavailable(fault, f"{NAME}: {message[:160]}")


def _read_rate(headers: Mapping[str, str], at: datetime) -> RateHeaders | None:
    """Read the credits; a minute of theirs is one of the clock, so it ends with it."""
    left, used = number(headers.get("api-credits-left")), number(headers.get("api-credits-used"))
    if left is None:
        return None
    limit = None if used is None else int(left + used)
    return RateHeaders(limit=limit, left=int(left), resets_in=60.0 - at.second)


def _zone(name: object) -> ZoneInfo:
    try:
        return ZoneInfo(name) if isinstance(name, str) and name else NEW_YORK
    except (ZoneInfoNotFoundError, ValueError):
        return NEW_YORK


def _bar(symbol: str, value: object, zone: ZoneInfo, now: datetime) -> Bar | None:
    if not isinstance(value, dict):
        return None
    text = str(value.get("datetime") or "")
    opened, high, low, close = (positive(value.get(name)) for name in ("open", "high", "low", "close"))
    if opened is None or high is None or low is None or close is None:
        return None
    if not low <= min(opened, close) <= max(opened, close) <= high:
        return None
    try:
        if len(text) == 10:
            day = date.fromisoformat(text)
            start, ends = datetime.combine(day, OPENS, zone), datetime.combine(day, CLOSES, zone)
        else:
            start = datetime.fromisoformat(text).replace(tzinfo=zone)
            ends = start + timedelta(minutes=1)
    except ValueError:
        return None
    return Bar(
        symbol=symbol,
        source=NAME,
        start=start.astimezone(UTC),
        end=min(ends, now).astimezone(UTC),
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=number(value.get("volume")),
        complete=ends <= now,
    )
