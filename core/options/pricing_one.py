"""Values and Greeks of single options in floats: core.options.pricing without arrays, thirty times faster for one.

Invariants (property-tested under these names): scalar_equals_array, corners_equal_price_one,
greeks_price_equals_price_one. Limits (zero time or
volatility) and invalid inputs are left to the array code.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from core.options.american_one import Exercise, exercise_one
from core.options.moneyness import log_ratio
from core.options.pricing import DAY_YEARS, POINT, SESSION_YEARS, greeks, price

_SQRT_HALF = math.sqrt(0.5)
_INV_SQRT_2PI = 1 / math.sqrt(2 * math.pi)


class GreeksOne(NamedTuple):
    """The fields of Greeks for a single option, as floats in the same units."""

    price: float
    delta: float
    gamma: float
    theta: float
    vega: float
    rho: float


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
    moneyness = log_ratio(spot, strike)
    d1 = (moneyness + (rate - dividend) * carry) / deviation + 0.5 * deviation
    n1 = 0.5 * math.erfc(-sign * d1 * _SQRT_HALF)
    n2 = 0.5 * math.erfc(-sign * (d1 - deviation) * _SQRT_HALF)
    value = max(sign * (spot_now * n1 - strike_now * n2), sign * (spot_now - strike_now), 0.0)
    if not american:
        return value
    early = exercise_one(deviation, rate, dividend, carry, is_call)
    return _american(value, spot, strike, moneyness, sign, early)


def early_exercise_one(
    spot: float,
    strike: float,
    years: float,
    volatility: float,
    is_call: bool,
    *,
    rate: float = 0.04,
    dividend: float = 0.0,
    carry_years: float | None = None,
) -> float:
    """Return what the right to exercise early adds to the value of one option in $.

    It is price_one of the American option less that of the European one, equal to the bit.
    """
    carry = years if carry_years is None else carry_years
    if not (spot > 0 and strike > 0 and years > 0 and volatility > 0):
        american, european = (
            price_one(
                *(spot, strike, years, volatility, is_call),
                rate=rate,
                dividend=dividend,
                carry_years=carry,
                american=style,
            )
            for style in (True, False)
        )
        return american - european
    sign = 1.0 if is_call else -1.0
    deviation = volatility * math.sqrt(years)
    spot_now = spot * math.exp(-dividend * carry)
    strike_now = strike * math.exp(-rate * carry)
    moneyness = log_ratio(spot, strike)
    d1 = (moneyness + (rate - dividend) * carry) / deviation + 0.5 * deviation
    n1 = 0.5 * math.erfc(-sign * d1 * _SQRT_HALF)
    n2 = 0.5 * math.erfc(-sign * (d1 - deviation) * _SQRT_HALF)
    value = max(sign * (spot_now * n1 - strike_now * n2), sign * (spot_now - strike_now), 0.0)
    early = exercise_one(deviation, rate, dividend, carry, is_call)
    return _american(value, spot, strike, moneyness, sign, early) - value


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
    end_value: float | None = None,
) -> tuple[float, ...]:
    """Return price_one at the eight corners of two spots, volatilities and times, equal to the bit.

    ``times`` are (years, carry_years). Time varies fastest, then volatility, then the spot. Terms that
    corners share are calculated once. ``end_value`` is the value at the last corner where it is known.
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
        (
            math.sqrt(years),
            exp(-dividend * carry),
            strike * exp(-rate * carry),
            (rate - dividend) * carry,
            carry,
        )
        for years, carry in times
    ]
    rows = []
    for volatility in volatilities:
        for root_t, discount_q, strike_now, drift, carry in clocks:
            deviation = volatility * root_t
            early = exercise_one(deviation, rate, dividend, carry, is_call) if american else None
            rows.append((deviation, discount_q, strike_now, drift, early))
    found: list[float] = []
    for spot, unknown in ((spots[0], rows), (spots[1], rows if end_value is None else rows[:-1])):
        log = log_ratio(spot, strike)
        intrinsic = sign * (spot - strike)
        for deviation, discount_q, strike_now, drift, early in unknown:
            spot_now = spot * discount_q
            d1 = (log + drift) / deviation + 0.5 * deviation
            n1 = 0.5 * erfc(-sign * d1 * _SQRT_HALF)
            n2 = 0.5 * erfc(-sign * (d1 - deviation) * _SQRT_HALF)
            # Comparisons in place of max and of _american: half the time of a corner would go into the calls.
            value, at_once = sign * (spot_now * n1 - strike_now * n2), sign * (spot_now - strike_now)
            if at_once > value:
                value = at_once
            if value < 0.0:
                value = 0.0
            if early is not None:
                beyond = log - early.y
                if sign * beyond >= 0:
                    value = intrinsic
                else:
                    value += early.a * (strike * exp(early.power * beyond))
            found.append(intrinsic if american and intrinsic > value else value)
    return tuple(found) if end_value is None else (*found, end_value)


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
    moneyness = log_ratio(spot, strike)
    d1 = (moneyness + (rate - dividend) * carry) / deviation + 0.5 * deviation
    n1 = 0.5 * math.erfc(-sign * d1 * _SQRT_HALF)
    leg_a = spot_now * n1
    leg_b = strike_now * 0.5 * math.erfc(-sign * (d1 - deviation) * _SQRT_HALF)
    value = max(sign * (leg_a - leg_b), sign * (spot_now - strike_now), 0.0)
    density = math.exp(-0.5 * d1 * d1) * _INV_SQRT_2PI * discount_q
    spot_density = spot * density
    delta, gamma = sign * discount_q * n1, density / (spot * deviation)
    decay = -0.5 * theta_years * spot_density * volatility / root_t
    theta = decay - theta_carry_years * sign * (rate * leg_b - dividend * leg_a)
    vega, rho = POINT * spot_density * root_t, POINT * carry * sign * leg_b
    if not american:
        return GreeksOne(value, delta, gamma, theta, vega, rho)
    early = exercise_one(deviation, rate, dividend, carry, is_call)
    intrinsic = sign * (spot - strike)
    if early is None:
        if value >= intrinsic:
            return GreeksOne(value, delta, gamma, theta, vega, rho)
        return GreeksOne(intrinsic, sign, 0.0, 0.0, 0.0, 0.0)
    log = moneyness - early.y
    near = strike * math.exp(early.power * log) if sign * log < 0 else -math.inf
    if value + early.a * near < intrinsic:
        return GreeksOne(intrinsic, sign, 0.0, 0.0, 0.0, 0.0)
    premium, bent = early.a * near, early.a * log
    slope = early.power * premium / spot
    by_v = near * (early.a_by_v + bent * early.power_by_v)
    by_rate = near * (early.a_by_rate + bent * early.power_by_rate)
    by_drift = near * (early.a_by_drift + bent * early.power_by_drift)
    return GreeksOne(
        price=value + premium,
        delta=max(-1.0, min(delta + slope, 1.0)),
        gamma=gamma + (early.power - 1.0) * slope / spot,
        theta=theta
        - 0.5 * theta_years * by_v * volatility / root_t
        - theta_carry_years * (rate * by_rate + (rate - dividend) * by_drift),
        vega=vega + POINT * root_t * by_v,
        rho=rho + POINT * carry * (by_rate + by_drift),
    )


def _american(
    value: float, spot: float, strike: float, moneyness: float, sign: float, early: Exercise | None
) -> float:
    """Return a European value with the premium of early exercise, at least the intrinsic value."""
    intrinsic = sign * (spot - strike)
    if early is not None:
        log = moneyness - early.y
        if sign * log >= 0:
            return intrinsic
        value += early.a * (strike * math.exp(early.power * log))
    return max(value, intrinsic)
