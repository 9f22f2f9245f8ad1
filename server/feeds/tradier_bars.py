"""Bars in Tradier's answers: intraday from ``timesales``, daily from ``history``; and the exchange's clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from core.exchange.calendar import Calendar, CalendarError
from server.feeds.tradier_json import NAME, day, exchange_time, from_epoch, inside, items, malformed
from server.feeds.values import Bar, ExchangeClock, Fault, Unavailable, number, positive

MINUTE = timedelta(minutes=1)
_OPEN = {"open": True, "closed": False, "premarket": False, "postmarket": False}


def minute_bars_of(
    body: Any, symbol: str, sessions: Calendar, now: datetime
) -> tuple[Bar, ...] | Unavailable:
    """Return the bars of one minute, oldest first, each start once; of two with one start the later row counts.

    ``timestamp`` is an epoch in seconds; ``time``, used without it, is New York time without a zone.
    """
    outer = inside(body, "series")
    if isinstance(outer, Unavailable):
        return outer
    rows = items(outer, "data")
    if isinstance(rows, Unavailable):
        return rows
    found: dict[datetime, Bar] = {}
    for row in rows:
        start, prices = _start(row, sessions), _prices(row)
        if start is None or prices is None:
            return malformed(f"a bar of {symbol} has no time, or not four prices in order", symbol)
        if start < now:
            end = min(start + MINUTE, now)
            found[start] = _bar(symbol, start, end, prices, row, complete=start + MINUTE <= now)
    return tuple(found[start] for start in sorted(found))


def _start(row: Any, sessions: Calendar) -> datetime | None:
    if not isinstance(row, Mapping):
        return None
    epoch = number(row.get("timestamp"))
    return from_epoch(epoch) if epoch is not None else exchange_time(row.get("time"), sessions)


def daily_bars_of(body: Any, symbol: str, sessions: Calendar, now: datetime) -> tuple[Bar, ...] | Unavailable:
    """Return the bars of days, oldest first; the bar of a session that is not over is marked so.

    A day without a session of the exchange is left out: its bar has no place in time.
    """
    outer = inside(body, "history")
    if isinstance(outer, Unavailable):
        return outer
    rows = items(outer, "day")
    if isinstance(rows, Unavailable):
        return rows
    found: dict[datetime, Bar] = {}
    for row in rows:
        when = day(row.get("date")) if isinstance(row, Mapping) else None
        prices = _prices(row)
        if when is None or prices is None:
            return malformed(f"a day of {symbol} has no date, or not four prices in order", symbol)
        try:
            session = sessions.session(when)
        except CalendarError:
            continue
        if session is not None and session.open < now:
            end = min(session.close, now)
            found[session.open] = _bar(symbol, session.open, end, prices, row, complete=session.close <= now)
    return tuple(found[start] for start in sorted(found))


def _prices(row: Any) -> tuple[float, float, float, float] | None:
    """Return open, high, low and close; ``None`` when one is missing, or outside the range of high and low."""
    if not isinstance(row, Mapping):
        return None
    opened, high, low, close = (positive(row.get(key)) for key in ("open", "high", "low", "close"))
    if opened is None or high is None or low is None or close is None:
        return None
    return (opened, high, low, close) if low <= min(opened, close) <= max(opened, close) <= high else None


def _bar(
    symbol: str,
    start: datetime,
    end: datetime,
    prices: tuple[float, float, float, float],
    row: Mapping[str, Any],
    *,
    complete: bool,
) -> Bar:
    return Bar(
        symbol=symbol,
        source=NAME,
        start=start,
        end=end,
        open=prices[0],
        high=prices[1],
        low=prices[2],
        close=prices[3],
        volume=number(row.get("volume")),
        complete=complete,
    )


def clock_of(body: Any) -> ExchangeClock | Unavailable:
    """Return the exchange's clock; ``open`` is unknown for a state that is not known."""
    outer = inside(body, "clock")
    if isinstance(outer, Unavailable):
        return outer
    if not isinstance(outer, Mapping):
        return Unavailable(Fault.NO_DATA, f"{NAME} sent no clock")
    epoch = number(outer.get("timestamp"))
    at = None if epoch is None else from_epoch(epoch)
    if at is None:
        return malformed("the clock has no timestamp")
    return ExchangeClock(at=at, open=_OPEN.get(str(outer.get("state"))), source=NAME)
