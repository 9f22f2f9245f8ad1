"""From what is known of a symbol and its market to a verdict, a size and a number of contracts."""

from core.decision.contracts import contract_count, planned_loss
from core.decision.decide import decide
from core.decision.lateness import late
from core.decision.levels import level_test, levels_for
from core.decision.size_inputs import inputs_from
from core.decision.sizing import position_size

__all__ = [
    "contract_count",
    "decide",
    "inputs_from",
    "late",
    "level_test",
    "levels_for",
    "planned_loss",
    "position_size",
]
