"""A live market under load: a stream of many underlyings, open positions, and webhooks at the same time.

The vendor is a local Tradier in a process of its own; client, engine, ledger and listener are the real ones. Seconds
are few by default; GATEDECK_BENCH_SECONDS=600 measures the growth of memory over ten minutes.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

from core.intake import ENDPOINTS, sample
from core.model import Direction
from server.assembly import RunningEngine, running_engine
from server.config import load_settings
from server.deck.local import resident_bytes
from server.demo.vendors.tradier import TOKEN
from server.feeds.live import open_markets
from server.runtime.clock import OffsetClock
from tests.benchmarks.deck_process import RULES, watch_lag
from tests.benchmarks.paced import send_paced
from tests.benchmarks.processes import running
from tests.benchmarks.table import Row
from tests.benchmarks.vendor_process import START, symbols

SYMBOLS, TICKS, POSITIONS = 50, 20.0, 10
WEBHOOKS = 20.0
"""Webhooks a second beside the stream."""
SECONDS = float(os.environ.get("GATEDECK_BENCH_SECONDS", "20"))
WARM_UP = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The result: milliseconds, counts, bytes of memory gained a minute."""

    lag_p99: float
    webhook_p99: float
    ticks: int
    posts: int
    growth: float
    positions: int
    processor: float


async def measure(seconds: float = SECONDS) -> Load:
    """Run the load and return what was seen. Raises RuntimeError if the positions cannot be opened."""
    with tempfile.TemporaryDirectory(prefix="gatedeck-bench-") as folder:
        home, began = Path(folder), time.time()
        clock = OffsetClock(START)
        process = Path(__file__).with_name("vendor_process.py")
        command = [sys.executable, str(process), str(began), str(SYMBOLS), str(TICKS)]
        async with running(command, home) as vendor:
            socket = vendor.url.replace("http", "ws", 1)
            flags = {
                "state_dir": home, "db": str(home / "ledger.db"), "port": 0, "feeds": ("tradier",),
                "tradier_url": f"{vendor.url}/v1", "tradier_stream_url": f"{socket}/v1/markets/events",
            }  # fmt: skip
            settings = load_settings(flags, Path("/dev/null"))
            markets = open_markets(settings, clock, environment={"TRADIER_TOKEN": TOKEN})
            rules = RULES.replace("open_positions = 100", f"open_positions = {POSITIONS}")
            async with running_engine(settings, clock, markets, rules, ticking=True) as host:
                return await _loaded(host, seconds)


async def _loaded(host: RunningEngine, seconds: float) -> Load:
    await _fill(host)
    lags: list[tuple[float, float]] = []
    watching = asyncio.create_task(watch_lag(lags))
    await asyncio.sleep(WARM_UP)
    counted = _Counted(host)
    begun, memory, spent = perf_counter(), resident_bytes() or 0, process_time()
    webhooks = await send_paced(host.http.url, WEBHOOKS, seconds)
    took, gained = perf_counter() - begun, (resident_bytes() or 0) - memory
    watching.cancel()
    seen = sorted(lag for at, lag in lags if at >= begun)
    held = len(host.runtime.engine.state.positions)
    if webhooks.statuses.keys() != {"200"}:
        raise RuntimeError(f"webhooks were answered {dict(webhooks.statuses)}")
    return Load(
        lag_p99=1000 * seen[int(0.99 * len(seen))],
        webhook_p99=webhooks.quantile(0.99),
        ticks=counted.ticks,
        posts=host.runtime.counters.events - counted.events,
        growth=gained / took * 60,
        positions=held,
        processor=(process_time() - spent) / took,
    )


class _Counted:
    """Counts what the stream hands over from now on."""

    def __init__(self, host: RunningEngine) -> None:
        self.ticks = 0
        self.events = host.runtime.counters.events
        follower = host.runtime.markets.follower  # type: ignore[attr-defined]
        take = follower.streaming._take

        def counting(*given: object) -> None:
            self.ticks += 1
            take(*given)

        follower.streaming._take = counting


async def _fill(host: RunningEngine) -> None:
    """Signal every symbol: the first ones become positions, the others shadow trades that are watched too."""
    sources = sorted(ENDPOINTS.items(), key=lambda each: each[0] == "signals")
    for n, symbol in enumerate(symbols(SYMBOLS)):
        for endpoint, source in sources:
            if endpoint in ("ultimate-options", "strat-exec"):
                continue
            body = sample(source, host.runtime.clock.now(), symbol, 100.0 + n, Direction.LONG, timeframe=15)
            await host.runtime.submit(json.dumps(body), endpoint)
            await host.runtime.settled()
    watched, held = len(host.runtime.engine.watched()), len(host.runtime.engine.state.positions)
    if watched != SYMBOLS or held != POSITIONS:
        raise RuntimeError(f"{held} positions and {watched} watched, {POSITIONS} and {SYMBOLS} were wanted")


def rows() -> Iterator[Row]:
    """Yield loop lag, webhook latency and memory under the load."""
    seen = asyncio.run(measure())
    note = (
        f"{seen.ticks / SECONDS:.0f} messages/s in, {seen.posts / SECONDS:.0f} inputs/s stored, {SECONDS:.0f} s, "
        f"{seen.processor:.0%} of a core"
    )
    work = f"live market, {SYMBOLS} symbols × {TICKS:g} ticks/s, {seen.positions} positions"
    yield Row(f"{work}: loop lag p99", f"{seen.lag_p99:.1f} ms", "10 ms", 10 / seen.lag_p99, "≥ 1 ×", note)
    yield Row(
        f"the same: webhook p99 at {WEBHOOKS:g}/s", f"{seen.webhook_p99:.1f} ms", "25 ms", 25 / seen.webhook_p99,
        "≥ 1 ×",
    )  # fmt: skip
    yield Row("the same: memory", f"{seen.growth / 1e6:+.2f} MB/min", "–", None, "no growth in 10 min")
