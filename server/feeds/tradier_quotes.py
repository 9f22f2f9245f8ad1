"""Quotes in Tradier's answers: of underlyings, and of options, which come in the same form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.feeds.tradier_json import (
    NAME,
    from_vendor,
    inside,
    instant,
    items,
    malformed,
    none_if_empty,
    shares,
)
from server.feeds.tradier_options import option_row
from server.feeds.values import Fault, OptionRow, Quote, Unavailable, number, positive

Quoted = Mapping[str, Quote | OptionRow | Unavailable]


def quotes_of(body: Any, *, delayed: bool = False) -> Quoted | Unavailable:
    """Return the quotes of an answer by the deck's symbol, or the OCC symbol; unmatched ones with their reason.

    A row that cannot be read spoils only itself.
    """
    outer = inside(body, "quotes")
    if isinstance(outer, Unavailable):
        return outer
    rows = items(outer, "quote")
    if isinstance(rows, Unavailable):
        return rows
    found: dict[str, Quote | OptionRow | Unavailable] = {
        name: Unavailable(Fault.UNKNOWN_SYMBOL, f"{NAME} does not know {name}", name)
        for name in _unmatched(outer)
    }
    for row in rows:
        symbol = row.get("symbol") if isinstance(row, Mapping) else None
        if not isinstance(symbol, str):
            continue
        if row.get("type") == "option" or none_if_empty(row.get("strike")) is not None:
            found[symbol] = option_row(row)
        else:
            found[from_vendor(symbol)] = stock_quote(from_vendor(symbol), row, delayed)
    return found


def _unmatched(outer: Any) -> tuple[str, ...]:
    found = items(outer.get("unmatched_symbols"), "symbol") if isinstance(outer, Mapping) else ()
    if isinstance(found, Unavailable):
        return ()
    return tuple(from_vendor(name) for name in found if isinstance(name, str))


def stock_quote(symbol: str, row: Mapping[str, Any], delayed: bool) -> Quote | Unavailable:
    """Return the quote of an underlying; a side of 0 is not quoted, and every part keeps its own time."""
    last, bid, ask = (positive(row.get(key)) for key in ("last", "bid", "ask"))
    if last is None and bid is None and ask is None:
        return malformed(f"{symbol} has neither a price nor a bid or ask", symbol)
    last_at, bid_at, ask_at = (instant(row.get(key)) for key in ("trade_date", "bid_date", "ask_date"))
    return Quote(
        symbol=symbol,
        source=NAME,
        last=last,
        last_at=last_at,
        last_size=number(row.get("last_volume")),
        bid=bid,
        bid_at=bid_at,
        bid_size=shares(row.get("bidsize"), bid_at) if bid is not None else None,
        ask=ask,
        ask_at=ask_at,
        ask_size=shares(row.get("asksize"), ask_at) if ask is not None else None,
        volume=number(row.get("volume")),
        previous_close=positive(row.get("prevclose")),
        delayed=delayed,
    )
