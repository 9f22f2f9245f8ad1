"""A live market: fifty underlyings streaming twenty ticks a second each, ten positions, fifty webhooks a second.

Market, engine and load are processes of their own. ``GATEDECK_BENCH_STREAM`` gives the seconds: the target for
memory is for 600, a quick run takes 20.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.paced import Paced, send_paced
from tests.benchmarks.processes import environment, running
from tests.benchmarks.table import Row

SECONDS = float(os.environ.get("GATEDECK_BENCH_STREAM", "20"))
WEBHOOKS_A_SECOND = 50
_HERE = Path(__file__).resolve().parent


async def measure(*market_options: str) -> tuple[Paced, dict[str, Any]]:
    zero = str(time.time())
    with tempfile.TemporaryDirectory(prefix="gatedeck-bench-") as folder:
        home, result = Path(folder), Path(folder) / "result.json"
        async with running(
            [sys.executable, str(_HERE / "stream_market.py"), zero, *market_options], home
        ) as market:
            engine = await asyncio.create_subprocess_exec(
                sys.executable, str(_HERE / "stream_process.py"), zero, market.url, str(result),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=environment(home), cwd=_HERE,
            )  # fmt: skip
            assert engine.stdin is not None and engine.stdout is not None
            try:
                line = (await asyncio.wait_for(engine.stdout.readline(), 60)).decode()
                if "listens on " not in line:
                    raise RuntimeError(f"the engine did not start: {line!r}")
                told = await send_paced(line.rpartition(" ")[2].strip(), WEBHOOKS_A_SECOND, SECONDS)
                engine.stdin.close()
                await asyncio.wait_for(engine.wait(), 20)
            finally:
                if engine.returncode is None:
                    engine.kill()
                    await engine.wait()
        return told, json.loads(result.read_text(encoding="utf-8"))


def rows() -> Iterator[Row]:
    """Yield loop lag, webhook latency and growth of memory under the stream, beside the same engine without ticks."""
    quiet, still = asyncio.run(measure("--silent"))
    sent, engine = asyncio.run(measure())
    work = f"50 symbols × 20 ticks/s, {engine['positions']} positions, {SECONDS:.0f} s"
    note = f"stream {engine['stream']}, {engine['streamed']} of 50 followed, oldest price {engine['oldest']:.1f} s"
    note += f", CPU {engine['cpu']:.0f} % of a core ({still['cpu']:.0f} % without ticks)"
    if engine["alarms"]:
        note += f", alarms {engine['alarms']}"
    lag, without = engine["lag_p99_ms"], still["lag_p99_ms"]
    yield Row(
        f"{work}: loop lag p99", f"{lag:.1f} ms", f"without ticks {without:.1f} ms", without / max(lag, 0.01),
        "≤ 10 ms", note,
    )  # fmt: skip
    p99, alone = sent.quantile(0.99), quiet.quantile(0.99)
    yield Row(
        f"webhook p99 at {WEBHOOKS_A_SECOND}/s under it", f"{p99:.1f} ms", f"without ticks {alone:.1f} ms",
        alone / max(p99, 0.01), "≤ 25 ms",
        f"statuses {dict(sent.statuses)}, lag max {engine['lag_max_ms']:.0f} ms",
    )  # fmt: skip
    grown, other = (each["memory_last"] - each["memory_first"] for each in (engine, still))
    yield Row(
        "memory grown under it", f"{grown:+.1f} MiB", f"without ticks {other:+.1f} MiB", None, "none in 600 s",
        f"{engine['memory_first']:.0f} → {engine['memory_last']:.0f} MiB",
    )  # fmt: skip
