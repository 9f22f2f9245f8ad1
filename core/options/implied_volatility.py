"""Implied volatility: the inverse of core.options.pricing, to the last digits a price holds.

With a = S·e^(-q·c), b = K·e^(-r·c) and x = -|ln(a/b)|, every option is first reduced by parity to its time
value, the price of the out-of-the-money side, over √(ab):

    β(x, s) = e^(x/2)·N(x/s + s/2) - e^(-x/2)·N(x/s - s/2),   s = σ·√t,   0 < β < e^(x/2)

A guess from a one-dimensional table (Bachelier's model needs only the ratio of time value to distance, see
Jäckel, Implied Normal Volatility, 2017; the correction s/(1 + s²/24) leads back to lognormal) is refined by
two Halley steps on ln β. The few that have not settled by then (far wings, prices near the upper bound) are
iterated on by themselves. American options go on from there in core.options.american_implied.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from core.options.american import LEAST_GAIN
from core.options.american_implied import american_volatility, american_volatility_one
from core.options.broadcasting import Floats, blocks, flatten, right_sign
from core.options.moneyness import log_ratio, log_ratios

_SQRT_HALF = math.sqrt(0.5)
_SQRT_2PI = math.sqrt(2 * math.pi)
_SQRT_HALF_PI = math.sqrt(0.5 * math.pi)
_LOG_2 = math.log(2)

# Time value below a few units in the last place of the underlying is rounding, not information.
_NOISE = 4 * 2.0**-52
# Halley's error goes with the cube of its last step: a step below this leaves nothing to correct.
_SETTLED = 3e-5
_MOST_STEPS = 60
_MOST_GUESSED = 6.0

# Guess table over L = ln(time value / |a - b|), uniform from _LOW on.
_LOW, _HIGH, _NODES = -60.0, 12.0, 1024
_PER_UNIT = (_NODES - 1) / (_HIGH - _LOW)


@cache
def _guess_table() -> Floats:
    """Return σ_n·√t / (time value + |a - b|) of Bachelier's model at the nodes of L.

    With z = |a - b| / (σ_n·√t) the time value over σ_n·√t is h(z) = n(z) - z·N(-z), so that L = ln(h/z) and
    the ratio wanted is 1/(h + z): finite at the money (√2π) and 1/z in the wings.
    """
    z = np.exp(np.linspace(math.log(1e-7), math.log(14.0), 40_000))
    scaled = z * _SQRT_HALF
    # erfcx from the standard library: z ends long before exp(x²)·erfc(x) loses digits.
    hazard = _SQRT_HALF_PI * np.exp(scaled * scaled) * np.fromiter(map(math.erfc, scaled), float, len(scaled))
    h = np.exp(-0.5 * z * z) / _SQRT_2PI * (1.0 - z * hazard)
    nodes = np.linspace(_LOW, _HIGH, _NODES)
    by_ratio = np.log(h / z)
    ratios: Floats = np.interp(nodes, by_ratio[::-1], (1.0 / (h + z))[::-1])
    return ratios


@cache
def _guess_steps() -> Floats:
    steps: Floats = np.append(np.diff(_guess_table()), 0.0)
    return steps


@cache
def _guess_list() -> Sequence[float]:
    return tuple(_guess_table().tolist())


def implied_volatility(
    price: ArrayLike,
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    is_call: ArrayLike,
    *,
    rate: ArrayLike = 0.04,
    dividend: ArrayLike = 0.0,
    carry_years: ArrayLike | None = None,
    american: ArrayLike = False,
) -> Floats:
    """Return the yearly volatility at which the model value equals the price, NaN where none is.

    Prices, spot and strike in $; years of variance time and carry_years of calendar time (the same when
    omitted); rate and dividend per year as fractions; american as booleans; all inputs broadcast. None exists at
    or below the discounted intrinsic value of the forward, at or above the bound S·e^(-q·c) of a call or
    K·e^(-r·c) of a put (American: the intrinsic value, S and K), at zero time, or where the time value is lost in
    the rounding of the price. Raises ValueError for an unknown right or for shapes that do not broadcast.
    """
    carry = years if carry_years is None else carry_years
    sign = right_sign(is_call)
    shape, size, flat = flatten(price, spot, strike, years, sign, rate, dividend, carry, american)
    some_american = flat[8].any()
    volatility = np.empty(size)
    for cut, block in blocks(size, flat):
        with np.errstate(all="ignore"):
            x, s_guess, log_beta = _normalise(block[:8])
            deviation = _solve(x, s_guess, log_beta)
            np.divide(deviation, np.sqrt(block[3]), out=volatility[cut])
            if some_american:
                _by_american(block, volatility[cut])
    return volatility.reshape(shape)


def _by_american(block: list[Floats], volatility: Floats) -> None:
    """Put the volatilities of American values in place of the European ones."""
    rows = np.flatnonzero(np.broadcast_to(block[8] > 0, volatility.shape))
    value, *others = (one if one.ndim == 0 else one[rows] for one in block[:8])
    volatility[rows] = american_volatility(value, others, volatility[rows])


def _normalise(block: list[Floats]) -> tuple[Floats, Floats, Floats]:
    """Return x ≤ 0, the guess of s and ln β; ln β is NaN where no volatility exists."""
    value, spot, strike, years, sign, rate, dividend, carry = block
    a = spot * np.exp(-dividend * carry)
    b = strike * np.exp(-rate * carry)
    distance = a - b
    inside = np.maximum(sign * distance, 0.0)
    time_value = value - inside
    exists = time_value > (inside > 0) * a * _NOISE
    exists &= time_value < np.minimum(a, b)
    exists &= (years > 0) & (strike > 0)
    if not exists.all():
        time_value = np.where(exists, time_value, np.nan)
    distance = np.abs(distance)
    x = -np.abs(log_ratios(spot, strike) + (rate - dividend) * carry)
    scale = np.sqrt(a * b)
    at = time_value / distance
    np.log(at, out=at)
    at -= _LOW
    at *= _PER_UNIT
    np.fmin(at, _NODES - 1.0, out=at)
    np.fmax(at, 0.0, out=at)
    index = at.astype(np.intp)
    at -= index
    at *= _guess_steps().take(index)
    at += _guess_table().take(index)

    at *= distance + time_value
    at /= scale
    # Far out Bachelier's guess is wild; from within this cap the steps cannot overflow.
    np.minimum(at, _MOST_GUESSED, out=at)
    # s_n = s/(1 + s²/24) solved for s, where it can be (s_n < √6).
    root = at * at
    root *= -1 / 6
    root += 1.0
    np.maximum(root, 0.01, out=root)
    np.sqrt(root, out=root)
    root += 1.0
    at *= 2.0
    at /= root

    time_value = time_value / scale
    np.log(time_value, out=time_value)
    return x, at, time_value


def _solve(x: Floats, s: Floats, log_beta: Floats) -> Floats:
    s = s + _step_fast(x, s, log_beta)
    last = _step_exact(x, s, log_beta)
    s += last
    np.abs(last, out=last)
    open_rows = np.flatnonzero(~(last <= _SETTLED * s) & ~np.isnan(log_beta))
    if open_rows.size:
        s[open_rows] = _persist(np.broadcast_to(x, s.shape)[open_rows], s[open_rows], log_beta[open_rows])
    return s


def _step_fast(x: Floats, s: Floats, log_beta: Floats) -> Floats:
    """Return Halley's step on ln β with the normal distribution: a third of the time, less exact."""
    from scipy.special import ndtr

    h = x / s
    t = 0.5 * s
    n1 = h + t
    ndtr(n1, out=n1)
    n2 = h - t
    ndtr(n2, out=n2)
    half = np.exp(0.5 * x)
    n1 *= half
    n2 /= half
    n1 -= n2
    np.multiply(h, h, out=h)
    np.multiply(t, t, out=n2)
    n2 += h
    n2 *= -0.5
    np.exp(n2, out=n2)
    ratio = n1 / n2
    ratio *= _SQRT_2PI
    np.log(n1, out=n1)
    n1 -= log_beta
    return _halley(n1, ratio, h, s)


