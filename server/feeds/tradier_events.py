"""Events of Tradier's stream: lines of JSON, and what each says of the market.

Numbers are numbers in quotes and texts elsewhere; times are epochs in milliseconds, written as texts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from server.feeds.tradier_json import NAME, from_vendor, instant, shares
from server.feeds.tradier_options import option_row
from server.feeds.values import OptionRow, Quote, StreamGap, Tick, number, occ_parts, positive

FILTER = ("quote", "trade", "summary", "timesale")
LONGEST_LINE = 1 << 20


class LineError(ValueError):
    """A line that holds no events; the message says why."""


class StreamFault(Exception):
    """An error that Tradier writes into its stream."""


class Lines:
    """Cuts what arrives into lines."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def take(self, part: bytes) -> list[bytes]:
        """Return the lines that are complete now, empty ones too. Raises LineError for one without an end."""
        first, *others = part.split(b"\n")
        self._rest += first
        if len(self._rest) > LONGEST_LINE:
            raise LineError(f"a line is longer than {LONGEST_LINE >> 20} MiB")
        if not others:
            return []
        whole = [bytes(self._rest), *others[:-1]]
        self._rest = bytearray(others[-1])
        return whole


def events_in(line: bytes | str) -> Iterator[Mapping[str, Any]]:
    """Yield the events of a line, none of an empty one. Raises LineError.

    Events may follow each other without a line break between them.
    """
    text = line.strip()
    if not text:
        return
    try:
        found = [orjson.loads(text)]
    except orjson.JSONDecodeError:
        found = list(_several(text if isinstance(text, str) else text.decode("utf-8", "replace")))
    for event in found:
        if not isinstance(event, Mapping):
            raise LineError("a line holds no event")
        yield event


def _several(text: str) -> Iterator[Any]:
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        try:
            event, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            raise LineError(f"a line of {len(text)} characters cannot be read") from None
        yield event
        while at < len(text) and text[at].isspace():
            at += 1


def tick_of(event: Mapping[str, Any], underlyings: Mapping[str, str]) -> Tick | None:
    """Return what an event says, ``None`` for what changes nothing. Raises StreamFault for a stated error.

    ``underlyings`` gives the underlying of an option by its OCC symbol.
    """
    if event.get("error") is not None:
        raise StreamFault(" ".join(str(event["error"]).split())[:120])
    symbol = event.get("symbol")
    if not isinstance(symbol, str):
        return None
    if occ_parts(symbol) is not None:
        return _option(symbol, event, underlyings)
    match event.get("type"):
        case "quote":
            return _book(from_vendor(symbol), event)
        case "trade":
            return _trade(from_vendor(symbol), event)
        case "summary":
            return _summary(from_vendor(symbol), event)
        case "timesale":
            return _taken_back(from_vendor(symbol), event)
        case _:
            return None


def _option(symbol: str, event: Mapping[str, Any], underlyings: Mapping[str, str]) -> OptionRow | None:
    if event.get("type") != "quote":
        return None
    row = option_row(
        {
            "symbol": symbol,
            "underlying": underlyings.get(symbol),
            "bid": event.get("bid"),
            "bidsize": event.get("bidsz"),
            "bid_date": event.get("biddate"),
            "ask": event.get("ask"),
            "asksize": event.get("asksz"),
            "ask_date": event.get("askdate"),
        }
    )
    return row if isinstance(row, OptionRow) and row.quote is not None else None


def _book(symbol: str, event: Mapping[str, Any]) -> Quote | None:
    bid, ask = positive(event.get("bid")), positive(event.get("ask"))
    bid_at, ask_at = instant(event.get("biddate")), instant(event.get("askdate"))
    if bid_at is None and ask_at is None:
        return None
    return Quote(
        symbol=symbol,
        source=NAME,
        bid=bid,
        bid_at=bid_at,
        bid_size=shares(event.get("bidsz"), bid_at) if bid is not None else None,
        ask=ask,
        ask_at=ask_at,
        ask_size=shares(event.get("asksz"), ask_at) if ask is not None else None,
    )


def _trade(symbol: str, event: Mapping[str, Any]) -> Quote | None:
    price, at = positive(event.get("price")), instant(event.get("date"))
    if price is None or at is None:
        return None
    return Quote(
        symbol=symbol,
        source=NAME,
        last=price,
        last_at=at,
        last_size=number(event.get("size")),
        volume=number(event.get("cvol")),
    )


def _summary(symbol: str, event: Mapping[str, Any]) -> Quote | None:
    previous = positive(event.get("prevClose"))
    return None if previous is None else Quote(symbol=symbol, source=NAME, previous_close=previous)


def _taken_back(symbol: str, event: Mapping[str, Any]) -> StreamGap | None:
    """Return a gap for a trade that is cancelled or corrected: its price has already been handed over."""
    for key, words in (("cancel", "cancelled"), ("correction", "corrected")):
        if str(event.get(key)).lower() == "true":
            return StreamGap(source=NAME, symbol=symbol, text=f"a trade of {symbol} was {words}")
    return None
