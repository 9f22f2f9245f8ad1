"""Alpaca's listed options: expiries and open interest from its contracts, quotes from its snapshots."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from core.exchange.calendar import Calendar
from server.feeds.alpaca_json import NAME, to_vendor
from server.feeds.alpaca_options import Rows, contracts_of, options_of
from server.feeds.alpaca_requests import AlpacaRequests
from server.feeds.values import ChainPage, Fault, OptionRow, Unavailable
from server.feeds.vendor import VendorTools

EXPIRY_DAYS = timedelta(days=70)
"""Days ahead in which expiries are looked for: the rules choose none that is further than 45."""
MOST_CONTRACTS, MOST_SNAPSHOTS = 10_000, 1_000
"""Largest pages that Alpaca gives."""
KEPT_CHAINS = 64
NEAR_DOLLARS = 5.0
"""Strikes that are this near to the money, and 5 %, are enough to see which expiries there are."""


class AlpacaChains:
    """Asks for expiries and chains; contracts, whose open interest changes once a day, are kept for the day."""

    def __init__(self, tools: VendorTools, requests: AlpacaRequests, feed: str) -> None:
        self._clock = tools.clock
        self._requests = requests
        self._feed = feed
        self._sessions = Calendar.load()
        self.spots: dict[str, float] = {}
        """The last known price of each underlying that was quoted."""
        self._contracts: dict[tuple[str, date, date], Mapping[str, OptionRow]] = {}

    async def expirations(self, symbol: str, *, urgent: bool) -> tuple[date, ...] | Unavailable:
        """Return the expiries of standard options, earliest first; calls stand for puts too."""
        today, spot = self._today(), self.spots.get(symbol)
        # Without dates Alpaca gives only what expires before the coming weekend.
        params = {
            "expiration_date_gte": today.isoformat(),
            "expiration_date_lte": (today + EXPIRY_DAYS).isoformat(),
            "type": "call",
        }
        if spot is not None:
            # Every expiry lists strikes near the money; all of them would be thousands.
            params |= {
                "strike_price_gte": f"{max(0.0, spot * 0.95 - NEAR_DOLLARS):.2f}",
                "strike_price_lte": f"{spot * 1.05 + NEAR_DOLLARS:.2f}",
            }
        rows = await self._listed(symbol, params, urgent)
        if isinstance(rows, Unavailable):
            return rows
        found = {row.expiry for row in rows.values() if not row.adjusted}
        return tuple(sorted(found)) or _nothing(symbol)

    async def chain(
        self, symbol: str, expiry: date, strikes: tuple[float, float] | None, *, urgent: bool
    ) -> ChainPage | Unavailable:
        """Return all options of an expiry with their quotes; ``complete`` if the open interest is known too."""
        params = {"feed": self._feed, "expiration_date": expiry.isoformat(), "limit": str(MOST_SNAPSHOTS)}
        low, high = strikes or (0.0, float("inf"))
        if strikes is not None:
            params |= {"strike_price_gte": f"{low:.3f}", "strike_price_lte": f"{high:.3f}"}
        path = f"/v1beta1/options/snapshots/{to_vendor(symbol)}"
        contracts, pages = await asyncio.gather(
            self._of_expiry(symbol, expiry, urgent),
            self._requests.pages(self._requests.data, path, params, urgent=urgent),
        )
        if isinstance(pages, Unavailable):
            return replace(pages, symbol=symbol)
        quoted = merged_rows(tuple(options_of(page, symbol) for page in pages))
        if isinstance(quoted, Unavailable):
            return replace(quoted, symbol=symbol)
        known: Mapping[str, OptionRow] = {} if isinstance(contracts, Unavailable) else contracts
        rows = [_joined(quoted.get(occ), known.get(occ)) for occ in {**known, **quoted}]
        kept = [row for row in rows if row.expiry == expiry and low <= row.strike <= high]
        if not kept:
            return _nothing(symbol, expiry)
        return ChainPage(
            underlying=symbol,
            expiry=expiry,
            source=NAME,
            rows=tuple(sorted((replace(row, underlying=symbol) for row in kept), key=lambda row: row.occ)),
            at=self._clock.now() + timedelta(seconds=self._requests.data.clock_ahead or 0.0),
            complete=not isinstance(contracts, Unavailable),
        )

    async def _of_expiry(
        self, symbol: str, expiry: date, urgent: bool
    ) -> Mapping[str, OptionRow] | Unavailable:
        key = symbol, expiry, self._today()
        known = self._contracts.get(key)
        if known is not None:
            return known
        found = await self._listed(symbol, {"expiration_date": expiry.isoformat()}, urgent)
        if not isinstance(found, Unavailable):
            self._contracts[key] = found
            if len(self._contracts) > KEPT_CHAINS:
                del self._contracts[next(iter(self._contracts))]
        return found

    async def _listed(
        self, symbol: str, params: Mapping[str, str], urgent: bool
    ) -> Mapping[str, OptionRow] | Unavailable:
        params = {
            "underlying_symbols": to_vendor(symbol),
            "status": "active",
            "limit": str(MOST_CONTRACTS),
            **params,
        }
        trading = self._requests.trading
        pages = await self._requests.pages(trading, "/v2/options/contracts", params, urgent=urgent)
        found = pages if isinstance(pages, Unavailable) else merged_rows(tuple(map(contracts_of, pages)))
        return replace(found, symbol=symbol) if isinstance(found, Unavailable) else found

    def _today(self) -> date:
        return self._sessions.market_date(self._clock.now())


def merged_rows(pages: tuple[Rows | Unavailable, ...]) -> dict[str, OptionRow] | Unavailable:
    """Return the rows of all pages; of an option that stands on two the newer quote counts.

    Rows that cannot be read are left out, a page that cannot be read makes the whole unavailable.
    """
    found: dict[str, OptionRow] = {}
    for page in pages:
        if isinstance(page, Unavailable):
            return page
        for occ, row in page.items():
            old = found.get(occ)
            if isinstance(row, OptionRow) and not (old is not None and _is_newer(old, row)):
                found[occ] = row
    return found


def _is_newer(one: OptionRow, other: OptionRow) -> bool:
    a, b = one.quote, other.quote
    return a is not None and (b is None or a.at > b.at)


def _joined(quoted: OptionRow | None, contract: OptionRow | None) -> OptionRow:
    """Return an option's quote with what its contract says of it; one of the two is given."""
    if quoted is None or contract is None:
        found = quoted or contract
        assert found is not None
        return found
    return replace(
        quoted,
        multiplier=contract.multiplier,
        adjusted=quoted.adjusted or contract.adjusted,
        open_interest=contract.open_interest,
    )


def _nothing(symbol: str, expiry: date | None = None) -> Unavailable:
    when = "" if expiry is None else f" that expire on {expiry}"
    return Unavailable(Fault.NO_DATA, f"{NAME} lists no options on {symbol}{when}", symbol)
