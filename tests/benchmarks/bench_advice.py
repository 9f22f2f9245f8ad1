"""Advice of 200 ledgers of each kind, looked at every week: how often it is wrong, and how often found."""

from __future__ import annotations

from collections.abc import Iterator

from advice_ledgers import FADING, PLANTED, SCENES
from advice_study import LEAST_FOUND, LEDGERS, MOST_WRONG, found, wrong

from tests.benchmarks.table import Row


def rows() -> Iterator[Row]:
    """Yield the share of wrong advice per kind of ledger, and the share of planted effects that are found."""
    for scene in SCENES:
        share = wrong(scene, range(LEDGERS))
        when = "at the last look" if scene.name in FADING else "at any look"
        yield Row(f"advice: {scene.name}", f"{share:.1%} wrong", "–", None, f"≤ {MOST_WRONG:.0%}", when)
    for name in PLANTED:
        share, seen, expected = found(name, LEDGERS)
        note = f"true .30 R; where found, {seen:.2f} R seen and {expected:.2f} R expected"
        yield Row(f"advice: planted in {name}", f"{share:.1%} found", "–", None, f"≥ {LEAST_FOUND:.0%}", note)
