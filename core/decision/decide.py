"""The verdict of gates and confidence alone on one signal at one moment.

Invariants: equal inputs give equal decisions; EXECUTE only when all three gates passed; ``direction`` is
``None`` unless EXECUTE; the evidence holds all gates and all market parts, even after one failed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.compared import compared
from core.decision.confidence import combine, components
from core.decision.from_mapping import context_from, market_from
from core.decision.gates import alignment_reason, regime_gate, structural_gate
from core.decision.market_gate import market_gate
from core.model import Action, Context, Decision, Gates, MarketSnapshot, Reason, Tone
from core.rules import DEFAULT, Rules
from core.thresholds import at_least


def decide(
    context: Context | Mapping[str, Any],
    market: MarketSnapshot | Mapping[str, Any],
    rules: Rules = DEFAULT,
) -> Decision:
    """Decide on the context's expert: EXECUTE, WAIT or SKIP with all evidence.

    Mappings are read by ``core.decision.from_mapping``; a mapping without a session is taken as regular hours.
    Lateness, levels, size and risk are applied after this. Raises ReadingError for a mapping that cannot
    be read.
    """
    if not isinstance(context, Context):
        context = context_from(context)
    if not isinstance(market, MarketSnapshot):
        market = market_from(market)
    regime, regime_reasons = regime_gate(context, rules)
    structural, structural_reasons = structural_gate(context, rules)
    conditions, market_reasons = market_gate(context, market, rules)
    terms = components(context, structural, conditions, rules)
    confidence = combine(terms)
    passed = regime.passed and structural.passed and conditions.passed
    action, why = _verdict(passed, confidence, context, rules)
    expert = context.expert
    aligned = alignment_reason(context, rules)
    return Decision(
        action=action,
        direction=expert.direction if expert and action is Action.EXECUTE else None,
        proposed_direction=expert.direction if expert else None,
        confidence=confidence,
        gates=Gates(regime=regime, structural=structural, market=conditions),
        components=terms,
        reasons=(
            why + regime_reasons + structural_reasons + market_reasons + ((aligned,) if aligned else ())
        ),
        completeness=context.completeness,
        rules_fingerprint=rules.fingerprint,
    )


def _verdict(
    passed: bool, confidence: float, context: Context, rules: Rules
) -> tuple[Action, tuple[Reason, ...]]:
    limits = rules.confidence
    disagreement: tuple[Reason, ...] = ()
    if context.conflict is not None:
        text = f"Sources disagree: {context.conflict} proposes the other side"
        disagreement = (Reason("SOURCES_DISAGREE", text, Tone.NEGATIVE),)
    if at_least(confidence, limits.execute_at):
        action = Action.EXECUTE
        reason = Reason("CONFIDENT", f"Confidence {confidence:.1f} ≥ {limits.execute_at:g}", Tone.POSITIVE)
    elif at_least(confidence, limits.wait_at):
        action = Action.WAIT
        text = f"Confidence {compared(confidence, 'is under', limits.execute_at, '.1f')}"
        reason = Reason("UNSURE", text, Tone.NEUTRAL)
    else:
        action = Action.SKIP
        text = f"Confidence too low ({compared(confidence, '<', limits.wait_at, '.1f')})"
        reason = Reason("LOW_CONFIDENCE", text, Tone.NEGATIVE)
    if not passed:
        action = Action.SKIP
    elif disagreement:
        action = Action.WAIT
    return action, (*disagreement, reason)
