"""Critical prices of American options for arrays: beyond them an option is exercised at once.

In the quadratic approximation of Barone-Adesi and Whaley (1987) the critical price over the strike, s = e^y,
depends on three numbers alone, with the two clocks of core.options.pricing: v = σ·√t, R = r·c, B = (r - q)·c.
With Q = R - B, w = +1 call, -1 put, d1 = (y + B)/v + v/2, d2 = d1 - v and

    λ = (1 - n + w·√((n - 1)² + 4m)) / 2,   n = 2B/v²,   m = 2R/(v²·(1 - e^(-R)))

it is the root of s·D·(1 - 1/λ) = M, where D = 1 - e^(-Q)·N(w·d1) and M = 1 - e^(-R)·N(w·d2). The left side less
the right one rises with y, so there is one root.

The guess comes from tables: for small v the distance z = w·y/v depends on the drift towards exercise, ρ = -w·B/v,
alone, and then on a polynomial of v and of what is given up over the drift, g (Q for puts, R for calls, over -w·B).
One step of Halley on the logarithm of the equation leaves nothing to correct in most rows; the others are iterated
on by themselves.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.options.broadcasting import Floats
from core.options.normal import density_of, normal

# In deviations: Halley's error goes with the cube of its last step, that of the terms with its fifth power.
_SETTLED = 6e-3
_MOST_STEPS = 60
# The equation's logarithm rises by more than y itself at its root, and falls or stands still only far from it.
LEAST_SLOPE = 0.5

# Nodes of the tables, uniform in ln ρ; the nearest one is taken.
LOW, HIGH, NODES = -30.0, 10.0, 8192
PER_UNIT = (NODES - 1) / (HIGH - LOW)
MOST_GIVEN_UP, MOST_V = 1.0, 0.8
# No ln(critical price / strike) is larger, where something counts as gained by an exercise.
MOST_AWAY = 100.0
_SOLVED_NODES = 256
# The polynomial's terms v^i·g^j, and where it is fitted.
_POWERS = ((1, 0), (1, 1), (2, 0), (2, 1), (2, 2), (3, 0), (3, 1))
_FITTED_V, _FITTED_G = (0.1, 0.3, 0.6, 0.8), (0.0, 0.25, 0.5)


class Market(NamedTuple):
    """The inputs of the equation: v, R, B, w, and the interest and yield lost by expiry, 1 - e^(-R), 1 - e^(-Q)."""

    v: Floats
    rate: Floats
    drift: Floats
    sign: Floats
    rate_lost: Floats
    yield_lost: Floats


class Exponent(NamedTuple):
    """The exponent λ of the early-exercise premium, with what its derivatives need."""

    value: Floats
    n: Floats
    m: Floats
    slope: Floats
    """2λ + n - 1, by which the changes of m and n divide."""


class Boundary(NamedTuple):
    """The critical price: y, s = e^y, D, M and the density e^(-Q)·n(d1) there."""

    y: Floats
    s: Floats
    held: Floats
    owed: Floats
    density: Floats


def market_of(v: Floats, rate: Floats, drift: Floats, sign: Floats) -> Market:
    """Return the inputs v, R, B and w with the lost interest and yield."""
    return Market(v, rate, drift, sign, -np.expm1(-rate), -np.expm1(drift - rate))


def exponent(market: Market) -> Exponent:
    """Return λ, the root of λ² + (n - 1)·λ - m = 0 with the sign of w."""
    v, rate, drift, sign, rate_lost, _ = market
    twice = 2.0 / (v * v)
    n = twice * drift
    m = twice * (rate / rate_lost)
    if not rate_lost.all():
        m = np.where(rate == 0.0, twice, m)
    less = n - 1.0
    root = np.sqrt(less * less + 4.0 * m)
    value = 0.5 * (sign * root - less)
    cancels = sign * less > 10.0
    if cancels.any():
        # The product of the two roots is -m: the one that loses no digits gives the other.
        value = np.where(cancels, 2.0 * m * sign / (np.abs(less) + root), value)
    return Exponent(value, n, m, sign * root)


def guess(market: Market, power: Exponent) -> tuple[Floats, NDArray[np.bool_]]:
    """Return a first y for `boundary`, and in which rows it is known to be within a tenth of a deviation."""
    v, rate, drift, sign, rate_lost, yield_lost = market
    z0, z10, z11, z20, z21, z22, z30, z31 = tables()
    towards = -sign * drift
    at = np.log(np.maximum(towards / v, 1e-13))
    at -= LOW
    at *= PER_UNIT
    index = np.minimum(at, NODES - 1.0).astype(np.intp)
    given_up = (rate - drift * (0.5 - 0.5 * sign)) / np.maximum(towards, 1e-300)
    known = (given_up < MOST_GIVEN_UP) & (v < MOST_V)
    given_up = np.minimum(given_up, MOST_GIVEN_UP)
    within = np.minimum(v, MOST_V)
    z = given_up * z31.take(index)
    z += z30.take(index)
    z *= within
    z += z20.take(index)
    more = given_up * z22.take(index)
    more += z21.take(index)
    more *= given_up
    z += more
    z *= within
    z += given_up * z11.take(index)
    z += z10.take(index)
    z *= within
    z += z0.take(index)
    y = np.asarray(sign * v * z)
    if (towards <= 0).any():
        # Without a drift towards exercise it waits until what is gained exceeds what is given up.
        far = np.log(rate_lost / yield_lost) - np.log1p(-1.0 / power.value)
        waits = (towards <= 0) & (sign * far > 0)
        y = np.where(waits, far, y)
        known |= waits & (sign * far > 8.0 * v)
    return y, known


def boundary(y: Floats, market: Market, power: Exponent) -> Boundary:
    """Return the critical price from a guess, of rows that have one (R > 0 for puts, Q > 0 for calls)."""
    scale = np.log1p(-1.0 / power.value)
    near, d1 = _at(y, market)
    _, slope, step = _halley(near, d1, market, scale)
    found = _finished(_moved(near, d1, step, market), d1, slope, market, scale)
    open_rows = np.flatnonzero(~((np.abs(step) <= _SETTLED * market.v) & (slope > LEAST_SLOPE)))
    if open_rows.size:
        rows = Market(*(_pick(one, found.y, open_rows) for one in market))
        # A short step has led nearer, a long one may have led astray.
        y = np.where(np.abs(step) <= 0.5 * market.v, found.y, y)
        y = _pick(y, found.y, open_rows)
        exact = _at(_persist(y, rows, _pick(scale, found.y, open_rows)), rows)[0]
        found = Boundary(*(np.asarray(one) for one in found))
        for one, better in zip(found, exact, strict=True):
            one.reshape(-1)[open_rows] = better
    return found


def _pick(one: Floats, like: Floats, rows: np.ndarray) -> Floats:
    return np.asarray(np.broadcast_to(one, like.shape).reshape(-1)[rows])


def _at(y: Floats, market: Market) -> tuple[Boundary, Floats]:
    """Return the parts of the equation at y, and d1."""
    v, _, drift, sign, rate_lost, yield_lost = market
    d1 = y + drift
    d1 /= v
    d1 += 0.5 * v
    x = -sign * d1
    y_kept = 1.0 - yield_lost
    density = density_of(d1)
    held = normal(x, density)
    held *= y_kept
    held += yield_lost
    density *= y_kept
    x += sign * v
    owed = normal(x, density_of(x))
    owed *= 1.0 - rate_lost
    owed += rate_lost
    return Boundary(y, np.exp(y), held, owed, density), d1


def _halley(at: Boundary, d1: Floats, market: Market, scale: Floats) -> tuple[Floats, Floats, Floats]:
    """Return y + ln D + ln(1 - 1/λ) - ln M, its slope, and Halley's step towards its root."""
    per = market.sign / market.v
    per = per * at.density
    by_held = per / at.held
    by_owed = per * at.s
    by_owed /= at.owed
    f = np.log(at.held / at.owed)
    f += at.y
    f += scale
    slope = by_owed - by_held
    slope += 1.0
    curve = d1 / market.v
    bend = curve - by_held
    bend *= by_held
    curve -= by_owed
    curve -= 1.0
    curve *= by_owed
    bend -= curve
    newton = f / slope
    bend *= newton
    bend /= slope
    bend *= 0.5
    return f, slope, newton / (bend - 1.0)


