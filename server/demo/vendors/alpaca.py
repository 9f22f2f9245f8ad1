"""Alpaca's market data on a local port: stocks, options, contracts, corporate actions, clock and both streams.

One address stands for its three hosts (data, trading, stream). Without ``paid`` the plan has neither the consolidated
tape nor OPRA, and a stream takes 30 symbols of a channel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from aiohttp import web

from core.exchange.calendar import Calendar
from server.demo.vendors.alpaca_rows import (
    action_rows,
    bar_row,
    contract_row,
    option_quote,
    option_trade,
    page,
    seconds,
    snapshot,
    stock_quote,
    stock_trade,
)
from server.demo.vendors.alpaca_stream import AlpacaStreams
from server.demo.vendors.base import VendorServer, answer
from server.demo.vendors.greeks import alpaca_greeks
from server.demo.vendors.source import ListedOption, PriceBar, Stock, local_time

KEY, SECRET = "simulated-alpaca-key", "simulated-alpaca-secret"
FEW = 100
FREE_AFTER = timedelta(minutes=15)
_STRIKES = (("gte", 0.0), ("lte", 1e9))
_MESSAGES = {
    401: {"code": 40110000, "message": "request is not authorized"},
    403: {"message": "forbidden."},
    429: {"message": "too many requests."},
    500: {"message": "internal server error"},
}


class AlpacaServer(VendorServer):
    """A local Alpaca."""

    name = "alpaca"
    budget_per_minute = 200

    def __init__(
        self, *args: Any, key: str = KEY, secret: str = SECRET, paid: bool = False, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.key, self.secret, self.paid = key, secret, paid
        self.calendar = Calendar.load()
        self.sockets = AlpacaStreams(self, key=key, secret=secret, paid=paid)

    def add_routes(self, app: web.Application) -> None:
        stocks, options = "/v2/stocks", "/v1beta1/options"
        app.add_routes(
            [
                web.get(f"{stocks}/quotes/latest", self._stocks("quotes", self._quote)),
                web.get(f"{stocks}/trades/latest", self._stocks("trades", self._trade)),
                web.get(f"{stocks}/bars/latest", self._stocks("bars", self._minute)),
                web.get(f"{stocks}/snapshots", self._stocks("", self._snapshot)),
                web.get(f"{stocks}/bars", self._bars),
                web.get(f"{stocks}/{{symbol}}/quotes/latest", self._single("quote", self._quote)),
                web.get(f"{stocks}/{{symbol}}/trades/latest", self._single("trade", self._trade)),
                web.get(f"{stocks}/{{symbol}}/snapshot", self._single("", self._snapshot)),
                web.get(f"{options}/snapshots", self._option_snapshots),
                web.get(f"{options}/snapshots/{{underlying}}", self._option_chain),
                web.get(f"{options}/quotes/latest", self._options("quotes", option_quote)),
                web.get(f"{options}/trades/latest", self._options("trades", option_trade)),
                web.get("/v2/options/contracts", self._contracts),
                web.get("/v1/corporate-actions", self._actions),
                web.get("/v2/clock", self._clock),
                web.get("/v2/calendar", self._calendar),
                web.get("/v2/{feed:iex|sip|delayed_sip}", self.sockets.serve),
                web.get("/v1beta1/{feed:indicative|opra}", self.sockets.serve),
            ]
        )

    # --- keys, budget, errors ---------------------------------------------------------------------------

    def refuse_key(self, request: web.Request) -> web.Response | None:
        if self.sockets.is_stream(request.path):  # the key comes in its first message
            return None
        given = tuple(request.headers.get(f"APCA-API-{part}") for part in ("KEY-ID", "SECRET-KEY"))
        if given != (self.key, self.secret):
            trading = request.path.startswith(("/v2/options", "/v2/clock", "/v2/calendar"))
            return self.error(401 if trading else 403)
        if request.query.get("feed") in ("sip", "opra") and not self.paid and not self._is_old(request):
            words = {
                "sip": "subscription does not permit querying recent SIP data",
                "opra": "OPRA agreement is not signed",
            }
            return answer({"message": words[request.query["feed"]]}, 403)
        return None

    def _is_old(self, request: web.Request) -> bool:
        """Return whether a request ends where data is free for every plan."""
        end = request.query.get("end")
        return bool(end) and _instant(end, self.now()) <= self.now() - FREE_AFTER

    def cost(self, request: web.Request) -> int:
        return 0 if self.sockets.is_stream(request.path) else 1

    def error(self, status: int, retry_after: float | None = None) -> web.Response:
        response = answer(_MESSAGES[status], status)
        if retry_after is not None:
            response.headers["Retry-After"] = f"{retry_after:g}"
        return response

    def rate_headers(self) -> dict[str, str]:
        resets = self.now() + timedelta(seconds=self.budget.seconds_left)
        return {
            "X-RateLimit-Limit": str(self.budget.allowed),
            "X-RateLimit-Remaining": str(self.budget.available),
            "X-RateLimit-Reset": str(int(resets.timestamp())),
        }

    # --- stocks -----------------------------------------------------------------------------------------

    def _quote(self, stock: Stock) -> dict[str, Any] | None:
        return None if stock.bid is None else stock_quote(stock, self.stamp(stock.at))

    def _trade(self, stock: Stock) -> dict[str, Any] | None:
        return stock_trade(stock, self.stamp(stock.at))

    def _minute(self, stock: Stock) -> dict[str, Any] | None:
        now = self.source.now()
        bars = self.source.minutes(stock.symbol, now - timedelta(minutes=30), now)
        return bar_row(bars[-1], self.stamp(bars[-1].began)) if bars else None

    def _snapshot(self, stock: Stock) -> dict[str, Any] | None:
        today = local_time(self.source.now()).date()
        days = self.source.days(stock.symbol, today - timedelta(days=7), today)
        daily = [bar_row(bar, bar.began, daily=True) for bar in days[-2:]]
        return {
            "latestTrade": self._trade(stock),
            "latestQuote": self._quote(stock),
            "minuteBar": self._minute(stock),
            "dailyBar": daily[-1] if daily else None,
            "prevDailyBar": daily[-2] if len(daily) > 1 else None,
        }

    def _stocks(self, wrapper: str, make: Callable[[Stock], dict[str, Any] | None]) -> Any:
        async def handle(request: web.Request) -> web.Response:
            found: dict[str, Any] = {}
            for symbol in _names(request):
                stock = self.stock(symbol)
                row = None if stock is None or stock.kind == "index" else make(stock)
                if row is not None:
                    found[symbol] = row
                elif not wrapper:
                    found[symbol] = None
            return answer({wrapper: found} if wrapper else found)

        return handle

    def _single(self, wrapper: str, make: Callable[[Stock], dict[str, Any] | None]) -> Any:
        async def handle(request: web.Request) -> web.Response:
            symbol = request.match_info["symbol"].upper()
            stock = self.stock(symbol)
            row = None if stock is None or stock.kind == "index" else make(stock)
            if row is None:
                return answer({"message": f"no data found for {symbol}"}, 404)
            return answer({"symbol": symbol, **({wrapper: row} if wrapper else row)})

        return handle

    async def _bars(self, request: web.Request) -> web.Response:
        """Answer minute or daily bars of several symbols, symbol by symbol, in pages."""
        daily = request.query.get("timeframe", "1Min") in ("1Day", "1D")
        now, skew = self.source.now(), self.faults.skew
        since = _instant(request.query.get("start"), now.replace(hour=0, minute=0, second=0)) - skew
        until = min(_instant(request.query.get("end"), now + skew) - skew, now)
        rows: list[tuple[str, dict[str, Any]]] = []
        for symbol in sorted(_names(request)):
            bars: Sequence[PriceBar]
            if daily:
                bars = self.source.days(symbol, since.date(), until.date())
            else:
                bars = self.source.minutes(symbol, since, until)
            ordered = bars[::-1] if request.query.get("sort") == "desc" else bars
            rows += [(symbol, bar_row(bar, self.stamp(bar.began), daily=daily)) for bar in ordered]
        return self._paged(request, "bars", rows, 1000, grouped=True)

    # --- options ----------------------------------------------------------------------------------------

    def _options(self, wrapper: str, make: Callable[[ListedOption, datetime], dict[str, Any] | None]) -> Any:
        async def handle(request: web.Request) -> web.Response:
            rows = {o.symbol: make(o, self.stamp(o.at)) for o in self._named_options(request)}
            return answer({wrapper: {symbol: row for symbol, row in rows.items() if row is not None}})

        return handle

    async def _option_snapshots(self, request: web.Request) -> web.Response:
        if len(_names(request)) > FEW:
            return answer({"message": f"more than {FEW} symbols"}, 400)
        return self._snapshots(request, self._named_options(request))

    async def _option_chain(self, request: web.Request) -> web.Response:
        underlying, asked = request.match_info["underlying"].upper(), request.query
        lowest, highest = (float(asked.get(f"strike_price_{side}", bound)) for side, bound in _STRIKES)
        options = [
            option
            for expiry in self.source.expiries(underlying)
            if _within(expiry.isoformat(), asked, "expiration_date")
            for option in self.source.chain(underlying, expiry)
            if asked.get("type") in (None, "call" if option.is_call else "put")
            and asked.get("root_symbol") in (None, option.root)
            and lowest <= option.strike <= highest
        ]
        return self._snapshots(request, options)

    def _snapshots(self, request: web.Request, options: Sequence[ListedOption]) -> web.Response:
        ordered = sorted(options, key=lambda option: option.symbol)
        models: dict[str, Any] = {}
        for underlying in {option.underlying for option in ordered}:
            if (stock := self.stock(underlying)) is not None:
                own = [option for option in ordered if option.underlying == underlying]
                models |= alpaca_greeks(stock.last, own, self.now())
        rows = [(o.symbol, snapshot(o, self.stamp(o.at), models.get(o.symbol))) for o in ordered]
        return self._paged(request, "snapshots", rows, FEW)

    def _named_options(self, request: web.Request) -> list[ListedOption]:
        return [option for name in _names(request) if (option := self.source.option(name)) is not None]

    async def _contracts(self, request: web.Request) -> web.Response:
        """Answer listed contracts; without dates only those that expire before the coming weekend."""
        asked, today = request.query, local_time(self.now()).date()
        dated = any(name.startswith("expiration_date") for name in asked)
        lowest, highest = (float(asked.get(f"strike_price_{side}", bound)) for side, bound in _STRIKES)
        weekend = today + timedelta(days=(5 - today.weekday()) % 7)
        rows = []
        for underlying in _split(asked.get("underlying_symbols", "")):
            for expiry in self.source.expiries(underlying):
                if not (_within(expiry.isoformat(), asked, "expiration_date") if dated else expiry < weekend):
                    continue
                for option in self.source.listing(underlying, expiry):
                    if (
                        asked.get("type") in (None, "call" if option.is_call else "put")
                        and asked.get("root_symbol") in (None, option.root)
                        and lowest <= option.strike <= highest
                    ):
                        rows.append(option)
        try:
            options, token = page(rows, asked.get("page_token"), int(asked.get("limit", FEW)))
        except ValueError:
            return answer({"code": 40010001, "message": "invalid page token"}, 422)
        shown = [contract_row(option, today.isoformat()) for option in options]
        return answer({"option_contracts": shown, "next_page_token": token})

    # --- the rest ---------------------------------------------------------------------------------------

    async def _actions(self, request: web.Request) -> web.Response:
        since, until = (_day(request.query.get(name)) for name in ("start", "end"))
        found = [
            action
            for symbol in _names(request)
            for action in self.source.actions(symbol)
            if (since is None or since <= action.ex_date) and (until is None or action.ex_date <= until)
        ]
        return answer({"corporate_actions": action_rows(found), "next_page_token": None})

    async def _clock(self, request: web.Request) -> web.Response:
        now = self.now()
        today = local_time(now).date()
        session = self.calendar.session_at(now)
        coming = self.calendar.next_session(today)
        closes = session.close if session is not None else coming.close
        return answer(
            {
                "timestamp": now.isoformat(), "is_open": self.source.is_open(),
                "next_open": seconds(coming.open), "next_close": seconds(closes),
            }
        )  # fmt: skip

    async def _calendar(self, request: web.Request) -> web.Response:
        today = local_time(self.now()).date()
        since = _day(request.query.get("start")) or today
        until = _day(request.query.get("end")) or since + timedelta(days=30)
        rows = []
        for session in self.calendar.sessions_between(since, until):
            opens, closes = (f"{local_time(at):%H:%M}" for at in (session.open, session.close))
            rows.append(
                {"date": session.date.isoformat(), "open": opens, "close": closes, "session_open": "0400",
                 "session_close": "2000", "settlement_date": session.date.isoformat()}
            )  # fmt: skip
        return answer(rows)

    def _paged(
        self,
        request: web.Request,
        wrapper: str,
        rows: Sequence[tuple[str, Any]],
        usual: int,
        *,
        grouped: bool = False,
    ) -> web.Response:
        """Answer one page of rows by symbol; ``grouped`` rows of a symbol come as a list."""
        try:
            shown, token = page(rows, request.query.get("page_token"), int(request.query.get("limit", usual)))
        except ValueError:
            return answer({"message": "invalid page token"}, 400)
        found: dict[str, Any] = {}
        for symbol, row in shown:
            if grouped:
                found.setdefault(symbol, []).append(row)
            else:
                found[symbol] = row
        return answer({wrapper: found, "next_page_token": token})


def _names(request: web.Request) -> list[str]:
    return _split(request.query.get("symbols", ""))


def _split(text: str) -> list[str]:
    return list(dict.fromkeys(part.strip().upper() for part in text.split(",") if part.strip()))


def _within(day: str, asked: Mapping[str, str], name: str) -> bool:
    exact = asked.get(name)
    return exact in (None, day) and asked.get(f"{name}_gte", "") <= day <= asked.get(f"{name}_lte", "9999")


def _instant(text: str | None, otherwise: datetime) -> datetime:
    if not text:
        return otherwise
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=otherwise.tzinfo)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text[:10]) if text else None
