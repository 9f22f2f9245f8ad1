"""Stop and targets of an open position, set by a person: by price, by percent, by ATR, or at cost.

Invariants, tested: the stop lies on the losing side of the price, the targets on the other, the first before the
second; a command that would break that changes nothing.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import datetime

from core.engine.kernel import Kernel
from core.positions import Position
from core.positions.transitions import stop_moved

NAMES = ("stop", "target_1", "target_2")
COST = "cost"
ACCEPTED = "a price as 448.50, a distance from the price as 1.5% or 0.5atr, or cost (the price at the entry)"

_DISTANCE = re.compile(r"(\d+(?:\.\d+)?)\s*(%|atr)", re.IGNORECASE)


def levels_by_hand(kernel: Kernel, position: Position, argument: str, now: datetime) -> Position | str:
    """Return the position with the levels of ``argument`` ("stop=448.5 target_2=2%"), or why they are refused."""
    known = kernel.state.prices.get(position.symbol)
    price = position.last.spot if known is None else known.price
    wanted: dict[str, float] = {}
    for part in argument.split():
        name, equals, text = part.partition("=")
        if name not in NAMES or not equals:
            return f"levels: {part!r} is not one of {', '.join(f'{each}=' for each in NAMES)}"
        level = _level(position, name, text, price)
        if isinstance(level, str):
            return level
        wanted[name] = level
    if not wanted:
        return f"levels: give {', '.join(NAMES)}, each {ACCEPTED}"
    if "target_1" in wanted and position.scaled_out:
        return f"target_1: it was reached already, {position.remaining} contracts are left for target_2"
    levels = position.levels
    changed = replace(
        levels,
        target_1=wanted.get("target_1", levels.target_1),
        target_2=wanted.get("target_2", levels.target_2),
    )
    after = stop_moved(replace(position, levels=changed), wanted.get("stop", position.stop), now)
    return _fault(after, wanted, price) or after


def _level(position: Position, name: str, text: str, price: float) -> float | str:
    """Return a level in dollars of the underlying; a distance counts from the price, to the level's own side."""
    side = position.direction.sign * (-1 if name == "stop" else 1)
    if text.lower() == COST:
        return position.level_at_entry
    if (match := _DISTANCE.fullmatch(text)) is not None:
        unit = price / 100
        if match[2] != "%":
            if not position.entry.atr:
                return f"{name}: the daily ATR of {position.symbol} was not known at the entry; give a price or %"
            unit = position.entry.atr
        return round(price + side * float(match[1]) * unit, 2)
    try:
        level = float(text)
    except ValueError:
        level = math.nan
    return level if math.isfinite(level) and level > 0 else f"{name}: {text!r} is not {ACCEPTED}"


def _fault(position: Position, wanted: dict[str, float], price: float) -> str:
    """Return why levels cannot be in force at a price; empty where they can."""
    sign, levels = position.direction.sign, position.levels
    first = {} if position.scaled_out else {"target_1": levels.target_1}
    for name, level in {"stop": position.stop, **first, "target_2": levels.target_2}.items():
        beyond = (price - level) * sign <= 0 if name == "stop" else (level - price) * sign <= 0
        if name in wanted and beyond:
            side = "below" if (sign > 0) == (name == "stop") else "above"
            return f"{name}: {level:.2f} must lie {side} the price {price:.2f} of {position.symbol}"
    if first and (levels.target_2 - levels.target_1) * sign <= 0:
        return f"target_2: {levels.target_2:.2f} must lie beyond target_1 {levels.target_1:.2f}"
    return ""


def levels_text(position: Position) -> str:
    """Return the levels in force, as "stop 448.50, T1 454.00, T2 457.00"."""
    first = "" if position.scaled_out else f", T1 {position.levels.target_1:.2f}"
    return f"stop {position.stop:.2f}{first}, T2 {position.levels.target_2:.2f}"
