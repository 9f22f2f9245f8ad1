"""SATY phase body to regime facts."""

from __future__ import annotations

from typing import Any, Final

from core.intake.body import Body
from core.intake.errors import IntakeError, shown
from core.intake.fields import Paths, amount, first, label_of, stated
from core.intake.words import BIASES, VOLATILITIES, flag, number, phase, word
from core.model import Bias, RegimeFacts

_PHASE_NAMES: Final[Paths] = (
    ("event", "name"),
    ("event", "phase_name"),
    ("phase", "name"),
    ("phase", "phase_name"),
    (None, "phase_name"),
    ("data", "phase_name"),
    (None, "event"),
)
_PHASES: Final[Paths] = (
    ("phase", "current"),
    ("phase", "current_phase"),
    ("event", "phase_to"),
    (None, "phase"),
    ("data", "phase"),
)
_CONFIDENCE: Final[Paths] = (
    ("confidence", "confidence_score"),
    ("confidence", "score"),
    (None, "confidence_score"),
    ("data", "confidence"),
    ("phase", "confidence"),
)
_BIAS: Final[Paths] = (
    ("regime_context", "local_bias"),
    (None, "bias"),
    (None, "local_bias"),
    ("execution_guidance", "bias"),
    ("data", "bias"),
    (None, "direction"),
    (None, "trend"),
    ("regime_context", "regime"),
)
_VOLATILITY: Final[Paths] = (
    ("volatility", "condition"),
    (None, "volatility"),
    (None, "volatility_state"),
    ("regime_context", "volatility"),
    ("regime_context", "volatility_state"),
    ("phase", "volatility_regime"),
    ("data", "volatility"),
)
_EVENT: Final[Paths] = (("event", "name"), ("event", "type"), (None, "event"), ("meta", "event_type"))
_DECAY: Final[Paths] = (("risk_hints", "time_decay_minutes"), (None, "time_decay_minutes"))
_HTF: Final[Paths] = (("confidence", "htf_alignment"), (None, "htf_alignment"))
_TRADES: Final[Paths] = (("execution_guidance", "trade_allowed"), (None, "trade_allowed"))
_LONGEST_DECAY = 43200


def regime(body: Body, notes: list[str]) -> tuple[RegimeFacts, float | None]:
    """Return the stated regime and its decay in minutes. Raises IntakeError if no regime is stated."""
    number_of_phase, spoken = _phase(body, notes)
    bias = _bias(body)
    if not spoken and bias is None:
        raise IntakeError(
            "NO_PHASE",
            "phase: this SATY body states no phase, event or bias; accepted are the phases 1 to 4 or "
            "ACCUMULATION, MARKUP, DISTRIBUTION, MARKDOWN, an event's name, or a bias",
            "phase",
        )
    volatility = _volatility(body, notes)
    allowed = flag(first(body, _TRADES)[0])
    facts = RegimeFacts(
        phase=number_of_phase,
        confidence=_confidence(body, notes),
        bias=bias,
        volatility=volatility,
        htf_alignment=_htf_alignment(body, bias),
        allows_trading=True if allowed is None else allowed,
        event=label_of(body, _EVENT),
    )
    return facts, amount(body, _DECAY, notes, 1, _LONGEST_DECAY)


def _phase(body: Body, notes: list[str]) -> tuple[int | None, bool]:
    """Return the phase and whether the body states one at all; a name takes precedence over a number."""
    named: tuple[int, str] | None = None
    spoken = False
    for value in stated(body, _PHASE_NAMES):
        text = word(value)
        if text is None:
            continue
        spoken = True
        found = phase(text)
        if found is not None:
            named = (found, text)
            break
    numbered, numbered_at_all = _numbered(first(body, _PHASES)[0], notes)
    if named is not None:
        if numbered is not None and numbered != named[0]:
            notes.append(f"phase: the number {numbered} differs from the name {named[1]}; the name counts")
        return named[0], True
    if numbered is None and spoken:
        notes.append("phase: the event's name stands for none of the four phases")
    return numbered, spoken or numbered_at_all


def _numbered(value: Any, notes: list[str]) -> tuple[int | None, bool]:
    if value is None or isinstance(value, dict):
        return None, False
    text = word(value)
    if text is not None and (found := phase(text)) is not None:
        return found, True
    try:
        read = number(value)
    except ValueError:
        return None, False
    if read is None or read != read:
        return None, False
    if read in (1, 2, 3, 4):
        return int(read), True
    notes.append(f"phase: {shown(value)} is an oscillator's value, not one of the phases 1 to 4")
    return None, True


def _confidence(body: Body, notes: list[str]) -> float | None:
    if not isinstance(body.get("confidence"), dict) and "confidence" in body:
        return amount(body, ((None, "confidence"),), notes, 0, 100)
    return amount(body, _CONFIDENCE, notes, 0, 100)


def _bias(body: Body) -> Bias | None:
    for value in stated(body, _BIAS):
        found = BIASES.get(word(value) or "")
        if found is not None:
            return found
    return None


def _volatility(body: Body, notes: list[str]) -> str | None:
    for value in stated(body, _VOLATILITY):
        text = word(value)
        if text is None:
            continue
        if text in VOLATILITIES:
            return VOLATILITIES[text]
        notes.append(f"volatility: {shown(text)} is none of LOW, NORMAL, HIGH, EXTREME")
    return None


def _htf_alignment(body: Body, bias: Bias | None) -> bool:
    """Return the stated alignment, else whether the higher timeframe's bias equals the local one."""
    said = flag(first(body, _HTF)[0])
    if said is not None:
        return said
    context = body.get("regime_context")
    higher = context.get("htf_bias") if isinstance(context, dict) else None
    leaning = BIASES.get(word(higher.get("bias") if isinstance(higher, dict) else higher) or "")
    return leaning is not None and leaning is not Bias.NEUTRAL and leaning is bias
