"""Discrete-event simulation: each virtual minute starts only when the one before is answered and idle."""

from __future__ import annotations

import asyncio
import math
import time
from datetime import datetime, timedelta

import aiohttp

from server.demo.feed import FEED, SimulatedFeed
from server.demo.market import Bar, SimulatedMarket
from server.demo.senders import SimulatedSenders
from server.runtime.clock import VirtualClock
from server.runtime.runtime import Runtime


class Drive:
    """Moves the virtual clock, tells prices, and posts the senders' bodies to the real listener."""

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

    async def run(self, until: datetime | None) -> None:
        """Go on to the virtual instant ``until``, closed hours left out, or without end."""
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
                await self._tell(bars)
                await self._post_all(client)
                minutes += 1
                if not math.isinf(self.speed):
                    await asyncio.sleep(max(0.0, begun + minutes * 60 / self.speed - time.monotonic()))

    async def _tell(self, bars: tuple[Bar, ...]) -> None:
        """The minute's bars of what is watched, each with the quotes of the options held on it."""
        now = self.clock.now()
        last = now == self.market.session.close
        watched = {watch.symbol: watch.contracts for watch in self.feed.watched}
        for bar in bars:
            if bar.symbol in watched:
                await self.runtime.price(
                    bar.symbol, bar.close, FEED,
                    bar=(bar.open, bar.high, bar.low),
                    quotes=self.feed.quotes(watched[bar.symbol], now),
                    official_close=last,
                )  # fmt: skip
        await self.runtime.tick()
        await self.runtime.settled()

    async def _post_all(self, client: aiohttp.ClientSession) -> None:
        """One at a time, in order: a sender waits for its answer before the next one speaks."""
        for post in self.senders.posts(self.clock.now(), self.market.spot):
            async with client.post(self.url + post.endpoint, data=post.body) as answer:
                told = await answer.text()
            if answer.status not in (200, 400, 422):
                raise RuntimeError(f"the listener answered HTTP {answer.status}: {told[:200]}")
        await self.runtime.settled()


def virtual_end(start: datetime, seconds: float, speed: float) -> datetime:
    """The virtual instant at which a demo of that many seconds ends; at full speed each counts for a minute."""
    return start + timedelta(seconds=seconds * (60 if math.isinf(speed) else speed))