def _moved(at: Boundary, d1: Floats, step: Floats, market: Market) -> Boundary:
    """Return the parts of the equation a small step further, by its series."""
    v, sign = market.v, market.sign
    e = step / v
    move = sign * at.density
    move *= e
    d2 = d1 - v
    held = at.held - move * _series(d1, e)
    move *= at.s
    owed = at.owed - move * _series(d2, e)
    density = at.density * np.exp(-e * (d1 + 0.5 * e))
    return Boundary(at.y + step, at.s * np.exp(step), held, owed, density)


def _finished(at: Boundary, d1: Floats, slope: Floats, market: Market, scale: Floats) -> Boundary:
    """Return the equation's parts after one more step of Newton, too small for more than its first order."""
    y, s, held, owed, density = at
    step = np.log(held / owed)
    step += y
    step += scale
    step /= -slope
    e = step / market.v
    move = market.sign * density
    move *= e
    kept = density * (1.0 - e * d1)
    return Boundary(np.asarray(y + step), s * (1.0 + step), held - move, owed - move * s, kept)


def _series(d: Floats, e: Floats) -> Floats:
    """Return (N(d + e) - N(d)) / (e·n(d)) to the fourth order of e."""
    square = d * d
    found = (square - 3.0) * d
    found *= e * -0.25
    found += square
    found -= 1.0
    found *= e * (1 / 3)
    found -= d
    found *= 0.5 * e
    found += 1.0
    return found


