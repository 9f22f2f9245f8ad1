"""Agreement of a phase, a bias and a set of timeframes with a direction."""

from __future__ import annotations

from core.model import AlignmentFacts, Bias, Direction, RegimeFacts
from core.rules import Rules

PHASE_NAMES = {
    1: "Phase 1 ACCUMULATION",
    2: "Phase 2 MARKUP",
    3: "Phase 3 DISTRIBUTION",
    4: "Phase 4 MARKDOWN",
}
_LEANS = {1: Direction.LONG, 2: Direction.LONG, 3: Direction.SHORT, 4: Direction.SHORT}


def opposed(bias: Bias | None, direction: Direction | None) -> bool:
    """Return whether a bias is the opposite of the direction; NEUTRAL and ``None`` are not."""
    if bias is None or direction is None or bias == "NEUTRAL":
        return False
    return bias.value != direction.value


def agrees(regime: RegimeFacts, direction: Direction, rules: Rules) -> bool:
    """Return whether a phase agrees with a direction and allows trading, so that its boosts count.

    A stated bias must name the direction; without one the phase's own leaning must.
    """
    if not regime.allows_trading or regime.phase is None:
        return False
    if direction.value not in rules.regime.allowed.get(str(regime.phase), ()):
        return False
    if regime.bias is not None:
        return regime.bias.value == direction.value
    return _LEANS.get(regime.phase) is direction


def aligned_pct(alignment: AlignmentFacts | None, direction: Direction) -> float | None:
    """Return the percentage of sent timeframes that agree with the direction; ``None`` without alignment."""
    if alignment is None:
        return None
    return alignment.bullish_pct if direction is Direction.LONG else alignment.bearish_pct
