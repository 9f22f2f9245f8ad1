"""A year's ledger (500,000 receipts): start of an engine on it, its pages, its report; learning after a start."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path

from server.deck.local import LocalDeck
from server.feeds.base import NoFeed
from server.ledger.paging import PageQuery
from server.ledger.reader import SqliteReader
from server.ledger.sizes import sizes_of
from server.ledger.snapshot import LedgerSnapshot
from server.ledger.sqlite import SqliteLedger
from server.runtime.clock import OffsetClock
from server.runtime.runtime import Runtime
from tests.benchmarks.table import Row, duration
from tests.benchmarks.year_ledger import YearLedger, demo_day
from tui.cli.report import measure

RECEIPTS, DECISIONS = 500_000, 8_000
START, LEARNING, PAGE = 3.0, 1.0, 0.1
RUNS = 3


def rows() -> Iterator[Row]:
    """Yield the times, files cold in the system's cache before each start."""
    with tempfile.TemporaryDirectory(prefix="gatedeck-bench-") as name:
        folder = Path(name)
        day = demo_day(folder)
        with LedgerSnapshot(day) as ledger:
            (each,) = sizes_of(ledger).days
        year, small = folder / "year.db", folder / "small.db"
        YearLedger(day, year, -(-RECEIPTS // each.webhooks)).write()
        YearLedger(day, small, -(-DECISIONS // each.decisions)).write()
        with LedgerSnapshot(year) as ledger:
            held = [next(ledger.query(sql))[0] for sql in _COUNTS]
        note = f"{held[0]:,} receipts, {held[1]:,} decisions, {held[2]:,} marks, {year.stat().st_size / 1e9:.2f} GB"
        print(note, file=sys.stderr)
        yield _row("start of an engine on a year's ledger, cold", _best(year, _start), START, note)
        yield _row("its newest page of decisions", _best(year, _page("decisions")), PAGE)
        yield _row(
            "its newest page of refused receipts", _best(year, _page("receipts", status="duplicate")), PAGE
        )
        yield _row("its trades by net, with sums", _best(year, _page("trades", order="net")), 1.0)
        yield _row("report of all its trades", _best(year, _report), 5.0)
        learned = f"of {DECISIONS:,} decisions"
        yield _row(f"/api/learning {learned}, the first after a start", _best(small, _learn), LEARNING)


_COUNTS = (
    "SELECT count(*) FROM receipts",
    "SELECT count(*) FROM ledger_entries",
    "SELECT (SELECT count(*) FROM marks) + (SELECT coalesce(sum(marks), 0) FROM mark_blocks)",
)


def _row(work: str, seconds: float, limit: float, note: str = "") -> Row:
    return Row(
        work, duration(seconds), f"limit {duration(limit)}", limit / seconds, f"≤ {duration(limit)}", note
    )


def _best(path: Path, work: Callable[[Path], Coroutine[None, None, float]]) -> float:
    """Return the median of several runs, each with the file out of the system's cache."""
    taken = []
    for _ in range(RUNS):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        taken.append(asyncio.run(work(path)))
    return sorted(taken)[RUNS // 2]


async def _running(path: Path) -> Runtime:
    ledger = await SqliteLedger.open(path, "demo")
    last = await ledger.last_checkpoint()
    assert last is not None and last.at is not None, last
    clock = OffsetClock(last.at)
    runtime = Runtime(ledger, clock, NoFeed(), engine_id="demo", rules_text=None)
    await runtime.start()
    return runtime


async def _start(path: Path) -> float:
    began = time.perf_counter()
    runtime = await _running(path)
    deck = LocalDeck(runtime)
    deck.snapshot()
    taken = time.perf_counter() - began
    await runtime.stop()
    return taken


async def _learn(path: Path) -> float:
    runtime = await _running(path)
    deck = LocalDeck(runtime)
    began = time.perf_counter()
    await deck.learning()
    taken = time.perf_counter() - began
    await runtime.stop()
    return taken


def _page(what: str, order: str = "time", **filters: str) -> Callable[[Path], Coroutine[None, None, float]]:
    async def read(path: Path) -> float:
        reader = await SqliteReader.attach(path)
        began = time.perf_counter()
        page = await reader.page(PageQuery(what=what, limit=50, order=order, filters=filters))
        taken = time.perf_counter() - began
        await reader.close()
        assert page.items
        return taken

    return read


async def _report(path: Path) -> float:
    began = time.perf_counter()
    await measure(path, "all", ("symbol",), None, include_stale=False)
    return time.perf_counter() - began
