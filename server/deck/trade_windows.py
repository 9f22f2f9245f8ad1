"""Windows of the list of trades, turned into filters by the engine's clock and the exchange's sessions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial

from core.exchange.calendar import Calendar
from server.ledger.paging import PageQuery
from server.ledger.timestamps import bound

TODAY, FIVE_SESSIONS, ALL = "today", "5d", "all"
TRADE_WINDOWS = (ALL, TODAY, FIVE_SESSIONS, "30", "60", "90")
"""Trades of today or the last 5 sessions with those still open; closed in the last days, as metrics count; all."""


def in_window(query: PageQuery, now: datetime, calendar: Calendar) -> PageQuery:
    """Return a query with the filter ``window`` replaced by the days or instants it means. Raises ValueError.

    Of a window and a bound that is stated as well, the narrower one counts.
    """
    window = query.filters.get("window")
    if window is None or query.what != "trades":
        return query
    if window not in TRADE_WINDOWS:
        raise ValueError(f"window: {window!r} is not one of {', '.join(TRADE_WINDOWS)}")
    filters = {name: text for name, text in query.filters.items() if name != "window"}
    if window == TODAY:
        bounds = {"since": calendar.market_date(now).isoformat()}
    elif window == FIVE_SESSIONS:
        bounds = {"since": _sessions_back(calendar.market_date(now), 5, calendar).isoformat()}
    elif window == ALL:
        bounds = {}
    else:
        # As core.performance.columns.Trades.window: after the start, up to the instant.
        start = now - timedelta(days=int(window)) + timedelta(microseconds=1)
        bounds = {"from": start.isoformat(), "to": now.isoformat()}
    for name, text in bounds.items():
        if name in filters:
            narrower = min if name == "to" else max
            bounds[name] = narrower(text, filters[name], key=partial(bound, name))
    return replace(query, filters=filters | bounds)


def _sessions_back(today: date, sessions: int, calendar: Calendar) -> date:
    """Return the first of the last ``sessions`` sessions up to and including a day."""
    day = today
    for _ in range(sessions if not calendar.is_session(today) else sessions - 1):
        day = calendar.previous_session(day).date
    return day