def _step_exact(x: Floats, s: Floats, log_beta: Floats) -> Floats:
    """Return Halley's step on ln β with erfcx, which keeps all digits in the wings and minutes before expiry."""
    from scipy.special import erfcx

    h = x / s
    t = _SQRT_HALF * 0.5 * s
    h *= _SQRT_HALF
    low = t - h
    erfcx(low, out=low)
    ratio = h + t
    np.negative(ratio, out=ratio)
    erfcx(ratio, out=ratio)
    ratio -= low
    np.log(ratio, out=low)
    low -= _LOG_2
    low -= log_beta
    np.multiply(h, h, out=h)
    low -= h
    t *= t
    low -= t
    ratio *= _SQRT_HALF_PI
    h *= 2.0
    return _halley(low, ratio, h, s)


def _halley(f: Floats, ratio: Floats, h_squared: Floats, s: Floats) -> Floats:
    """Return the step from f = ln b - ln β, ratio = b/b' and b''/b' = h²/s - s/4; overwrites its inputs."""
    h_squared /= s
    h_squared -= 0.25 * s
    h_squared *= ratio
    np.subtract(1.0, h_squared, out=h_squared)
    h_squared *= f
    h_squared *= 0.5
    h_squared += 1.0
    f *= ratio
    f /= h_squared
    np.negative(f, out=f)
    return f


