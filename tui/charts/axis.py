"""Round ticks for value axes: dollars, counts and per cent, in the number format in use."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from tui import fmt
from tui.charts.canvas import Ticks

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))
_SHORT_FROM = 1e5
"""Dollars from which ticks are written in thousands, millions ..."""
_MOST_DIGITS = 6
_ROWS_APART = 2
_LEAST_APART, _PERCENT_APART, _GAP = 6, 8, 2
"""Least distance between ticks: rows on a y axis, cells on an x axis; and the gap between their labels."""


def round_step(span: float, most: int) -> float:
    """Return the smallest round step (1, 2, 2.5 or 5 times a power of ten) that fits ``most`` times at most."""
    rough = span / max(1, most)
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in _STEPS if step * power >= rough * (1 - 1e-9))


def round_values(low: float, high: float, most: int, limit: int) -> tuple[list[float], float]:
    """Return the multiples of a round step between ``low`` and ``high``, and the step.

    ``most`` steps are wanted at most; up to ``limit`` where the range would hold one value only.
    """
    for wanted in range(max(1, most), max(1, most, limit) + 1):
        step = round_step(high - low, wanted)
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last > first:
            break
    return [n * step for n in range(first, last + 1)], step


def dollar_labels(values: Sequence[float], step: float, *, sign: bool) -> list[str]:
    """Write dollars as exactly as ``step`` needs; from 100,000 on all of them as $120k, $1.5M ..."""
    largest = max(abs(value) for value in values)
    unit, letter = 1.0, ""
    if largest >= _SHORT_FROM:
        unit, letter = next((size, name) for size, name in _UNITS if largest >= size)
    digits = next((n for n in range(_MOST_DIGITS) if _is_whole(step / unit * 10**n)), _MOST_DIGITS)
    if digits and not letter:
        digits = max(2, digits)  # cents
    return [_dollar_label(value, unit, letter, digits, sign) for value in values]


def _is_whole(value: float) -> bool:
    return round(value) >= 1 and abs(value - round(value)) < 1e-6


def _dollar_label(value: float, unit: float, letter: str, digits: int, sign: bool) -> str:
    if value == 0:
        return "$0"
    mark = "-" if value < 0 else "+" if sign else ""
    return f"{mark}${fmt.local(f'{abs(value) / unit:,.{digits}f}')}{letter}"


def signed_dollars(low: float, high: float, rows: int) -> Ticks:
    """Ticks of profit and loss for a y axis, with their sign."""
    return _dollars(low, high, (rows - 1) // _ROWS_APART, rows - 1, sign=True)


def plain_dollars(low: float, high: float, rows: int) -> Ticks:
    """Ticks of prices for a y axis."""
    return _dollars(low, high, (rows - 1) // _ROWS_APART, rows - 1, sign=False)


def dollars_across(low: float, high: float, cells: int) -> Ticks:
    """Ticks of profit and loss for an x axis, as many as have room for their labels."""
    for most in range(cells // _LEAST_APART, 1, -1):
        ticks = _dollars(low, high, most, most, sign=True)
        apart = min((b - a for (a, _), (b, _) in pairwise(ticks)), default=0.0) / (high - low) * cells
        if apart >= 1.5 * max(len(label) for _, label in ticks) + _GAP:
            return ticks
    return _dollars(low, high, 1, 2, sign=True)


def _dollars(low: float, high: float, most: int, limit: int, *, sign: bool) -> Ticks:
    values, step = round_values(low, high, most, limit)
    if len(values) < 2:
        values, step = [low, high], round_step(high - low, 50)
    return list(zip(values, dollar_labels(values, step, sign=sign), strict=True))


def counts(low: float, high: float, rows: int) -> Ticks:
    """Ticks of whole numbers for a y axis."""
    values, _ = round_values(low, high, (rows - 1) // _ROWS_APART, rows - 1)
    whole = [value for value in values if value == round(value)]
    return [(value, fmt.number(value, 0)) for value in (whole if len(whole) > 1 else (low, high))]


def percent(low: float, high: float, rows: int) -> Ticks:
    """Ticks of per cent for a y axis; the values are fractions."""
    return _percent(low, high, (rows - 1) // _ROWS_APART)


def percent_across(low: float, high: float, cells: int) -> Ticks:
    """Ticks of per cent for an x axis; the values are fractions."""
    return _percent(low, high, cells // _PERCENT_APART)


def _percent(low: float, high: float, most: int) -> Ticks:
    steps = (0.05, 0.1, 0.2, 0.25, 0.5, 1.0)
    step = next((step for step in steps if (high - low) / step <= max(1, most) + 1e-9), 1.0)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [(n * step, f"{n * step * 100:.0f}%") for n in range(first, last + 1)]
