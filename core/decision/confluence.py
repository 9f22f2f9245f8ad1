"""Confluence: the share of the known timeframes' weight that agrees with a direction.

Invariants: 0–100 or unknown; more agreement never lowers it; unknown while the known weights are under
``confluence_known_min``, so that a single signal neither gains nor loses size.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.model import Bias, Context, Direction
from core.rules import Rules
from core.thresholds import below


def known_directions(context: Context) -> dict[str, Direction | Bias]:
    """Return the direction per timeframe in minutes: of its freshest signal, else of the alignment."""
    states: Mapping[str, Bias] = context.alignment.states if context.alignment else {}
    return {**states, **context.directions}


def confluence(direction: Direction, known: Mapping[str, Direction | Bias], rules: Rules) -> float | None:
    """Return the agreeing percentage of the known weight, to 1e-9; ``None`` when too little is known."""
    side: str = direction.value
    agreeing = total = 0.0
    for timeframe, weight in rules.sizing.confluence_weights.items():
        state = known.get(timeframe)
        if state is None:
            continue
        total += weight
        if state == side:
            agreeing += weight
    if total <= 0 or below(total, rules.sizing.confluence_known_min):
        return None
    return round(100 * agreeing / total, 9)
