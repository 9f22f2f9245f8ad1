"""Price ticks of an option class, and rounding to them against the trader."""

from __future__ import annotations

import math

from core.rules.sections import FillRules
from core.thresholds import below

_SLACK = 1e-9  # tolerates rounding in the last bits of a price on the grid


def tick(symbol: str, price: float, rules: FillRules) -> float:
    """Return the smallest price step of an underlying's options at a premium, in dollars."""
    if symbol in rules.penny_ticks:
        steps = rules.tick_steps["always_penny"]
    elif symbol in rules.penny_program:
        steps = rules.tick_steps["penny"]
    else:
        steps = rules.tick_steps["other"]
    return steps[0] if below(price, rules.tick_break) else steps[1]


def tick_up(symbol: str, price: float, rules: FillRules) -> float:
    """Return the lowest price on the grid that is not below ``price``: the price a buyer pays."""
    step = tick(symbol, price, rules)
    return round(math.ceil(price / step - _SLACK) * step, 4)


def tick_down(symbol: str, price: float, rules: FillRules) -> float:
    """Return the highest price on the grid not above ``price`` and not below 0: the price a seller gets."""
    step = tick(symbol, price, rules)
    return round(max(0.0, math.floor(price / step + _SLACK) * step), 4)
