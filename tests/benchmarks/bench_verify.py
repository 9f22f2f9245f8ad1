"""Checking and rebuilding a ledger: one of webhooks alone, one of a demo session with trades.

``verify`` and ``rebuild`` are measured by the clock with a process that reads bodies ahead, as the commands run them,
and in processor time without it.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from core.engine import Engine
from core.events import Received, RulesChanged
from server.ledger.bulk import BulkLedger
from server.ledger.receipt_ids import ReceiptIds
from server.replay.rebuild import rebuild_ledger
from server.replay.verify import verify_ledger
from tests.benchmarks.bench_replay import record_demo
from tests.benchmarks.table import Row, per_second

AIM = 20_000
WEBHOOKS = 40_000
MINUTES = 30
RUNS = 3
ENGINE_ID = "bench"
START = datetime(2026, 11, 24, 15, tzinfo=UTC)
BODY = (
    '{"meta":{"engine":"SATY_PO","event_id":"%d"},"instrument":{"symbol":"S%d"},"timeframe":{"chart_tf":"15"},'
    '"event":"EXIT_ACCUMULATION","note":"' + "x" * 1_000 + '"}'
)

Work = Callable[[Path], object]


def _webhooks(path: Path) -> Path:
    """Write a ledger of distinct SATY bodies for 50 symbols."""
    engine, ids = Engine(engine_id=ENGINE_ID), ReceiptIds(ENGINE_ID)
    with BulkLedger(path, ENGINE_ID) as ledger:
        rules = RulesChanged(seq=1, at=START, toml="", author=ENGINE_ID)
        ledger.add(rules, engine.step(rules))
        for seq in range(2, WEBHOOKS + 2):
            at, body = START + timedelta(milliseconds=40 * seq), BODY % (seq, seq % 50)
            event = Received(seq=seq, at=at, receipt_id=ids.of(seq), body=body, endpoint="saty-phase")
            ledger.add(event, engine.step(event))
        ledger.finish(engine.state)
    return path


def _taken(work: Work, ledger: Path) -> tuple[float, float]:
    """Return the seconds by the clock and of this process's processor: medians of some runs, each on a copy."""
    seconds = []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "copy.db"
            shutil.copy(ledger, copy)
            clock, processor = time.perf_counter(), time.process_time()
            work(copy)
            seconds.append((time.perf_counter() - clock, time.process_time() - processor))
    clocks, processors = zip(*seconds, strict=True)
    return statistics.median(clocks), statistics.median(processors)


def _works() -> Iterator[tuple[str, Work, bool]]:
    """Yield each work, and whether the clock counts, as several processes work on it."""
    rebuild = partial(rebuild_ledger, engine_id=ENGINE_ID)
    yield "verify --chain", partial(verify_ledger, chain_only=True), False
    yield "verify", partial(verify_ledger, in_parallel=True), True
    yield "rebuild", partial(rebuild, in_parallel=True), True
    yield "verify in one process", verify_ledger, False
    yield "rebuild in one process", rebuild, False


def rows() -> Iterator[Row]:
    """Yield rows for the chain alone, the whole check, and the rebuild, of both ledgers."""
    with tempfile.TemporaryDirectory(prefix="gatedeck-bench-") as name:
        folder = Path(name)
        for what, ledger in (
            ("webhooks alone", _webhooks(folder / "webhooks.db")),
            (f"{MINUTES} demo minutes", record_demo(folder, MINUTES)),
        ):
            inputs = verify_ledger(ledger, chain_only=True)["inputs"]
            for title, work, by_clock in _works():
                clock, processor = _taken(work, ledger)
                seconds = clock if by_clock else processor
                each = f"{inputs:,} inputs, {'by the clock' if by_clock else 'processor time'}"
                yield Row(
                    f"{title}, {what}, inputs",
                    per_second(inputs, seconds),
                    f"aim {per_second(AIM, 1)}",
                    inputs / seconds / AIM,
                    f"≥ {AIM:,}/s",
                    each,
                )
