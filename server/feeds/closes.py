"""Official closes: asked for after each session, and later for the options that still await their settlement.

Where no feed gives one, the engine is told so, and settles on the best price that it knows.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from core.exchange.calendar import CalendarError, TradingDay
from server.feeds.base import PriceSink
from server.feeds.observe import bar_on_our_clock
from server.feeds.values import Bar, Need, Unavailable
from server.feeds.vendor import Vendor

AFTER_CLOSE = timedelta(minutes=2)
"""Time after a close until the day's official close is asked for."""
AGAIN = timedelta(minutes=2)
LEAST_BARS, MOST_BARS = 3, 250
"""Daily bars to ask for: enough to reach back to the day, and no further than vendors answer at once."""

Key = tuple[str, date]
"""An underlying and the day of a session."""


class Closes:
    """Asks the vendors in order for official closes and posts them, or that there is none."""

    def __init__(self, vendors: tuple[Vendor, ...]) -> None:
        self._vendors = tuple(
            vendor for vendor in vendors if Need.DAILY_BARS in vendor.offers and vendor.official_closes
        )
        self._posted: set[Key] = set()
        self._asked: dict[Key, datetime] = {}
        self._since: dict[Key, datetime] = {}
        """When each awaited close was first asked for."""
        self._task: asyncio.Task[None] | None = None

    async def after_session(self, symbols: Iterable[str], sink: PriceSink, now: datetime) -> None:
        """Post the closes of the session that has ended, for what is watched, and what is still awaited."""
        day = _ended(sink, now)
        wanted = () if day is None or now - day.close < AFTER_CLOSE else ((s, day.date) for s in symbols)
        await self._ask((*wanted, *sink.awaited_closes()), sink, now)

    def in_session(self, sink: PriceSink, now: datetime) -> asyncio.Task[None] | None:
        """Start to ask for the closes of earlier days that are awaited; return the request under way."""
        if self._task is None or self._task.done():
            awaited = tuple(sink.awaited_closes())
            self._task = asyncio.create_task(self._ask(awaited, sink, now)) if awaited else None
        return self._task

    async def close(self) -> None:
        """Cancel the request under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _ask(self, wanted: Iterable[Key], sink: PriceSink, now: datetime) -> None:
        by_day: dict[date, list[str]] = defaultdict(list)
        for symbol, day in dict.fromkeys(wanted):
            key, asked = (symbol, day), self._asked.get((symbol, day))
            if key not in self._posted and (asked is None or now - asked >= AGAIN):
                self._asked[key] = now
                by_day[day].append(symbol)
        for day, symbols in by_day.items():
            await self._ask_day(tuple(symbols), day, sink, now)
        await self._tell_missing(sink, now)

    async def _ask_day(self, symbols: tuple[str, ...], day: date, sink: PriceSink, now: datetime) -> None:
        session = sink.calendar.session(day)
        if session is None:
            return
        passed = len(sink.calendar.session_dates(day, sink.calendar.market_date(now)))
        left = symbols
        for vendor in self._vendors:
            if not left:
                return
            found = await vendor.daily_bars(left, min(MOST_BARS, max(LEAST_BARS, passed + 1)))
            for symbol, bars in found.items():
                bar = None if isinstance(bars, Unavailable) else _of_day(bars, day, vendor, sink)
                if bar is not None:
                    await sink.price(
                        symbol, bar.close, vendor.name, priced_at=session.close, official_close=True
                    )
                    self._posted.add((symbol, day))
            left = tuple(symbol for symbol in left if (symbol, day) not in self._posted)

    async def _tell_missing(self, sink: PriceSink, now: datetime) -> None:
        """Tell the engine of each awaited close that was posted in vain, or asked for long enough."""
        patience = timedelta(minutes=sink.rules.exits.settlement_wait_minutes)
        for (symbol, day), told in sink.awaited_closes().items():
            if told:
                continue
            since = self._since.setdefault((symbol, day), now)
            if not self._vendors:
                why = "no feed gives official closes"
            elif (symbol, day) in self._posted:
                why = "the official close is far from its last known price"
            elif now - since >= patience:
                why = f"no feed has given the official close in {patience.total_seconds() / 60:.0f} min"
            else:
                continue
            await sink.close_unavailable(symbol, day, why)


def _ended(sink: PriceSink, now: datetime) -> TradingDay | None:
    """Return the last session that has closed."""
    calendar = sink.calendar
    try:
        today = calendar.market_date(now)
        day = calendar.session(today)
        return day if day is not None and day.close <= now else calendar.previous_session(today)
    except CalendarError:
        return None


def _of_day(bars: Sequence[Bar], day: date, vendor: Vendor, sink: PriceSink) -> Bar | None:
    """Return the whole bar of a session."""
    for bar in bars:
        bar = bar_on_our_clock(bar, vendor.clock_ahead)
        if bar.complete and sink.calendar.market_date(bar.start) == day:
            return bar
    return None
