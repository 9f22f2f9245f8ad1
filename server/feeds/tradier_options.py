"""Listed options in Tradier's answers: expiries, and the rows of a chain.

Greeks and implied volatilities of the answer are never read: they are refreshed once an hour, those of a put repeat
the call's theta and rho, and a bid below intrinsic value makes the "mid" volatility that of the ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from server.feeds.tradier_json import (
    NAME,
    day,
    from_vendor,
    inside,
    instant,
    items,
    malformed,
    none_if_empty,
)
from server.feeds.values import OptionRow, Unavailable, is_adjusted_root, number, occ_parts, positive


def expirations_of(body: Any) -> tuple[date, ...] | Unavailable:
    """Return the listed expiries, earliest first; empty when nothing is listed.

    They come as plain dates, or as objects with a date when details were asked for.
    """
    outer = inside(body, "expirations")
    if isinstance(outer, Unavailable):
        return outer
    plain, detailed = items(outer, "date"), items(outer, "expiration")
    if isinstance(plain, Unavailable):
        return plain
    if isinstance(detailed, Unavailable):
        return detailed
    stated = (*plain, *(row.get("date") if isinstance(row, Mapping) else row for row in detailed))
    dates = [day(value) for value in stated]
    known = {found for found in dates if found is not None}
    return tuple(sorted(known)) if None not in dates else malformed("an expiry is no date")


def chain_of(body: Any) -> tuple[OptionRow | Unavailable, ...] | Unavailable:
    """Return the options of an answer in its order, of every root; a row that cannot be read has its reason."""
    outer = inside(body, "options")
    if isinstance(outer, Unavailable):
        return outer
    rows = items(outer, "option")
    if isinstance(rows, Unavailable):
        return rows
    return tuple(option_row(row) for row in rows)


def option_row(row: Any) -> OptionRow | Unavailable:
    """Return one option. Strike, expiry and side come from its OCC symbol, and the row may not contradict it."""
    symbol = row.get("symbol") if isinstance(row, Mapping) else None
    parts = occ_parts(symbol) if isinstance(symbol, str) else None
    if symbol is None or parts is None:
        return malformed("an option has no OCC symbol")
    root, expiry, right, strike = parts
    stated = {
        "strike": (number(row.get("strike")), strike),
        "expiration_date": (none_if_empty(row.get("expiration_date")), expiry.isoformat()),
        "option_type": (none_if_empty(row.get("option_type")), "call" if right == "C" else "put"),
    }
    for name, (said, implied) in stated.items():
        if said is not None and said != implied:
            return malformed(f"{symbol} has {name} {str(said)[:20]}", symbol)
    stated_root = str(none_if_empty(row.get("root_symbol")) or root)
    size = number(row.get("contract_size"))
    multiplier = 100 if size is None else round(size)
    underlying = none_if_empty(row.get("underlying"))
    bid, ask = positive(row.get("bid")), positive(row.get("ask"))
    return OptionRow(
        occ=symbol,
        source=NAME,
        underlying=from_vendor(underlying) if isinstance(underlying, str) else root.rstrip("0123456789"),
        root=root,
        expiry=expiry,
        strike=strike,
        right=right,
        multiplier=multiplier,
        adjusted=is_adjusted_root(root, multiplier) or is_adjusted_root(stated_root),
        bid=bid,
        bid_at=instant(row.get("bid_date")),
        bid_size=number(row.get("bidsize")) if bid is not None else None,
        ask=ask,
        ask_at=instant(row.get("ask_date")),
        ask_size=number(row.get("asksize")) if ask is not None else None,
        open_interest=number(row.get("open_interest")),
        volume=number(row.get("volume")),
    )
