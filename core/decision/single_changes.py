"""Single changes of a decision's inputs, each of which removes one reason against a trade.

A number is set to the limit it was compared with, a state (a phase, a bias, an invalid setup) to one that passes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from core.decision.atr import daily_atr, known, price_of
from core.model import Bias, Context, MarketSnapshot, RegimeFacts, Session, SignalFacts
from core.rules import Rules

Inputs = tuple[Context, MarketSnapshot]
Change = Callable[[Inputs, float], Inputs | None]


@dataclass(frozen=True, slots=True)
class NumberChange:
    """A number that a gate compares with a rule; ``value`` reads it, ``to`` sets it, ``unit`` follows a distance."""

    gate: str
    rule: str
    unit: str
    of: str
    value: Callable[[Inputs, Rules], float | None]
    to: Change

    def limit(self, rules: Rules) -> float:
        section, name = self.rule.split(".")
        return float(getattr(getattr(rules, section), name))


@dataclass(frozen=True, slots=True)
class StateChange:
    """A state that a gate refuses; ``words`` is the condition under which it passes, ``to`` makes it so."""

    gate: str
    words: Callable[[Inputs, Rules], str]
    to: Callable[[Inputs, Rules], Inputs | None]


def _spread(inputs: Inputs, rules: Rules) -> float | None:
    return _measured(inputs[1], "spread_bps", rules.market.assumed_spread_bps)


def _measured(market: MarketSnapshot, name: str, assumed: float) -> float | None:
    value: float | None = getattr(market, name)
    return value if known(value) else assumed if name in market.assumed else None


def _set_spread(inputs: Inputs, value: float) -> Inputs:
    return inputs[0], replace(inputs[1], spread_bps=value)


def _depth(inputs: Inputs, rules: Rules) -> float | None:
    return _measured(inputs[1], "depth_score", rules.market.assumed_depth)


def _set_depth(inputs: Inputs, value: float) -> Inputs:
    return inputs[0], replace(inputs[1], depth_score=value)


def _atr(inputs: Inputs, rules: Rules) -> float | None:
    return daily_atr(*inputs, rules).pct


def _set_atr(inputs: Inputs, value: float) -> Inputs | None:
    context, market = inputs
    price = price_of(context, market)
    if price is None:
        return None
    assumed = tuple(name for name in market.assumed if name != "atr14")
    return context, replace(market, atr14=value / 100 * price, assumed=assumed)


def regime_confidence(inputs: Inputs, _rules: Rules) -> float | None:
    regime = inputs[0].regime
    return None if regime is None else regime.confidence


def set_regime_confidence(inputs: Inputs, value: float) -> Inputs | None:
    return _with_regime(inputs, confidence=value)


def ai_score(inputs: Inputs, _rules: Rules) -> float | None:
    expert = inputs[0].expert
    return None if expert is None else expert.ai_score


def set_ai_score(inputs: Inputs, value: float) -> Inputs | None:
    context, market = inputs
    if context.expert is None:
        return None
    return replace(context, expert=replace(context.expert, ai_score=value)), market


def aligned(inputs: Inputs, _rules: Rules) -> float | None:
    context = inputs[0]
    if context.alignment is None or context.expert is None:
        return None
    name = _side(context.expert)
    return float(getattr(context.alignment, name))


def set_aligned(inputs: Inputs, value: float) -> Inputs | None:
    context, market = inputs
    if context.alignment is None or context.expert is None:
        return None
    alignment = replace(context.alignment, **{_side(context.expert): value})  # type: ignore[arg-type]
    return replace(context, alignment=alignment), market


def _side(expert: SignalFacts) -> str:
    return "bullish_pct" if expert.direction == "LONG" else "bearish_pct"


def _with_regime(inputs: Inputs, **changes: object) -> Inputs | None:
    context, market = inputs
    if context.regime is None:
        return None
    regime: RegimeFacts = replace(context.regime, **changes)  # type: ignore[arg-type]
    return replace(context, regime=regime), market


def _allowing(inputs: Inputs, rules: Rules) -> tuple[str, ...]:
    """Return the phases that allow the signal's direction."""
    expert = inputs[0].expert
    if expert is None:
        return ()
    return tuple(phase for phase, sides in rules.regime.allowed.items() if expert.direction in sides)


