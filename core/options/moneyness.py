"""Distance of a spot from a strike, ln(S/K), without the rounding of a ratio near one."""

from __future__ import annotations

import math

import numpy as np

from core.options.broadcasting import Floats


def log_ratios(spot: Floats, strike: Floats) -> Floats:
    """Return ln(spot / strike) to the last digits, which matter minutes before expiry."""
    move = spot - strike
    far = np.log1p(np.abs(move) / np.minimum(spot, strike))
    return np.copysign(far, move)


def log_ratio(spot: float, strike: float) -> float:
    """Return ln(spot / strike) of two positive numbers, as log_ratios does."""
    move = spot - strike
    return math.copysign(math.log1p(abs(move) / min(spot, strike)), move)
