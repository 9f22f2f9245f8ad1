"""Quotes of underlyings in Alpaca's answers: snapshots, latest quotes and trades, alone or several together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from server.feeds.alpaca_json import (
    NAME,
    instant,
    is_firm,
    malformed,
    shares,
    stated_fault,
    trade_counts,
)
from server.feeds.values import Quote, Unavailable, merged, number, positive

_PARTS = ("latestTrade", "latestQuote", "minuteBar", "dailyBar", "prevDailyBar")
_BATCHES = {"quotes": "latestQuote", "trades": "latestTrade"}
_SINGLES = {"quote": "latestQuote", "trade": "latestTrade"}


def quotes_of(body: Any) -> Mapping[str, Quote | Unavailable] | Unavailable:
    """Return all that an answer says of each symbol, later entries over earlier ones.

    A symbol without a price, bid or ask that counts has its reason; a symbol that Alpaca does not know is absent.
    """
    if (fault := stated_fault(200, body)) is not None:
        return fault
    if not isinstance(body, Mapping):
        return malformed("it is no object")
    found: dict[str, Quote | Unavailable] = {}
    for symbol, parts in _entries(body):
        new = _quote(symbol, parts)
        old = found.get(symbol)
        known = old if isinstance(old, Quote) else None
        found[symbol] = merged(known, new) if isinstance(new, Quote) else known or new
    return found


def _entries(body: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (symbol, parts of a snapshot) of an answer in any of its forms."""
    symbol = body.get("symbol")
    if isinstance(symbol, str):
        renamed = {part: body[name] for name, part in _SINGLES.items() if name in body}
        yield symbol, {**body, **renamed}
        return
    batches = {part: body[name] for name, part in _BATCHES.items() if isinstance(body.get(name), Mapping)}
    for part, of_symbols in batches.items():
        for name, values in of_symbols.items():
            for value in values if isinstance(values, list) else (values,):
                yield name, {part: value}
    if not batches:
        of_symbols = body.get("snapshots", body)
        for name, parts in of_symbols.items() if isinstance(of_symbols, Mapping) else ():
            if isinstance(parts, Mapping):
                yield name, parts


def _quote(symbol: str, parts: Mapping[str, Any]) -> Quote | Unavailable:
    trade, book, minute, _, previous = (_object(parts.get(name)) for name in _PARTS)
    found = Quote(
        symbol=symbol,
        source=NAME,
        volume=number(_object(parts.get("dailyBar")).get("v")),
        previous_close=positive(previous.get("c")),
    )
    last = trade_quote(symbol, trade)
    if last is None and (price := positive(minute.get("c"))) is not None:
        # Of the trades in that minute the last that counted, made at its start or after.
        last = Quote(symbol=symbol, source=NAME, last=price, last_at=instant(minute.get("t")))
    for part in (last, book_quote(symbol, book)):
        if part is not None:
            found = merged(found, part)
    if found.last is None and found.bid is None and found.ask is None:
        return malformed(f"{symbol} has neither a price nor a bid or ask", symbol)
    return found


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def trade_quote(symbol: str, trade: Mapping[str, Any]) -> Quote | None:
    """Return the last price that a trade sets, ``None`` if it sets none."""
    price, at = positive(trade.get("p")), instant(trade.get("t"))
    if price is None or at is None or not trade_counts(trade):
        return None
    return Quote(symbol=symbol, source=NAME, last=price, last_at=at, last_size=number(trade.get("s")))


def book_quote(symbol: str, book: Mapping[str, Any]) -> Quote | None:
    """Return bid and ask, ``None`` without a time; a side of 0, and both if not firm, are not quoted."""
    at = instant(book.get("t"))
    if at is None:
        return None
    firm = is_firm(book)
    bid, ask = (positive(book.get(key)) if firm else None for key in ("bp", "ap"))
    return Quote(
        symbol=symbol,
        source=NAME,
        bid=bid,
        bid_at=at,
        bid_size=shares(book.get("bs"), at) if bid is not None else None,
        ask=ask,
        ask_at=at,
        ask_size=shares(book.get("as"), at) if ask is not None else None,
    )
