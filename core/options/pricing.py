"""Black-Scholes-Merton values and Greeks on two clocks: variance time and calendar time.

Volatility acts over `years` (the trading clock), interest and dividends over `carry_years` (the calendar):

    V = w·(S·e^(-q·c)·N(w·d1) - K·e^(-r·c)·N(w·d2)),  w = +1 call, -1 put
    d1 = (ln(S/K) + (r - q)·c) / (σ·√t) + σ·√t/2,     d2 = d1 - σ·√t

Invariants (property-tested under these names): put_call_parity, within_no_arbitrage_bounds,
call_delta_between_0_and_1, gamma_and_vega_not_negative, call_rises_with_spot_and_volatility,
scalar_equals_array. At zero time or zero volatility the value is the discounted intrinsic value of the
forward. A negative time, volatility, spot or strike has no price: NaN, never a guess.

An American option is worth that and the premium of core.options.american, and never less than its intrinsic value;
test_american.py holds its invariants.

Sources: Black and Scholes (1973), "The Pricing of Options and Corporate Liabilities"; Merton (1973), "Theory
of Rational Option Pricing" (dividends); Haug, The Complete Guide to Option Pricing Formulas, 2nd edition,
chapters 1 and 2 (Greeks).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from core.options.american import add_greeks, add_value, find_premium, take
from core.options.broadcasting import Floats, blocks, flatten, right_sign
from core.options.moneyness import log_ratios
from core.options.normal import density_of, normal

# One session with its night, where the caller has no exact trading clock at hand.
SESSION_YEARS = 1 / 252
DAY_YEARS = 1 / 365
# Vega and rho are quoted per point of volatility and of interest: 0.01.
POINT = 0.01


class Greeks(NamedTuple):
    """Value and sensitivities of one unit of the option, arrays of one shape.

    price $; delta per $1; gamma per $1 per $1; theta $ per session plus one night (usually negative for the
    holder); vega $ per volatility point (0.01); rho $ per point of interest (0.01).
    """

    price: Floats
    delta: Floats
    gamma: Floats
    theta: Floats
    vega: Floats
    rho: Floats


class _Terms(NamedTuple):
    """Terms shared by value and Greeks of one block; `leg_a` and `leg_b` are the two terms of V / w."""

    moneyness: Floats
    root_t: Floats
    deviation: Floats
    discount_q: Floats
    strike_now: Floats
    d1: Floats
    density: Floats
    n1: Floats
    leg_a: Floats
    leg_b: Floats
    regular: bool


def price(
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    volatility: ArrayLike,
    is_call: ArrayLike,
    *,
    rate: ArrayLike = 0.04,
    dividend: ArrayLike = 0.0,
    carry_years: ArrayLike | None = None,
    american: ArrayLike = False,
) -> Floats:
    """Return the model value of options in $ per unit of the underlying, broadcast over all inputs.

    spot and strike in $; years of variance time and carry_years of calendar time (the same when omitted);
    volatility, rate and dividend (continuous) per year as fractions; is_call as booleans or C/P words; american
    as booleans. Raises ValueError for an unknown right or for shapes that do not broadcast.
    """
    carry = years if carry_years is None else carry_years
    sign = right_sign(is_call)
    shape, size, flat = flatten(spot, strike, years, volatility, sign, rate, dividend, carry, american)
    some_american = flat[8].any()
    value = np.empty(size)
    for cut, block in blocks(size, flat):
        with np.errstate(all="ignore"):
            terms = _terms(block)
            _value(block, terms, value[cut])
            if some_american:
                premium = find_premium(block, terms.moneyness, terms.deviation)
                if premium is not None:
                    add_value(premium, block[1], value[cut])
                np.maximum(value[cut], _least(block), out=value[cut])
    return value.reshape(shape)


def greeks(
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    volatility: ArrayLike,
    is_call: ArrayLike,
    *,
    rate: ArrayLike = 0.04,
    dividend: ArrayLike = 0.0,
    carry_years: ArrayLike | None = None,
    american: ArrayLike = False,
    theta_years: float = SESSION_YEARS,
    theta_carry_years: float = DAY_YEARS,
) -> Greeks:
    """Return value, delta, gamma, theta, vega and rho of options, broadcast over all inputs.

    Inputs as in price. theta is a rate, the change of value for theta_years of variance time and
    theta_carry_years of calendar time passing together (defaults 1/252 and 1/365: one session with its night
    on a plain clock); 1 and 1 give the derivative per year. An American option beyond its critical price has
    delta ±1, and gamma, theta, vega and rho 0. At zero time or zero volatility delta is the step e^(-q·c) or 0
    (one half of it exactly at the forward) and gamma is 0. Raises as price does.
    """
    carry = years if carry_years is None else carry_years
    sign = right_sign(is_call)
    shape, size, flat = flatten(spot, strike, years, volatility, sign, rate, dividend, carry, american)
    some_american = flat[8].any()
    out = Greeks(*(np.empty(size) for _ in Greeks._fields))
    for cut, block in blocks(size, flat):
        part = Greeks(*(one[cut] for one in out))
        with np.errstate(all="ignore"):
            terms = _terms(block)
            _value(block, terms, part.price)
            _sensitivities(block, terms, part, theta_years, theta_carry_years)
            if some_american:
                premium = find_premium(block, terms.moneyness, terms.deviation)
                if premium is not None:
                    add_greeks(premium, block, part, theta_years, theta_carry_years, POINT)
                _floor(block, part)
    return Greeks(*(one.reshape(shape) for one in out))


def _terms(block: list[Floats]) -> _Terms:
    spot, strike, years, volatility, sign, rate, dividend, carry, _ = block
    root_t = np.sqrt(years)
    deviation = volatility * root_t
    discount_q = np.exp(-dividend * carry)
    moneyness = log_ratios(spot, strike)
    d1 = moneyness + (rate - dividend) * carry
    regular = bool(deviation.min() > 0 and spot.min() > 0 and strike.min() > 0)
    if regular:
        d1 /= deviation
        d1 += 0.5 * deviation
    else:
        at_forward = (d1 == 0) & (deviation == 0)
        d1 = np.where(at_forward, 0.0, d1 / deviation + 0.5 * deviation)
        d1[(deviation < 0) | (spot < 0) | (strike < 0)] = np.nan
    w_d2 = d1 - deviation
    strike_now = np.exp(-rate * carry) * strike
    leg_a = spot * discount_q
    density = density_of(d1)
    # S·e^(-q·c)·n(d1) = K·e^(-r·c)·n(d2), where neither is 0.
    density_2 = density * (leg_a / strike_now) if regular else density_of(w_d2)
    w_d2 *= sign
    n1 = normal(sign * d1, density)
    n2 = normal(w_d2, density_2)
    leg_a *= n1
    leg_b = strike_now * n2
    return _Terms(
        moneyness, root_t, deviation, discount_q, strike_now, d1, density, n1, leg_a, leg_b, regular
    )


def _value(block: list[Floats], terms: _Terms, value: Floats) -> None:
    spot, sign = block[0], block[4]
    np.subtract(terms.leg_a, terms.leg_b, out=value)
    value *= sign
    # Deep in the money rounding can leave the difference an ulp below its bound; the bound is exact.
    bound = spot * terms.discount_q
    bound -= terms.strike_now
    bound *= sign
    np.maximum(value, bound, out=value)
    np.maximum(value, 0.0, out=value)


def _sensitivities(
    block: list[Floats], terms: _Terms, out: Greeks, theta_years: float, theta_carry_years: float
) -> None:
    spot, _, years, volatility, sign, rate, dividend, carry, _ = block
    density = terms.density * terms.discount_q

    np.multiply(terms.n1, terms.discount_q, out=out.delta)
    np.multiply(out.delta, sign, out=out.delta)

    np.multiply(spot, terms.deviation, out=out.gamma)
    np.divide(density, out.gamma, out=out.gamma)

    density *= spot
    np.multiply(density, terms.root_t, out=out.vega)

    # dV/dt of variance time is σ/(2t) of the vega; dV/dc of calendar time is w·(r·leg_b - q·leg_a).
    density *= volatility
    density /= terms.root_t
    if not terms.regular:
        out.gamma[(spot * terms.deviation == 0) & ~np.isnan(terms.d1)] = 0.0
        density[(years == 0) & ~np.isnan(terms.d1)] = 0.0
    density *= -0.5 * theta_years
    carry_part = rate * terms.leg_b
    carry_part -= dividend * terms.leg_a
    carry_part *= sign
    carry_part *= theta_carry_years
    np.subtract(density, carry_part, out=out.theta)

    np.multiply(out.vega, POINT, out=out.vega)
    np.multiply(terms.leg_b, sign, out=out.rho)
    np.multiply(out.rho, POINT * carry, out=out.rho)


def _least(block: list[Floats]) -> Floats:
    """Return the intrinsic value of American options and -inf for European ones."""
    spot, strike, sign, american = block[0], block[1], block[4], block[8]
    intrinsic = sign * (spot - strike)
    return intrinsic if american.all() else np.where(american > 0, intrinsic, -np.inf)


def _floor(block: list[Floats], out: Greeks) -> None:
    least = _least(block)
    rows = np.flatnonzero(least > out.price)
    if rows.size:
        out.price[rows] = take(least, rows)
        out.delta[rows] = take(block[4], rows)
        for one in (out.gamma, out.theta, out.vega, out.rho):
            one[rows] = 0.0
