"""Feeds: their protocol, the market rules for a request, and the substitute when no feed is configured."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from core.effects import FetchMarket, Watch
from core.events import CorporateAction, OptionChain
from core.exchange.calendar import Calendar
from core.model import MarketSnapshot
from core.options.fills import OptionQuote
from core.rules import Rules

log = logging.getLogger("gatedeck.feeds")

LOOK_SECONDS = 0.5
"""Pause between two looks for options that await their settlement, where there is no feed."""
STAGES = 2.5
"""Time limits that a reply may take: the underlying first, then the chain near its price, and some reserve."""


@dataclass(frozen=True, slots=True)
class MarketReply:
    """A snapshot of the underlying and, when a feed lists options, the chain near the money."""

    snapshot: MarketSnapshot
    chain: OptionChain | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStatus:
    """One feed, or the substitute when none is configured.

    ``state`` is OK | WAITING (not asked yet) | DOWN | KEY_MISSING | KEY_REFUSED | OFF | ASSUMED | SIMULATED. The
    budget is in requests or credits, ``budget_resets_in`` in seconds. ``stream`` is its state in words, ``None``
    without a stream. ``clock_ahead`` is by how many seconds the vendor's clock is ahead of the engine's.
    """

    name: str
    state: str
    detail: str = ""
    offers: tuple[str, ...] = ()
    stream: str | None = None
    requests: int = 0
    failures: int = 0
    budget_left: int | None = None
    budget_limit: int | None = None
    budget_resets_in: float | None = None
    latency_p50_ms: float | None = None
    latency_p99_ms: float | None = None
    last_answer_at: datetime | None = None
    last_error: str | None = None
    last_error_at: datetime | None = None
    clock_ahead: float | None = None


class PriceSink(Protocol):
    """The engine as the feeds see it: its rules and calendar, what it holds, and where prices go."""

    @property
    def rules(self) -> Rules: ...

    @property
    def calendar(self) -> Calendar: ...

    def levels(self, symbol: str) -> tuple[float, ...] | None:
        """Return the stops and targets of the open positions in an underlying; ``None`` if none is open."""
        ...

    def halted_since(self, symbol: str) -> datetime | None:
        """Return since when the engine takes an underlying for halted; ``None`` if it does not."""
        ...

    def last_stated(self) -> datetime | None:
        """Return when the newest price that a sender stated was made; ``None`` if none is known."""
        ...

    def awaited_closes(self) -> Mapping[tuple[str, date], bool]:
        """Return the official closes that would settle something, by symbol and day.

        True: the engine knows already that it may be not to be had.
        """
        ...

    async def close_unavailable(self, symbol: str, day: date, why: str) -> None:
        """Tell the engine that no feed gives the official close of a day."""
        ...

    async def price(
        self,
        symbol: str,
        price: float,
        source: str,
        *,
        priced_at: datetime | None = None,
        bar: tuple[float, float, float] | None = None,
        began: datetime | None = None,
        quotes: tuple[tuple[str, OptionQuote], ...] = (),
        official_close: bool = False,
    ) -> None:
        """Post a price to the engine; returns when it is stored. Raises an error when it is not."""
        ...

    async def closes(self, symbol: str, source: str, closes: tuple[tuple[date, float], ...]) -> None:
        """Post the daily closes of an underlying, adjusted for splits, oldest first."""
        ...

    async def trading_status(self, symbol: str, halted: bool, source: str, reason: str = "") -> None:
        """Post to the engine that an underlying is halted, or trades again."""
        ...

    async def corporate_action(
        self,
        symbol: str,
        action: CorporateAction,
        source: str,
        *,
        ex_date: date | None = None,
        amount: float | None = None,
        ratio: float | None = None,
        text: str = "",
    ) -> None:
        """Post a dividend (``amount`` in dollars), a split (``ratio`` new shares for an old), or a symbol's end."""
        ...


