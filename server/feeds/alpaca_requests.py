"""Requests to Alpaca's two addresses: pages read to the end, and batches without the symbols it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from server.feeds.alpaca_json import NAME, next_page, stated_fault, symbols_in_fault, to_vendor
from server.feeds.budget import Budget, RateHeaders
from server.feeds.http import HttpLimits, Json, VendorHttp
from server.feeds.values import Fault, Unavailable, number
from server.feeds.vendor import VendorTools

PER_MINUTE = 200
"""Requests in a minute of the free plan; the rate headers of an answer win."""
MOST_PAGES = 20
"""Pages of one answer that are read; more is a fault, not a part of the answer."""


class AlpacaRequests:
    """``data`` is the address of prices, ``trading`` that of contracts."""

    def __init__(self, tools: VendorTools, key: str, secret: str, limits: HttpLimits) -> None:
        def http(name: str, url: str) -> VendorHttp:
            return VendorHttp(
                name,
                tools,
                url,
                Budget(PER_MINUTE),
                headers={"APCA-API-KEY-ID": key, "APCA-API-SECRET-KEY": secret},
                secrets=(key, secret),
                read_rate=read_rate,
                check=stated_fault,
                limits=limits,
            )

        self.data = http(NAME, tools.settings.alpaca_data_url)
        self.trading = http(f"{NAME} trading", tools.settings.alpaca_trading_url)

    async def pages(
        self, http: VendorHttp, path: str, params: Mapping[str, str], *, urgent: bool
    ) -> tuple[Json, ...] | Unavailable:
        """Return the bodies of all pages. A page that cannot be had makes the whole answer unavailable."""
        found: list[Json] = []
        token: str | None = None
        while len(found) < MOST_PAGES:
            page = params if token is None else {**params, "page_token": token}
            body = await http.get(path, page, urgent=urgent)
            if isinstance(body, Unavailable):
                return body
            found.append(body)
            previous, token = token, next_page(body)
            if token is None:
                return tuple(found)
            if token == previous:
                return Unavailable(Fault.MALFORMED, f"{NAME}: one page is the next of itself")
        return Unavailable(Fault.TOO_LARGE, f"{NAME}: the answer has more than {MOST_PAGES} pages")

    async def batch(
        self, path: str, symbols: tuple[str, ...], params: Mapping[str, str], *, urgent: bool
    ) -> tuple[tuple[Json, ...] | Unavailable, dict[str, Unavailable]]:
        """Return the pages about some symbols, and the reason for each symbol that was left out.

        One symbol that is not valid makes Alpaca refuse all of a request: it is asked again without it.
        """
        refused: dict[str, Unavailable] = {}
        while rest := tuple(symbol for symbol in symbols if symbol not in refused):
            names = ",".join(to_vendor(symbol) for symbol in rest)
            found = await self.pages(self.data, path, {**params, "symbols": names}, urgent=urgent)
            if not isinstance(found, Unavailable) or found.fault is not Fault.UNKNOWN_SYMBOL:
                return found, refused
            named = symbols_in_fault(found, rest) or (rest if len(rest) == 1 else ())
            if not named:
                return found, refused
            refused |= {symbol: replace(found, symbol=symbol) for symbol in named}
        return (), refused


def read_rate(headers: Mapping[str, str], at: datetime) -> RateHeaders | None:
    """Read the rate headers; the end of the window is an epoch in seconds on the vendor's clock."""
    limit, left, reset = (
        number(headers.get(f"X-RateLimit-{name}")) for name in ("Limit", "Remaining", "Reset")
    )
    if left is None:
        return None
    resets_in = None if reset is None else reset - at.timestamp()
    return RateHeaders(limit=None if limit is None else int(limit), left=int(left), resets_in=resets_in)
