"""The latest decisions and their count, for whoever looks at the engine now."""

from __future__ import annotations

from core.engine.kernel import Kernel
from core.model import Action, DecisionRecord

KEPT_RECORDS = 50
TALLIES = {Action.EXECUTE: "executed", Action.WAIT: "waited", Action.SKIP: "skipped"}


def remember(kernel: Kernel, record: DecisionRecord) -> None:
    """Count a decision and keep it among the latest."""
    state = kernel.state
    setattr(state.tally, TALLIES[record.action], getattr(state.tally, TALLIES[record.action]) + 1)
    state.recent.append(record)
    if len(state.recent) > KEPT_RECORDS:
        del state.recent[0]
