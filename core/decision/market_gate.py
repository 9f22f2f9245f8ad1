"""The market gate: spread, daily ATR and depth are all checked; the score is the lowest of the three."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from core.compared import compared
from core.decision.atr import daily_atr, known
from core.decision.gates import GateResult
from core.decision.phases import aligned_pct
from core.model import Context, Gate, MarketSnapshot, Reason, Session, Tone
from core.rules import Rules
from core.rules.sections import MarketGateRules
from core.thresholds import above, at_least, below


class Part(NamedTuple):
    """One part of the gate: passed or not, score 0–100, and its reason."""

    passed: bool
    score: float
    reason: Reason | None


_CLOSED = Part(False, 0.0, Reason("SESSION_CLOSED", "Outside the regular session", Tone.NEGATIVE))
_NO_SPREAD = Part(False, 0.0, Reason("SPREAD_ABSENT", "Spread is not known", Tone.NEGATIVE))
_NO_ATR = Part(False, 0.0, Reason("ATR_ABSENT", "Daily ATR is not known", Tone.NEGATIVE))
_NO_DEPTH = Part(False, 0.0, Reason("DEPTH_ABSENT", "Depth is not known", Tone.NEGATIVE))
_QUOTED = ("bid", "ask", "bid_size", "ask_size", "spread_bps", "depth_score")
_HEADWINDS = {("POSITIVE", "SHORT"), ("NEGATIVE", "LONG")}


def market_gate(context: Context, market: MarketSnapshot, rules: Rules) -> GateResult:
    """Check spread, daily ATR, depth and session; every part is checked even when another one failed."""
    limits, assumed = rules.market, market.assumed
    spread = _or_assumed(market.spread_bps, "spread_bps", assumed, limits.assumed_spread_bps)
    depth = _or_assumed(market.depth_score, "depth_score", assumed, limits.assumed_depth)
    atr = daily_atr(context, market, rules)
    parts = [spread_part(spread, limits), atr_part(atr.pct, limits), depth_part(depth, limits)]
    if context.session is Session.AFTERHOURS:
        parts.append(_CLOSED)
    origins = ("spread_bps" in assumed, atr.origin == "assumed", "depth_score" in assumed, False)
    failed: list[Reason] = []
    others: list[Reason] = []
    passed, score = True, 100.0
    for part, is_assumed in zip(parts, origins, strict=False):
        if part.score < score:
            score = part.score
        if not part.passed:
            passed = False
            if part.reason is not None:
                failed.append(part.reason)
        elif not is_assumed and part.reason is not None:
            others.append(part.reason)
    if any(origins):
        others.append(_assumed_reason(origins, spread, atr.pct, depth))
    if atr.origin == "signal":
        others.append(Reason("ATR_FROM_SIGNAL", "Daily ATR is the signal's own", Tone.NEUTRAL))
    if market.proxied:
        others.append(Reason("PROXIED", f"Spread and depth are those of {market.proxied}", Tone.NEUTRAL))
    if headwind := _headwind(context, market, limits):
        others.append(headwind)
    evidence = {
        "spread_bps": spread,
        "max_spread_bps": limits.max_spread_bps,
        "atr_pct": atr.pct,
        "atr_origin": atr.origin,
        "max_atr_pct": limits.max_atr_pct,
        "depth_score": depth,
        "min_depth": limits.min_depth,
        "session": context.session,
        "gamma_bias": market.gamma_bias,
        "assumed": assumed,
        "parts": {"spread": parts[0].score, "atr": parts[1].score, "depth": parts[2].score},
    }
    text = "; ".join([r.text for r in failed]) if failed else "Spread, volatility and depth are tradable"
    return Gate(passed=passed, score=score, reason=text, evidence=evidence), (*failed, *others)


def without_stale_quotes(market: MarketSnapshot, rules: Rules) -> MarketSnapshot:
    """Return the snapshot without quotes older than ``market.stale_seconds``.

    A quote without an age counts as fresh. Figures computed from bars, such as the ATR, are kept.
    """
    oldest = rules.market.stale_seconds
    stale: dict[str, Any] = {name: None for name in _QUOTED if above(market.ages.get(name, 0.0), oldest)}
    return replace(market, **stale) if stale else market


def spread_part(spread: float | None, limits: MarketGateRules) -> Part:
    """Score the underlying's quoted spread in basis points."""
    if spread is None:
        return _NO_SPREAD
    if spread < 0:
        reason = Reason("SPREAD_CROSSED", f"The quote is crossed ({spread:.4g} bps)", Tone.NEGATIVE)
        return Part(False, 0.0, reason)
    if above(spread, limits.max_spread_bps):
        over = spread - limits.max_spread_bps
        text = f"Spread too wide ({compared(spread, '>', limits.max_spread_bps, '.4g', unit=' bps')})"
        score = max(0.0, 100 - limits.spread_penalty * over)
        return Part(False, score, Reason("SPREAD_WIDE", text, Tone.NEGATIVE))
    text = f"Tight spread ({spread:.4g} bps)"
    return Part(True, max(limits.spread_floor, 100 - spread), Reason("SPREAD_OK", text, Tone.POSITIVE))


