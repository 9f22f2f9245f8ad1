"""The live market: the vendors of the settings together, asked for a signal and followed for what is held."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import aiohttp

from core.effects import FetchMarket, Watch
from core.model import MarketSnapshot
from server.config import Settings
from server.feeds.asking import Asking
from server.feeds.base import (
    ASSUMED,
    FeedStatus,
    MarketReply,
    Markets,
    NoFeed,
    PriceSink,
    tell_missing_closes,
)
from server.feeds.board import Board
from server.feeds.follow import Follower
from server.feeds.registry import WEBHOOK, OpenFeeds, check_names, open_feeds
from server.feeds.values import Need, StreamState, Unavailable
from server.feeds.vendor import Vendor
from server.runtime.clock import Clock

CHECKED = "SPY"
DOUBT_SHOWN = timedelta(minutes=10)
"""Time for which a disagreement of two vendors is shown."""


class LiveMarkets:
    """All vendors as the one market of the engine.

    Without any vendor (only "webhook" is named) the market is assumed, as without a feed.
    """

    def __init__(self, feeds: OpenFeeds, clock: Clock, session: aiohttp.ClientSession | None = None) -> None:
        self.feeds = feeds
        self.clock = clock
        self.board = Board(feeds.vendors)
        named = len(feeds.vendors) + len(feeds.unusable)
        self.assumed = named == 0
        names = ", ".join(vendor.name for vendor in feeds.vendors)
        self.note = names or ("no feed: market assumed" if self.assumed else "no feed can be used")
        self.asking = Asking(feeds.vendors, self.board, clock, named)
        self.follower = Follower(feeds.vendors, self.board, clock)
        self._session = session
        self._sink: PriceSink | None = None
        self._told_closes: dict[str, datetime] = {}

    def at_once(self, ask: FetchMarket, now: datetime, *, chain: bool = True) -> MarketReply | None:
        """Return the reply if it needs no waiting, else ``None``."""
        if self.assumed:
            return MarketReply(MarketSnapshot(symbol=ask.symbol, as_of=now, assumed=ASSUMED))
        if self._sink is None:
            return None
        return self.asking.at_once(ask, now, self._sink.rules, self._sink.calendar, chain)

    async def ask(self, ask: FetchMarket, now: datetime, *, chain: bool = True) -> MarketReply:
        """Ask the vendors side by side; the fields of one that fails are absent."""
        if self.assumed or self._sink is None:
            return MarketReply(
                MarketSnapshot(symbol=ask.symbol, as_of=now, assumed=ASSUMED if self.assumed else ())
            )
        reply = await self.asking.ask(ask, self._sink.rules, self._sink.calendar, chain)
        await self._tell_closes(ask.symbol, self._sink)
        return reply

    async def _tell_closes(self, symbol: str, sink: PriceSink) -> None:
        """Post the daily closes of an underlying, once for each new one, before the decision that uses them."""
        figures = self.asking.daily(symbol)
        if figures is None or self._told_closes.get(symbol) == figures.as_of:
            return
        await sink.closes(symbol, figures.source, figures.closes)
        self._told_closes[symbol] = figures.as_of

    async def watch(self, wanted: Sequence[Watch]) -> None:
        """Follow these underlyings and options from now on."""
        self.follower.watch(wanted)

    def attach(self, sink: PriceSink) -> None:
        """Set the engine whose rules are used and that gets the prices."""
        self._sink = self.follower.sink = sink

    async def run(self) -> None:
        """Follow the watched prices until cancelled; ``attach`` must have been called."""
        if self.feeds.vendors:
            await self.follower.run()
        elif self._sink is not None:
            await tell_missing_closes(self._sink)

    async def check(self) -> tuple[str, ...]:
        """Ask each vendor once for a little; return one line for each feed that cannot be used."""
        found = await asyncio.gather(*(check(vendor) for vendor in self.feeds.vendors))
        faults = [
            f"feed {vendor.name}: {fault.text.removeprefix(f'{vendor.name}: ')}"
            for vendor, fault in zip(self.feeds.vendors, found, strict=True)
            if fault is not None
        ]
        return (*self.feeds.lines, *faults)

    async def close(self) -> None:
        """End the requests under way and close the connections."""
        await self.asking.close()
        await self.follower.close()
        if self._session is not None:
            await self._session.close()

    # --- state ---------------------------------------------------------------------------------------------

    def status(self) -> tuple[FeedStatus, ...]:
        """Return the state of each feed in the order of preference, those that cannot be used last."""
        found = [self._with_stream(vendor.status()) for vendor in self.feeds.vendors]
        doubts = self._doubts()
        if found and doubts:
            found[0] = replace(found[0], detail=_joined(found[0].detail, doubts))
        found += self.feeds.unusable
        if self.feeds.webhook:
            found.append(self._webhook())
        if not found:
            text = "prices come only from the senders' bodies"
            found.append(FeedStatus(name="none", state="ASSUMED", detail=text))
        return tuple(found)

    def trouble(self, symbol: str) -> str:
        """Return in a few words why prices of an underlying may not arrive; empty when nothing is known.

        Only the feed that prices it counts; all of them while none has.
        """
        track = self.follower.tracks.get(symbol)
        if track is not None and track.halted:
            return f"{symbol} is halted"
        source = None if track is None or track.last is None else track.last.source
        told = []
        for feed in self.status():
            if source not in (None, feed.name):
                continue
            stream = self.follower.streaming.states.get(feed.name)
            if feed.state in ("DOWN", "KEY_REFUSED", "KEY_MISSING", "NOT_IN_PLAN"):
                told.append(f"{feed.name}: {feed.detail.removeprefix(f'{feed.name}: ')}")
            elif stream is not None and not stream.connected:
                told.append(f"{feed.name} {stream.text or 'reconnecting'}")
        return "; ".join(told)

    def _with_stream(self, status: FeedStatus) -> FeedStatus:
        state: StreamState | None = self.follower.streaming.states.get(status.name)
        if state is None or status.stream is not None:
            return status
        return replace(status, stream="connected" if state.connected else state.text or "reconnecting")

    def _webhook(self) -> FeedStatus:
        stated = None if self._sink is None else self._sink.last_stated()
        if stated is None:
            text = "no sender has stated a price yet (gatedeck guide feeds)"
            return FeedStatus(name=WEBHOOK, state="WAITING", detail=text)
        text = "prices and bars of the senders"
        return FeedStatus(name=WEBHOOK, state="OK", detail=text, last_answer_at=stated)

    def _doubts(self) -> str:
        now = self.clock.now()
        return ", ".join(text for text, at in self.asking.doubts.values() if now - at <= DOUBT_SHOWN)


async def check(vendor: Vendor) -> Unavailable | None:
    """Ask a vendor for its clock or, where it has none, one quote; return the fault if it cannot be used."""
    if Need.CLOCK in vendor.offers:
        found = await vendor.exchange_clock()
        return found if isinstance(found, Unavailable) else None
    if Need.QUOTES in vendor.offers:
        quote = (await vendor.quotes((CHECKED,))).get(CHECKED)
        return quote if isinstance(quote, Unavailable) else None
    return None


def open_markets(
    settings: Settings,
    clock: Clock,
    *,
    environment: Mapping[str, str] = os.environ,
    random: Random | None = None,
) -> Markets:
    """Return the market of the settings' feeds. Raises ConfigError; needs a running loop when a vendor is named."""
    if not settings.feeds:
        return NoFeed()
    if settings.feeds == (WEBHOOK,):
        return LiveMarkets(OpenFeeds(webhook=True), clock)
    check_names(settings.feeds)
    session = aiohttp.ClientSession(headers={"User-Agent": "gatedeck"})
    feeds = open_feeds(settings, session, clock, environment=environment, random=random)
    return LiveMarkets(feeds, clock, session)


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
