"""Load generator for one HTTP endpoint: N keep-alive connections, each sends as soon as it has its answer.

It runs as a process of its own (``python tests/benchmarks/load.py URL ...``), so that it does not use the event
loop that it measures, and prints one JSON line. Bodies are distinct and of equal length: a counter is written into
a template, which costs little against sending.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

COUNTER = b"@@@@@@@@@@@@"
"""Twelve bytes of the template, replaced by the number of the body."""
LETTERS = b"~~"
"""Two bytes of the template, replaced by those of one of SYMBOLS symbols in turns."""
SYMBOLS = 50


def _saty(now: datetime) -> bytes:
    """Return a phase indicator's body of about 1.5 kB with its own event id; it gives context and no decision."""
    at = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    body = {
        "meta": {"engine": "SATY_PO", "engine_version": "1.0", "event_id": f"bench_{COUNTER.decode()}",
                 "event_type": "REGIME_PHASE_ENTRY", "generated_at": at},
        "instrument": {"symbol": "SPY", "exchange": "BATS", "asset_class": "EQUITY", "session": "REGULAR"},
        "timeframe": {"chart_tf": "15m", "event_tf": "15m", "tf_role": "SETUP_FORMATION"},
        "event": {
            "name": "EXIT_ACCUMULATION",
            "description": "The oscillator crossed up out of the accumulation zone",
            "directional_implication": "BULLISH",
            "event_type": "REGIME_REVERSAL",
            "priority": 7,
        },
        "oscillator_state": {"value": -58.2, "previous_value": -63.1, "zone_from": "ACCUMULATION",
                             "zone_to": "NEUTRAL_NEGATIVE", "distance_from_zero": -58.2,
                             "distance_from_extreme": 41.8, "velocity": "INCREASING"},
        "regime_context": {"local_bias": "LONG", "htf_bias": {"tf": "4h", "bias": "BULLISH",
                                                               "osc_value": 22.4},
                           "macro_bias": {"tf": "D", "bias": "BULLISH"}},
        "market_structure": {"mean_reversion_phase": "LATE", "trend_phase": "EARLY",
                             "is_counter_trend": False,
                             "compression_state": "EXPANDING"},
        "confidence": {"raw_strength": 74, "htf_alignment": True, "confidence_score": 74,
                       "confidence_tier": "HIGH"},
        "execution_guidance": {"trade_allowed": True, "allowed_directions": ["LONG"],
                               "recommended_execution_tf": "5m", "requires_confirmation": ["STRAT"]},
        "risk_hints": {"avoid_if": ["NEWS"], "time_decay_minutes": 120, "cooldown_tf": "5m"},
        "audit": {"source": "benchmark", "deduplication_key": f"SPY_15m_{COUNTER.decode()}", "bar_time": at,
                  "note": "as long as the senders' own"},
    }  # fmt: skip
    return json.dumps(body, separators=(",", ":")).encode()


