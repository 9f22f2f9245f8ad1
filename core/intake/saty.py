"""SATY phase body to regime facts."""

from __future__ import annotations

from typing import Any, Final

from core.intake.errors import IntakeError, shown
from core.intake.fields import amount, label_of
from core.intake.walk import Reading, of_words
from core.intake.words import VOLATILITIES, bias_of, flag, number, phase, word
from core.model import Bias, RegimeFacts

_LONGEST_DECAY: Final = 43200
_STATED_BIASES: Final = (
    ("local_bias", ""), ("leaning", "bias"), ("guided_bias", ""), ("side", "direction"), ("leaning", ""),
    ("regime", ""),
)  # fmt: skip
"""Slots of what may be the bias, the surest first, with the end of the paths that count."""


def regime(reading: Reading) -> tuple[RegimeFacts, float | None]:
    """The regime a body states and its own decay in minutes; raises IntakeError if it states no regime."""
    stated = _stated(reading)
    facts = RegimeFacts(
        phase=stated.phase,
        confidence=_confidence(reading),
        bias=stated.bias,
        volatility=stated.volatility,
        htf_alignment=_htf_alignment(reading, stated.bias),
        allows_trading=stated.allows_trading,
        event=stated.event,
    )
    return facts, amount(reading, "decay", 1, _LONGEST_DECAY)


@of_words
def _stated(reading: Reading) -> RegimeFacts:
    """Return what the words of a body state of its regime; raises IntakeError if it states none."""
    number_of_phase, spoken = _phase(reading)
    bias = _bias(reading)
    if not spoken and bias is None:
        raise IntakeError(
            "NO_PHASE",
            "phase: this SATY body states no phase, event or bias; accepted are the phases 1 to 4 or "
            "ACCUMULATION, MARKUP, DISTRIBUTION, MARKDOWN, an event's name, or a bias",
            "phase",
        )
    volatility = _volatility(reading)
    allowed = flag(reading.value("trades"))
    return RegimeFacts(
        phase=number_of_phase,
        bias=bias,
        volatility=volatility,
        allows_trading=True if allowed is None else allowed,
        event=label_of(reading, "event", "regime_event"),
    )


def _phase(reading: Reading) -> tuple[int | None, bool]:
    """The phase and whether the body spoke of one at all; a name counts before a number."""
    notes = reading.notes
    named: tuple[int, str] | None = None
    spoken = False
    for value in _phase_names(reading):
        text = word(value)
        if text is None:
            continue
        spoken = True
        found = phase(text)
        if found is not None:
            named = (found, text)
            break
    numbered, told = _numbered(reading.value("phase"), notes)
    if named is not None:
        if numbered is not None and numbered != named[0]:
            notes.append(f"phase: the number {numbered} differs from the name {named[1]}; the name counts")
        return named[0], True
    if numbered is None and spoken:
        notes.append("phase: the event's name stands for none of the four phases")
    return numbered, spoken or told


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


def _phase_names(reading: Reading) -> list[Any]:
    """Return what may name a phase: the event's name first, then the phase's."""
    names, last = [], []
    for _, path, value in reading.all("event"):
        if path == "event":
            last.append(value)
        elif path.endswith(".name") or path == "name":
            names.append(value)
    return names + reading.values("phase_name") + last


def _confidence(reading: Reading) -> float | None:
    if reading.has("confidence"):
        for _, path, _ in reading.all("confidence"):
            if path.endswith("confidence") and "." not in path:
                return amount(reading, "confidence", 0, 100)
    return amount(reading, "phase_confidence" if reading.has("phase_confidence") else "confidence", 0, 100)


def _bias(reading: Reading) -> Bias | None:
    for slot, ending in _STATED_BIASES:
        for _, path, value in reading.all(slot):
            if path.endswith(ending) and (found := bias_of(value)) is not None:
                return found
    return None


def _volatility(reading: Reading) -> str | None:
    for value in reading.values("volatility"):
        text = word(value)
        if text is None:
            continue
        if text in VOLATILITIES:
            return VOLATILITIES[text]
        reading.notes.append(f"volatility: {shown(text)} is none of LOW, NORMAL, HIGH, EXTREME")
    return None


def _htf_alignment(reading: Reading, bias: Bias | None) -> bool:
    """As stated; else whether the higher timeframe leans, and leans as the local bias does."""
    said = flag(reading.value("htf_alignment"))
    if said is not None:
        return said
    higher = reading.value("htf_bias")
    leaning = bias_of(higher.get("bias") if isinstance(higher, dict) else higher)
    return leaning is not None and leaning is not Bias.NEUTRAL and leaning is bias
