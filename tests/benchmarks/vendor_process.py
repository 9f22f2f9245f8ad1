"""A local Tradier with prices that move many times a second, as a process: ``vendor_process.py T0 SYMBOLS RATE``.

``T0`` is the instant of the machine's clock (epoch seconds) at which the market's clock shows START. It prints the
address it listens on.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from core.exchange.calendar import Calendar
from server.demo.vendors.source import CorporateAction, ListedOption, PriceBar, Stock, parse_occ
from server.demo.vendors.tradier import TradierServer

START = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
PARTS = 10
"""Groups of symbols that tick one after the other: the ticks of a market do not come all at once."""
EXPIRY = date(2026, 11, 27)


def symbols(count: int) -> list[str]:
    return [f"BN{chr(65 + n // 26)}{chr(65 + n % 26)}" for n in range(count)]


class Ticking:
    """Prices that walk within a cent or two of 100 + n, so that no level is reached."""

    def __init__(self, count: int, began: float) -> None:
        self.spots = {symbol: 100.0 + n for n, symbol in enumerate(symbols(count))}
        self._homes = dict(self.spots)
        self._random = Random(1)
        self._began = began
        self._calendar = Calendar.load()

    def tick(self, names: Sequence[str]) -> None:
        for symbol in names:
            self.spots[symbol] = round(self._homes[symbol] + self._random.randint(-6, 6) / 100, 2)

    def now(self) -> datetime:
        return START + timedelta(seconds=time.time() - self._began)

    def is_open(self) -> bool:
        return True

    def stock(self, symbol: str) -> Stock | None:
        spot = self.spots.get(symbol)
        if spot is None:
            return None
        home = self._homes[symbol]
        return Stock(
            symbol=symbol, kind="stock", last=spot, bid=spot - 0.01, ask=spot + 0.01, bid_size=900, ask_size=900,
            at=self.now(), open=home, high=home + 1, low=home - 1, previous_close=home, volume=1_000_000,
        )  # fmt: skip

    def minutes(self, symbol: str, since: datetime, until: datetime) -> Sequence[PriceBar]:
        return ()

    def days(self, symbol: str, since: date, until: date) -> Sequence[PriceBar]:
        home = self._homes.get(symbol)
        if home is None:
            return ()
        found = self._calendar.sessions_between(max(since, date(2026, 9, 1)), min(until, date(2026, 11, 23)))
        return [
            PriceBar(began=d.open, open=home, high=home + 1, low=home - 1, close=home, volume=1_000_000)
            for d in found
        ]

    def expiries(self, symbol: str) -> tuple[date, ...]:
        return (EXPIRY,) if symbol in self.spots else ()

    def strikes(self, symbol: str, expiry: date) -> Mapping[str, Sequence[float]]:
        middle = round(self._homes[symbol])
        return {symbol: [float(middle + k) for k in range(-5, 6)]}

    def chain(self, symbol: str, expiry: date) -> tuple[ListedOption, ...]:
        if symbol not in self.spots:
            return ()
        strikes = self.strikes(symbol, expiry)[symbol]
        return tuple(self._option(symbol, strike, right) for strike in strikes for right in "CP")

    def option(self, occ: str) -> ListedOption | None:
        parts = parse_occ(occ)
        if parts is None or parts[0] not in self.spots:
            return None
        return self._option(parts[0], parts[3], parts[2])

    def is_halted(self, symbol: str) -> bool:
        return False

    def actions(self, symbol: str) -> tuple[CorporateAction, ...]:
        return ()

    def _option(self, symbol: str, strike: float, right: str) -> ListedOption:
        spot = self.spots[symbol]
        worth = max(0.0, spot - strike if right == "C" else strike - spot)
        mid = round(worth + 0.012 * spot, 2)
        return ListedOption(
            symbol=f"{symbol}261127{right}{round(strike * 1000):08d}", underlying=symbol, root=symbol,
            expiry=EXPIRY, strike=strike, right=right, bid=round(mid - 0.02, 2), ask=round(mid + 0.02, 2),
            bid_size=40, ask_size=40, at=self.now(), open_interest=5000, volatility=0.3,
        )  # fmt: skip


async def main(began: float, count: int, rate: float) -> None:
    source = Ticking(count, began)
    server = TradierServer(source, per_minute=100_000)
    await server.start()
    print(f"the vendor listens on {server.url}", flush=True)
    while True:  # the load begins when everything is watched
        await asyncio.sleep(0.05)
        if any(set(source.spots) <= set(getattr(stream, "symbols", ())) for stream in server.streams):
            break
    names, turn, first = list(source.spots), 0, time.monotonic()
    while True:
        source.tick(names[turn % PARTS :: PARTS])
        server.publish(symbols=names[turn % PARTS :: PARTS])
        turn += 1
        await asyncio.sleep(max(0.0, first + turn / (rate * PARTS) - time.monotonic()))


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
