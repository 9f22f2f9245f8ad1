"""Sizes of price moves: the difference of two prices, and the largest move believed after some time."""

from __future__ import annotations

import math
from datetime import timedelta

from core.rules.sections import IntakeRules


def difference_pct(one: float, other: float) -> float:
    """Return the difference of two positive prices in percent of the lower one."""
    return (max(one, other) / min(one, other) - 1) * 100


def largest_move_pct(rules: IntakeRules, age: timedelta) -> float:
    """Return the largest move in percent believed after this time; it grows with the square root of time."""
    if rules.price_jump_minutes <= 0:
        return rules.price_jump_pct
    return rules.price_jump_pct * math.sqrt(max(1.0, age.total_seconds() / 60 / rules.price_jump_minutes))
