"""Replay on one core: a recorded demo session, and signals alone, against a target rate.

The session is replayed as recorded, so most of its time is spent on marks of open trades and shadow trades.
Signals alone come with their market, each on a symbol of its own. They measure one decision from its body to its
record, with its shadow trade, while no other position is open.
"""

from __future__ import annotations

import asyncio
import cProfile
import json
import math
import pstats
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.events import Event
from core.model import MarketSnapshot
from server.config import load_settings
from server.demo.drive import virtual_end
from server.demo.session import demo_session
from server.ledger.snapshot import LedgerSnapshot
from server.replay.machine import Replayer
from server.replay.rebuilt import Rebuilder
from server.replay.session import Wanted, replay
from server.replay.sources import Receipt
from tests.benchmarks.table import Row, per_second

AIM = 20_000
MINUTES = 120
SIGNALS = 2_000
RUNS = 3
START = datetime(2026, 11, 24, 16, tzinfo=UTC)

PARTS = {
    "core/intake": "intake",
    "core/decision": "decision",
    "core/context.py": "decision",
    "core/live_signal.py": "decision",
    "core/positions": "marks and exits",
    "core/options": "marks and exits",
    "core/engine": "engine",
    "server/ledger": "journal hash",
}


def record_demo(folder: Path, minutes: int) -> Path:
    """Play minutes of a demo session into a ledger and return its path."""
    flags = {"state_dir": folder, "engine_id": "demo", "db": str(folder / "demo.db"), "port": 0}

    async def play() -> None:
        settings = load_settings(flags, Path("/dev/null"))
        async with demo_session(settings, seed=7, speed=math.inf) as running:
            await running.drive.run(virtual_end(running.drive.clock.now(), minutes, math.inf))
            await running.host.runtime.settled()

    asyncio.run(play())
    return folder / "demo.db"


def _folded(events: list[Event]) -> tuple[float, int]:
    """Replay events; return the CPU seconds and the number of decisions."""
    replayer = Replayer("demo")
    begun = time.process_time()
    for event in events:
        replayer.take(event)
    return time.process_time() - begun, sum(replayer.tally.decisions.values())


def _receipts() -> list[Receipt]:
    found = []
    for n in range(SIGNALS):
        body = {
            "ticker": f"S{n}", "direction": ("LONG", "SHORT")[n % 2], "timeframe": "15", "score": 4 + n % 6,
            "price": 100.0, "volume_ratio": 1.2, "id": str(n),
        }  # fmt: skip
        found.append(Receipt(START + timedelta(milliseconds=n), json.dumps(body), "signals"))
    return found


class _Quoted(Rebuilder):
    """Rebuilder with a complete market for every symbol."""

    def _snapshot(self, symbol: str, now: datetime) -> MarketSnapshot:
        return MarketSnapshot(
            symbol=symbol, as_of=now, price=100.0, spread_bps=2.0, depth_score=80.0, atr14=1.0,
            feeds=dict.fromkeys(("price", "spread_bps", "depth_score", "atr14"), "feed"), ages={"price": 0.0},
        )  # fmt: skip


def _signals_alone(receipts: list[Receipt]) -> tuple[float, int]:
    from core.rules import Rules

    rebuilder = _Quoted(Rules(), {})
    rebuilder.begin(receipts[0].at, "")
    begun = time.process_time()
    for receipt in receipts:
        rebuilder.receive(receipt)
    return time.process_time() - begun, sum(rebuilder.replayer.tally.decisions.values())


def _best(work: Callable[[], tuple[float, int]]) -> tuple[float, int]:
    return sorted(work() for _ in range(RUNS))[RUNS // 2]


def _where(work: Callable[[], object]) -> str:
    """Return the profiled time by part of the program as text; built-in functions count for their caller."""
    profile = cProfile.Profile()
    profile.runcall(work)
    shares: Counter[str] = Counter()
    for (file, _, _), (_, _, own, _, callers) in pstats.Stats(profile).stats.items():
        if file != "~":
            shares[_part(file)] += own
            continue
        for (caller, _, _), row in callers.items():
            shares[_part(caller)] += row[2]
    total = sum(shares.values())
    return ", ".join(f"{part} {share / total:.0%}" for part, share in shares.most_common(6))


def _part(file: str) -> str:
    plain = file.replace("\\", "/")
    return next((part for piece, part in PARTS.items() if f"/{piece}" in plain), "the rest")


def rows() -> Iterator[Row]:
    """Yield rows for decisions and events of a recorded session, signals alone, and the whole command."""
    with tempfile.TemporaryDirectory(prefix="gatedeck-bench-") as name:
        ledger = record_demo(Path(name), MINUTES)
        with LedgerSnapshot(ledger) as source:
            events = list(source.events())
        seconds, decisions = _best(lambda: _folded(events))
        aim = f"aim {per_second(AIM, 1)}"
        yield Row(
            f"replay of {MINUTES} demo minutes, decisions",
            per_second(decisions, seconds),
            aim,
            decisions / seconds / AIM,
            "≥ 20,000/s (aim)",
            _where(lambda: _folded(events)),
        )
        yield Row(
            "the same, events", per_second(len(events), seconds), "–", None, "–", f"{len(events)} events"
        )
        receipts = _receipts()
        seconds, decisions = _best(lambda: _signals_alone(receipts))
        yield Row(
            "replay of signals alone, decisions",
            per_second(decisions, seconds),
            aim,
            decisions / seconds / AIM,
            "≥ 20,000/s (aim)",
            _where(lambda: _signals_alone(receipts)),
        )
        told = replay(Wanted(source=ledger))
        yield Row(
            "gatedeck replay, tables written and compared",
            f"{told['events_per_second']:,} events/s",
            "–",
            None,
            "–",
            f"identical: {told['identical']}",
        )