def _persist(x: Floats, s: Floats, log_beta: Floats) -> Floats:
    """Iterate inside a bracket until the step is negligible; rows that do not converge become NaN."""
    # Beyond `high` N(d2) is under 1e-18 and β at its bound; √(2|x|) is where b changes its curvature.
    low, high = np.zeros_like(s), 9.0 + np.sqrt(81.0 - 2.0 * x)
    s = np.where((s > low) & (s < high), s, np.maximum(np.sqrt(-2.0 * x), 1e-3))
    for _ in range(_MOST_STEPS):
        step = _step_exact(x, s, log_beta)
        # The step has the sign of ln β - ln b; where b underflows to nothing, s is far too small.
        too_small = ~(step <= 0)
        low = np.where(too_small, s, low)
        high = np.where(too_small, high, s)
        ahead = s + step
        settled = np.abs(step) <= 1e-9 * s
        s = np.where(settled | ((ahead > low) & (ahead < high)), ahead, 0.5 * (low + high))
        if settled.all():
            break
    else:
        s = np.where(settled, s, np.nan)
    return s


def implied_volatility_one(
    price: float,
    spot: float,
    strike: float,
    years: float,
    is_call: bool,
    *,
    rate: float = 0.04,
    dividend: float = 0.0,
    carry_years: float | None = None,
    american: bool = False,
) -> float | None:
    """Return the volatility implied by one price, as implied_volatility does, or None where none exists."""
    if not (spot > 0 and strike > 0 and years > 0 and price > 0):
        return None
    carry = years if carry_years is None else carry_years
    european = _european_one(price, spot, strike, years, is_call, rate, dividend, carry)
    if not american:
        return european
    if (dividend if is_call else rate) * carry > LEAST_GAIN:
        return american_volatility_one(price, spot, strike, years, is_call, rate, dividend, carry, european)
    return european if price > (spot - strike if is_call else strike - spot) else None


def _european_one(
    price: float,
    spot: float,
    strike: float,
    years: float,
    is_call: bool,
    rate: float,
    dividend: float,
    carry: float,
) -> float | None:
    exp, erfc, log = math.exp, math.erfc, math.log
    a = spot * exp(-dividend * carry)
    b = strike * exp(-rate * carry)
    inside = max(a - b if is_call else b - a, 0.0)
    time_value = price - inside
    if not (a * _NOISE if inside > 0 else 0.0) < time_value < min(a, b):
        return None
    x = -abs(log_ratio(spot, strike) + (rate - dividend) * carry)
    scale = math.sqrt(a * b)
    s = _guess_one(time_value, abs(a - b), scale)
    log_beta = log(time_value / scale)
    half = exp(0.5 * x)
    for _ in range(4):
        h, t = x / s, 0.5 * s
        b_now = 0.5 * (half * erfc(-(h + t) * _SQRT_HALF) - erfc((t - h) * _SQRT_HALF) / half)
        slope = exp(-0.5 * (h * h + t * t)) / _SQRT_2PI
        if not (b_now > 0 and slope > 0):
            break
        f, ratio = log(b_now) - log_beta, b_now / slope
        step = -f * ratio / (1.0 + 0.5 * f * (1.0 - ratio * (h * h / s - 0.5 * t)))
        s += step
        if not s > 0:
            break
        if abs(step) <= _SETTLED * s:
            return s / math.sqrt(years)
    # A far wing or a price near its bound needs the bracketing of the array code.
    array = implied_volatility(
        *(price, spot, strike, years, is_call), rate=rate, dividend=dividend, carry_years=carry
    )
    return None if math.isnan(array) else float(array)


def _guess_one(time_value: float, distance: float, scale: float) -> float:
    at = math.log(time_value / distance) if distance > 0 else _HIGH
    index = round(min(max((at - _LOW) * _PER_UNIT, 0.0), _NODES - 1.0))
    normal = min(_guess_list()[index] * (time_value + distance) / scale, _MOST_GUESSED)
    return 2.0 * normal / (1.0 + math.sqrt(max(1.0 - normal * normal / 6.0, 0.01)))
