"""The early-exercise premium of one American option: core.options.american in floats, without scipy.

What depends on volatility, time and carry alone, the critical price above all, is cached: the strikes of a chain, the
corners of an attribution step and the next price of the underlying share it.
"""

from __future__ import annotations

import math
from functools import cache, lru_cache
from typing import NamedTuple

from core.options.american import LEAST_DEVIATION, LEAST_GAIN, MOST_DEVIATION
from core.options.american_boundary import (
    LEAST_SLOPE,
    LOW,
    MOST_AWAY,
    MOST_GIVEN_UP,
    MOST_V,
    NODES,
    PER_UNIT,
    tables,
)

_SQRT_HALF = math.sqrt(0.5)
_TWICE_INV_SQRT_2PI = 2 / math.sqrt(2 * math.pi)
_SETTLED = 6e-3
_MOST_STEPS = 100


class Exercise(NamedTuple):
    """The critical price and premium of one unit of strike: ln(s), λ and a, and the derivatives by v, R and B."""

    y: float
    power: float
    a: float
    power_by_v: float
    power_by_rate: float
    power_by_drift: float
    a_by_v: float
    a_by_rate: float
    a_by_drift: float


def exercise_one(
    deviation: float, rate: float, dividend: float, carry: float, is_call: bool
) -> Exercise | None:
    """Return when an option is exercised early and what that adds, None where it never is.

    deviation is σ·√t; rate and dividend a year, carry in years.
    """
    gain = (dividend if is_call else rate) * carry
    if not (gain > LEAST_GAIN and LEAST_DEVIATION < deviation < MOST_DEVIATION):
        return None
    return _exercise(deviation, rate * carry, (rate - dividend) * carry, is_call)


@lru_cache(maxsize=8192)
def _exercise(v: float, rate: float, drift: float, is_call: bool) -> Exercise:
    w = 1.0 if is_call else -1.0
    rate_lost, yield_lost = -math.expm1(-rate), -math.expm1(drift - rate)
    twice = 2.0 / (v * v)
    n = twice * drift
    m = twice * (rate / rate_lost) if rate_lost else twice
    less = n - 1.0
    root = math.sqrt(less * less + 4.0 * m)
    # The product of the two roots is -m: the one that loses no digits gives the other.
    power = 2.0 * m * w / (abs(less) + root) if w * less > 10.0 else 0.5 * (w * root - less)
    scale = math.log1p(-1.0 / power)
    y = _guess(v, rate, drift, w, rate_lost, yield_lost, scale)
    y, s, held, owed, density = _solve(y, v, drift, w, rate_lost, yield_lost, scale)
    a = w * (s * held - owed)
    slope = w * root
    return Exercise(
        y=y,
        power=power,
        a=a,
        power_by_v=2.0 * (n * power - m) / (v * slope),
        power_by_rate=m * _rate_slope(rate, rate_lost) / slope,
        power_by_drift=-twice * power / slope,
        a_by_v=-s * density,
        a_by_rate=w * (s - 1.0) - a,
        a_by_drift=-w * s * (1.0 - held),
    )


def _solve(
    y: float, v: float, drift: float, w: float, rate_lost: float, yield_lost: float, scale: float
) -> tuple[float, float, float, float, float]:
    """Return y, s, D, M and the density at the critical price."""
    erfc, exp, log = math.erfc, math.exp, math.log
    w_root_half, settled, slope = w * _SQRT_HALF, False, 1.0
    rate_kept, yield_kept = 0.5 * (1.0 - rate_lost), 0.5 * (1.0 - yield_lost)
    low, high = 0.0, MOST_AWAY
    away = max(w * y, 1e-3 * v)
    for _ in range(_MOST_STEPS):
        y = w * away
        s = exp(y)
        d1 = (y + drift) / v + 0.5 * v
        held = erfc(w_root_half * d1) * yield_kept + yield_lost
        owed = erfc(w_root_half * (d1 - v)) * rate_kept + rate_lost
        density = exp(-0.5 * d1 * d1) * _TWICE_INV_SQRT_2PI * yield_kept
        if held <= 0.0 or owed <= 0.0:  # too far, under a negative rate or yield
            high = away
            away = 0.5 * (low + high)
            continue
        f = y + log(held / owed) + scale
        if settled:
            # One more step, too small for more than its first order.
            step = -f / slope
            move = w * density * step / v
            y, held, owed, density = y + step, held - move, owed - move * s, density * (1.0 - d1 * step / v)
            s *= 1.0 + step
            break
        per = w * density / v
        by_held, by_owed = per / held, per * s / owed
        if w * f < 0:
            low = away
        else:
            high = away
        slope = 1.0 - by_held + by_owed
        curve = d1 / v
        bend = by_held * (curve - by_held) - by_owed * (curve - 1.0 - by_owed)
        below = slope * slope - 0.5 * f * bend
        step = -w * f * slope / below if below and slope > LEAST_SLOPE else math.inf
        settled = abs(step) <= _SETTLED * v
        ahead = away + step
        away = ahead if settled or low < ahead < high else 0.5 * (low + min(high, 3.0 * low + v))
    return y, s, held, owed, density


def _guess(
    v: float, rate: float, drift: float, w: float, rate_lost: float, yield_lost: float, scale: float
) -> float:
    towards = -w * drift
    if towards <= 0:
        far = math.log(rate_lost / yield_lost) - scale if rate_lost > 0 < yield_lost else 0.0
        if w * far > 0:
            return far
    at = (math.log(max(towards / v, 1e-13)) - LOW) * PER_UNIT
    z0, z10, z11, z20, z21, z22, z30, z31 = _nodes()[int(min(max(at, 0.0), NODES - 1.0))]
    g = min((rate if w > 0 else rate - drift) / max(towards, 1e-300), MOST_GIVEN_UP)
    u = min(v, MOST_V)
    return w * v * (z0 + u * (z10 + g * z11 + u * (z20 + g * (z21 + g * z22) + u * (z30 + g * z31))))


@cache
def _nodes() -> list[tuple[float, ...]]:
    return list(zip(*(one.tolist() for one in tables()), strict=True))


def _rate_slope(rate: float, rate_lost: float) -> float:
    """Return d ln(m)/dR = 1/R - 1/(e^R - 1), by its series where that loses no digits."""
    if abs(rate) > 0.3:
        return 1.0 / rate - (1.0 - rate_lost) / rate_lost
    square = rate * rate
    return 0.5 - rate * (1 / 12 - square * (1 / 720 - square * (1 / 30240 - square * (1 / 1209600))))
