"""Coverage of the 95 % intervals: in how many of 400 synthetic ledgers they hold the true value.

A share of 400 has a standard error of 1.1 points, so a true 95 % is measured between 93 and 97.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.synthetic_ledgers import CELLS, HARDER, MEASURES, coverage
from tests.benchmarks.table import Row

LEDGERS = 400
SESSIONS = (20, 40, 60, 120, 250)


def rows() -> Iterator[Row]:
    """Yield one row per kind of ledger and number of sessions, the measures in the order of MEASURES."""
    for cell in (*CELLS, HARDER):
        for sessions in SESSIONS:
            held = coverage(cell, sessions=sessions, ledgers=LEDGERS)
            least, most = min(held.values()), max(held.values())
            note = ", ".join(f"{name.replace('_', ' ')} {held[name]:.1%}" for name in MEASURES)
            yield Row(
                f"intervals hold the truth: {cell.name}, {cell.trades} trades a session, {sessions} sessions",
                f"{least:.1%} to {most:.1%}",
                "95 %",
                None,
                "92 % to 98 %",
                note,
            )
