"""The implied volatility of American options: safeguarded Newton steps on the American value, from the European one.

An American option is worth at least its European twin, so its volatility is at most the twin's: the bracket starts
there. At or below the intrinsic value, or where the time value is lost in the rounding of the price, none exists.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from core.options.american_one import exercise_one
from core.options.broadcasting import Floats
from core.options.moneyness import log_ratio
from core.options.pricing import POINT, greeks

_SQRT_HALF = math.sqrt(0.5)
_INV_SQRT_2PI = 1 / math.sqrt(2 * math.pi)
# Newton's error goes with the square of its last step.
_SETTLED = 1e-7
_NEAR = 0.1
_MOST_STEPS = 80
_NOISE = 4 * 2.0**-52


def american_volatility_one(
    price: float,
    spot: float,
    strike: float,
    years: float,
    is_call: bool,
    rate: float,
    dividend: float,
    carry: float,
    european: float | None,
) -> float | None:
    """Return the volatility at which the American value equals the price, None where none exists.

    ``european`` is the one of the European value, None where that has none.
    """
    sign = 1.0 if is_call else -1.0
    moneyness, drift = log_ratio(spot, strike), (rate - dividend) * carry
    spot_now, strike_now = spot * math.exp(-dividend * carry), strike * math.exp(-rate * carry)
    intrinsic = sign * (spot - strike)
    if (
        not max(intrinsic + _NOISE * spot, 0.0)
        < price
        < (max(spot, spot_now) if is_call else max(strike, strike_now))
    ):
        return None
    if european is not None:
        volatility = european
    elif price >= (spot_now if is_call else strike_now):
        volatility = 1 / math.sqrt(years)
    else:
        return None
    v, root_t = volatility * math.sqrt(years), math.sqrt(years)
    low, high, last = 0.0, math.inf, math.inf
    for _ in range(_MOST_STEPS):
        value, slope = intrinsic, 0.0
        early = exercise_one(v, rate, dividend, carry, is_call)
        log = 0.0 if early is None else moneyness - early.y
        if early is None or sign * log < 0:
            d1 = (moneyness + drift) / v + 0.5 * v
            value = spot_now * math.erfc(-sign * d1 * _SQRT_HALF)
            value -= strike_now * math.erfc(-sign * (d1 - v) * _SQRT_HALF)
            value *= 0.5 * sign
            slope = spot_now * math.exp(-0.5 * d1 * d1) * _INV_SQRT_2PI
            if early is not None:
                near = strike * math.exp(early.power * log)
                value += early.a * near
                slope += near * (early.a_by_v + early.a * log * early.power_by_v)
        over = value - price
        if over > 0:
            high = v
        else:
            low = v
        step = over / slope if slope > 0 else math.inf
        ahead, size = v - step, abs(step) / v
        # The next step would be of the size of this one squared, times what this one was of the last one's.
        if size <= _SETTLED or (last < _NEAR and size * size * size < 1e-13 * last * last):
            return ahead / root_t
        v, last = ahead if low < ahead < high else 0.5 * (low + min(high, 3.0 * v)), size
    return None


def american_volatility(price: Floats, block: list[Floats], european: Floats) -> Floats:
    """Return `american_volatility_one` of every row, NaN for None.

    ``block`` holds spot, strike, years, sign, rate, dividend and carry, each 0-d or as long as ``european``.
    """
    columns = [np.broadcast_to(one, european.shape) for one in (price, *block)]
    price, spot, strike, years, sign, rate, dividend, carry = columns
    intrinsic = sign * (spot - strike)
    bound = np.where(sign > 0, spot * np.exp(-dividend * carry), strike * np.exp(-rate * carry))
    exists = (price > intrinsic + _NOISE * spot) & (price > 0)
    exists &= price < np.maximum(bound, np.where(sign > 0, spot, strike))
    beyond = np.isnan(european) & (price >= bound) & (years > 0)
    start = np.where(beyond, 1 / np.sqrt(years), european)
    found = np.full(european.shape, np.nan)
    rows: NDArray[np.intp] = np.flatnonzero(exists & ~np.isnan(start))
    volatility, low, high = start[rows], np.zeros(rows.size), np.full(rows.size, np.inf)
    for _ in range(_MOST_STEPS):
        if not rows.size:
            break
        value, spot, strike, years, sign, rate, dividend, carry = (one[rows] for one in columns)
        at = greeks(
            *(spot, strike, years, volatility, sign > 0),
            rate=rate,
            dividend=dividend,
            carry_years=carry,
            american=True,
        )
        over = at.price - value
        high, low = np.where(over > 0, volatility, high), np.where(over > 0, low, volatility)
        step = np.where(at.vega > 0, over * POINT / at.vega, np.inf)
        ahead = volatility - step
        settled = np.abs(step) <= _SETTLED * volatility
        found[rows[settled]] = ahead[settled]
        inside = (ahead > low) & (ahead < high)
        volatility = np.where(inside, ahead, 0.5 * (low + np.minimum(high, 3.0 * volatility)))
        going = ~settled
        rows, volatility, low, high = rows[going], volatility[going], low[going], high[going]
    return found
