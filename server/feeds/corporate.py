"""Dividends and splits of the watched underlyings, asked for once a session and posted when they are news."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from core.events import CorporateAction
from server.feeds.base import PriceSink
from server.feeds.values import Dividend, Need, Split, Unavailable
from server.feeds.vendor import Vendor

log = logging.getLogger("gatedeck.feeds")

AGAIN = timedelta(minutes=30)
"""Pause before an underlying whose answer failed is asked for again."""
PAST_DAYS, AHEAD_DAYS = 3, 90
"""Ex-dates that matter: a split of the last days may be that of an open position."""


class Corporate:
    """Asks the vendors in order and remembers what the engine has been told."""

    def __init__(self, vendors: tuple[Vendor, ...]) -> None:
        self._vendors = vendors
        self._done: dict[tuple[str, Need], date] = {}
        self._tried: dict[str, datetime] = {}
        self._told: set[Dividend | Split] = set()
        self._task: asyncio.Task[None] | None = None

    def begin(self, symbols: Iterable[str], sink: PriceSink, now: datetime) -> asyncio.Task[None] | None:
        """Start the requests that are due, if any; at most one series of requests is under way."""
        if self._task is not None and not self._task.done():
            return None
        if not any({Need.DIVIDENDS, Need.SPLITS} & vendor.offers for vendor in self._vendors):
            return None
        today = sink.calendar.market_date(now)
        due = tuple(symbol for symbol in symbols if self._is_due(symbol, today, now))
        if not due:
            return None
        for symbol in due:
            self._tried[symbol] = now
        self._task = asyncio.create_task(self._ask(due, sink, today))
        return self._task

    def _is_due(self, symbol: str, today: date, now: datetime) -> bool:
        known = all(self._done.get((symbol, need)) == today for need in (Need.DIVIDENDS, Need.SPLITS))
        tried = self._tried.get(symbol)
        return not known and (tried is None or now - tried >= AGAIN)

    async def close(self) -> None:
        """Cancel the requests under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _ask(self, symbols: tuple[str, ...], sink: PriceSink, today: date) -> None:
        for need in (Need.SPLITS, Need.DIVIDENDS):
            left = symbols
            for vendor in self._vendors:
                if not left or need not in vendor.offers:
                    continue
                found = await (vendor.splits(left) if need is Need.SPLITS else vendor.dividends(left))
                for symbol in left:
                    actions = found.get(symbol)
                    if actions is None or isinstance(actions, Unavailable):
                        continue
                    self._done[symbol, need] = today
                    for action in actions:
                        await self._tell(action, sink, today)
                left = tuple(symbol for symbol in left if self._done.get((symbol, need)) != today)

    async def _tell(self, action: Dividend | Split, sink: PriceSink, today: date) -> None:
        days = (action.ex_date - today).days
        if action in self._told or not -PAST_DAYS <= days <= AHEAD_DAYS:
            return
        if isinstance(action, Split):
            await sink.corporate_action(
                action.symbol,
                CorporateAction.SPLIT,
                action.source,
                ex_date=action.ex_date,
                ratio=action.new / action.old,
            )
        else:
            await sink.corporate_action(
                action.symbol,
                CorporateAction.DIVIDEND,
                action.source,
                ex_date=action.ex_date,
                amount=action.amount,
            )
        self._told.add(action)
