"""How much of the weight of the known timeframes agrees with a direction.

Invariants: 0–100 or unknown; more agreement never lowers it; unknown while the known weights are under the
least, so that a lone signal is neither rewarded nor punished.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.model import Bias, Context, Direction
from core.rules import Rules

_TOLERANCE = 1e-9


def known_directions(context: Context) -> dict[str, Direction | Bias]:
    """Direction per timeframe in minutes: the freshest signal of that timeframe, else the alignment state."""
    states: Mapping[str, Bias] = context.alignment.states if context.alignment else {}
    return {**states, **context.directions}


def confluence(direction: Direction, known: Mapping[str, Direction | Bias], rules: Rules) -> float | None:
    """Percent of the known weight that agrees, to 1e-9; ``None`` when too little is known (SPEC §6)."""
    side: str = direction.value
    agreeing = total = 0.0
    for timeframe, weight in rules.sizing.confluence_weights.items():
        state = known.get(timeframe)
        if state is None:
            continue
        total += weight
        if state == side:
            agreeing += weight
    # Binary sums of decimal weights may miss the bound by a rounding error.
    if total <= 0 or total < rules.sizing.confluence_known_min - _TOLERANCE:
        return None
    return round(100 * agreeing / total, 9)
