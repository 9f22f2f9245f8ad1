"""Dividends, splits and symbol changes of the watched underlyings: asked for once a session, posted when news."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from core.events import CorporateAction
from server.feeds.base import PriceSink
from server.feeds.values import Dividend, Need, Split, SymbolChange, Unavailable
from server.feeds.vendor import Vendor

log = logging.getLogger("gatedeck.feeds")

AGAIN = timedelta(minutes=30)
"""Pause before an underlying whose answer failed is asked for again."""
PAST_DAYS, AHEAD_DAYS = 3, 90
"""Ex-dates that matter: a split of the last days may be that of an open position."""


NEEDS = (Need.SPLITS, Need.SYMBOL_CHANGES, Need.DIVIDENDS)
_Action = Dividend | Split | SymbolChange


class Corporate:
    """Asks the vendors in order and remembers what the engine has been told."""

    def __init__(self, vendors: tuple[Vendor, ...]) -> None:
        self._vendors = vendors
        self._done: dict[tuple[str, Need], date] = {}
        self._tried: dict[str, datetime] = {}
        self._told: set[_Action] = set()
        self._task: asyncio.Task[None] | None = None

    def begin(self, symbols: Iterable[str], sink: PriceSink, now: datetime) -> asyncio.Task[None] | None:
        """Start the requests that are due, if any; at most one series of requests is under way."""
        if self._task is not None and not self._task.done():
            return None
        if not any(not vendor.offers.isdisjoint(NEEDS) for vendor in self._vendors):
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
        offered = [need for need in NEEDS if any(need in vendor.offers for vendor in self._vendors)]
        known = all(self._done.get((symbol, need)) == today for need in offered)
        tried = self._tried.get(symbol)
        return not known and (tried is None or now - tried >= AGAIN)

    async def close(self) -> None:
        """Cancel the requests under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _ask(self, symbols: tuple[str, ...], sink: PriceSink, today: date) -> None:
        for need in NEEDS:
            left = symbols
            for vendor in self._vendors:
                if not left or need not in vendor.offers:
                    continue
                found = await _of(vendor, need, left)
                for symbol in left:
                    actions = found.get(symbol)
                    if actions is None or isinstance(actions, Unavailable):
                        continue
                    self._done[symbol, need] = today
                    for action in actions:
                        await self._tell(action, sink, today)
                left = tuple(symbol for symbol in left if self._done.get((symbol, need)) != today)

    async def _tell(self, action: _Action, sink: PriceSink, today: date) -> None:
        if action in self._told:
            return
        if isinstance(action, SymbolChange):
            # The engine takes no more prices of a symbol that has ended, so it is told on the day and not before.
            if not 0 <= (today - action.day).days <= PAST_DAYS:
                return
            text = "its symbol changed" if action.to is None else f"it is {action.to} now"
            await sink.corporate_action(
                action.symbol, CorporateAction.SYMBOL_CHANGE, action.source, ex_date=action.day, text=text
            )
            self._told.add(action)
            return
        if not -PAST_DAYS <= (action.ex_date - today).days <= AHEAD_DAYS:
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


async def _of(
    vendor: Vendor, need: Need, symbols: tuple[str, ...]
) -> Mapping[str, tuple[_Action, ...] | Unavailable]:
    if need is Need.SPLITS:
        return await vendor.splits(symbols)
    if need is Need.SYMBOL_CHANGES:
        return await vendor.symbol_changes(symbols)
    return await vendor.dividends(symbols)
