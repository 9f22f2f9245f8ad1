"""A year's ledger in PostgreSQL beside the same in a file, and ten million marks in one table there."""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from server.ledger.address import DatabaseLedger
from server.ledger.migrate import migrate
from server.ledger.opened_by_address import open_to_read
from server.ledger.snapshot import LedgerSnapshot
from server.ledger.timestamps import instant
from tests.benchmarks.bench_ledger_year import PAGE, SMALL, WORKS, Measured, Taken, made
from tests.benchmarks.many_marks import EACH, add_marks
from tests.benchmarks.table import Row, duration
from tests.server.ledger.databases import connected, new_database

MARKS = 10_000_000
SHOWN = 300
"""Marks of a position that a chart asks for."""


def rows(*, small: bool = False, keep: Path | None = None) -> Iterator[Row]:
    """Yield the copy's time, every read of a year from both, and reads of marks; ``keep`` has the year's file."""
    try:
        with (
            nullcontext(keep) if keep else tempfile.TemporaryDirectory(prefix="gatedeck-bench-") as folder,
            new_database() as url,
        ):
            year, _ = made(Path(folder), small)
            clock, processor = time.perf_counter(), time.process_time()
            inputs = migrate(year, url).inputs
            clock, processor = time.perf_counter() - clock, time.process_time() - processor
            note = f"{inputs:,} inputs, {inputs / clock:,.0f}/s; {duration(processor)} of processor"
            yield Row("migrate of a year to PostgreSQL, compared", duration(clock), "–", None, "–", note)
            yield from of_both(year, DatabaseLedger(url, "demo"), WORKS)
            yield from of_marks(year, DatabaseLedger(url, "demo"), MARKS // (SMALL if small else 1))
    except pytest.skip.Exception as reason:
        yield Row("a year in PostgreSQL", "–", str(reason), None, "–")


def of_both(year: Path, address: DatabaseLedger, works: Iterable[Measured]) -> Iterator[Row]:
    """Yield each work on a file and on its copy, in turns."""
    for work, run, limit, runs in works:
        taken: tuple[list[Taken], list[Taken]] = ([], [])
        for _ in range(runs):
            for place, found in zip((address, year), taken, strict=True):
                found.append(asyncio.run(run(place)))
        ours, theirs = ([statistics.median(each) for each in zip(*found, strict=True)] for found in taken)
        print(f"{work}: {ours[0]:.3f} s, file {theirs[0]:.3f} s", file=sys.stderr)
        note = f"processor {duration(ours[1])}, file {duration(theirs[1])}"
        wanted = "–" if limit is None else f"≤ {duration(limit)}"
        yield Row(
            f"PostgreSQL: {work}",
            duration(ours[0]),
            f"{duration(theirs[0])} file",
            theirs[0] / ours[0],
            wanted,
            note,
        )


def of_marks(year: Path, address: DatabaseLedger, wanted: int) -> Iterator[Row]:
    """Add marks, and yield what is read of one position among them."""
    with connected(address) as connection, LedgerSnapshot(year) as source:
        began = time.perf_counter()
        positions = add_marks(connection.raw, source, wanted)
        print(f"{wanted:,} marks added in {time.perf_counter() - began:.0f} s", file=sys.stderr)
        (count,) = connection.execute("SELECT count(*) FROM marks").fetchone()  # type: ignore[misc]
        (size,) = connection.execute("SELECT pg_total_relation_size('marks')").fetchone()  # type: ignore[misc]
    note = f"of {count:,} in a table of {size / 1e9:.1f} GB"
    for work, at_most in (
        (f"all {EACH:,} marks of a position", None),
        (f"{SHOWN} of them, for a chart", SHOWN),
    ):
        took = statistics.median(asyncio.run(_marks(address, position, at_most)) for position in positions)
        yield Row(f"PostgreSQL: {work}", duration(took), "–", PAGE / took, f"≤ {duration(PAGE)}", note)
    took = statistics.median(asyncio.run(_path(address)) for _ in positions)
    yield Row(
        "PostgreSQL: path of a symbol, newest prices", duration(took), "–", PAGE / took, f"≤ {duration(PAGE)}"
    )


async def _marks(address: DatabaseLedger, position: str, at_most: int | None) -> float:
    reader = await open_to_read(address)
    began = time.perf_counter()
    found = await reader.marks_of(position, at_most=at_most)
    taken = time.perf_counter() - began
    await reader.close()
    assert len(found) == EACH if at_most is None else SHOWN // 2 < len(found) <= SHOWN, len(found)
    return taken


async def _path(address: DatabaseLedger) -> float:
    reader = await open_to_read(address)
    began = time.perf_counter()
    await reader.prices_of("SPY", instant(0), at_most=SHOWN)
    taken = time.perf_counter() - began
    await reader.close()
    return taken
