"""Batch form of ``decide``: verdicts of gates and confidence for many decisions, equal to the last bit.

Each function is the array form of the function of that name for one decision, with the same operations in the
same order, so that sums and roundings agree. A test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from core.decision.columns import Codes, DecisionColumns, Flags, Floats
from core.model import Action
from core.rules import DEFAULT, Rules
from core.rules.sections import MarketGateRules
from core.thresholds import above, at_least, below

ACTIONS = (Action.SKIP, Action.WAIT, Action.EXECUTE)
"""The actions that the codes in ``Verdicts.action`` index."""
SKIP, WAIT, EXECUTE = range(3)
GATES = ("regime", "structural", "market")
_BLOCK = 32_768  # rows at a time: the working arrays of one block stay in the cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """n verdicts, each array of shape (n,): ``action`` codes into ACTIONS, scores and confidence 0–100."""

    action: Codes
    confidence: Floats
    regime_passed: Flags
    regime_score: Floats
    structural_passed: Flags
    structural_score: Floats
    market_passed: Flags
    market_score: Floats

    def __len__(self) -> int:
        return len(self.action)

    def passed(self, gate: str) -> Flags:
        """Return the flags of the rows that passed one of GATES."""
        found: Flags = getattr(self, f"{gate}_passed")
        return found

    def score(self, gate: str) -> Floats:
        """Return the scores of one of GATES."""
        found: Floats = getattr(self, f"{gate}_score")
        return found


def decide_many(columns: DecisionColumns, rules: Rules = DEFAULT) -> Verdicts:
    """Decide every row: EXECUTE, WAIT or SKIP with confidence and gates."""
    blocks = [
        _block(columns.take(slice(at, at + _BLOCK)), rules) for at in range(0, max(1, len(columns)), _BLOCK)
    ]
    if len(blocks) == 1:
        return blocks[0]
    return Verdicts(
        **{f.name: np.concatenate([getattr(b, f.name) for b in blocks]) for f in fields(Verdicts)}
    )


def _block(columns: DecisionColumns, rules: Rules) -> Verdicts:
    stated = np.minimum(100.0, np.maximum(0.0, columns.regime_confidence))
    regime_passed, regime_score = _regime(columns, stated, rules)
    structural_passed, structural_score = _structural(columns, rules)
    market_passed, market_score = _market(columns, rules)
    weights = rules.confidence
    confidence = _combine(
        (
            (weights.regime_weight, stated),
            (weights.expert_weight, _expert(columns.ai_score, rules)),
            (weights.alignment_weight, _alignment(columns, rules)),
            (weights.market_weight, market_score),
            (weights.structural_weight, structural_score),
        )
    )
    passed = regime_passed & structural_passed & market_passed
    by_confidence = np.where(
        at_least(confidence, weights.execute_at),
        EXECUTE,
        np.where(at_least(confidence, weights.wait_at), WAIT, SKIP),
    )
    action = np.where(passed, np.where(columns.conflict, WAIT, by_confidence), SKIP)
    return Verdicts(
        action=action.astype(np.int8),
        confidence=confidence,
        regime_passed=regime_passed,
        regime_score=regime_score,
        structural_passed=structural_passed,
        structural_score=structural_score,
        market_passed=market_passed,
        market_score=market_score,
    )


def _regime(columns: DecisionColumns, stated: Floats, rules: Rules) -> tuple[Flags, Floats]:
    limits = rules.regime
    allowed = np.isnan(columns.phase)
    for phase, directions in limits.allowed.items():
        sides = [side for side, name in ((1, "LONG"), (-1, "SHORT")) if name in directions]
        allowed |= (columns.phase == _number_of(phase)) & np.isin(columns.direction, sides)
    unstated = np.isnan(stated)
    weak = below(stated, limits.min_confidence)
    opposed = columns.bias * columns.direction == -1
    score = np.select(
        [~columns.regime, ~allowed, weak, opposed & unstated, opposed, unstated],
        [limits.no_regime_score, 0.0, stated, limits.unstated_opposed, stated / 2, limits.unstated_pass],
        stated,
    )
    return ~columns.regime | (allowed & ~weak & ~opposed), score


def _number_of(phase: str) -> float:
    # Only a phase written as the engine writes it can ever match.
    number = phase.removeprefix("-")
    return float(phase) if number.isdecimal() and str(int(phase)) == phase else np.nan


def _structural(columns: DecisionColumns, rules: Rules) -> tuple[Flags, Floats]:
    limits, ai = rules.structural, columns.ai_score
    unscored = np.isnan(ai)
    lets_pass = unscored & (columns.direction != 0) & (limits.no_score == "pass")
    weak = ~at_least(ai, limits.min_ai_score) & ~lets_pass
    least = limits.min_ai_score or 1.0  # with a least score of 0 nobody is under it: the quotient goes unread
    q = np.where(columns.grade == 1, limits.grade_a_score, limits.grade_other_score)
    score = np.select(
        [~columns.valid_setup, ~columns.liquidity_ok, columns.grade == -1, unscored, weak],
        [
            0.0,
            limits.illiquid_score,
            limits.grade_c_score,
            np.where(lets_pass, q, 0.0),
            np.maximum(0.0, ai / least * 100),
        ],
        (q + np.minimum(100.0, ai / limits.max_ai_score * 100)) / 2,
    )
    return columns.valid_setup & columns.liquidity_ok & (columns.grade != -1) & ~weak, score


def _market(columns: DecisionColumns, rules: Rules) -> tuple[Flags, Floats]:
    limits = rules.market
    parts = (
        _spread(_or_assumed(columns.spread_bps, columns.spread_assumed, limits.assumed_spread_bps), limits),
        _atr(_or_assumed(columns.atr_pct, columns.atr_assumed, limits.assumed_atr_pct), limits),
        _depth(_or_assumed(columns.depth_score, columns.depth_assumed, limits.assumed_depth), limits),
    )
    passed, score = ~columns.closed, np.where(columns.closed, 0.0, 100.0)
    for part_passed, part_score in parts:
        passed &= part_passed
        score = np.minimum(score, part_score)
    return passed, score


def _spread(spread: Floats, limits: MarketGateRules) -> tuple[Flags, Floats]:
    over = spread - limits.max_spread_bps
    known, too_wide = spread >= 0, above(spread, limits.max_spread_bps)
    wide = np.maximum(0.0, 100 - limits.spread_penalty * over)
    fit = np.maximum(limits.spread_floor, 100 - spread)
    return known & ~too_wide, np.where(known, np.where(too_wide, wide, fit), 0.0)


def _atr(pct: Floats, limits: MarketGateRules) -> tuple[Flags, Floats]:
    over = pct - limits.max_atr_pct
    known, too_high = ~np.isnan(pct), above(pct, limits.max_atr_pct)
    high = np.maximum(0.0, 100 - limits.atr_penalty * over)
    fit = np.maximum(limits.atr_floor, 100 - limits.atr_slope * pct)
    return known & ~too_high, np.where(known, np.where(too_high, high, fit), 0.0)


def _depth(depth: Floats, limits: MarketGateRules) -> tuple[Flags, Floats]:
    known = ~np.isnan(depth)
    return at_least(depth, limits.min_depth), np.where(known, np.minimum(100.0, np.maximum(0.0, depth)), 0.0)


def _or_assumed(values: Floats, assumed: Flags, instead: float) -> Floats:
    return np.where(np.isnan(values) & assumed, instead, values)


def _expert(ai: Floats, rules: Rules) -> Floats:
    value = ai / rules.structural.max_ai_score * 100
    weak = below(ai, rules.confidence.weak_expert_below)
    value = np.where(weak, value * rules.confidence.weak_expert_factor, value)
    return np.minimum(100.0, np.maximum(0.0, value))


def _alignment(columns: DecisionColumns, rules: Rules) -> Floats:
    pct = np.select(
        [columns.direction == 1, columns.direction == -1], [columns.bullish_pct, columns.bearish_pct], np.nan
    )
    strong = at_least(pct, rules.confidence.strong_alignment_from)
    factor = np.where(strong, rules.confidence.strong_alignment_factor, 1.0)
    return np.minimum(100.0, np.maximum(0.0, pct * factor))


def _combine(terms: tuple[tuple[float, Floats], ...]) -> Floats:
    total = np.zeros(len(terms[0][1]))
    weight = np.zeros(len(terms[0][1]))
    for share, value in terms:
        present = ~np.isnan(value)
        total = np.where(present, total + share * value, total)
        weight = np.where(present, weight + share, weight)
    known = weight > 0
    return np.where(known, np.floor(total / np.where(known, weight, 1.0) * 10 + 0.5) / 10, 0.0)
