"""Checking and rebuilding a ledger, in processor time: one of webhooks alone, one of a demo session with trades."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
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
WEBHOOKS = 3_000
MINUTES = 30
ENGINE_ID = "bench"
START = datetime(2026, 11, 24, 15, tzinfo=UTC)
BODY = (
    '{"meta":{"engine":"SATY_PO","event_id":"%d"},"instrument":{"symbol":"S%d"},"timeframe":{"chart_tf":"15"},'
    '"event":"EXIT_ACCUMULATION","note":"' + "x" * 1_000 + '"}'
)


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


def _seconds(work: Callable[[], object]) -> float:
    """Return the processor seconds of one run."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _rebuilt(ledger: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.db"
        shutil.copy(ledger, copy)
        rebuild_ledger(copy, engine_id=ENGINE_ID)


def rows() -> Iterator[Row]:
    """Yield rows for the chain alone, the whole check, and the rebuild, of both ledgers."""
    with tempfile.TemporaryDirectory(prefix="gatedeck-bench-") as name:
        folder = Path(name)
        for what, ledger in (
            ("webhooks alone", _webhooks(folder / "webhooks.db")),
            (f"{MINUTES} demo minutes", record_demo(folder, MINUTES)),
        ):
            inputs = verify_ledger(ledger, chain_only=True)["inputs"]
            works: dict[str, Callable[[Path], object]] = {
                "verify --chain": lambda path: verify_ledger(path, chain_only=True),
                "verify": verify_ledger,
                "rebuild": _rebuilt,
            }
            for title, work in works.items():
                seconds = _seconds(lambda work=work, path=ledger: work(path))  # type: ignore[misc]
                yield Row(
                    f"{title}, {what}, inputs",
                    per_second(inputs, seconds),
                    f"aim {per_second(AIM, 1)}",
                    inputs / seconds / AIM,
                    "≥ 20,000/s",
                    f"{inputs:,} inputs, processor time",
                )
