"""Bars in Alpaca's answers: of minutes, and of days, which are stamped with midnight in New York."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from core.exchange.calendar import Calendar, CalendarError
from server.feeds.alpaca_json import NAME, instant, malformed, stated_fault
from server.feeds.values import Bar, Unavailable, number, positive

MINUTE = timedelta(minutes=1)
Bars = Mapping[str, tuple[Bar, ...] | Unavailable]


def minute_bars_of(body: Any, now: datetime) -> Bars | Unavailable:
    """Return the bars of one minute by symbol, oldest first, each start once."""
    return _bars(body, lambda symbol, row: minute_bar(symbol, row, now))


def daily_bars_of(body: Any, sessions: Calendar, now: datetime) -> Bars | Unavailable:
    """Return the bars of days by symbol, oldest first; the bar of a session that is not over is marked so.

    A day without a session of the exchange is left out: its bar has no place in time.
    """
    return _bars(body, lambda symbol, row: _daily_bar(symbol, row, sessions, now))


def minute_bar(symbol: str, row: Any, now: datetime) -> Bar | Unavailable | None:
    """Return one bar of a minute; ``None`` for a minute that has not begun."""
    start = instant(row.get("t")) if isinstance(row, Mapping) else None
    if start is None:
        return malformed(f"a bar of {symbol} has no time", symbol)
    if start >= now:
        return None
    return _bar(symbol, row, start, min(start + MINUTE, now), complete=start + MINUTE <= now)


def _daily_bar(symbol: str, row: Any, sessions: Calendar, now: datetime) -> Bar | Unavailable | None:
    stamp = instant(row.get("t")) if isinstance(row, Mapping) else None
    if stamp is None:
        return malformed(f"a bar of {symbol} has no time", symbol)
    try:
        session = sessions.session(sessions.market_date(stamp))
    except CalendarError:
        return None
    if session is None or session.open >= now:
        return None
    return _bar(symbol, row, session.open, min(session.close, now), complete=session.close <= now)


def _bar(
    symbol: str, row: Mapping[str, Any], start: datetime, end: datetime, *, complete: bool
) -> Bar | Unavailable:
    opened, high, low, close = (positive(row.get(key)) for key in ("o", "h", "l", "c"))
    if opened is None or high is None or low is None or close is None:
        return malformed(f"a bar of {symbol} has not four prices", symbol)
    if not low <= min(opened, close) <= max(opened, close) <= high:
        return malformed(f"a bar of {symbol} has prices outside its high and low", symbol)
    return Bar(
        symbol=symbol,
        source=NAME,
        start=start,
        end=end,
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=number(row.get("v")),
        complete=complete,
    )


def _bars(body: Any, read: Callable[[str, Any], Bar | Unavailable | None]) -> Bars | Unavailable:
    if (fault := stated_fault(200, body)) is not None:
        return fault
    if not isinstance(body, Mapping):
        return malformed("it is no object")
    if "bars" not in body and "bar" not in body:
        return malformed('"bars" is missing')
    found: dict[str, tuple[Bar, ...] | Unavailable] = {}
    for symbol, rows in _rows(body):
        bars: dict[datetime, Bar] = {}
        for row in rows:
            bar = read(symbol, row)
            if isinstance(bar, Unavailable):
                found[symbol] = bar
                break
            if bar is not None:
                bars[bar.start] = bar
        else:
            found[symbol] = tuple(bars[start] for start in sorted(bars))
    return found


def _rows(body: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield (symbol, its rows): several symbols, one symbol by its name, lists, or the latest bar alone."""
    stated = body.get("bars", body.get("bar"))
    symbol = body.get("symbol")
    if isinstance(symbol, str):
        yield symbol, tuple(stated) if isinstance(stated, list) else (stated,)
    elif isinstance(stated, Mapping):
        for name, rows in stated.items():
            yield name, tuple(rows) if isinstance(rows, list) else (rows,)


def joined_bars(pages: tuple[Bars | Unavailable, ...]) -> Bars | Unavailable:
    """Return the bars of all pages by symbol, oldest first, each start once.

    A page that cannot be read makes the whole unavailable, a bar that cannot be read its symbol.
    """
    found: dict[str, tuple[Bar, ...] | Unavailable] = {}
    for page in pages:
        if isinstance(page, Unavailable):
            return page
        for symbol, bars in page.items():
            known = found.get(symbol, ())
            if isinstance(bars, Unavailable) or isinstance(known, Unavailable):
                found[symbol] = known if isinstance(known, Unavailable) else bars
                continue
            by_start = {bar.start: bar for bar in (*known, *bars)}
            found[symbol] = tuple(by_start[start] for start in sorted(by_start))
    return found
