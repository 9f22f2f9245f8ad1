"""Comparison of a computed number with a threshold of the rules, on values rounded to 1e-9.

A ratio, percentage or distance is a quotient or a difference of binary numbers: one that is exactly 1.5 on paper may
be 1.4999999999999998. Rounded first, a threshold that is met exactly counts as met. A NaN meets nothing. The
functions take numbers or arrays, so that one decision and a batch of decisions agree.
"""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

STEP = 1e-9
_HALF = STEP / 2


@overload
def at_least(value: float, threshold: float) -> bool: ...
@overload
def at_least(value: Floats, threshold: float | Floats) -> Flags: ...
def at_least(value: float | Floats, threshold: float | Floats) -> bool | Flags:
    """Return whether a value reaches a threshold."""
    return value >= threshold - _HALF


@overload
def at_most(value: float, threshold: float) -> bool: ...
@overload
def at_most(value: Floats, threshold: float | Floats) -> Flags: ...
def at_most(value: float | Floats, threshold: float | Floats) -> bool | Flags:
    """Return whether a value does not exceed a threshold."""
    return value <= threshold + _HALF


@overload
def above(value: float, threshold: float) -> bool: ...
@overload
def above(value: Floats, threshold: float | Floats) -> Flags: ...
def above(value: float | Floats, threshold: float | Floats) -> bool | Flags:
    """Return whether a value exceeds a threshold."""
    return value > threshold + _HALF


@overload
def below(value: float, threshold: float) -> bool: ...
@overload
def below(value: Floats, threshold: float | Floats) -> Flags: ...
def below(value: float | Floats, threshold: float | Floats) -> bool | Flags:
    """Return whether a value stays under a threshold."""
    return value < threshold - _HALF


def whole_down(quotient: float) -> int:
    """Return the whole number at or below a quotient: 2,500 / 0.1 is 25,000, whatever its last bits."""
    return floor(quotient + STEP)


def whole_up(quotient: float) -> int:
    """Return the whole number at or above a quotient."""
    return ceil(quotient - STEP)
