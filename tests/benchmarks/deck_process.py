"""Engine and deck in one event loop, run on a pseudo-terminal by bench_deck: ``deck_process.py RESULT [OPTIONS]``.

It opens the wanted number of positions by webhooks, sends a price of each of their symbols every second, and
listens for webhooks like `gatedeck run`. It writes the listener's address to RESULT when everything is ready, and
at the end one JSON line with receipts, positions and the lag of the event loop.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from core.intake import ENDPOINTS, sample
from core.model import Direction
from server.assembly import RunningEngine, running_engine
from server.config import load_settings
from server.feeds.base import NoFeed
from server.runtime.clock import OffsetClock

START = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
RULES = """
[risk]
open_positions = 100
per_symbol = 5
symbol_premium = 1000000
premium_per_trade = 100000
daily_loss = 100000000
losses_in_a_row = 1000
approval_above_contracts = 1000
approval_above_premium = 1e9
delta_accounts = 1e6
gamma_accounts = 1e6
vega_pct = 1e6
theta_pct = 1e6
[market]
max_atr_pct = 6.0
"""
LAG_SECONDS = 0.005
START_UP_SECONDS = 2.0
"""Seconds at the start and at the end that are not measured, because the screen starts and stops in them."""


def symbols(count: int) -> list[str]:
    return [f"BN{chr(65 + n // 26)}{chr(65 + n % 26)}" for n in range(count)]


async def open_positions(host: RunningEngine, count: int) -> None:
    """Submit a sample of every source for every symbol, signals last, because they need the context before."""
    sources = sorted(ENDPOINTS.items(), key=lambda each: each[0] == "signals")
    for n, symbol in enumerate(symbols(count)):
        for endpoint, source in sources:
            if endpoint in ("ultimate-options", "strat-exec"):
                continue
            body = sample(source, host.runtime.clock.now(), symbol, 100.0 + n, Direction.LONG, timeframe=15)
            await host.runtime.submit(json.dumps(body), endpoint)
    held = len(host.runtime.engine.state.positions)
    if held != count:
        raise RuntimeError(f"{held} positions are open, {count} were wanted")


async def mark(host: RunningEngine, count: int) -> None:
    """Send a price of every symbol each second, too close to the entry to cause an exit."""
    turn = 0
    while True:
        await asyncio.sleep(1.0)
        turn += 1
        for n, symbol in enumerate(symbols(count)):
            price = 100.0 + n + 0.01 * ((turn * (n + 3)) % 13 - 6)
            await host.runtime.price(symbol, round(price, 2), "bench")


async def watch_lag(lags: list[tuple[float, float]]) -> None:
    await asyncio.sleep(START_UP_SECONDS)
    while True:
        before = perf_counter()
        await asyncio.sleep(LAG_SECONDS)
        now = perf_counter()
        lags.append((now, now - before - LAG_SECONDS))


async def screen(host: RunningEngine, kind: str) -> None:
    if kind == "none":
        await asyncio.Event().wait()
    if kind == "stock":
        from stock_table import StockApp

        await StockApp(host.deck).run_async()
        return
    from tui.app import DeckApp
    from tui.supervisor import run_screen

    await run_screen(DeckApp(host.deck, refresh_hz=2.0))


async def main(options: argparse.Namespace, tell: Callable[[dict[str, Any]], None]) -> None:
    with tempfile.TemporaryDirectory(prefix="gatedeck-bench-") as folder:
        settings = load_settings(
            {"state_dir": Path(folder), "db": str(Path(folder) / "deck.db"), "port": 0}, Path("/dev/null")
        )
        seen: list[tuple[float, float]] = []
        async with running_engine(settings, OffsetClock(START), NoFeed(), RULES, ticking=True) as host:
            await open_positions(host, options.positions)
            if options.positions:
                host.supervise("marks", mark(host, options.positions))
            lagging = asyncio.create_task(watch_lag(seen)) if options.lag else None
            tell({"url": host.http.url})
            shown = asyncio.create_task(screen(host, options.screen))
            await shown
            if lagging is not None:
                lagging.cancel()
            state = host.runtime.engine.state
            until = perf_counter() - START_UP_SECONDS / 2
            lags = sorted(lag for at, lag in seen if at < until)
            tell(
                {
                    "receipts": state.tally.receipts,
                    "positions": len(state.positions),
                    "lag_p99_ms": 1000 * lags[int(0.99 * len(lags))] if lags else None,
                    "lag_max_ms": 1000 * lags[-1] if lags else None,
                    "alarms": list(host.runtime.counters.alarms.values()),
                }
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("result", type=Path)
    parser.add_argument("--positions", type=int, default=0)
    parser.add_argument("--lag", action="store_true", help="watch the loop, which costs a little itself")
    parser.add_argument("--screen", choices=["deck", "stock", "none"], default="deck")
    given = parser.parse_args()

    def write(told: dict[str, Any]) -> None:
        draft = given.result.with_suffix(".new")
        draft.write_text(json.dumps(told))
        draft.replace(given.result)

    asyncio.run(main(given, write))
