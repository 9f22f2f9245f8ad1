"""Tradier's market data on a local port: quotes, expirations, chains, bars, clock, calendar and both streams.

The sandbox quotes 15 minutes late and has no stream.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from aiohttp import web

from core.exchange.calendar import Calendar
from server.demo.vendors.base import VendorServer, answer
from server.demo.vendors.greeks import tradier_greeks
from server.demo.vendors.source import ListedOption, from_local_time, local_time, parse_occ
from server.demo.vendors.tradier_rows import (
    calendar_days,
    day_row,
    epoch_ms,
    expiration_type,
    minute_row,
    one_or_many,
    option_row,
    stock_row,
    to_xml,
)
from server.demo.vendors.tradier_stream import TradierStreams

TOKEN = "simulated-tradier-token"
SANDBOX_DELAY = timedelta(minutes=15)
_FAULTS = {
    401: ("Invalid Access Token", "keymanagement.service.invalid_access_token"),
    403: ("Access to this resource is forbidden", "oauth.v2.AccessDenied"),
    429: ("Rate limit quota violation. Quota limit exceeded.", "policies.ratelimit.QuotaViolation"),
    500: ("Internal Server Error", "messaging.adaptors.http.flow.ServiceUnavailable"),
}


class TradierServer(VendorServer):
    """A local Tradier; ``sandbox`` makes it the delayed one, with half the budget."""

    name = "tradier"
    budget_per_minute = 120

    def __init__(self, *args: Any, token: str = TOKEN, sandbox: bool = False, **options: Any) -> None:
        if sandbox:
            options.setdefault("per_minute", self.budget_per_minute // 2)
        super().__init__(*args, **options)
        self.token, self.sandbox = token, sandbox
        self.calendar = Calendar.load()
        self.events = TradierStreams(self, offered=not sandbox)

    def add_routes(self, app: web.Application) -> None:
        market = "/v1/markets"
        app.add_routes(
            [
                web.get(f"{market}/quotes", self._quotes),
                web.post(f"{market}/quotes", self._quotes),
                web.get(f"{market}/options/expirations", self._expirations),
                web.get(f"{market}/options/strikes", self._strikes),
                web.get(f"{market}/options/chains", self._chains),
                web.get(f"{market}/options/lookup", self._lookup),
                web.get(f"{market}/clock", self._clock),
                web.get(f"{market}/calendar", self._calendar),
                web.get(f"{market}/history", self._history),
                web.get(f"{market}/timesales", self._timesales),
                web.post(f"{market}/events/session", self.events.make_session),
                web.get(f"{market}/events", self.events.serve),
                web.post(f"{market}/events", self.events.serve),
            ]
        )

    # --- keys, budget, errors ---------------------------------------------------------------------------

    def refuse_key(self, request: web.Request) -> web.Response | None:
        if request.path == "/v1/markets/events":  # the session stands for the key
            return None
        given = request.headers.get("Authorization", "")
        return None if given == f"Bearer {self.token}" else self.error(401)

    def cost(self, request: web.Request) -> int:
        return 0 if request.path.startswith("/v1/markets/events") else 1

    def error(self, status: int, retry_after: float | None = None) -> web.Response:
        text, code = _FAULTS[status]
        response = answer({"fault": {"faultstring": text, "detail": {"errorcode": code}}}, status)
        if retry_after is not None:
            response.headers["Retry-After"] = f"{retry_after:g}"
        return response

    def rate_headers(self) -> dict[str, str]:
        expiry = self.now() + timedelta(seconds=self.budget.seconds_left)
        return {
            "X-Ratelimit-Allowed": str(self.budget.allowed),
            "X-Ratelimit-Used": str(self.budget.used),
            "X-Ratelimit-Available": str(self.budget.available),
            "X-Ratelimit-Expiry": str(epoch_ms(expiry)),
        }

    def shown(self, at: datetime) -> datetime:
        """Return the time that a quote is stamped with."""
        return self.stamp(at) - (SANDBOX_DELAY if self.sandbox else timedelta())

    # --- quotes -----------------------------------------------------------------------------------------

    async def _quotes(self, request: web.Request) -> web.Response:
        asked = request.query if request.method == "GET" else await request.post()
        names = [name for name in str(asked.get("symbols", "")).split(",") if name]
        if not names:
            return web.Response(status=400, text="Missing required parameter: symbols")
        rows, unmatched = [], []
        for name in dict.fromkeys(name.strip().upper() for name in names):
            row = self.row(name, greeks=asked.get("greeks") == "true")
            if row is None:
                unmatched.append(name)
            else:
                rows.append(row)
        quotes: dict[str, Any] = {}
        if rows:
            quotes["quote"] = one_or_many(rows)
        if unmatched:
            quotes["unmatched_symbols"] = {"symbol": one_or_many(unmatched)}
        return _reply(request, {"quotes": quotes})

    def row(self, name: str, *, greeks: bool) -> dict[str, Any] | None:
        """Return the quote row of an underlying or an option, ``None`` when neither is listed."""
        if (stock := self.stock(name)) is not None:
            return stock_row(stock, self.shown(stock.at))
        option = self.source.option(name) if parse_occ(name) else None
        return None if option is None else next(iter(self._option_rows([option], greeks)))

    def _option_rows(self, options: Sequence[ListedOption], greeks: bool) -> list[dict[str, Any]]:
        stock = self.stock(options[0].underlying) if options and greeks else None
        known: dict[str, Any] = {}
        if stock is not None:
            hour = self.now().replace(minute=59, second=1, microsecond=0) - timedelta(hours=1)
            known = tradier_greeks(stock.last, options, self.now(), f"{hour:%Y-%m-%d %H:%M:%S}")
        return [option_row(o, self.shown(o.at), known.get(o.symbol)) for o in options]

    # --- options ----------------------------------------------------------------------------------------

    async def _expirations(self, request: web.Request) -> web.Response:
        symbol, asked = request.query.get("symbol", "").upper(), request.query
        all_roots = asked.get("includeAllRoots") == "true"
        found = []
        for expiry in self.source.expiries(symbol):
            by_root = self.source.strikes(symbol, expiry)
            strikes = {k for root, listed in by_root.items() if all_roots or root == symbol for k in listed}
            if strikes:
                found.append((expiry, sorted(strikes)))
        if not found:
            return _reply(request, {"expirations": None})
        detailed = {
            name for name in ("strikes", "contractSize", "expirationType") if asked.get(name) == "true"
        }
        if not detailed:
            dates = one_or_many([expiry.isoformat() for expiry, _ in found])
            return _reply(request, {"expirations": {"date": dates}})
        rows = [_expiration(expiry, strikes, detailed) for expiry, strikes in found]
        return _reply(request, {"expirations": {"expiration": one_or_many(rows)}})

    async def _strikes(self, request: web.Request) -> web.Response:
        expiry = _date(request.query.get("expiration", ""))
        symbol = request.query.get("symbol", "").upper()
        by_root = self.source.strikes(symbol, expiry) if expiry is not None else {}
        strikes = sorted({strike for listed in by_root.values() for strike in listed})
        return _reply(request, {"strikes": {"strike": one_or_many(strikes)} if strikes else None})

    async def _chains(self, request: web.Request) -> web.Response:
        rows = self._option_rows(self._chain(request), request.query.get("greeks") == "true")
        return _reply(request, {"options": {"option": one_or_many(rows)} if rows else None})

    def _chain(self, request: web.Request) -> Sequence[ListedOption]:
        expiry = _date(request.query.get("expiration", ""))
        if expiry is None:
            return ()
        return self.source.chain(request.query.get("symbol", "").upper(), expiry)

    async def _lookup(self, request: web.Request) -> web.Response:
        symbol = request.query.get("underlying", "").upper()
        roots: dict[str, list[str]] = {}
        for expiry in self.source.expiries(symbol):
            for option in self.source.chain(symbol, expiry):
                roots.setdefault(option.root, []).append(option.symbol)
        rows = [{"rootSymbol": root, "options": symbols} for root, symbols in roots.items()]
        return _reply(request, {"symbols": rows or None})

    # --- clock, calendar, bars --------------------------------------------------------------------------

    async def _clock(self, request: web.Request) -> web.Response:
        now, is_open = self.now(), self.source.is_open()
        local = local_time(now)
        return _reply(
            request,
            {
                "clock": {
                    "date": local.date().isoformat(),
                    "description": "Market is open from 09:30 to 16:00" if is_open else "Market is closed",
                    "state": "open" if is_open else "closed",
                    "timestamp": int(now.timestamp()),
                    "next_change": "16:00" if is_open else "07:00",
                    "next_state": "postmarket" if is_open else "premarket",
                }
            },
        )

    async def _calendar(self, request: web.Request) -> web.Response:
        local = local_time(self.now())
        year, month = (int(request.query.get(name, getattr(local, name))) for name in ("year", "month"))
        days = calendar_days(year, month, self.calendar)
        return _reply(request, {"calendar": {"month": month, "year": year, "days": {"day": days}}})

    async def _history(self, request: web.Request) -> web.Response:
        today = local_time(self.now()).date()
        since = _date(request.query.get("start", "")) or today.replace(month=1, day=1)
        until = _date(request.query.get("end", "")) or today
        rows = [
            day_row(bar) for bar in self.source.days(request.query.get("symbol", "").upper(), since, until)
        ]
        return _reply(request, {"history": {"day": one_or_many(rows)} if rows else None})

    async def _timesales(self, request: web.Request) -> web.Response:
        """Answer minute bars; start and end are New York's times without a zone."""
        delay = SANDBOX_DELAY if self.sandbox else timedelta()
        now = self.source.now()
        skew = self.faults.skew
        since = _local(request.query.get("start", "")) or now + skew - timedelta(days=1)
        until = _local(request.query.get("end", "")) or now + skew
        bars = self.source.minutes(
            request.query.get("symbol", "").upper(), since - skew, min(until - skew, now - delay)
        )
        rows = [minute_row(bar, self.stamp(bar.began)) for bar in bars]
        return _reply(request, {"series": {"data": one_or_many(rows)} if rows else "null"})


def _expiration(expiry: date, strikes: Sequence[float], detailed: set[str]) -> dict[str, Any]:
    row: dict[str, Any] = {"date": expiry.isoformat()}
    if "contractSize" in detailed:
        row["contract_size"] = 100
    if "expirationType" in detailed:
        row["expiration_type"] = expiration_type(expiry)
    if "strikes" in detailed:
        row["strikes"] = {"strike": one_or_many(strikes)}
    return row


def _reply(request: web.Request, body: dict[str, Any]) -> web.Response:
    if "json" in request.headers.get("Accept", ""):
        return answer(body)
    return web.Response(text=to_xml(body), content_type="application/xml")


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _local(text: str) -> datetime | None:
    try:
        return from_local_time(datetime.fromisoformat(text))
    except ValueError:
        return None
