"""A burst: 500 signals of 50 symbols at one instant, as when many alerts close on the same bar.

Every connection is opened first; then all signals are posted at once. Measured is the time until the last answer,
and how many answers hold the decision on their signal.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import aiohttp

from tests.benchmarks.processes import our_engine
from tests.benchmarks.table import Row

SIGNALS, SYMBOLS, ROUNDS = 500, 50, 3
CLOCK = "2026-11-24T10:05-05:00"


def bodies(now: datetime) -> list[bytes]:
    """Return one body per signal: ten bars of each symbol, so that none repeats another."""
    out = []
    for n in range(SIGNALS):
        symbol, bar = f"AB{chr(65 + n % SYMBOLS // 26)}{chr(65 + n % SYMBOLS % 26)}", n // SYMBOLS
        signal = {
            "id": f"burst-{n}", "ticker": symbol, "timenow": now.isoformat(), "action": "buy", "ai_score": 8.4,
            "price": 100.0 + bar / 100, "timeframe": str((1, 3, 5, 10, 15, 30, 60, 120, 240, 1440)[bar]),
        }  # fmt: skip
        out.append(json.dumps(signal).encode())
    return out


async def burst() -> tuple[float, int, float]:
    """Return the seconds until the last answer, the answers with a decision, and the server's CPU seconds."""
    async with our_engine("--clock", CLOCK) as served:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:

            async def post(body: bytes) -> bool:
                async with session.post(f"{served.url}/api/webhooks/signals", data=body) as response:
                    return bool((await response.json()).get("decision"))

            async with session.get(f"{served.url}/healthz") as response:
                clock = datetime.fromisoformat((await response.json())["clock"]).astimezone(UTC)
            begun, before = time.perf_counter(), served.processor()
            answers = await asyncio.gather(*map(post, bodies(clock)))
            took, after = time.perf_counter() - begun, served.processor()
            spent = 0.0 if before is None or after is None else after - before
            return took, sum(answers), spent


async def _measure() -> list[tuple[float, int, float]]:
    return [await burst() for _ in range(ROUNDS)]


def rows() -> Iterator[Row]:
    """Yield the time until the last of the answers."""
    seen = asyncio.run(_measure())
    seconds = statistics.median(each for each, _, _ in seen)
    decided = min(count for _, count, _ in seen)
    spent = statistics.median(each for _, _, each in seen)
    yield Row(
        f"{SIGNALS} signals of {SYMBOLS} symbols at one instant: last answer", f"{seconds:.2f} s", "–", None,
        "≤ 3 s", f"{decided} of {SIGNALS} answered with their decision in the worst of {ROUNDS} runs; "
        f"processor {spent:.2f} s",
    )  # fmt: skip
