"""Stop and targets that a person asks for: by price, by percent, by ATR, or at cost.

Invariants, tested: the stop lies on the losing side of the price, the targets on the other, the first before the
second; what would break that is refused as a whole.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from core.model import Direction
from core.positions.position import LEVELS, STOP, TARGET_1, TARGET_2

COST = "cost"
ACCEPTED = "a price as 448.50, a distance from the price as 1.5% or 0.5atr, or cost (the price at the entry)"

_DISTANCE = re.compile(r"(\d+(?:\.\d+)?)(%|atr)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelTerms:
    """The position that levels are asked for, as far as they are read and checked by it.

    ``price`` is the underlying's now, ``cost`` its price at the entry, ``atr`` the daily ATR at the entry in $ or
    ``None`` when unknown; ``target_1`` is ``None`` once it was sold at, with ``held`` contracts left.
    """

    symbol: str
    direction: Direction
    price: float
    cost: float
    atr: float | None
    stop: float
    target_1: float | None
    target_2: float
    held: int


def asked_levels(terms: LevelTerms, argument: str) -> dict[str, float] | str:
    """Return the levels of ``argument`` ("stop=448.5 target_2=2%") by their names, or why they are refused."""
    wanted: dict[str, float] = {}
    for part in argument.split():
        name, equals, text = part.partition("=")
        if name not in LEVELS or not equals:
            return f"levels: {part!r} is not one of {', '.join(f'{each}=' for each in LEVELS)}"
        level = _level(terms, name, text)
        if isinstance(level, str):
            return level
        wanted[name] = level
    if not wanted:
        return f"levels: give {', '.join(LEVELS)}, each {ACCEPTED}"
    if TARGET_1 in wanted and terms.target_1 is None:
        return f"target_1: it was reached already, {terms.held} contracts are left for target_2"
    return _fault(terms, wanted) or wanted


def _level(terms: LevelTerms, name: str, text: str) -> float | str:
    """Return a level in dollars of the underlying; a distance counts from the price, to the level's own side."""
    side = terms.direction.sign * (-1 if name == STOP else 1)
    if text.lower() == COST:
        return terms.cost
    if (match := _DISTANCE.fullmatch(text)) is not None:
        unit = terms.price / 100
        if match[2] != "%":
            if not terms.atr:
                return (
                    f"{name}: the daily ATR of {terms.symbol} was not known at the entry; give a price or %"
                )
            unit = terms.atr
        return round(terms.price + side * float(match[1]) * unit, 2)
    try:
        level = float(text)
    except ValueError:
        level = math.nan
    return level if math.isfinite(level) and level > 0 else f"{name}: {text!r} is not {ACCEPTED}"


def _fault(terms: LevelTerms, wanted: dict[str, float]) -> str:
    """Return why levels cannot be in force at the price; empty where they can."""
    sign, price = terms.direction.sign, terms.price
    for name, level in wanted.items():
        beyond = (price - level) * sign <= 0 if name == STOP else (level - price) * sign <= 0
        if beyond:
            side = "below" if (sign > 0) == (name == STOP) else "above"
            return f"{name}: {level:.2f} must lie {side} the price {price:.2f} of {terms.symbol}"
    first, second = wanted.get(TARGET_1, terms.target_1), wanted.get(TARGET_2, terms.target_2)
    if first is not None and (second - first) * sign <= 0:
        return f"target_2: {second:.2f} must lie beyond target_1 {first:.2f}"
    return ""