def _signal(now: datetime) -> bytes:
    """Return a signal's body of about 0.4 kB, which asks for a decision.

    It states when it was fired and not its bar: a second signal of the same bar would not be decided again. The
    signals are of many symbols, as those of a watch list are.
    """
    body = {
        "id": f"bench_{COUNTER.decode()}",
        "ticker": f"AB{LETTERS.decode()}",
        "exchange": "BATS",
        "signal": {"type": "LONG", "timeframe": "15", "quality": "HIGH", "ai_score": 8.4},
        "entry": {"price": 450.0, "stop_loss": 448.5, "target_1": 452.25, "target_2": 454.0},
        "timenow": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return json.dumps(body, separators=(",", ":")).encode()


BODIES: Mapping[str, Callable[[datetime], bytes]] = {"saty": _saty, "signal": _signal}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """Result of one run: ``rate`` in answers per second, latencies in milliseconds, answers by status."""

    requests: int
    seconds: float
    rate: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    statuses: Mapping[str, int] = field(default_factory=dict)
    errors: int = 0


def request_parts(
    host: str, path: str, body: bytes, headers: Mapping[str, str]
) -> tuple[list[bytes], Callable[[int], bytes]]:
    """Return the fixed parts of a request, and a function that builds request number n from them."""
    head = [f"POST {path} HTTP/1.1", f"Host: {host}", "Content-Type: application/json"]
    head += [f"{name}: {value}" for name, value in headers.items()]
    head.append(f"Content-Length: {len(body)}")
    pieces = ("\r\n".join(head) + "\r\n\r\n").encode() + body
    parts = pieces.split(COUNTER)
    if len(parts) == 1:
        return parts, lambda n: parts[0]
    if not any(LETTERS in part for part in parts):
        return parts, lambda n: (b"%012d" % n).join(parts)
    pairs = [b"%c%c" % (65 + n // 26, 65 + n % 26) for n in range(SYMBOLS)]
    return parts, lambda n: (b"%012d" % n).join(parts).replace(LETTERS, pairs[n % SYMBOLS])


class _Sender(asyncio.Protocol):
    """One connection, which sends the next request when it has the whole answer to the last one."""

    def __init__(self, run: _Run) -> None:
        self.run = run
        self.buffer = b""
        self.sent_at = 0.0
        self.waiting = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.send()

    def send(self) -> None:
        number = self.run.next_number()
        if number is None:
            self.transport.close()
            return
        self.waiting = True
        self.sent_at = time.perf_counter()
        self.transport.write(self.run.write(number))

    def data_received(self, data: bytes) -> None:
        self.buffer = self.buffer + data if self.buffer else data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.buffer[:end].lower()
        at = head.find(b"content-length:")
        if at < 0:
            raise ValueError("the load generator needs answers with a Content-Length")
        stop = head.find(b"\r", at)
        length = int(head[at + 15 : stop if stop > 0 else len(head)])
        if len(self.buffer) < end + 4 + length:
            return
        self.run.answered(self.buffer[9:12].decode(), time.perf_counter() - self.sent_at)
        self.buffer = b""
        self.waiting = False
        self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        self.run.lost(failed=self.waiting)


class _Run:
    """Counts and latencies of one run over all connections."""

    def __init__(self, write: Callable[[int], bytes], seconds: float, start: int, limit: int | None) -> None:
        self.write = write
        self.seconds = seconds
        self.number = start
        self.last = None if limit is None else start + limit
        self.latencies: list[float] = []
        self.statuses: Counter[str] = Counter()
        self.errors = 0
        self.open = 0
        self.done = asyncio.Event()
        self.begun = time.perf_counter()
        self.ended = self.begun

    def next_number(self) -> int | None:
        if self.last is not None and self.number >= self.last:
            return None
        if time.perf_counter() - self.begun >= self.seconds:
            return None
        self.number += 1
        return self.number

    def answered(self, status: str, latency: float) -> None:
        self.latencies.append(latency)
        self.statuses[status] += 1

    def lost(self, *, failed: bool) -> None:
        self.errors += failed
        self.open -= 1
        if self.open == 0:
            self.ended = time.perf_counter()
            self.done.set()

    def result(self) -> LoadResult:
        ordered = sorted(self.latencies)
        n = len(ordered)
        seconds = self.ended - self.begun

        def quantile(q: float) -> float:
            return round(ordered[min(n - 1, int(q * n))] * 1000, 3) if n else 0.0

        return LoadResult(
            requests=n,
            seconds=round(seconds, 3),
            rate=round(n / seconds, 1) if seconds else 0.0,
            p50_ms=quantile(0.50),
            p99_ms=quantile(0.99),
            max_ms=quantile(1.0),
            statuses=dict(self.statuses),
            errors=self.errors,
        )


async def generate(
    url: str,
    body: bytes,
    *,
    connections: int = 64,
    seconds: float = 3.0,
    headers: Mapping[str, str] | None = None,
    start: int = 0,
    limit: int | None = None,
) -> LoadResult:
    """Load ``url`` from this process for ``seconds`` or ``limit`` requests, whichever ends first."""
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    _, write = request_parts(f"{host}:{port}", path, body, headers or {})
    run = _Run(write, seconds, start, limit)
    run.open = connections
    loop = asyncio.get_running_loop()
    for _ in range(connections):
        await loop.create_connection(lambda: _Sender(run), host, port)
    await run.done.wait()
    return run.result()


async def load(
    url: str,
    *,
    body: str = "saty",
    connections: int = 64,
    seconds: float = 3.0,
    headers: Mapping[str, str] | None = None,
    start: int = 0,
    limit: int | None = None,
    now: datetime | None = None,
) -> LoadResult:
    """Load ``url`` from a process of its own; ``body`` names one of ``BODIES``, of the instant ``now``.

    Raises RuntimeError if it fails.
    """
    command = [sys.executable, __file__, url, "--body", body]
    command += ["--connections", str(connections), "--seconds", str(seconds), "--start", str(start)]
    command += ["--limit", str(limit)] if limit is not None else []
    command += ["--now", now.isoformat()] if now is not None else []
    for name, value in (headers or {}).items():
        command += ["--header", f"{name}: {value}"]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"the load generator ended with {process.returncode}")
    return LoadResult(**json.loads(out))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--body", choices=sorted(BODIES), default="saty")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument(
        "--start", type=int, default=0, help="number of the first body; runs need different numbers"
    )
    parser.add_argument("--limit", type=int, default=None, help="stop after this many requests")
    parser.add_argument("--now", type=datetime.fromisoformat, default=None, help="instant of the bodies")
    parser.add_argument("--header", action="append", default=[], help="'Name: value'; may be repeated")
    given = parser.parse_args()
    headers = dict(line.split(": ", 1) for line in given.header)
    result = asyncio.run(
        generate(
            given.url,
            BODIES[given.body]((given.now or datetime.now(UTC)).astimezone(UTC)),
            connections=given.connections,
            seconds=given.seconds,
            headers=headers,
            start=given.start,
            limit=given.limit,
        )
    )
    print(json.dumps(asdict(result)))


if __name__ == "__main__":
    main()