def _persist(y: Floats, market: Market, scale: Floats) -> Floats:
    """Iterate inside a bracket until the step is negligible."""
    v, sign = market.v, market.sign
    low, high = np.zeros_like(y), np.full_like(y, MOST_AWAY)
    away = np.maximum(sign * y, 1e-3 * v)
    for _ in range(_MOST_STEPS):
        f, slope, step = _halley(*_at(sign * away, market), market, scale)
        step *= sign
        # The equation rises with y, its logarithm not everywhere: the bracket goes by the sign alone.
        too_near = sign * f < 0
        low, high = np.where(too_near, away, low), np.where(too_near, high, away)
        step[~(slope > LEAST_SLOPE)] = np.inf
        settled = np.abs(step) <= 1e-4 * v
        ahead = away + step
        between = 0.5 * (low + np.minimum(high, 3.0 * low + v))
        away = np.where(settled | ((ahead > low) & (ahead < high)), ahead, between)
        if settled.all():
            break
    return sign * away


@cache
def tables() -> tuple[Floats, ...]:
    """Return z at v = 0 and the coefficients of _POWERS at the nodes of ln ρ."""
    log_rho = np.linspace(LOW, HIGH, _SOLVED_NODES)
    rho = np.exp(log_rho)
    base = _distance_at_zero(rho)
    points = [(v, g) for v in _FITTED_V for g in _FITTED_G]
    design = np.array([[v**i * g**j for i, j in _POWERS] for v, g in points])
    more = np.array([_distance(rho, base, v, g) - base for v, g in points])
    nodes = np.linspace(LOW, HIGH, NODES) + 0.5 / PER_UNIT
    return tuple(np.interp(nodes, log_rho, one) for one in (base, *(np.linalg.pinv(design) @ more)))


def _distance_at_zero(rho: Floats) -> Floats:
    """Return z in the limit of small v: x + ρ with h(x) + N(-x)/κ = ρ, h(x) = n(x) - x·N(-x), κ = ρ + √(ρ² + 2)."""
    kappa = rho + np.sqrt(rho * rho + 2.0)
    low, high = -rho - 1.0, np.full_like(rho, 40.0)
    for _ in range(45):
        x = 0.5 * (low + high)
        density = density_of(x)
        below = normal(-x, density)
        too_low = density - x * below + below / kappa > rho
        low, high = np.where(too_low, x, low), np.where(too_low, high, x)
    return np.asarray(0.5 * (low + high) + rho)


def _distance(rho: Floats, base: Floats, v: float, given_up: float) -> Floats:
    """Return z of puts with this v and this yield over the drift."""
    drift = rho * v
    market = market_of(np.full_like(rho, v), drift * (1.0 + given_up), drift, np.full_like(rho, -1.0))
    scale = np.log1p(-1.0 / exponent(market).value)
    return np.asarray(-_persist(-v * base, market, scale) / v)