def atr_part(pct: float | None, limits: MarketGateRules) -> Part:
    """Score the daily ATR in percent of price."""
    if pct is None:
        return _NO_ATR
    if above(pct, limits.max_atr_pct):
        over = pct - limits.max_atr_pct
        text = f"Daily ATR too high ({compared(pct, '>', limits.max_atr_pct, '.2f', unit=' %', limit_unit=' %')})"
        score = max(0.0, 100 - limits.atr_penalty * over)
        return Part(False, score, Reason("ATR_HIGH", text, Tone.NEGATIVE))
    score = max(limits.atr_floor, 100 - limits.atr_slope * pct)
    return Part(True, score, Reason("ATR_OK", f"Daily ATR {pct:.2f} % of price", Tone.POSITIVE))


def depth_part(depth: float | None, limits: MarketGateRules) -> Part:
    """Score the depth, 0–100."""
    if depth is None:
        return _NO_DEPTH
    score = min(100.0, max(0.0, depth))
    if below(depth, limits.min_depth):
        text = f"Too thin (depth {compared(depth, '<', limits.min_depth, '.0f')})"
        return Part(False, score, Reason("DEPTH_THIN", text, Tone.NEGATIVE))
    return Part(True, score, Reason("DEPTH_OK", f"Good depth ({depth:.0f})", Tone.POSITIVE))


def _or_assumed(value: float | None, name: str, assumed: tuple[str, ...], instead: float) -> float | None:
    if known(value):
        return value
    return instead if name in assumed else None


def _assumed_reason(
    origins: tuple[bool, ...], spread: float | None, atr_pct: float | None, depth: float | None
) -> Reason:
    values = (("spread {:.4g} bps", spread), ("ATR {:.4g} %", atr_pct), ("depth {:.4g}", depth))
    named = ", ".join(
        text.format(value) for (text, value), assumed in zip(values, origins, strict=False) if assumed
    )
    return Reason("MARKET_ASSUMED", f"Assumed, as no feed gives it: {named}", Tone.NEUTRAL)


def _headwind(context: Context, market: MarketSnapshot, limits: MarketGateRules) -> Reason | None:
    if market.gamma_bias is None or context.expert is None:
        return None
    direction, bias = context.expert.direction, market.gamma_bias.upper()
    if (bias, direction.value) not in _HEADWINDS:
        return None
    pct = aligned_pct(context.alignment, direction)
    if pct is not None and at_least(pct, limits.headwind_override_pct):
        text = f"Gamma headwind ({bias}) overridden by {pct:.0f} % alignment"
        return Reason("GAMMA_OVERRIDDEN", text, Tone.POSITIVE)
    return Reason("GAMMA_HEADWIND", f"Gamma headwind ({bias} against {direction})", Tone.NEUTRAL)
