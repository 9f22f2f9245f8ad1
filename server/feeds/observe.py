"""One price of an underlying out of a vendor's quote, on the engine's clock.

Invariants, tested under these names: a time in the future is no time; a price that the book contradicts is not used.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.price_moves import difference_pct
from server.feeds.http import CLOCK_TOLERANCE
from server.feeds.values import Bar, OptionRow, Quote

FUTURE = timedelta(seconds=2)
"""Longest time in the future that a vendor may state and that still counts as now."""
BOOK_AHEAD = timedelta(seconds=5)
"""By how much the book must be newer than the last trade for its middle to be the price."""
BOOK_WIDEST_PCT = 0.5
"""Widest spread, in percent of the middle, at which the middle of a book stands for a price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A price of an underlying: ``kind`` is trade | mid, ``at`` when it was made; ``doubt`` says what is odd."""

    symbol: str
    price: float
    at: datetime
    source: str
    kind: str = "trade"
    doubt: str = ""


def observed(quote: Quote, disagree_pct: float) -> Observation | None:
    """Return the price that a quote gives: its last trade, or the middle of a narrow book that is much newer.

    A trade far from the book of the same time may be an error of its reporting: the book counts then. ``None`` when
    the quote has no price with a time.
    """
    trade = None
    if quote.last is not None and quote.last > 0 and quote.last_at is not None:
        trade = Observation(
            symbol=quote.symbol, price=quote.last, at=quote.last_at, source=quote.source, kind="trade"
        )
    mid, book_at = quote.mid, quote.book_at
    if mid is None or book_at is None or quote.bid is None or quote.ask is None:
        return trade
    if (quote.ask - quote.bid) / mid * 100 > BOOK_WIDEST_PCT:
        return trade
    book = Observation(symbol=quote.symbol, price=mid, at=book_at, source=quote.source, kind="mid")
    if trade is None or book_at - trade.at > BOOK_AHEAD:
        return book
    apart = difference_pct(trade.price, mid)
    if apart >= disagree_pct and book_at + BOOK_AHEAD >= trade.at:
        return replace(book, doubt=f"its last trade {trade.price:g} is {apart:.1f} % from its book")
    return trade


def on_our_clock(quote: Quote, ahead: float, now: datetime) -> Quote:
    """Return the quote with its times on the engine's clock; a part whose time lies in the future is left out.

    ``ahead`` is by how many seconds the vendor's clock is ahead of ours; small differences are not corrected.
    """
    last_at = _ours(quote.last_at, ahead, now)
    bid_at, ask_at = _ours(quote.bid_at, ahead, now), _ours(quote.ask_at, ahead, now)
    halted_at = _ours(quote.halted_at, ahead, now)
    if (last_at, bid_at, ask_at, halted_at) == (
        quote.last_at,
        quote.bid_at,
        quote.ask_at,
        quote.halted_at,
    ):
        return quote
    return replace(
        quote,
        last=None if last_at is None and quote.last_at is not None else quote.last,
        last_at=last_at,
        bid=None if bid_at is None and quote.bid_at is not None else quote.bid,
        bid_at=bid_at,
        ask=None if ask_at is None and quote.ask_at is not None else quote.ask,
        ask_at=ask_at,
        halted_at=halted_at,
    )


def row_on_our_clock(row: OptionRow, ahead: float, now: datetime) -> OptionRow:
    """Return an option's row with its times on the engine's clock; a side from the future is left out."""
    bid_at, ask_at = _ours(row.bid_at, ahead, now), _ours(row.ask_at, ahead, now)
    if bid_at == row.bid_at and ask_at == row.ask_at:
        return row
    return replace(
        row,
        bid=None if bid_at is None and row.bid_at is not None else row.bid,
        bid_at=bid_at,
        ask=None if ask_at is None and row.ask_at is not None else row.ask,
        ask_at=ask_at,
    )


def bar_on_our_clock(bar: Bar, ahead: float) -> Bar:
    """Return a bar with its times on the engine's clock."""
    if abs(ahead) <= CLOCK_TOLERANCE:
        return bar
    shift = timedelta(seconds=ahead)
    return replace(bar, start=bar.start - shift, end=bar.end - shift)


def _ours(at: datetime | None, ahead: float, now: datetime) -> datetime | None:
    if at is None:
        return None
    if abs(ahead) > CLOCK_TOLERANCE:
        at -= timedelta(seconds=ahead)
    if at > now:
        return now if at - now <= FUTURE else None
    return at
