"""Durable acknowledged webhooks: `gatedeck run` against a bare aiohttp handler and a Flask bot.

Each is a process of its own under the same load generator: 64 keep-alive connections, bodies that never repeat.
They take turns, so that other work of the machine affects all of them alike, and each turn starts with an empty
ledger. gatedeck and the Flask bot answer when a webhook is on disk. The bare handler stores nothing and is the
upper limit.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from tests.benchmarks.load import LoadResult, load
from tests.benchmarks.processes import Served, bare_aiohttp, flask_bot, our_engine
from tests.benchmarks.table import Row, per_second

SATY = "/api/webhooks/saty-phase"
SIGNALS = "/api/webhooks/signals"
OPEN = datetime(2026, 11, 24, 15, 5, tzinfo=UTC)
"""An instant within the session: outside it every signal is refused for the same reason."""
ROUNDS = 5
SECONDS = 2.0
WARM_UP = 0.5

Start = Callable[[], AbstractAsyncContextManager[Served]]


@dataclass(frozen=True, slots=True)
class Turn:
    """Result of the load generator, and the server's CPU time per webhook in microseconds."""

    seen: LoadResult
    cost: float


Results = dict[str, list[Turn]]

OURS, BARE, FLASK, DECIDED = "ours", "bare aiohttp", "Flask bot", "signals"


async def _turn(
    start: Start, path: str, body: str, number: int, seconds: float, now: datetime | None = None
) -> Turn:
    async with start() as served:
        first = number * 10_000_000
        await load(served.url + path, body=body, seconds=WARM_UP, start=first, now=now)
        before = served.processor()
        seen = await load(served.url + path, body=body, seconds=seconds, start=first + 5_000_000, now=now)
        after = served.processor()
        spent = 0.0 if before is None or after is None else after - before
        return Turn(seen, spent / max(1, seen.requests) * 1e6)


async def measure(rounds: int = ROUNDS, seconds: float = SECONDS) -> Results:
    """Run every server once per round; the Flask bot is left out where it is not installed."""
    turns: dict[str, tuple[Start, str, str, datetime | None]] = {
        BARE: (bare_aiohttp, SATY, "saty", None),
        OURS: (our_engine, SATY, "saty", None),
        FLASK: (flask_bot, SATY, "saty", None),
        DECIDED: (partial(our_engine, "--clock", OPEN.isoformat()), SIGNALS, "signal", OPEN),
    }
    seen: Results = {}
    for number in range(rounds):
        for name, (start, path, body, now) in turns.items():
            try:
                result = await _turn(start, path, body, number, seconds, now)
            except ImportError:
                continue
            seen.setdefault(name, []).append(result)
    return seen


def _ratios(seen: Results, peer: str, of: Callable[[Turn], float]) -> float:
    """Return the median over the rounds of our value divided by the peer's of the same round."""
    return statistics.median(of(a) / of(b) for a, b in zip(seen[OURS], seen[peer], strict=True))


def _median(seen: Results, name: str, of: Callable[[Turn], float]) -> float:
    return statistics.median(map(of, seen[name]))


def _rate(turn: Turn) -> float:
    return turn.seen.rate


def _p99(turn: Turn) -> float:
    return turn.seen.p99_ms


def _cost(turn: Turn) -> float:
    return turn.cost


def _failed(turns: list[Turn]) -> str:
    failed = sum(t.seen.errors + t.seen.requests - t.seen.statuses.get("200", 0) for t in turns)
    return f"; {failed} not answered 200" if failed else ""


def rows(rounds: int = ROUNDS, seconds: float = SECONDS) -> Iterator[Row]:
    """Yield rate and p99 against the bare handler, rate against the Flask bot, and signals with decisions."""
    seen = asyncio.run(measure(rounds, seconds))
    work = "durable acknowledged webhooks, 64 connections"

    def rate(name: str) -> str:
        return per_second(1, 1 / _median(seen, name, _rate))

    cost = f"processor {_median(seen, OURS, _cost):.0f} µs each, bare {_median(seen, BARE, _cost):.0f} µs"
    note = f"{cost}{_failed(seen[OURS])}"
    yield Row(work, rate(OURS), f"bare aiohttp {rate(BARE)}", _ratios(seen, BARE, _rate), "≥ .7 ×", note)
    if FLASK in seen:
        told = f"p99 {_median(seen, FLASK, _p99):.0f} ms{_failed(seen[FLASK])}"
        yield Row(work, rate(OURS), f"Flask bot {rate(FLASK)}", _ratios(seen, FLASK, _rate), "≥ 10 ×", told)
    else:
        yield Row(work, rate(OURS), "Flask bot absent", None, "≥ 10 ×", "flask or gunicorn is not installed")
    ours, bare = _median(seen, OURS, _p99), _median(seen, BARE, _p99)
    slower = _ratios(seen, BARE, _p99)
    yield Row(
        "p99 of the same", f"{ours:.1f} ms", f"bare aiohttp {bare:.1f} ms", 1 / slower, "≥ .4 ×",
        f"{slower:.2g} times the bare handler's, ≤ 2.5 wanted",
    )  # fmt: skip
    cost = f"processor {_median(seen, DECIDED, _cost):.0f} µs each"
    note = f"p99 {_median(seen, DECIDED, _p99):.1f} ms, {cost}{_failed(seen[DECIDED])}"
    yield Row(
        "signals with a decision, 64 connections", rate(DECIDED), f"without one {rate(OURS)}",
        _median(seen, DECIDED, _rate) / _median(seen, OURS, _rate), "–", note,
    )  # fmt: skip
