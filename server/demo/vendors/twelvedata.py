"""Twelve Data's market data on a local port: time series, quotes and prices, one symbol or a batch.

All numbers are texts, times are the exchange's without a zone, newest first; errors come with status 200 unless
``honest_status``. There are no options. Each symbol costs a credit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from server.demo.vendors.base import VendorServer, answer
from server.demo.vendors.source import PriceBar, Stock, from_local_time, local_time

KEY = "simulated-twelvedata-key"
DAILY_CREDITS = 800
_PRICING = "https://twelvedata.com/pricing"
_INTERVALS = {"1min": 1, "5min": 5, "15min": 15, "30min": 30, "1h": 60}
_INTERVAL_WORDS = ", ".join([*_INTERVALS, "1day"])


class TwelveDataServer(VendorServer):
    """A local Twelve Data."""

    name = "twelvedata"
    budget_per_minute = 8

    def __init__(
        self,
        *args: Any,
        key: str = KEY,
        honest_status: bool = False,
        per_day: int = DAILY_CREDITS,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.key, self.honest_status, self.per_day = key, honest_status, per_day
        self._today = 0

    def add_routes(self, app: web.Application) -> None:
        app.add_routes(
            [
                web.get("/time_series", self._time_series),
                web.get("/quote", self._quote),
                web.get("/price", self._price),
                web.get("/api_usage", self._usage),
            ]
        )

    # --- key, credits, errors ---------------------------------------------------------------------------

    def refuse_key(self, request: web.Request) -> web.Response | None:
        header = request.headers.get("Authorization", "")
        given = request.query.get("apikey") or header.removeprefix("apikey ")
        return None if given == self.key else self.error(401)

    def cost(self, request: web.Request) -> int:
        return 0 if request.path == "/api_usage" else max(1, len(_names(request)))

    def error(self, status: int, retry_after: float | None = None) -> web.Response:
        response = answer(self._words(status), status if self.honest_status or status == 500 else 200)
        if retry_after is not None:
            response.headers["Retry-After"] = f"{retry_after:g}"
        return response

    def _words(self, status: int) -> dict[str, Any]:
        used = self.budget.used + 1
        texts = {
            401: "**apikey** parameter is incorrect or not specified. You can get your free API key instantly "
            f"following this link: {_PRICING}. If you believe that everything is correct, you can contact us "
            "at https://twelvedata.com/contact/customer",
            403: f"/time_series is available exclusively with grow or pro or ultra or enterprise plans. "
            f"Consider upgrading your API Key now at {_PRICING}",
            429: f"You have run out of API credits for the current minute. {used} API credits were used, with "
            f"the current limit being {self.budget.allowed}. Wait for the next minute or consider switching "
            f"to a higher tier plan at {_PRICING}",
            500: "Internal server error",
        }
        return {"code": status, "message": texts[status], "status": "error"}

    def rate_headers(self) -> dict[str, str]:
        return {
            "api-credits-used": str(self.budget.used),
            "api-credits-left": str(self.budget.available),
        }

    # --- answers ----------------------------------------------------------------------------------------

    async def _time_series(self, request: web.Request) -> web.Response:
        interval = request.query.get("interval", "")
        if interval != "1day" and interval not in _INTERVALS:
            words = f"Invalid **interval** provided: {interval}. Supported intervals: {_INTERVAL_WORDS}"
            return self._refused(400, words)
        return self._each(request, lambda stock: self._series(request, stock, interval))

    async def _quote(self, request: web.Request) -> web.Response:
        return self._each(request, self._quote_of)

    async def _price(self, request: web.Request) -> web.Response:
        return self._each(request, lambda stock: {"price": f"{stock.last:.5f}"})

    async def _usage(self, request: web.Request) -> web.Response:
        return answer(
            {
                "timestamp": f"{self.now():%Y-%m-%d %H:%M:%S}",
                "current_usage": self.budget.used,
                "plan_limit": self.budget.allowed,
                "plan_category": "basic",
            }
        )

    def _each(self, request: web.Request, make: Any) -> web.Response:
        """Answer one symbol by itself, several by name; a bad one of a batch is an error object in its place."""
        names = _names(request)
        if not names:
            return self._refused(400, "**symbol** parameter is missing")
        self._today += len(names)
        if self._today > self.per_day:
            words = (
                f"You have run out of API credits for the day. {self._today} API credits were used, with the "
                f"current limit being {self.per_day}. Wait for the next day or consider switching to a higher "
                f"tier plan at {_PRICING}"
            )
            return self._refused(429, words)
        found = {name: self._of(name, make) for name in names}
        if len(names) == 1:
            body = found[names[0]]
            failed = body.get("status") == "error"
            return answer(body, int(body["code"]) if failed and self.honest_status else 200)
        response = answer(found)
        response.headers["Is_batch"] = "true"
        return response

    def _of(self, name: str, make: Any) -> dict[str, Any]:
        stock = self.stock(name)
        if stock is None:
            return {
                "code": 404,
                "message": f"**symbol** not found: {name}. Please specify it correctly according to API "
                "Documentation.",
                "status": "error",
            }
        made: dict[str, Any] = make(stock)
        return made

    def _refused(self, code: int, message: str) -> web.Response:
        body = {"code": code, "message": message, "status": "error"}
        return answer(body, code if self.honest_status else 200)

    def _series(self, request: web.Request, stock: Stock, interval: str) -> dict[str, Any]:
        count, now = int(request.query.get("outputsize", 30)), self.source.now()
        skew, zone = self.faults.skew, request.query.get("timezone", "Exchange")
        since = self._bound(request.query.get("start_date")) or now - timedelta(days=400)
        until = self._bound(request.query.get("end_date")) or now
        if interval == "1day":
            bars = list(self.source.days(stock.symbol, local_time(since).date(), local_time(until).date()))
            rows = [{"datetime": f"{local_time(bar.began):%Y-%m-%d}", **_prices(bar)} for bar in bars]
        else:
            minutes = _INTERVALS[interval]
            found = self.source.minutes(stock.symbol, since - skew, until + timedelta(minutes=1))
            rows = []
            for bar in _grouped(found, minutes):
                at = self.stamp(bar.began)
                shown = at if zone == "UTC" else local_time(at)
                rows.append({"datetime": f"{shown:%Y-%m-%d %H:%M:%S}", **_prices(bar)})
        if not rows:
            words = "No data is available on the specified dates. Try setting different start/end dates."
            return {"code": 400, "message": words, "status": "error"}
        ascending = request.query.get("order", "desc").lower() == "asc"
        shown_rows = rows[-count:] if ascending else rows[-count:][::-1]
        meta = {"symbol": stock.symbol, "interval": interval, **_place(stock)}
        return {"meta": meta, "values": shown_rows, "status": "ok"}

    def _bound(self, text: str | None) -> datetime | None:
        return None if not text else from_local_time(datetime.fromisoformat(text))

    def _quote_of(self, stock: Stock) -> dict[str, Any]:
        at, change = self.stamp(stock.at), stock.last - stock.previous_close
        low, high = min(stock.low, stock.previous_close) * 0.8, max(stock.high, stock.previous_close) * 1.1
        place = _place(stock)
        return {
            "symbol": stock.symbol, "name": f"{stock.symbol} simulated", "exchange": place["exchange"],
            "mic_code": place["mic_code"], "currency": "USD", "datetime": f"{local_time(at):%Y-%m-%d}",
            "timestamp": int(at.replace(second=0, microsecond=0).timestamp()),
            "last_quote_at": int(at.timestamp()), "open": _text(stock.open), "high": _text(stock.high),
            "low": _text(stock.low), "close": _text(stock.last), "volume": str(stock.volume),
            "previous_close": _text(stock.previous_close), "change": _text(change),
            "percent_change": _text(100 * change / stock.previous_close),
            "average_volume": str(stock.volume), "is_market_open": self.source.is_open(),
            "fifty_two_week": {
                "low": _text(low), "high": _text(high), "low_change": _text(stock.last - low),
                "high_change": _text(stock.last - high),
                "low_change_percent": _text(100 * (stock.last / low - 1)),
                "high_change_percent": _text(100 * (stock.last / high - 1)),
                "range": f"{low:.6f} - {high:.6f}",
            },
        }  # fmt: skip


def _place(stock: Stock) -> dict[str, str]:
    kinds = {"etf": "ETF", "index": "Index"}
    return {
        "currency": "USD",
        "exchange_timezone": "America/New_York",
        "exchange": "NASDAQ",
        "mic_code": "XNGS",
        "type": kinds.get(stock.kind, "Common Stock"),
    }


def _text(value: float) -> str:
    return f"{value:.5f}"


def _prices(bar: PriceBar) -> dict[str, str]:
    prices = {name: _text(getattr(bar, name)) for name in ("open", "high", "low", "close")}
    return {**prices, "volume": str(bar.volume)}


def _grouped(bars: Sequence[PriceBar], minutes: int) -> list[PriceBar]:
    """Return bars of so many minutes; the last may be incomplete."""
    groups: dict[int, list[PriceBar]] = {}
    for bar in bars:
        groups.setdefault(int(bar.began.timestamp()) // (60 * minutes), []).append(bar)
    return [
        PriceBar(
            began=group[0].began,
            open=group[0].open,
            high=max(bar.high for bar in group),
            low=min(bar.low for bar in group),
            close=group[-1].close,
            volume=sum(bar.volume for bar in group),
        )
        for group in groups.values()
    ]


def _names(request: web.Request) -> list[str]:
    text = request.query.get("symbol", "")
    return list(dict.fromkeys(part.strip().upper() for part in text.split(",") if part.strip()))
