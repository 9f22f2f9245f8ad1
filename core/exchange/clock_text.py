"""The exchange's time of an instant, in words."""

from __future__ import annotations

from datetime import datetime

from core.exchange.calendar import Calendar


def exchange_clock(instant: datetime, calendar: Calendar, *, seconds: bool = False) -> str:
    """Return an instant in the exchange's local time, as "10:04 ET", with ``seconds`` as "10:04:31 ET"."""
    minute = calendar.market_minute(instant)
    second = f":{instant.second:02d}" if seconds else ""
    return f"{minute // 60:02d}:{minute % 60:02d}{second} ET"
