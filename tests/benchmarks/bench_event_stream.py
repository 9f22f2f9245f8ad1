"""What readers of GET /api/stream cost the senders: webhooks' p99 with none, one, twenty, and a stuck one too.

Engine, sender and readers are processes of their own. Every webhook is a signal that is decided, so that each reader
gets every one of them. The cases take turns on one engine.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tests.benchmarks.paced import send_paced
from tests.benchmarks.processes import Served, our_engine
from tests.benchmarks.table import Row

RATE, SECONDS, TURNS = 100, 3.0, 2
CASES = ((0, 0), (1, 0), (20, 0), (20, 1))
"""Readers that read, and readers that do not."""
_HERE = Path(__file__).resolve().parent


@dataclass
class Case:
    latencies: list[float] = field(default_factory=list)
    failed: int = 0
    fewest: int | None = None
    """Events of the reader that got fewest."""
    disordered: int = 0
    processor: float = 0.0
    """CPU seconds of the engine."""

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.latencies, n=100)[98]


def resident(served: Served) -> float:
    """Return the MB of the engine."""
    return int(Path(f"/proc/{served.pid}/statm").read_text().split()[1]) * 4096 / 1e6


async def measure() -> tuple[dict[tuple[int, int], Case], float]:
    """Return the cases by their readers, and the MB of the engine at the end."""
    cases = {case: Case() for case in CASES}
    async with our_engine("--clock", "2026-11-24T10:05-05:00") as served:
        await send_paced(served.url, RATE, 1.0, kind="signal")
        sent = 1_000
        for turn in range(TURNS):
            for reading, stuck in CASES[:: -1 if turn % 2 else 1]:
                case = cases[reading, stuck]
                address = urlsplit(served.url)
                readers = await asyncio.create_subprocess_exec(
                    sys.executable, str(_HERE / "readers_process.py"), str(address.hostname), str(address.port),
                    "--reading", str(reading), "--stuck", str(stuck), stdout=asyncio.subprocess.PIPE,
                )  # fmt: skip
                assert readers.stdout is not None
                await asyncio.wait_for(readers.stdout.readline(), 30)
                before = served.processor() or 0.0
                done = await send_paced(served.url, RATE, SECONDS, start=sent, kind="signal")
                case.processor += (served.processor() or 0.0) - before
                readers.terminate()
                told = json.loads((await readers.communicate())[0])
                sent += len(done.latencies)
                case.latencies += done.latencies
                case.failed += sum(n for status, n in done.statuses.items() if status != "200")
                case.disordered += told["disordered"]
                if told["events"]:
                    case.fewest = min(
                        told["events"] if case.fewest is None else [case.fewest, *told["events"]]
                    )
        return cases, resident(served)


def rows() -> Iterator[Row]:
    """Yield the webhooks' p99 of each case beside the one without readers."""
    cases, memory = asyncio.run(measure())
    alone = cases[0, 0].p99
    for (reading, stuck), case in cases.items():
        who = f"{reading} readers" + (f" and {stuck} stuck" if stuck else "")
        cpu = case.processor / max(1, len(case.latencies)) * 1000
        note = f"median {statistics.median(case.latencies):.1f} ms, engine {cpu:.1f} ms of CPU a webhook, "
        note += f"{len(case.latencies)} sent, {case.failed} failed"
        if case.fewest is not None:
            note += f"; each reader had {case.fewest} of {RATE * SECONDS:.0f} events, {case.disordered} disordered"
        if (reading, stuck) == CASES[-1]:
            note += f"; engine {memory:.0f} MB"
        yield Row(
            f"stream: webhook p99 at {RATE}/s, {who}", f"{case.p99:.1f} ms", f"without readers {alone:.1f} ms",
            alone / max(case.p99, 0.01), "≥ 0.8 ×" if reading else "–", note,
        )  # fmt: skip
