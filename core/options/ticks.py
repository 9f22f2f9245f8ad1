"""The price grid of an option class, and rounding to it against the one who trades."""

from __future__ import annotations

import math

from core.rules.sections import FillRules

_SLACK = 1e-9  # a price computed to lie on the grid is on it, whatever the last bits say


def tick(symbol: str, price: float, rules: FillRules) -> float:
    """The smallest price step of that underlying's options at that premium, in dollars."""
    if symbol in rules.penny_ticks:
        steps = rules.tick_steps["always_penny"]
    elif symbol in rules.penny_program:
        steps = rules.tick_steps["penny"]
    else:
        steps = rules.tick_steps["other"]
    return steps[0] if price < rules.tick_break else steps[1]


def tick_up(symbol: str, price: float, rules: FillRules) -> float:
    """The lowest price on the grid that is not below ``price``: what a buyer pays."""
    step = tick(symbol, price, rules)
    return round(math.ceil(price / step - _SLACK) * step, 4)


def tick_down(symbol: str, price: float, rules: FillRules) -> float:
    """The highest price on the grid that is not above ``price`` and not below 0: what a seller gets."""
    step = tick(symbol, price, rules)
    return round(max(0.0, math.floor(price / step + _SLACK) * step), 4)
