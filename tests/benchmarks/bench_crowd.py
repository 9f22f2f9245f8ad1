"""A good sender at a listener under a crowd: 5,000 slow connections and 1,000 bad requests a second.

Run ``python tests/benchmarks crowd``. The engine is ``gatedeck run --headless`` with a ledger on disk and the usual
limit of 1,024 open files; sender and crowd are processes or connections of their own, all of them of one address.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from tests.benchmarks.load import BODIES, request_parts
from tests.benchmarks.processes import Served, gatedeck, running
from tests.benchmarks.table import Row

SECRET = "a-secret-of-the-usual-length-0123456789"
PATH = f"/api/webhooks/saty-phase?key={SECRET}"
SLOW, BAD = 5000, 1000
SECONDS = 20.0
EVERY = 0.02
AT_USUAL_LIMIT = ("sh", "-c", 'ulimit -n 1024; exec "$@"', "sh")
HERE = Path(__file__).resolve().parent


async def good_sender(url: str, seconds: float, start: int) -> tuple[list[float], int]:
    """Return the milliseconds of every answer, and how many were not 200; every other one is a new connection."""
    address = urlsplit(url)
    host, port = str(address.hostname), address.port
    _, write = request_parts(str(host), PATH, BODIES["saty"](datetime.now(UTC)), {})
    taken: list[float] = []
    failed = 0
    kept = await asyncio.open_connection(host, port)
    until = time.perf_counter() + seconds
    number = start
    while time.perf_counter() < until:
        number += 1
        begun = time.perf_counter()
        try:
            reader, writer = kept if number % 2 else await asyncio.open_connection(host, port)
            writer.write(write(number))
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r", 1)[0])
            await reader.readexactly(length)
            failed += b" 200 " not in head[:16]
            if not number % 2:
                writer.close()
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            failed += 1
            kept = await asyncio.open_connection(host, port)
        taken.append((time.perf_counter() - begun) * 1000)
        await asyncio.sleep(max(0.0, EVERY - (time.perf_counter() - begun)))
    kept[1].close()
    return taken, failed


@asynccontextmanager
async def crowd(url: str, slow: int, bad: float) -> AsyncIterator[None]:
    address = urlsplit(url)
    words = [sys.executable, str(HERE / "crowd_process.py"), str(address.hostname), str(address.port)]
    process = await asyncio.create_subprocess_exec(
        *words, "--slow", str(slow), "--bad", str(bad), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        await asyncio.wait_for(process.stdout.readline(), 120)
        yield
    finally:
        process.terminate()
        await process.wait()


def memory(served: Served) -> float:
    """Return the resident MB of the engine."""
    return int(Path(f"/proc/{served.pid}/statm").read_text().split()[1]) * 4096 / 1e6


async def measure() -> tuple[list[float], list[float], int, float, float, int]:
    """Return the quiet and crowded answers in ms, the failures, MB before and after, and bytes of the log."""
    with tempfile.TemporaryDirectory(prefix="gatedeck-bench-") as folder:
        home = Path(folder)
        command = gatedeck("run", "--headless", "--port", "0", "--db", str(home / "ledger.db"))
        async with running([*AT_USUAL_LIMIT, *command], home, GATEDECK_WEBHOOK_SECRET=SECRET) as served:
            quiet, _ = await good_sender(served.url, SECONDS / 4, 0)
            before = memory(served)
            async with crowd(served.url, SLOW, BAD):
                crowded, failed = await good_sender(served.url, SECONDS, 1_000_000)
                after = memory(served)
            logged = sum(path.stat().st_size for path in (home / "gatedeck").glob("gatedeck.log*"))
    return quiet, crowded, failed, before, after, logged


def p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


def rows() -> Iterator[Row]:
    """Yield the good sender's p99 beside the one without a crowd, and what the engine grew by."""
    quiet, crowded, failed, before, after, logged = asyncio.run(measure())
    work = f"good sender among {SLOW:,} slow connections and {BAD:,} bad requests/s"
    note = (
        f"median {statistics.median(crowded):.1f} ms, {len(crowded)} sent, {failed} failed; engine {before:.0f} MB, "
        f"then {after:.0f} MB; log {logged / 1000:.1f} kB"
    )
    ours, peer = p99(crowded), p99(quiet)
    yield Row(work, f"p99 {ours:.1f} ms", f"without them p99 {peer:.1f} ms", peer / ours, "≤ 50 ms", note)
