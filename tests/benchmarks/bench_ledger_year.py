"""A year's ledger (500,000 receipts): start, pages, calendar, report, what-if, export and learning on it."""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import nullcontext
from pathlib import Path

from core.learning.rule_paths import with_rule
from core.rules import parse_rules
from server.deck.local import LocalDeck
from server.export import export
from server.feeds.base import NoFeed
from server.ledger.address import LedgerAddress
from server.ledger.history import rules_text
from server.ledger.opened_by_address import open_to_read, open_to_write
from server.ledger.paging import PageQuery
from server.ledger.sizes import sizes_of
from server.ledger.snapshot import LedgerSnapshot
from server.runtime.clock import OffsetClock
from server.runtime.runtime import Runtime
from server.whatif import whatif_of_ledger
from tests.benchmarks.table import Row, duration
from tests.benchmarks.year_ledger import YearLedger, demo_day
from tui.cli.report import measure

RECEIPTS, DECISIONS = 500_000, 8_000
START, LEARNING, PAGE = 3.0, 1.0, 0.1
RUNS = 3
SMALL = 100
"""With ``small``, a hundredth of a year, and of an hour's session the decisions for learning."""

Work = Callable[[LedgerAddress], Coroutine[None, None, "Taken"]]
Taken = tuple[float, float]
"""Seconds by the clock and of processor."""
Measured = tuple[str, Work, float | None, int]


def rows(*, small: bool = False, keep: Path | None = None) -> Iterator[Row]:
    """Yield the times, files cold in the system's cache before each run; ``keep`` is the folder of the ledgers."""
    with nullcontext(keep) if keep else tempfile.TemporaryDirectory(prefix="gatedeck-bench-") as folder:
        year, learning = made(Path(folder), small)
        with LedgerSnapshot(year) as ledger:
            held = [next(ledger.query(sql))[0] for sql in _COUNTS]
        size = year.stat().st_size
        note = f"{held[0]:,} receipts, {held[1]:,} decisions, {held[2]:,} marks, {size / 1e9:.2f} GB"
        print(note, file=sys.stderr)
        for work, run, limit, runs in WORKS:
            yield _row(work, year, run, limit, runs)
        with LedgerSnapshot(learning) as ledger:
            learned = f"of {next(ledger.query(_COUNTS[1]))[0]:,} decisions"
        yield _row(f"/api/learning {learned}, the first after a start", learning, _learn, LEARNING)
        yield _row("/api/learning of the year", year, _learn, LEARNING * 20_000 / DECISIONS)


def made(folder: Path, small: bool) -> tuple[Path, Path]:
    """Return the year's ledger and the one for learning, made in a folder unless they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    year, learning = folder / "year.db", folder / "small.db"
    if not (year.exists() and learning.exists()):
        day = folder / "day.db"
        if not day.exists():
            day = demo_day(folder, 60) if small else demo_day(folder)
        with LedgerSnapshot(day) as ledger:
            (each,) = sizes_of(ledger).days
        for path, wanted, of_a_day in (
            (learning, DECISIONS, each.decisions),
            (year, RECEIPTS, each.webhooks),
        ):
            print(f"making {path} …", file=sys.stderr)
            path.unlink(missing_ok=True)
            YearLedger(day, path, -(-wanted // (of_a_day * (SMALL if small else 1)))).write()
    return year, learning


_COUNTS = (
    "SELECT count(*) FROM receipts",
    "SELECT count(*) FROM ledger_entries",
    "SELECT (SELECT count(*) FROM marks) + (SELECT coalesce(sum(marks), 0) FROM mark_blocks)",
)


def _row(work: str, path: Path, run: Work, limit: float | None = None, runs: int = RUNS) -> Row:
    """Return the medians of several runs, each with the file out of the system's cache."""
    clock, processor = [], []
    for _ in range(runs):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        taken = asyncio.run(run(path))
        clock.append(taken[0])
        processor.append(taken[1])
    seconds, note = statistics.median(clock), f"{duration(statistics.median(processor))} of processor"
    if limit is None:
        return Row(work, duration(seconds), "–", None, "–", note)
    most = duration(limit)
    return Row(work, duration(seconds), f"limit {most}", limit / seconds, f"≤ {most}", note)


