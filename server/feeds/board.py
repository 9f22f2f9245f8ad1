"""The latest quotes of underlyings by vendor, and of options, as they have arrived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.price_moves import difference_pct
from server.feeds.observe import Observation, observed, on_our_clock, row_on_our_clock
from server.feeds.values import OptionRow, Quote, merged
from server.feeds.vendor import Vendor

MOST_ROWS = 5000


@dataclass(frozen=True, slots=True)
class Seen:
    """A vendor's quote of one underlying and when it last changed, on the engine's clock."""

    quote: Quote
    arrived: datetime


class Board:
    """Keeps what the vendors gave; ``vendors`` are in order of preference."""

    def __init__(self, vendors: Sequence[Vendor]) -> None:
        self.vendors = tuple(vendors)
        self._quotes: dict[tuple[str, str], Seen] = {}
        self._rows: dict[str, OptionRow] = {}

    def take_quote(self, vendor: Vendor, quote: Quote, now: datetime) -> Quote:
        """Merge a quote or a part of one; return the whole."""
        key = vendor.name, quote.symbol
        old = self._quotes.get(key)
        whole = merged(None if old is None else old.quote, on_our_clock(quote, vendor.clock_ahead, now))
        self._quotes[key] = Seen(whole, now)
        return whole

    def take_row(self, vendor: Vendor, row: OptionRow, now: datetime) -> None:
        """Keep an option's row unless a newer one is known."""
        row = row_on_our_clock(row, vendor.clock_ahead, now)
        old = self._rows.get(row.occ)
        if (
            old is not None
            and old.quote is not None
            and row.quote is not None
            and row.quote.at < old.quote.at
        ):
            return
        if row.open_interest is None and old is not None:
            # A stream states no open interest; that of the chain is the day's.
            row = replace(row, open_interest=old.open_interest)
        self._rows.pop(row.occ, None)
        self._rows[row.occ] = row
        if len(self._rows) > MOST_ROWS:
            del self._rows[next(iter(self._rows))]

    def row(self, occ: str) -> OptionRow | None:
        return self._rows.get(occ)

    def seen(self, vendor: str, symbol: str) -> Seen | None:
        return self._quotes.get((vendor, symbol))

    def by_vendor(self, symbol: str, disagree_pct: float) -> list[tuple[Seen, Observation]]:
        """Return each vendor's quote with the price it gives, in order of preference."""
        found = []
        for vendor in self.vendors:
            seen = self._quotes.get((vendor.name, symbol))
            price = None if seen is None else observed(seen.quote, disagree_pct)
            if seen is not None and price is not None:
                found.append((seen, price))
        return found

    def best(
        self, symbol: str, now: datetime, fresh_seconds: float, disagree_pct: float
    ) -> tuple[Quote, Observation] | None:
        """Return the first fresh quote in order of preference with its price; without one, the newest there is."""
        every = self.by_vendor(symbol, disagree_pct)
        limit = timedelta(seconds=fresh_seconds)
        for seen, price in every:
            if now - price.at <= limit:
                return seen.quote, price
        if not every:
            return None
        seen, price = max(every, key=lambda each: each[1].at)
        return seen.quote, price

    def disagreement(
        self, symbol: str, now: datetime, fresh_seconds: float, disagree_pct: float
    ) -> str | None:
        """Return in words that two fresh prices of a symbol are at least ``disagree_pct`` apart."""
        limit = timedelta(seconds=fresh_seconds)
        fresh = [
            price
            for seen, price in self.by_vendor(symbol, disagree_pct)
            if now - price.at <= limit and not seen.quote.delayed
        ]
        for one in fresh[1:]:
            apart = difference_pct(fresh[0].price, one.price)
            if apart >= disagree_pct:
                return (
                    f"{symbol}: {fresh[0].source} {fresh[0].price:.2f} and {one.source} {one.price:.2f} "
                    f"are {apart:.1f} % apart"
                )
        return None

    def forget(self, keep: frozenset[str]) -> None:
        """Drop the quotes of underlyings that are not in ``keep``, so that memory does not grow."""
        for key in [key for key in self._quotes if key[1] not in keep]:
            del self._quotes[key]
