"""Rows of the benchmark table, their timing and their text.

A module ``bench_*.py`` of this folder has a function ``rows()`` that yields one Row for each line. Every ratio is
against a peer or a limit of the same run. gatedeck and the peer take turns, so that a machine that slows down
affects both, and the medians are compared.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

RUNS = 15
TURN = 0.02


@dataclass(frozen=True, slots=True)
class Row:
    """One line: the work, our value, the peer's value, their ratio, the target and a note.

    ``ratio`` above 1 means that ours is better by that factor; None without a peer.
    """

    work: str
    ours: str
    peer: str
    ratio: float | None
    target: str
    note: str = ""


HEADS = ("work", "ours", "peer", "ratio", "target", "note")


def cells(row: Row) -> tuple[str, ...]:
    """Return the row as text, in the order of HEADS."""
    ratio = "–" if row.ratio is None else f"{row.ratio:.3g} ×"
    return (row.work, row.ours, row.peer, ratio, row.target, row.note)


def render(rows: Iterable[Row]) -> str:
    """Return the rows as one aligned text table."""
    lines = [HEADS, *(cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADS))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
    text.insert(1, "  ".join("─" * width for width in widths))
    return "\n".join(line.rstrip() for line in text)


def alternate(*works: Callable[[], object], runs: int = RUNS) -> list[float]:
    """Return the median seconds of one call of each work, run in turns after a warm-up.

    A short work is repeated until it fills TURN seconds, so that no side is timed with the caches that the
    other has just filled.
    """
    loops = []
    for work in works:
        work()
        loops.append(max(1, round(TURN / _seconds(work, 1))))
    seconds: list[list[float]] = [[] for _ in works]
    for _ in range(runs):
        for work, count, taken in zip(works, loops, seconds, strict=True):
            taken.append(_seconds(work, count) / count)
    return [statistics.median(taken) for taken in seconds]


def _seconds(work: Callable[[], object], count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        work()
    return time.perf_counter() - start


def per_second(count: int, seconds: float) -> str:
    """Return a rate as text: 26 M/s, 130 k/s, 12 /s."""
    rate = count / seconds
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if rate >= size:
            return f"{rate / size:.3g} {unit}/s"
    return f"{rate:.3g} /s"


def duration(seconds: float) -> str:
    """Return a time as text: 1.2 s, 3.4 ms, 5.6 µs."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"
