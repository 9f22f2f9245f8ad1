"""Confidence 0–100: the weighted mean of the known components. An unknown one is left out, a 0 is not."""

from __future__ import annotations

from collections.abc import Iterable
from math import floor

from core.decision.phases import aligned_pct
from core.model import Component, Context, Gate
from core.rules import Rules
from core.thresholds import at_least, below


def components(context: Context, structural: Gate, market: Gate, rules: Rules) -> tuple[Component, ...]:
    """Return the five components in the order of summation; ``value`` is ``None`` where one is left out."""
    weights, expert, regime = rules.confidence, context.expert, context.regime
    stated = regime.confidence if regime else None
    score = expert.ai_score if expert else None
    pct = aligned_pct(context.alignment, expert.direction) if expert else None
    return (
        Component(
            name="regime",
            weight=weights.regime_weight,
            value=None if stated is None else min(100.0, max(0.0, stated)),
            reason="" if stated is not None else ("no confidence stated" if regime else "no fresh phase"),
        ),
        Component(
            name="expert",
            weight=weights.expert_weight,
            value=None if score is None else expert_value(score, rules),
            reason="" if score is not None else "no AI score",
        ),
        Component(
            name="alignment",
            weight=weights.alignment_weight,
            value=None if pct is None else alignment_value(pct, rules),
            reason="" if pct is not None else "no fresh alignment",
        ),
        Component(name="market", weight=weights.market_weight, value=market.score),
        Component(name="structural", weight=weights.structural_weight, value=structural.score),
    )


def expert_value(ai_score: float, rules: Rules) -> float:
    """Return an AI score of 0–10.5 as 0–100, reduced when it is weak."""
    value = ai_score / rules.structural.max_ai_score * 100
    if below(ai_score, rules.confidence.weak_expert_below):
        value *= rules.confidence.weak_expert_factor
    return min(100.0, max(0.0, value))


def alignment_value(pct: float, rules: Rules) -> float:
    """Return the percentage of agreeing timeframes, raised when it is high, at most 100."""
    strong = at_least(pct, rules.confidence.strong_alignment_from)
    return min(100.0, max(0.0, pct * (rules.confidence.strong_alignment_factor if strong else 1)))


def combine(terms: Iterable[Component]) -> float:
    """Return the weighted mean of the known components, rounded half up to 0.1; 0 when none is known.

    The sum is taken in binary floats in the order given and only then rounded: another order could differ by 0.1.
    """
    total = weight = 0.0
    for term in terms:
        if term.value is not None:
            total += term.weight * term.value
            weight += term.weight
    return floor(total / weight * 10 + 0.5) / 10 if weight > 0 else 0.0
