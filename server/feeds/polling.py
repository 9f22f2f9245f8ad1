"""Requests for watched prices that have become old: more often when held, and more often still near a level."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from core.model import Contract
from server.feeds.base import PriceSink
from server.feeds.track import Track
from server.feeds.values import Bar, Need, Tick, Unavailable
from server.feeds.vendor import Vendor
from server.runtime.clock import Clock

log = logging.getLogger("gatedeck.feeds")

NEAR, HELD, OTHER = 1.0, 3.0, 15.0
"""Seconds after which the price of an underlying is asked for: near a level, held, and otherwise."""
QUOTES_HELD, QUOTES_OTHER = 5.0, 30.0
"""The same for the options of held underlyings, and for others."""
POLLING_SHARE = 0.6
"""Share of a budget a minute that polling may spend: the rest is for bars, options and decisions."""
BAR_READY = timedelta(seconds=2)
"""Time after a minute until its bar is asked for: vendors need a moment to make it."""
MOST_SYMBOLS = 50
MOST_CONTRACTS = 100
"""Names in one request, so that its address does not become too long for a vendor."""

IsNear = Callable[[Track, tuple[float, ...]], bool]


class Polling:
    """Asks the vendors in order for what is due; an answer is handed over as if a stream had sent it."""

    def __init__(
        self,
        vendors: tuple[Vendor, ...],
        clock: Clock,
        take: Callable[[Vendor, Tick], None],
        take_bars: Callable[[Vendor, str, Sequence[Bar]], None],
    ) -> None:
        self._vendors = vendors
        self._clock = clock
        self._take = take
        self._take_bars = take_bars
        self._tasks: set[asyncio.Task[None]] = set()
        self._asking: set[str] = set()
        """Underlyings and OCC symbols that are being asked for."""
        self._options_asked: dict[str, datetime] = {}
        self._urgent: set[str] = set()
        self._doubted: set[str] = set()
        self._doubts_asked: dict[str, datetime] = {}
        self._blind: dict[str, datetime] = {}
        self._bars_until: dict[str, datetime] = {}
        """For each held underlying: the end of the last minute whose bar was asked for."""

    def hurry(self, symbol: str, *, every: bool = False) -> None:
        """Ask for this underlying in the next round whatever its age; with ``every`` all vendors, not too often."""
        if every:
            now, before = self._clock.now(), self._doubts_asked.get(symbol)
            if before is not None and now - before < timedelta(seconds=HELD):
                return
            self._doubts_asked[symbol] = now
            self._doubted.add(symbol)
        self._urgent.add(symbol)

    def is_asking_others(self, symbol: str) -> bool:
        """Return whether other vendors are still to say what they know of a doubted price."""
        return symbol in self._doubted and len(self._offering(Need.QUOTES)) > 1

    def fill(self, symbol: str, since: datetime) -> None:
        """Ask in the next round for the minute bars since a stream broke off."""
        self._blind[symbol] = since

    async def settled(self) -> None:
        """Wait until no request is under way."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def close(self) -> None:
        """Cancel the requests under way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def begin(
        self,
        tracks: Mapping[str, Track],
        contracts: Mapping[str, tuple[Contract, ...]],
        sink: PriceSink,
        now: datetime,
        is_near: IsNear,
        *,
        streams: bool,
    ) -> None:
        """Start the requests that are due; none is started twice. ``streams``: every trade comes by a stream."""
        held = {symbol: sink.levels(symbol) for symbol in tracks}
        self._begin_bars([symbol for symbol in tracks if held[symbol] is not None], now, streams)
        blind = {symbol: since for symbol, since in self._blind.items() if symbol in tracks}
        self._blind.clear()
        for symbol, since in blind.items():
            self._start(self._ask_bars(symbol, since))
        watched = sum(1 for levels in held.values() if levels is not None), len(held)
        pace = tuple(self._pace(count) for count in watched)
        due = [t for t in tracks.values() if self._is_due(t, held[t.symbol], now, is_near, pace)]
        doubted = [track.symbol for track in due if track.symbol in self._doubted]
        # What is being asked for now may have been asked before the doubt arose: it is asked for again.
        self._urgent &= self._asking
        self._doubted &= tracks.keys()
        for symbol in doubted:
            tracks[symbol].asked_on = now
            self._asking.add(symbol)
            self._start(self._ask_quotes((symbol,), True, every=True))
        for urgent in (True, False):
            names = [
                t.symbol for t in due if (held[t.symbol] is not None) is urgent and t.symbol not in doubted
            ]
            for some in _parts(names, MOST_SYMBOLS):
                for symbol in some:
                    tracks[symbol].asked_on = now
                self._asking.update(some)
                self._start(self._ask_quotes(tuple(some), urgent))
        self._begin_options(contracts, held, now)

    def _begin_bars(self, held: Sequence[str], now: datetime, streams: bool) -> None:
        """Ask for each whole minute's bar of what is held: between two requests a level may have been touched."""
        minute = (now - BAR_READY).replace(second=0, microsecond=0)
        begun = now.replace(second=0, microsecond=0)
        self._bars_until = {symbol: self._bars_until.get(symbol, begun) for symbol in held}
        for symbol, until in self._bars_until.items():
            if until < minute:
                self._bars_until[symbol] = minute
                if not streams:
                    self._start(self._ask_bars(symbol, until))

    def _pace(self, underlyings: int) -> float:
        """Return the shortest seconds between two requests for so many underlyings that the budgets last for."""
        found = []
        for vendor in self._offering(Need.QUOTES):
            limit = vendor.status().budget_limit
            requests = underlyings if vendor.costs_per_symbol else -(-underlyings // MOST_SYMBOLS)
            found.append(0.0 if limit is None else requests * 60.0 / (limit * POLLING_SHARE))
        return min(found, default=0.0)

    def _is_due(
        self,
        track: Track,
        levels: tuple[float, ...] | None,
        now: datetime,
        is_near: IsNear,
        pace: tuple[float, ...],
    ) -> bool:
        if track.symbol in self._asking:
            return False
        if track.symbol in self._urgent:
            return True
        if levels is None:
            pause = max(OTHER, 2 * pace[1])
        else:
            pause = max(NEAR if is_near(track, levels) else HELD, pace[0])
        newest = max((at for at in (track.asked_on, _made(track)) if at is not None), default=None)
        return newest is None or now - newest >= timedelta(seconds=pause)

    def _begin_options(
        self,
        contracts: Mapping[str, tuple[Contract, ...]],
        held: Mapping[str, tuple[float, ...] | None],
        now: datetime,
    ) -> None:
        if not self._offering(Need.OPTION_QUOTES):
            return
        every = {c.occ for some in contracts.values() for c in some}
        self._options_asked = {occ: at for occ, at in self._options_asked.items() if occ in every}
        for urgent in (True, False):
            pause = timedelta(seconds=QUOTES_HELD if urgent else QUOTES_OTHER)
            due = []
            for symbol, some in contracts.items():
                if (held.get(symbol) is not None) is not urgent:
                    continue
                for contract in some:
                    asked = self._options_asked.get(contract.occ)
                    if contract.occ not in self._asking and (asked is None or now - asked >= pause):
                        due.append(contract)
            for part in _parts(due, MOST_CONTRACTS):
                for contract in part:
                    self._options_asked[contract.occ] = now
                self._asking.update(c.occ for c in part)
                self._start(self._ask_options(tuple(part), urgent))

    # --- requests ------------------------------------------------------------------------------------------

    async def _ask_quotes(self, symbols: tuple[str, ...], urgent: bool, *, every: bool = False) -> None:
        left = symbols
        try:
            for vendor in self._offering(Need.QUOTES):
                if not left:
                    return
                found = await vendor.quotes(left, urgent=urgent)
                for value in found.values():
                    if not isinstance(value, Unavailable):
                        self._take(vendor, value)
                if not every:
                    left = tuple(s for s in left if isinstance(found.get(s), Unavailable | None))
        finally:
            self._asking.difference_update(symbols)
            if every:
                self._doubted.difference_update(symbols)

    async def _ask_options(self, contracts: tuple[Contract, ...], urgent: bool) -> None:
        left = contracts
        try:
            for vendor in self._offering(Need.OPTION_QUOTES):
                if not left:
                    return
                found = await vendor.option_quotes(left, urgent=urgent)
                for value in found.values():
                    if not isinstance(value, Unavailable):
                        self._take(vendor, value)
                left = tuple(c for c in left if isinstance(found.get(c.occ), Unavailable | None))
        finally:
            self._asking.difference_update(c.occ for c in contracts)

    async def _ask_bars(self, symbol: str, since: datetime) -> None:
        for vendor in self._offering(Need.MINUTE_BARS):
            found = (await vendor.minute_bars((symbol,), since, urgent=True)).get(symbol)
            if found is not None and not isinstance(found, Unavailable):
                self._take_bars(vendor, symbol, found)
                return
        for vendor in self._vendors[:1]:
            self._take_bars(vendor, symbol, ())

    def _offering(self, need: Need) -> tuple[Vendor, ...]:
        return tuple(vendor for vendor in self._vendors if need in vendor.offers)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a request of prices failed", exc_info=task.exception())


def _made(track: Track) -> datetime | None:
    return None if track.last is None else track.last.at


def _parts(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [items[first : first + size] for first in range(0, len(items), size)]
