"""Memory and time of the messages that are remembered to tell duplicates."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from core.duplicates import DuplicateWindow
from core.model import RegimeFacts, Source, Update
from core.rules import DEFAULT
from tests.benchmarks.table import Row, duration

MESSAGES = 200_000
LIMIT = 250
START = datetime(2026, 11, 24, 15, tzinfo=UTC)


def rows(*, small: bool = False) -> Iterator[Row]:
    """Yield the bytes of a remembered message, and the times to check one and to forget all."""
    count = MESSAGES // 100 if small else MESSAGES
    updates = [
        Update(
            source=Source.SATY_PHASE,
            symbol="SPY",
            timeframe=15,
            sender_id=f"SATY_PO-SPY-15-{n}-1764000000000",
            timestamp=START + timedelta(seconds=n),
            regime=RegimeFacts(phase=2, confidence=70.0),
        )
        for n in range(count)
    ]
    window = DuplicateWindow()
    began = time.process_time()
    for n, update in enumerate(updates):
        window.check(update, str, str(UUID(int=n)), START, DEFAULT.intake)
    each = (time.process_time() - began) / count
    window = DuplicateWindow()
    tracemalloc.start()
    for n, update in enumerate(updates):
        window.check(update, str, str(UUID(int=n)), START, DEFAULT.intake)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    began = time.process_time()
    window.prune(START + timedelta(days=2), DEFAULT.intake)
    pruned = time.process_time() - began
    yield Row(
        f"a message remembered, of {count:,}", f"{held / count:.0f} B", f"limit {LIMIT} B", LIMIT * count / held,
        f"≤ {LIMIT} B", f"checked in {duration(each)}; all forgotten in {duration(pruned)}",
    )  # fmt: skip
