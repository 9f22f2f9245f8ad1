"""Messages of Alpaca's streams: frames of JSON or MessagePack, and what each message says of the market."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson

from server.feeds.alpaca_bars import MINUTE, minute_bar
from server.feeds.alpaca_json import NAME, instant, trade_counts
from server.feeds.alpaca_options import option_row
from server.feeds.alpaca_quotes import book_quote, trade_quote
from server.feeds.values import Bar, OptionRow, Quote, StreamGap, Tick, positive

HALTS = {"H": True, "P": True, "Q": True, "2": True, "T": False, "3": False}
"""Trading statuses: halt, volatility pause, quotes without trades yet, halt on the other tapes; and resumptions."""
REMEMBERED = 64
"""Trades of a symbol that are kept to tell which one is corrected."""


class FrameError(ValueError):
    """A frame that is neither JSON nor MessagePack, or no list of messages."""


def messages_in(frame: str | bytes) -> tuple[Mapping[str, Any], ...]:
    """Return the messages of a frame, none for an empty one. Raises FrameError.

    Options come as MessagePack, stocks as JSON, in text or in binary frames.
    """
    raw = frame.encode() if isinstance(frame, str) else frame
    if not raw.strip():
        return ()
    try:
        found = orjson.loads(raw) if raw.lstrip()[:1] in (b"[", b"{") else _unpacked(raw)
    except (ValueError, RecursionError) as error:
        raise FrameError(f"a frame of {len(raw)} bytes cannot be read") from error
    listed = found if isinstance(found, list) else [found]
    if not all(isinstance(message, Mapping) for message in listed):
        raise FrameError("a frame holds no messages")
    return tuple(listed)


def _unpacked(raw: bytes) -> Any:
    import msgpack

    try:
        # 3: times as instants, cut to microseconds.
        return msgpack.unpackb(raw, timestamp=3, strict_map_key=False)
    except (msgpack.UnpackException, msgpack.ExtraData) as error:
        raise ValueError(str(error)) from error


class Market:
    """Turns messages into ticks; remembers the last trades, to which corrections refer.

    ``underlyings`` gives the underlying of an option by its OCC symbol: an index has roots of other names.
    """

    def __init__(self, *, delayed: bool = False) -> None:
        self._delayed = delayed
        self.underlyings: Mapping[str, str] = {}
        self._trades: dict[str, deque[tuple[object, Quote]]] = {}

    def tick(self, message: Mapping[str, Any]) -> Tick | None:
        """Return what a message says of a stock, ``None`` for what changes nothing or is not known."""
        symbol = message.get("S")
        if not isinstance(symbol, str):
            return None
        found = self._tick(symbol, message)
        if isinstance(found, Quote) and self._delayed:
            return replace(found, delayed=True)
        return found

    def _tick(self, symbol: str, message: Mapping[str, Any]) -> Tick | None:
        match message.get("T"):
            case "q":
                return book_quote(symbol, message)
            case "t":
                return self._trade(symbol, message)
            case "b" | "u":
                return _bar(symbol, message)
            case "s":
                return _status(symbol, message)
            case "c":
                return self._corrected(symbol, message)
            case "x":
                return self._cancelled(symbol, message)
            case _:
                return None

    def option(self, message: Mapping[str, Any]) -> OptionRow | None:
        """Return what a message says of an option; trades of options are not used."""
        symbol = message.get("S")
        if message.get("T") != "q" or not isinstance(symbol, str):
            return None
        row = option_row(symbol, message, self.underlyings.get(symbol))
        return row if isinstance(row, OptionRow) and row.quote is not None else None

    def _trade(self, symbol: str, message: Mapping[str, Any]) -> Quote | None:
        quote = trade_quote(symbol, message)
        if quote is not None and message.get("i") is not None:
            self._trades.setdefault(symbol, deque(maxlen=REMEMBERED)).append((message["i"], quote))
        return quote

    def _corrected(self, symbol: str, message: Mapping[str, Any]) -> Tick | None:
        """Return the corrected price if it was the last; another one only has left the high or low in doubt."""
        place = self._place(symbol, message.get("oi"))
        if place is None:
            return None
        trades, index = place
        price, counts = positive(message.get("cp")), trade_counts({"c": message.get("cc")})
        if index < len(trades) - 1 or price is None or not counts:
            return StreamGap(source=NAME, symbol=symbol, text=f"a trade of {symbol} was corrected")
        old = trades[index][1]
        new = Quote(symbol=symbol, source=NAME, last=price, last_at=old.last_at, last_size=old.last_size)
        trades[index] = message.get("ci"), new
        return new

    def _cancelled(self, symbol: str, message: Mapping[str, Any]) -> Tick | None:
        if self._place(symbol, message.get("i")) is None:
            return None
        return StreamGap(source=NAME, symbol=symbol, text=f"a trade of {symbol} was cancelled")

    def _place(self, symbol: str, trade_id: object) -> tuple[deque[tuple[object, Quote]], int] | None:
        trades = self._trades.get(symbol)
        if trades is None or trade_id is None:
            return None
        return next(((trades, n) for n, (known, _) in enumerate(trades) if known == trade_id), None)


def _bar(symbol: str, message: Mapping[str, Any]) -> Bar | None:
    start = instant(message.get("t"))
    if start is None:
        return None
    # It is sent when its minute is over, on whichever clock.
    found = minute_bar(symbol, message, start + MINUTE + timedelta(seconds=1))
    return found if isinstance(found, Bar) else None


def _status(symbol: str, message: Mapping[str, Any]) -> Quote | None:
    halted = HALTS.get(str(message.get("sc")))
    at = instant(message.get("t"))
    if halted is None or at is None:
        return None
    return Quote(symbol=symbol, source=NAME, halted=halted, halted_at=at)