class Markets(Protocol):
    """All feeds together; ``note`` names the source of prices on screen; ``assumed``: they are no data."""

    note: str
    assumed: bool

    def at_once(self, ask: FetchMarket, now: datetime, *, chain: bool = True) -> MarketReply | None:
        """Return the reply if it needs no waiting, else ``None``; then call ``ask``."""
        ...

    async def ask(self, ask: FetchMarket, now: datetime, *, chain: bool = True) -> MarketReply:
        """Ask the feeds side by side; the fields of a feed that fails are absent. Never raises.

        Without ``chain`` only the underlying is asked for, as for the ETF of a cash index.
        """
        ...

    def status(self) -> tuple[FeedStatus, ...]:
        """Return the state of each feed, for the System screen."""
        ...

    def trouble(self, symbol: str) -> str:
        """Return in a few words why prices of an underlying may not arrive; empty when nothing is known."""
        ...

    async def watch(self, wanted: Sequence[Watch]) -> None:
        """Set which prices the engine needs from now on."""
        ...

    def attach(self, sink: PriceSink) -> None:
        """Set the engine that is to get the prices, before it starts."""
        ...

    async def run(self) -> None:
        """Follow the watched prices and post them until cancelled; return at once if somebody else does."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...


def reply_at_once(markets: Markets, ask: FetchMarket, now: datetime, rules: Rules) -> MarketReply | None:
    """Return a market reply that needs no waiting, else ``None``; then use ``request_market``.

    Spread and depth of a cash index come from its ETF (``contract.spread_proxies``).
    """
    reply = markets.at_once(ask, now)
    proxy = rules.contract.spread_proxies.get(ask.symbol)
    if reply is None or proxy is None or reply.snapshot.assumed:
        return reply
    etf = markets.at_once(replace(ask, symbol=proxy), now, chain=False)
    return None if etf is None else _with_spread_of(reply, etf, proxy)


async def request_market(markets: Markets, ask: FetchMarket, now: datetime, rules: Rules) -> MarketReply:
    """Ask the feeds and wait for their reply, which takes ``market.feed_timeout_seconds`` a stage. Never raises.

    The fields of a feed that fails or is too slow are absent, so that the market gate fails. Spread and depth of
    a cash index come from its ETF, which is asked at the same time.
    """
    seconds = rules.market.feed_timeout_seconds * STAGES
    proxy = rules.contract.spread_proxies.get(ask.symbol)
    if proxy is None:
        return await _within(markets, ask, now, seconds)
    reply, etf = await asyncio.gather(
        _within(markets, ask, now, seconds),
        _within(markets, replace(ask, symbol=proxy), now, seconds, chain=False),
    )
    return reply if reply.snapshot.assumed else _with_spread_of(reply, etf, proxy)


async def _within(
    markets: Markets, ask: FetchMarket, now: datetime, seconds: float, *, chain: bool = True
) -> MarketReply:
    try:
        return await asyncio.wait_for(markets.ask(ask, now, chain=chain), seconds)
    except TimeoutError:
        log.warning("no market reply for %s within %g s", ask.symbol, seconds)
    except Exception as error:
        log.exception("the feeds could not be asked about %s", ask.symbol, exc_info=error)
    return MarketReply(MarketSnapshot(symbol=ask.symbol, as_of=now))


_FROM_PROXY = ("spread_bps", "depth_score")


def _with_spread_of(reply: MarketReply, etf: MarketReply, proxy: str) -> MarketReply:
    """Return the reply of a cash index, which has no order book of its own, with its ETF's spread and depth."""
    index, book = reply.snapshot, etf.snapshot
    feeds = {name: feed for name, feed in index.feeds.items() if name not in _FROM_PROXY}
    ages = {name: age for name, age in index.ages.items() if name not in _FROM_PROXY}
    snapshot = replace(
        index,
        spread_bps=book.spread_bps,
        depth_score=book.depth_score,
        proxied=proxy,
        feeds=feeds | {name: book.feeds[name] for name in _FROM_PROXY if name in book.feeds},
        ages=ages | {name: book.ages[name] for name in _FROM_PROXY if name in book.ages},
    )
    return replace(reply, snapshot=snapshot)


ASSUMED = ("spread_bps", "depth_score", "atr14")
"""The fields that the engine assumes when there is no feed."""


class NoFeed:
    """No feed at all: the engine assumes spread, depth and ATR; prices come only from the senders' bodies."""

    note = "no feed: market assumed"
    assumed = True
    _sink: PriceSink | None = None

    def at_once(self, ask: FetchMarket, now: datetime, *, chain: bool = True) -> MarketReply:
        return MarketReply(MarketSnapshot(symbol=ask.symbol, as_of=now, assumed=ASSUMED))

    async def ask(self, ask: FetchMarket, now: datetime, *, chain: bool = True) -> MarketReply:
        return self.at_once(ask, now)

    def status(self) -> tuple[FeedStatus, ...]:
        return (FeedStatus(name="none", state="ASSUMED", detail="prices come only from the senders' bodies"),)

    def trouble(self, symbol: str) -> str:
        return "no feed"

    async def watch(self, wanted: Sequence[Watch]) -> None:
        return None

    def attach(self, sink: PriceSink) -> None:
        self._sink = sink

    async def run(self) -> None:
        if self._sink is not None:
            await tell_missing_closes(self._sink)

    async def close(self) -> None:
        return None


async def tell_missing_closes(sink: PriceSink) -> None:
    """Tell the engine, until cancelled, that no official close will come: there is no feed that could give one."""
    while True:
        for (symbol, day), told in sink.awaited_closes().items():
            if told:
                continue
            try:
                await sink.close_unavailable(symbol, day, "there is no feed")
            except Exception as error:
                # What could not be stored is told again.
                log.exception("the engine could not be told of a missing close", exc_info=error)
        await asyncio.sleep(LOOK_SECONDS)
