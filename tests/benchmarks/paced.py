"""Webhooks at a fixed rate over keep-alive connections; latency counts from the time when each was due."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from tests.benchmarks.load import BODIES, COUNTER, request_parts

CONNECTIONS = 16
PATHS = {"saty": "/api/webhooks/saty-phase", "signal": "/api/webhooks/signals"}


@dataclass(slots=True)
class Paced:
    """Answers by status, and latencies in milliseconds."""

    latencies: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)

    def quantile(self, q: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(q * len(ordered)))] if ordered else 0.0


async def send_paced(url: str, rate: float, seconds: float, *, start: int = 0, kind: str = "saty") -> Paced:
    """Send ``rate`` distinct webhooks of a kind per second for ``seconds``; return when all are answered."""
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    body = BODIES[kind](datetime(2026, 11, 24, 15, 0, tzinfo=UTC))
    assert COUNTER in body
    _, write = request_parts(f"{host}:{port}", PATHS[kind], body, {})
    result = Paced()
    due: asyncio.Queue[tuple[int, float] | None] = asyncio.Queue()

    async def sender() -> None:
        reader, writer = await asyncio.open_connection(host, port)
        while (job := await due.get()) is not None:
            number, at = job
            writer.write(write(number))
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            result.latencies.append((time.perf_counter() - at) * 1000)
            result.statuses[head[9:12].decode()] += 1
        writer.close()

    senders = [asyncio.create_task(sender()) for _ in range(CONNECTIONS)]
    begun = time.perf_counter()
    for n in range(int(rate * seconds)):
        at = begun + n / rate
        if (wait := at - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        due.put_nowait((start + n, time.perf_counter()))
    for _ in senders:
        due.put_nowait(None)
    await asyncio.gather(*senders)
    return result
