"""Discrete-event simulation: a virtual minute starts only when the engine has finished the one before."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime, timedelta

import aiohttp

from server.demo.feed import FEED, SimulatedFeed
from server.demo.market import Bar, SimulatedMarket
from server.demo.senders import SimulatedSenders
from server.runtime.clock import VirtualClock
from server.runtime.ports import NotStored, Overloaded
from server.runtime.runtime import Runtime

AGAIN = (429, 503)
"""Answers after which a body is sent again, as its vendor does: the ledger cannot store now, or too much waits."""
AGAIN_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Mute:
    """A source whose senders stop sending at an instant: its webhook address, and the instant."""

    endpoint: str
    since: datetime

    def holds(self, endpoint: str, now: datetime) -> bool:
        return endpoint == self.endpoint and now >= self.since


class Drive:
    """Moves the virtual clock, sends prices to the engine, and posts the senders' bodies to the real listener."""

    def __init__(
        self,
        runtime: Runtime,
        clock: VirtualClock,
        market: SimulatedMarket,
        feed: SimulatedFeed,
        senders: SimulatedSenders,
        *,
        url: str,
        speed: float,
    ) -> None:
        self.runtime, self.clock, self.market, self.feed = runtime, clock, market, feed
        self.senders, self.url, self.speed = senders, url, speed
        self.paused = False
        self.mute: Mute | None = None

    async def run(self, until: datetime | None) -> None:
        """Run to the virtual instant ``until``, or without end; closed hours are skipped."""
        timeout = aiohttp.ClientTimeout(total=60)
        async with aiohttp.ClientSession(timeout=timeout) as client:
            await self._post_all(client)
            begun, minutes = time.monotonic(), 0
            while until is None or self.clock.now() < until:
                while self.paused:
                    await asyncio.sleep(0.1)
                    begun += 0.1
                session = self.market.session
                bars = self.market.step()
                skipped = self.market.session is not session
                self.clock.move(self.market.now)
                if until is not None and skipped:
                    until += self.market.session.open - session.close
                await self._send_prices(bars)
                await self._post_all(client)
                minutes += 1
                if not math.isinf(self.speed):
                    await asyncio.sleep(max(0.0, begun + minutes * 60 / self.speed - time.monotonic()))

    async def _send_prices(self, bars: tuple[Bar, ...]) -> None:
        """Post the minute's bars of the watched symbols to the engine, with quotes of the options held."""
        now = self.clock.now()
        last = now == self.market.session.close
        watched = {watch.symbol: watch.contracts for watch in self.feed.watched}
        for bar in bars:
            if bar.symbol in watched:
                price = self.runtime.price(
                    bar.symbol, bar.close, FEED,
                    bar=(bar.open, bar.high, bar.low),
                    quotes=self.feed.quotes(watched[bar.symbol], now),
                    official_close=last,
                )  # fmt: skip
                await _given(price)
        await _given(self.runtime.tick())
        await self.runtime.settled()

    async def _post_all(self, client: aiohttp.ClientSession) -> None:
        """Post one body after another, each after the answer to the one before: the order is repeatable."""
        now = self.clock.now()
        for post in self.senders.posts(now, self.market.spot):
            if self.mute is not None and self.mute.holds(post.endpoint, now):
                continue
            while True:
                async with client.post(self.url + post.endpoint, data=post.body) as answer:
                    text = await answer.text()
                if answer.status not in AGAIN:
                    break
                await asyncio.sleep(AGAIN_SECONDS)
            if answer.status not in (200, 400, 422):
                raise RuntimeError(f"the listener answered HTTP {answer.status}: {text[:200]}")
        await self.runtime.settled()


async def _given(price_or_time: Awaitable[object]) -> None:
    """Give the engine a price, or time; what it cannot store now waits in it, so that nothing is given again."""
    try:
        await price_or_time
    except (NotStored, Overloaded):
        await asyncio.sleep(AGAIN_SECONDS)


def virtual_end(start: datetime, seconds: float, speed: float) -> datetime:
    """Return the virtual instant at which a demo of so many seconds ends; at full speed a second is a minute."""
    return start + timedelta(seconds=seconds * (60 if math.isinf(speed) else speed))
