"""Listed options in Alpaca's answers: contracts with their open interest, and snapshots with their quotes.

Greeks and implied volatilities are never read: they count the time to the midnight before the expiry, and are absent
on its day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from server.feeds.alpaca_json import NAME, instant, is_firm, malformed, stated_fault
from server.feeds.values import OptionRow, Unavailable, is_adjusted_root, number, occ_parts, positive

Rows = Mapping[str, OptionRow | Unavailable]


def contracts_of(body: Any) -> Rows | Unavailable:
    """Return the listed contracts of a page by OCC symbol, with open interest and without quotes."""
    if (fault := stated_fault(200, body)) is not None:
        return fault
    listed = body.get("option_contracts") if isinstance(body, Mapping) else None
    if not isinstance(listed, list):
        return malformed('"option_contracts" is missing')
    found: dict[str, OptionRow | Unavailable] = {}
    for contract in listed:
        symbol = contract.get("symbol") if isinstance(contract, Mapping) else None
        if isinstance(symbol, str):
            found[symbol] = _contract(symbol, contract)
    return found


def _contract(symbol: str, contract: Mapping[str, Any]) -> OptionRow | Unavailable:
    row = option_row(symbol, {})
    if isinstance(row, Unavailable):
        return row
    stated = {
        "strike_price": (number(contract.get("strike_price")), row.strike),
        "expiration_date": (contract.get("expiration_date"), row.expiry.isoformat()),
        "type": (contract.get("type"), "call" if row.right == "C" else "put"),
    }
    for name, (said, implied) in stated.items():
        if said is not None and said != implied:
            return malformed(f"{symbol} has {name} {str(said)[:20]}", symbol)
    multiplier, size = (number(contract.get(key)) for key in ("multiplier", "size"))
    # The multiplier scales the premium, the size is what is delivered: a split leaves 100 and 150, for instance.
    odd = any(value is not None and value != 100 for value in (multiplier, size))
    underlying = contract.get("underlying_symbol")
    return replace(
        row,
        underlying=underlying if isinstance(underlying, str) else row.underlying,
        multiplier=100 if multiplier is None else round(multiplier),
        adjusted=row.adjusted or odd,
        open_interest=number(contract.get("open_interest")),
    )


def options_of(body: Any, underlying: str | None = None) -> Rows | Unavailable:
    """Return the quotes of options by OCC symbol, from snapshots or latest quotes.

    Without a quote, which is left out where nobody makes one, the sides are ``None``.
    """
    if (fault := stated_fault(200, body)) is not None:
        return fault
    if not isinstance(body, Mapping):
        return malformed("it is no object")
    if "snapshots" not in body and "quotes" not in body:
        return malformed('"snapshots" is missing')
    return {symbol: option_row(symbol, quote, underlying) for symbol, quote in _quotes(body)}


def _quotes(body: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    snapshots, quotes = body.get("snapshots"), body.get("quotes")
    if isinstance(snapshots, Mapping):
        for symbol, parts in snapshots.items():
            quote = parts.get("latestQuote") if isinstance(parts, Mapping) else None
            yield symbol, quote if isinstance(quote, Mapping) else {}
    if isinstance(quotes, Mapping):
        for symbol, quote in quotes.items():
            yield symbol, quote if isinstance(quote, Mapping) else {}


def option_row(
    symbol: str, quote: Mapping[str, Any], underlying: str | None = None
) -> OptionRow | Unavailable:
    """Return one option; a side of 0, and both of a quote that is not firm, are not quoted."""
    parts = occ_parts(symbol)
    if parts is None:
        return malformed(f"{symbol[:24]} is no OCC symbol", symbol[:24])
    root, expiry, right, strike = parts
    at: datetime | None = instant(quote.get("t"))
    firm = is_firm(quote, option=True)
    bid, ask = (positive(quote.get(key)) if firm else None for key in ("bp", "ap"))
    return OptionRow(
        occ=symbol,
        source=NAME,
        underlying=underlying or root.rstrip("0123456789"),
        root=root,
        expiry=expiry,
        strike=strike,
        right=right,
        adjusted=is_adjusted_root(root),
        bid=bid,
        bid_at=at,
        bid_size=number(quote.get("bs")) if bid is not None else None,
        ask=ask,
        ask_at=at,
        ask_size=number(quote.get("as")) if ask is not None else None,
    )
