"""Regime and structural gate; each always runs and returns reasons for and against the trade.

Invariants: a score lies in 0–100; the market score is the lowest of its parts, so adding a failing part
never raises it; a gate is a pure function of context, market and rules.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.compared import compared
from core.decision.phases import PHASE_NAMES, aligned_pct, opposed
from core.model import Context, Direction, Gate, Reason, RegimeFacts, Tone
from core.rules import Rules
from core.thresholds import at_least, below

GateResult = tuple[Gate, tuple[Reason, ...]]
"""A gate and its reasons."""

_NO_REGIME = Reason("NO_REGIME", "No fresh phase: signal-only mode", Tone.NEUTRAL)
_NO_EXPERT = Reason("NO_EXPERT", "No fresh signal to decide on", Tone.NEGATIVE)
_NO_SCORE = Reason(
    "NO_SCORE", 'The signal states no AI score (rule structural.no_score = "fail" refuses it)', Tone.NEGATIVE
)
_UNSCORED = Reason(
    "UNSCORED",
    'The signal states no AI score: the gate passes (rule structural.no_score = "pass"), the score is left out',
    Tone.NEUTRAL,
)
_NO_STRUCTURE = Reason("NO_STRUCTURE", "No fresh structure: taken as valid, liquid, grade B", Tone.NEUTRAL)
_INVALID_SETUP = Reason("INVALID_SETUP", "The setup is not valid", Tone.NEGATIVE)
_ILLIQUID = Reason("ILLIQUID", "Liquidity is not sufficient", Tone.NEGATIVE)
_GRADE_C = Reason("GRADE_C", "Execution grade C", Tone.NEGATIVE)
_GRADE_A = Reason("GRADE_A", "Execution grade A", Tone.POSITIVE)


def regime_gate(context: Context, rules: Rules) -> GateResult:
    """Check that the market phase allows the direction: first the phase, then its confidence, then its bias."""
    regime, limits = context.regime, rules.regime
    if regime is None:
        return _failed_or_passed(True, limits.no_regime_score, _NO_REGIME, {"phase": None})
    direction = context.expert.direction if context.expert else None
    stated = regime.confidence
    evidence = {
        "phase": regime.phase,
        "direction": direction,
        "confidence": stated,
        "bias": regime.bias,
        "min_confidence": limits.min_confidence,
    }
    name = _phase_name(regime)
    if regime.phase is not None and direction not in limits.allowed.get(str(regime.phase), ()):
        text = f"{name} does not allow {direction or 'a trade without a direction'}"
        return _failed_or_passed(False, 0.0, Reason("PHASE_FORBIDS", text, Tone.NEGATIVE), evidence)
    confidence = None if stated is None else min(100.0, max(0.0, stated))
    if confidence is not None and below(confidence, limits.min_confidence):
        text = f"Regime confidence too low ({compared(confidence, '<', limits.min_confidence)})"
        return _failed_or_passed(False, confidence, Reason("REGIME_WEAK", text, Tone.NEGATIVE), evidence)
    if opposed(regime.bias, direction):
        score = limits.unstated_opposed if confidence is None else confidence / 2
        text = f"Phase bias {regime.bias} is against {direction}"
        return _failed_or_passed(False, score, Reason("BIAS_OPPOSED", text, Tone.NEGATIVE), evidence)
    if confidence is None:
        text = f"{name} allows {direction}; it states no confidence"
        reason = Reason("REGIME_UNSTATED", text, Tone.NEUTRAL)
        return _failed_or_passed(True, limits.unstated_pass, reason, evidence)
    text = f"{name} allows {direction} ({confidence:g})"
    return _failed_or_passed(True, confidence, Reason("REGIME_ALLOWS", text, Tone.POSITIVE), evidence)


def structural_gate(context: Context, rules: Rules) -> GateResult:
    """Check the setup: validity, liquidity, execution grade, AI score, in that order."""
    expert, structure, limits = context.expert, context.structure, rules.structural
    valid, liquid, grade = (
        (structure.valid_setup, structure.liquidity_ok, (structure.execution_quality or "B").upper())
        if structure
        else (True, True, "B")
    )
    score = expert.ai_score if expert else None
    evidence = {
        "valid_setup": valid,
        "liquidity_ok": liquid,
        "grade": grade,
        "ai_score": score,
        "min_ai_score": limits.min_ai_score,
        "assumed": structure is None,
    }
    about: tuple[Reason, ...] = () if structure else (_NO_STRUCTURE,)
    if grade == "A":
        about += (_GRADE_A,)
    helped = score is not None and at_least(score, limits.min_ai_score)
    if not valid:
        failure, value = _INVALID_SETUP, 0.0
    elif not liquid:
        failure, value = _ILLIQUID, limits.illiquid_score
    elif grade == "C":
        failure, value = _GRADE_C, limits.grade_c_score
    elif expert is None:
        failure, value = _NO_EXPERT, 0.0
    elif score is None and limits.no_score == "pass":
        value = limits.grade_a_score if grade == "A" else limits.grade_other_score
        return Gate(passed=True, score=value, reason=_UNSCORED.text, evidence=evidence), (_UNSCORED, *about)
    elif score is None:
        failure, value = _NO_SCORE, 0.0
    elif not helped:
        text = f"AI score too low ({compared(score, '<', limits.min_ai_score)})"
        failure = Reason("LOW_SCORE", text, Tone.NEGATIVE)
        value = max(0.0, score / limits.min_ai_score * 100)
    else:
        q = limits.grade_a_score if grade == "A" else limits.grade_other_score
        value = (q + min(100.0, score / limits.max_ai_score * 100)) / 2
        good = _score_reason(score, rules)
        return Gate(passed=True, score=value, reason=good.text, evidence=evidence), (good, *about)
    if helped and score is not None:
        about += (_score_reason(score, rules),)
    elif expert is None and failure is not _NO_EXPERT:
        about += (_NO_EXPERT,)
    return Gate(passed=False, score=value, reason=failure.text, evidence=evidence), (failure, *about)


def alignment_reason(context: Context, rules: Rules) -> Reason | None:
    """Return the timeframes' agreement with the direction as evidence; it is not a gate."""
    if context.expert is None:
        return None
    direction: Direction = context.expert.direction
    pct = aligned_pct(context.alignment, direction)
    if pct is None:
        return _NO_ALIGNMENT
    if at_least(pct, rules.confidence.strong_alignment_from):
        return Reason("ALIGNED", f"Timeframes aligned with {direction} ({pct:.0f} %)", Tone.POSITIVE)
    against = aligned_pct(context.alignment, direction.opposite)
    if against is not None and against > pct:
        return Reason(
            "AGAINST_TIMEFRAMES", f"More timeframes against {direction} ({against:.0f} %)", Tone.NEGATIVE
        )
    return Reason("PARTLY_ALIGNED", f"Timeframes partly aligned with {direction} ({pct:.0f} %)", Tone.NEUTRAL)


_NO_ALIGNMENT = Reason("NO_ALIGNMENT", "No fresh timeframe alignment: left out", Tone.NEUTRAL)


def _failed_or_passed(
    passed: bool, score: float, reason: Reason, evidence: Mapping[str, object]
) -> GateResult:
    return Gate(passed=passed, score=score, reason=reason.text, evidence=evidence), (reason,)


def _phase_name(regime: RegimeFacts) -> str:
    if regime.phase is None:
        return "The regime"
    return PHASE_NAMES.get(regime.phase) or f"Phase {regime.phase}"


def _score_reason(score: float, rules: Rules) -> Reason:
    high = rules.structural.quality_by_score[-2][0]
    if at_least(score, high):
        return Reason("HIGH_SCORE", f"High AI score ({score:g})", Tone.POSITIVE)
    return Reason("SCORE_OK", f"AI score {score:g} ≥ {rules.structural.min_ai_score:g}", Tone.POSITIVE)
