"""An engine that streams fifty underlyings with ten positions: ``stream_process.py ZERO MARKET RESULT``.

It prints the listener's address when ten positions are open and the stream runs. When its input ends it writes one
JSON line to RESULT: lag of the event loop, messages, memory at the beginning and at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import aiohttp
from deck_process import LAG_SECONDS, RULES, START_UP_SECONDS
from stream_market import SYMBOLS, SharedClock

from core.effects import Watch
from core.intake import ENDPOINTS, sample
from core.model import Direction
from server.assembly import RunningEngine, running_engine
from server.config import load_settings
from server.demo.vendors.alpaca import KEY, SECRET
from server.feeds.live import LiveMarkets
from server.feeds.registry import open_feeds

POSITIONS = 10
TRIES = 20


class AllWatched(LiveMarkets):
    """Follows every symbol, whatever the engine needs; counts the messages."""

    async def watch(self, wanted: Sequence[Watch]) -> None:
        known = {watch.symbol for watch in wanted}
        await super().watch([*wanted, *(Watch(symbol=s) for s in SYMBOLS if s not in known)])


async def open_positions(host: RunningEngine) -> None:
    """Submit signals until ten positions are open: the first market replies may come too late."""
    sources = sorted(ENDPOINTS.items(), key=lambda each: each[0] == "signals")
    held = host.runtime.engine.state.positions
    for _ in range(TRIES):
        for n, symbol in enumerate(SYMBOLS[:POSITIONS]):
            if any(position.symbol == symbol for position in held.values()):
                continue
            for endpoint, source in sources:
                if endpoint not in ("ultimate-options", "strat-exec"):
                    body = sample(source, host.runtime.clock.now(), symbol, 100.0 + n, Direction.LONG)
                    await host.runtime.submit(json.dumps(body), endpoint)
        await asyncio.sleep(1.0)
        if len(held) >= POSITIONS:
            return
    raise RuntimeError(f"{len(held)} positions are open, {POSITIONS} were wanted")


async def watch_lag(lags: list[float]) -> None:
    await asyncio.sleep(START_UP_SECONDS)
    while True:
        before = perf_counter()
        await asyncio.sleep(LAG_SECONDS)
        lags.append(perf_counter() - before - LAG_SECONDS)


def memory() -> float:
    """Return the resident memory in MiB, at its highest where /proc does not exist."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def main(options: argparse.Namespace) -> None:
    clock = SharedClock(options.zero)
    with tempfile.TemporaryDirectory(prefix="gatedeck-bench-") as folder:
        flags: dict[str, Any] = {
            "state_dir": Path(folder), "db": str(Path(folder) / "deck.db"), "port": 0, "feeds": ("alpaca",),
            "alpaca_data_url": options.market, "alpaca_trading_url": options.market,
            "alpaca_stream_url": options.market.replace("http", "ws", 1), "alpaca_feed": "sip",
            "alpaca_option_feed": "opra",
        }  # fmt: skip
        settings = load_settings(flags, Path("/dev/null"))
        session = aiohttp.ClientSession()
        keys = {"APCA_API_KEY_ID": KEY, "APCA_API_SECRET_KEY": SECRET}
        markets = AllWatched(open_feeds(settings, session, clock, environment=keys), clock, session)
        lags: list[float] = []
        async with running_engine(settings, clock, markets, RULES, ticking=True) as host:
            await markets.watch(())
            await open_positions(host)
            lagging = asyncio.create_task(watch_lag(lags))
            await asyncio.sleep(START_UP_SECONDS)
            first, spent, begun = memory(), process_time(), perf_counter()
            print(f"the engine listens on {host.http.url}", flush=True)
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
            lagging.cancel()
            lags.sort()
            share = (process_time() - spent) / (perf_counter() - begun)
            status = markets.status()[0]
            told = {
                "positions": len(host.runtime.engine.state.positions),
                "lag_p99_ms": 1000 * lags[int(0.99 * len(lags))],
                "lag_max_ms": 1000 * lags[-1],
                "cpu": 100 * share,
                "memory_first": first,
                "memory_last": memory(),
                "stream": status.stream,
                "streamed": sum(t.last is not None for t in markets.follower.tracks.values()),
                "oldest": max(
                    (clock.now() - t.last.at).total_seconds()
                    for t in markets.follower.tracks.values()
                    if t.last is not None
                ),
                "alarms": list(host.runtime.counters.alarms.values()),
            }
            options.result.write_text(json.dumps(told))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("zero", type=float)
    parser.add_argument("market")
    parser.add_argument("result", type=Path)
    asyncio.run(main(parser.parse_args()))
