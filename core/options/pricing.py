"""Black-Scholes-Merton values and Greeks on two clocks: variance time and calendar time.

Volatility acts over `years` (the trading clock), interest and dividends over `carry_years` (the calendar):

    V = w·(S·e^(-q·c)·N(w·d1) - K·e^(-r·c)·N(w·d2)),  w = +1 call, -1 put
    d1 = (ln(S/K) + (r - q)·c) / (σ·√t) + σ·√t/2,     d2 = d1 - σ·√t

Invariants (property-tested under these names): put_call_parity, within_no_arbitrage_bounds,
call_delta_between_0_and_1, gamma_and_vega_not_negative, call_rises_with_spot_and_volatility,
scalar_equals_array. At zero time or zero volatility the value is the discounted intrinsic value of the
forward. A negative time, volatility, spot or strike has no price: NaN, never a guess.

Sources: Black and Scholes (1973), "The Pricing of Options and Corporate Liabilities"; Merton (1973), "Theory
of Rational Option Pricing" (dividends); Haug, The Complete Guide to Option Pricing Formulas, 2nd edition,
chapters 1 and 2 (Greeks).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from core.options.broadcasting import Floats, blocks, flatten, right_sign

# One session with its night, where the caller has no exact trading clock at hand.
SESSION_YEARS = 1 / 252
DAY_YEARS = 1 / 365
# Vega and rho are quoted per point of volatility and of interest: 0.01.
POINT = 0.01

_SQRT_HALF = math.sqrt(0.5)
_INV_SQRT_2PI = 1 / math.sqrt(2 * math.pi)


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


class GreeksOne(NamedTuple):
    """The fields of Greeks for a single option, as floats in the same units."""

    price: float
    delta: float
    gamma: float
    theta: float
    vega: float
    rho: float


class _Terms(NamedTuple):
    """Terms shared by value and Greeks of one block; `leg_a` and `leg_b` are the two terms of V / w."""

    root_t: Floats
    deviation: Floats
    discount_q: Floats
    strike_now: Floats
    d1: Floats
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
    american: bool = False,
) -> Floats:
    """Return the model value of options in $ per unit of the underlying, broadcast over all inputs.

    spot and strike in $; years of variance time and carry_years of calendar time (the same when omitted);
    volatility, rate and dividend (continuous) per year as fractions; is_call as booleans or C/P words. With
    american=True the value is floored at intrinsic. Raises ValueError for an unknown right or for shapes
    that do not broadcast.
    """
    carry = years if carry_years is None else carry_years
    shape, size, flat = flatten(spot, strike, years, volatility, right_sign(is_call), rate, dividend, carry)
    value = np.empty(size)
    for cut, block in blocks(size, flat):
        with np.errstate(all="ignore"):
            _value(block, _terms(block), value[cut])
            if american:
                intrinsic = block[4] * (block[0] - block[1])
                np.maximum(value[cut], intrinsic, out=value[cut])
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
    american: bool = False,
    theta_years: float = SESSION_YEARS,
    theta_carry_years: float = DAY_YEARS,
) -> Greeks:
    """Return value, delta, gamma, theta, vega and rho of options, broadcast over all inputs.

    Inputs as in price. theta is a rate, the change of value for theta_years of variance time and
    theta_carry_years of calendar time passing together (defaults 1/252 and 1/365: one session with its night
    on a plain clock); 1 and 1 give the derivative per year. With american=True, where intrinsic exceeds the
    European value delta is ±1 and gamma, theta, vega and rho are 0. At zero time or zero volatility delta is
    the step e^(-q·c) or 0 (one half of it exactly at the forward) and gamma is 0. Raises as price does.
    """
    carry = years if carry_years is None else carry_years
    shape, size, flat = flatten(spot, strike, years, volatility, right_sign(is_call), rate, dividend, carry)
    out = Greeks(*(np.empty(size) for _ in Greeks._fields))
    for cut, block in blocks(size, flat):
        part = Greeks(*(one[cut] for one in out))
        with np.errstate(all="ignore"):
            terms = _terms(block)
            _value(block, terms, part.price)
            _sensitivities(block, terms, part, theta_years, theta_carry_years)
            if american:
                _floor(block, part)
    return Greeks(*(one.reshape(shape) for one in out))


def _terms(block: list[Floats]) -> _Terms:
    spot, strike, years, volatility, sign, rate, dividend, carry = block
    root_t = np.sqrt(years)
    deviation = volatility * root_t
    discount_q = np.exp(-dividend * carry)
    d1 = log_ratios(spot, strike)
    d1 += (rate - dividend) * carry
    regular = bool(deviation.min() > 0 and spot.min() > 0 and strike.min() > 0)
    if regular:
        d1 /= deviation
        d1 += 0.5 * deviation
    else:
        at_forward = (d1 == 0) & (deviation == 0)
        d1 = np.where(at_forward, 0.0, d1 / deviation + 0.5 * deviation)
        d1[(deviation < 0) | (spot < 0) | (strike < 0)] = np.nan
    # Imported here because scipy.special costs 26 MB and 0.16 s, and the scalar path does not need it.
    from scipy.special import ndtr

    w_d2 = d1 - deviation
    w_d2 *= sign
    n1 = sign * d1
    ndtr(n1, out=n1)
    n2 = ndtr(w_d2, out=w_d2)
    strike_now = np.exp(-rate * carry) * strike
    leg_a = spot * discount_q
    leg_a *= n1
    leg_b = strike_now * n2
    return _Terms(root_t, deviation, discount_q, strike_now, d1, n1, leg_a, leg_b, regular)


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
    spot, _, years, volatility, sign, rate, dividend, carry = block
    density = terms.d1 * terms.d1
    density *= -0.5
    np.exp(density, out=density)
    density *= _INV_SQRT_2PI * terms.discount_q

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


def _floor(block: list[Floats], out: Greeks) -> None:
    spot, strike, _, _, sign, *_ = block
    intrinsic = sign * (spot - strike)
    binds = intrinsic > out.price
    np.copyto(out.price, intrinsic, where=binds)
    np.copyto(out.delta, sign, where=binds)
    for one in (out.gamma, out.theta, out.vega, out.rho):
        np.copyto(one, 0.0, where=binds)


def price_one(
    spot: float,
    strike: float,
    years: float,
    volatility: float,
    is_call: bool,
    *,
    rate: float = 0.04,
    dividend: float = 0.0,
    carry_years: float | None = None,
    american: bool = False,
) -> float:
    """Return the value of one option in $, as price does, thirty times faster than by an array of one."""
    carry = years if carry_years is None else carry_years
    if not (spot > 0 and strike > 0 and years > 0 and volatility > 0):
        # The array code alone handles the limits (zero time) and invalid inputs.
        array = price(
            *(spot, strike, years, volatility, is_call),
            rate=rate,
            dividend=dividend,
            carry_years=carry,
            american=american,
        )
        return float(array)
    sign = 1.0 if is_call else -1.0
    deviation = volatility * math.sqrt(years)
    spot_now = spot * math.exp(-dividend * carry)
    strike_now = strike * math.exp(-rate * carry)
    d1 = (log_ratio(spot, strike) + (rate - dividend) * carry) / deviation + 0.5 * deviation
    n1 = 0.5 * math.erfc(-sign * d1 * _SQRT_HALF)
    n2 = 0.5 * math.erfc(-sign * (d1 - deviation) * _SQRT_HALF)
    value = max(sign * (spot_now * n1 - strike_now * n2), sign * (spot_now - strike_now), 0.0)
    return max(value, sign * (spot - strike)) if american else value


def price_corners(
    spots: tuple[float, float],
    strike: float,
    volatilities: tuple[float, float],
    times: tuple[tuple[float, float], tuple[float, float]],
    is_call: bool,
    *,
    rate: float = 0.04,
    dividend: float = 0.0,
    american: bool = False,
) -> tuple[float, ...]:
    """Return price_one at the eight corners of two spots, volatilities and times, equal to the bit.

    ``times`` are (years, carry_years). Time varies fastest, then volatility, then the spot. Terms that
    corners share are calculated once.
    """
    if not (min(spots) > 0 and strike > 0 and min(volatilities) > 0 and min(times[0][0], times[1][0]) > 0):
        return tuple(
            price_one(
                *(spot, strike, years, volatility, is_call),
                rate=rate,
                dividend=dividend,
                carry_years=carry,
                american=american,
            )
            for spot in spots
            for volatility in volatilities
            for years, carry in times
        )
    sign = 1.0 if is_call else -1.0
    exp, erfc = math.exp, math.erfc
    clocks = [
        (math.sqrt(years), exp(-dividend * carry), strike * exp(-rate * carry), (rate - dividend) * carry)
        for years, carry in times
    ]
    found: list[float] = []
    for spot in spots:
        log = log_ratio(spot, strike)
        least = max(sign * (spot - strike), 0.0) if american else 0.0
        for volatility in volatilities:
            for root_t, discount_q, strike_now, drift in clocks:
                deviation = volatility * root_t
                spot_now = spot * discount_q
                d1 = (log + drift) / deviation + 0.5 * deviation
                n1 = 0.5 * erfc(-sign * d1 * _SQRT_HALF)
                n2 = 0.5 * erfc(-sign * (d1 - deviation) * _SQRT_HALF)
                value = sign * (spot_now * n1 - strike_now * n2)
                found.append(max(value, sign * (spot_now - strike_now), least))
    return tuple(found)


def greeks_one(
    spot: float,
    strike: float,
    years: float,
    volatility: float,
    is_call: bool,
    *,
    rate: float = 0.04,
    dividend: float = 0.0,
    carry_years: float | None = None,
    american: bool = False,
    theta_years: float = SESSION_YEARS,
    theta_carry_years: float = DAY_YEARS,
) -> GreeksOne:
    """Return value and Greeks of one option, as greeks does, thirty times faster than by an array of one."""
    carry = years if carry_years is None else carry_years
    if not (spot > 0 and strike > 0 and years > 0 and volatility > 0):
        arrays = greeks(
            *(spot, strike, years, volatility, is_call),
            rate=rate,
            dividend=dividend,
            carry_years=carry,
            american=american,
            theta_years=theta_years,
            theta_carry_years=theta_carry_years,
        )
        return GreeksOne(*map(float, arrays))
    sign = 1.0 if is_call else -1.0
    root_t = math.sqrt(years)
    deviation = volatility * root_t
    discount_q = math.exp(-dividend * carry)
    spot_now = spot * discount_q
    strike_now = strike * math.exp(-rate * carry)
    d1 = (log_ratio(spot, strike) + (rate - dividend) * carry) / deviation + 0.5 * deviation
    n1 = 0.5 * math.erfc(-sign * d1 * _SQRT_HALF)
    leg_a = spot_now * n1
    leg_b = strike_now * 0.5 * math.erfc(-sign * (d1 - deviation) * _SQRT_HALF)
    value = max(sign * (leg_a - leg_b), sign * (spot_now - strike_now), 0.0)
    if american and sign * (spot - strike) > value:
        return GreeksOne(sign * (spot - strike), sign, 0.0, 0.0, 0.0, 0.0)
    density = math.exp(-0.5 * d1 * d1) * _INV_SQRT_2PI * discount_q
    spot_density = spot * density
    return GreeksOne(
        price=value,
        delta=sign * discount_q * n1,
        gamma=density / (spot * deviation),
        theta=-0.5 * theta_years * spot_density * volatility / root_t
        - theta_carry_years * sign * (rate * leg_b - dividend * leg_a),
        vega=POINT * spot_density * root_t,
        rho=POINT * carry * sign * leg_b,
    )


def log_ratios(spot: Floats, strike: Floats) -> Floats:
    """Return ln(spot / strike) to the last digits, which matter minutes before expiry."""
    move = spot - strike
    far = np.log1p(np.abs(move) / np.minimum(spot, strike))
    return np.copysign(far, move)


def log_ratio(spot: float, strike: float) -> float:
    """Return ln(spot / strike) of two positive numbers, as log_ratios does."""
    move = spot - strike
    return math.copysign(math.log1p(abs(move) / min(spot, strike)), move)
