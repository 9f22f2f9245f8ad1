"""Decisions: from a symbol's context and its market to a verdict, levels, a size and a number of contracts.

Pure functions of facts and rules. The package knows core.model, core.rules and core.from_json; it knows neither
the engine nor positions. Limits on open positions are in core.risk and are applied later.

Read first:

- decide.py: ``decide``, the verdict EXECUTE, WAIT or SKIP.
- gates.py: regime and structural gate (market_gate.py: spread, ATR, depth).
- confidence.py: the weighted mean that the verdict compares with its thresholds.
- levels.py: stop and targets, and when a price has passed them.
- why_no_trade.py: how far a WAIT or SKIP was from an EXECUTE, by the same code.
- sizing.py: the size multiplier (contracts.py: the number of contracts).
"""

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
