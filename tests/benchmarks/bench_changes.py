"""What-if against a replay under the changed rules, for each of some changes of rules, over three demo sessions."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.table import Row
from tests.benchmarks.whatif_study import CHANGES, LEAST, agreement, demo_ledger, replayed, rules_of

MINUTES = 990
SEED = 11


def rows() -> Iterator[Row]:
    """Yield a row per change: both differences in dollars, and the part that is explained or named."""
    with tempfile.TemporaryDirectory(prefix="gatedeck-bench-") as folder:
        path = demo_ledger(Path(folder), minutes=MINUTES, seed=SEED)
        rules = rules_of(path)
        before = replayed(path, rules)
        for rule, value in CHANGES:
            found = agreement(path, rules, before, rule, value)
            sign = "same sign" if found.same_sign else "other sign"
            note = (
                f"{found.signals} signals differ, {found.explained:.1%} explained, {found.named:.1%} named "
                f"({found.named_signals} signals), {sign}, {found.open} open at the end"
            )
            yield Row(
                f"what-if: {rule} {found.change}",
                f"{found.answered:+,.2f} $",
                f"replay {found.replayed:+,.2f} $",
                found.explained + found.named,
                f"≥ {LEAST:.0%}",
                note,
            )
