"""Daily closes: kept from a feed's history, and from the prices of each session's end."""

from __future__ import annotations

from datetime import timedelta

from core.effects import Effect
from core.engine.kernel import Kernel
from core.events import ClosesSeen, PriceSeen
from core.exchange.calendar import TradingDay

LATEST = timedelta(minutes=15)
"""Longest time before the close at which a session's last price counts as its close."""


def closes_seen(kernel: Kernel, event: ClosesSeen) -> list[Effect]:
    """Keep a feed's daily closes."""
    kernel.state.closes.take(event.symbol, event.closes)
    return []


def note_close(kernel: Kernel, seen: PriceSeen) -> None:
    """Keep a price that is a session's close: an official one, or one made at the end of the session."""
    calendar = kernel.trading.calendar
    day = calendar.session(calendar.market_date(seen.priced_at))
    if day is not None and (seen.official_close or seen.priced_at == day.close):
        kernel.state.closes.note(seen.symbol, day.date, seen.price)


def note_last_prices(kernel: Kernel, day: TradingDay) -> None:
    """Keep the last price of each symbol as its close, where it is of the session's last minutes."""
    for symbol, seen in kernel.state.prices.items():
        if day.close - LATEST <= seen.priced_at <= day.close:
            kernel.state.closes.note(symbol, day.date, seen.price)
