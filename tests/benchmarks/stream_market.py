"""Fifty underlyings that tick, and their options, behind a local Alpaca: ``stream_market.py ZERO`` runs it.

ZERO is the epoch second that stands for the start of the simulated session, for this process and for the engine's.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from core.options import price_one
from server.demo.vendors.alpaca import AlpacaServer
from server.demo.vendors.source import CorporateAction, ListedOption, PriceBar, Stock, parse_occ

START = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
EXPIRY = date(2026, 11, 27)
SYMBOLS = tuple(f"BN{chr(65 + n // 26)}{chr(65 + n % 26)}" for n in range(50))
TICKS_A_SECOND = 20
FRAMES_A_SECOND = 100
"""Frames a second in which a fifth of the symbols tick each."""


class SharedClock:
    """Runs at normal speed from START since an instant that several processes know."""

    note = "SIMULATED TIME"

    def __init__(self, zero: float) -> None:
        self._zero = zero

    def now(self) -> datetime:
        return START + timedelta(seconds=time.time() - self._zero)


class TickingSource:
    """A random walk of each symbol so small that no stop is reached."""

    def __init__(self, clock: SharedClock) -> None:
        self._clock = clock
        self._random = random.Random(7)
        self._price = {symbol: 100.0 + n for n, symbol in enumerate(SYMBOLS)}
        self._base = dict(self._price)
        self._at = dict.fromkeys(SYMBOLS, clock.now())

    def tick(self, symbols: Sequence[str]) -> None:
        now = self._clock.now()
        for symbol in symbols:
            base = self._base[symbol]
            moved = self._price[symbol] + self._random.choice((-0.01, 0.0, 0.01))
            self._price[symbol] = min(max(moved, base - 0.1), base + 0.1)
            self._at[symbol] = now

    def now(self) -> datetime:
        return self._clock.now()

    def is_open(self) -> bool:
        return True

    def stock(self, symbol: str) -> Stock | None:
        last = self._price.get(symbol)
        if last is None:
            return None
        return Stock(
            symbol=symbol, kind="stock", last=round(last, 4), bid=round(last - 0.01, 4), ask=round(last + 0.01, 4),
            bid_size=4_000, ask_size=4_000, at=self._at[symbol], open=last, high=last + 0.1, low=last - 0.1,
            previous_close=last, volume=1_000_000,
        )  # fmt: skip

    def minutes(self, symbol: str, since: datetime, until: datetime) -> Sequence[PriceBar]:
        return ()

    def days(self, symbol: str, since: date, until: date) -> Sequence[PriceBar]:
        base = self._base.get(symbol)
        if base is None:
            return ()
        days = (START - timedelta(days=n) for n in range(120, -1, -1))
        return [
            PriceBar(
                began=day.replace(hour=14, minute=30), open=base, high=base * 1.008, low=base * 0.992,
                close=base, volume=1_000_000,
            )
            for day in days
            if day.weekday() < 5 and since <= day.date() <= until
        ]  # fmt: skip

    def expiries(self, symbol: str) -> tuple[date, ...]:
        return (EXPIRY,) if symbol in self._price else ()

    def strikes(self, symbol: str, expiry: date) -> Mapping[str, Sequence[float]]:
        base = round(self._base.get(symbol, 0))
        return {symbol: [float(base + n) for n in range(-4, 5)]} if expiry == EXPIRY and base else {}

    def listing(self, symbol: str, expiry: date) -> Sequence[ListedOption]:
        return self.chain(symbol, expiry)

    def chain(self, symbol: str, expiry: date) -> tuple[ListedOption, ...]:
        strikes = self.strikes(symbol, expiry).get(symbol, ())
        return tuple(self._option(symbol, strike, right) for strike in strikes for right in "CP")

    def option(self, occ: str) -> ListedOption | None:
        parts = parse_occ(occ)
        return (
            None
            if parts is None or parts[0] not in self._price
            else self._option(parts[0], parts[3], parts[2])
        )

    def is_halted(self, symbol: str) -> bool:
        return False

    def actions(self, symbol: str) -> tuple[CorporateAction, ...]:
        return ()

    def _option(self, symbol: str, strike: float, right: str) -> ListedOption:
        value = price_one(self._price[symbol], strike, 0.012, 0.25, right == "C")
        return ListedOption(
            symbol=f"{symbol}{EXPIRY:%y%m%d}{right}{round(strike * 1000):08d}", underlying=symbol, root=symbol,
            expiry=EXPIRY, strike=strike, right=right, bid=round(max(0.01, value - 0.02), 2),
            ask=round(value + 0.03, 2), bid_size=50, ask_size=50, at=self._at[symbol], open_interest=5_000,
        )  # fmt: skip


async def main(zero: float, ticking: bool) -> None:
    source = TickingSource(SharedClock(zero))
    server = AlpacaServer(source, paid=True, per_minute=10_000)
    await server.start()
    print(f"the market listens on {server.url}", flush=True)
    share = len(SYMBOLS) * TICKS_A_SECOND // FRAMES_A_SECOND
    begun, frame = time.perf_counter(), 0
    while True:
        first = frame * share % len(SYMBOLS)
        some = SYMBOLS[first : first + share]
        source.tick(some)
        if ticking:
            server.publish(symbols=some)
        frame += 1
        await asyncio.sleep(max(0.0, begun + frame / FRAMES_A_SECOND - time.perf_counter()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("zero", type=float)
    parser.add_argument("--silent", action="store_true", help="answer requests, and stream nothing")
    given = parser.parse_args()
    asyncio.run(main(given.zero, not given.silent))