def _phases(inputs: Inputs, rules: Rules) -> str:
    return f"in phase {' or '.join(_allowing(inputs, rules))}"


def _allowed_phase(inputs: Inputs, rules: Rules) -> Inputs | None:
    phases = _allowing(inputs, rules)
    return _with_regime(inputs, phase=int(phases[0])) if phases else None


def _structure(**changes: object) -> Callable[[Inputs, Rules], Inputs | None]:
    def change(inputs: Inputs, _rules: Rules) -> Inputs | None:
        context, market = inputs
        if context.structure is None:
            return None
        return replace(context, structure=replace(context.structure, **changes)), market  # type: ignore[arg-type]

    return change


def _words(text: str) -> Callable[[Inputs, Rules], str]:
    return lambda _inputs, _rules: text


_SPREAD = NumberChange("market", "market.max_spread_bps", "bps", "spread", _spread, _set_spread)
_DEPTH = NumberChange("market", "market.min_depth", "", "depth", _depth, _set_depth)
_ATR = NumberChange("market", "market.max_atr_pct", "%", "daily ATR", _atr, _set_atr)
_SCORE = NumberChange("structural", "structural.min_ai_score", "", "AI score", ai_score, set_ai_score)

NUMBERS: Mapping[str, NumberChange] = {
    "SPREAD_WIDE": _SPREAD,
    "SPREAD_ABSENT": _SPREAD,
    "SPREAD_CROSSED": _SPREAD,
    "ATR_HIGH": _ATR,
    "ATR_ABSENT": _ATR,
    "DEPTH_THIN": _DEPTH,
    "DEPTH_ABSENT": _DEPTH,
    "REGIME_WEAK": NumberChange(
        "regime",
        "regime.min_confidence",
        "",
        "regime confidence",
        regime_confidence,
        set_regime_confidence,
    ),
    "LOW_SCORE": _SCORE,
    "NO_SCORE": _SCORE,
}
"""The numbers by the reason code that they fail with."""

STATES: Mapping[str, StateChange] = {
    "SESSION_CLOSED": StateChange(
        "market",
        _words("in the regular session"),
        lambda inputs, _rules: (replace(inputs[0], session=Session.MIDDAY), inputs[1]),
    ),
    "PHASE_FORBIDS": StateChange("regime", _phases, _allowed_phase),
    "BIAS_OPPOSED": StateChange(
        "regime",
        _words("with a neutral bias"),
        lambda inputs, _rules: _with_regime(inputs, bias=Bias.NEUTRAL),
    ),
    "INVALID_SETUP": StateChange("structural", _words("with a valid setup"), _structure(valid_setup=True)),
    "ILLIQUID": StateChange("structural", _words("with enough liquidity"), _structure(liquidity_ok=True)),
    "GRADE_C": StateChange("structural", _words("at grade B"), _structure(execution_quality="B")),
    "SOURCES_DISAGREE": StateChange(
        "agreement",
        _words("if the sources agreed"),
        lambda inputs, _rules: (replace(inputs[0], conflict=None), inputs[1]),
    ),
}
"""The states by the reason code that they fail with."""

RAISED: tuple[NumberChange, ...] = (
    NumberChange(
        "confidence",
        "confidence.execute_at",
        "",
        "regime confidence",
        regime_confidence,
        set_regime_confidence,
    ),
    NumberChange("confidence", "confidence.execute_at", "", "AI score", ai_score, set_ai_score),
    NumberChange("confidence", "confidence.execute_at", "%", "alignment", aligned, set_aligned),
)
"""The numbers that raise the confidence."""