class _Watch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._clock, self._processor = time.perf_counter(), time.process_time()

    def taken(self) -> Taken:
        return time.perf_counter() - self._clock, time.process_time() - self._processor


async def _running(address: LedgerAddress) -> Runtime:
    ledger = await open_to_write(address, "demo")
    last = await ledger.last_checkpoint()
    assert last is not None and last.at is not None, last
    clock = OffsetClock(last.at)
    runtime = Runtime(ledger, clock, NoFeed(), engine_id="demo", rules_text=None)
    await runtime.start()
    return runtime


async def _start(address: LedgerAddress) -> Taken:
    watch = _Watch()
    runtime = await _running(address)
    deck = LocalDeck(runtime)
    deck.snapshot()
    taken = watch.taken()
    await runtime.stop()
    return taken


async def _learn(address: LedgerAddress) -> Taken:
    runtime = await _running(address)
    deck = LocalDeck(runtime)
    watch = _Watch()
    await deck.learning()
    taken = watch.taken()
    await runtime.stop()
    return taken


async def _metrics(address: LedgerAddress) -> Taken:
    runtime = await _running(address)
    deck = LocalDeck(runtime)
    watch = _Watch()
    await deck.performance("all", "symbol")
    taken = watch.taken()
    await runtime.stop()
    return taken


def _page(what: str, order: str = "time", **filters: str) -> Work:
    async def read(address: LedgerAddress) -> Taken:
        reader = await open_to_read(address)
        watch = _Watch()
        page = await reader.page(PageQuery(what=what, limit=50, order=order, filters=filters))
        taken = watch.taken()
        await reader.close()
        assert page.items or filters, what
        return taken

    return read


async def _stats(address: LedgerAddress) -> Taken:
    reader = await open_to_read(address)
    watch = _Watch()
    await reader.stats()
    taken = watch.taken()
    await reader.close()
    return taken


async def _sizes(address: LedgerAddress) -> Taken:
    watch = _Watch()
    with LedgerSnapshot(address) as ledger:
        sizes_of(ledger)
    return watch.taken()


async def _report(address: LedgerAddress) -> Taken:
    watch = _Watch()
    await measure(address, "all", ("symbol",), None, include_stale=False)
    return watch.taken()


async def _whatif(address: LedgerAddress) -> Taken:
    watch = _Watch()
    with LedgerSnapshot(address) as ledger:
        text = rules_text(ledger)
        assert text is not None
        rules = parse_rules(text)
        whatif_of_ledger(ledger, rules, with_rule(rules, "confidence.execute_at", 75.0))
    return watch.taken()


def _export(what: str) -> Work:
    async def write(address: LedgerAddress) -> Taken:
        watch = _Watch()
        with LedgerSnapshot(address) as ledger, tempfile.TemporaryFile() as file:
            export(ledger, what, "csv", file)
        return watch.taken()

    return write


WORKS: tuple[Measured, ...] = (
    ("start of an engine on a year's ledger", _start, START, RUNS),
    ("its newest page of decisions", _page("decisions"), PAGE, RUNS),
    ("its newest page of whole entries", _page("ledger"), PAGE, RUNS),
    ("its newest page of refused receipts", _page("receipts", status="duplicate"), PAGE, RUNS),
    ("its trades by net, with sums", _page("trades", order="net"), 1.0, RUNS),
    *((f"its calendar by {period}", _page(period), 1.0, RUNS) for period in ("days", "weeks", "months")),
    ("rows of every table", _stats, 1.0, RUNS),
    ("bytes by table and by day", _sizes, 30.0, RUNS),
    ("report of all its trades", _report, 5.0, RUNS),
    ("/api/metrics, the first after a start", _metrics, 5.0, RUNS),
    ("what-if of one gate, trades made again", _whatif, None, 1),
    *((f"export of its {what}, csv", _export(what), None, 1) for what in ("trades", "receipts")),
)
"""What is done on a year's ledger, how, the seconds it may take, and how often it is measured."""
