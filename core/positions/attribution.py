"""Attribution of a change in value to spot, volatility and time, exact in every step.

The model is revalued at the eight corners between two states (spot, volatility and time each at the start or
at the end). The part of one cause is its effect averaged over the six orders in which the three can change:
the Shapley value (Shapley 1953, "A value for n-person games"). So the parts add up to the change without
rescaling. The part of spot is split into delta (the delta at the start times the move) and gamma (the rest).
The part of a quoted mid's change that the model does not explain is ``unexplained``.

Invariants, tested under these names: parts_add_up, small_steps_are_the_greeks, scalar_equals_array.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from core.fast_init import copier, fast_init
from core.options import greeks, price
from core.options.broadcasting import Floats
from core.options.pricing import DAY_YEARS, SESSION_YEARS
from core.options.pricing_one import price_corners


@fast_init
@dataclass(frozen=True, slots=True)
class Attribution:
    """Dollars by cause; per contract in a mark, for all of its contracts in an exit fill."""

    delta: float = 0.0
    gamma: float = 0.0
    iv: float = 0.0
    theta: float = 0.0
    unexplained: float = 0.0

    @property
    def total(self) -> float:
        return self.delta + self.gamma + self.iv + self.theta + self.unexplained

    def plus(self, other: Attribution) -> Attribution:
        return _new_sum(
            self,
            self.delta + other.delta,
            self.gamma + other.gamma,
            self.iv + other.iv,
            self.theta + other.theta,
            self.unexplained + other.unexplained,
        )

    def times(self, contracts: float) -> Attribution:
        return Attribution(
            self.delta * contracts,
            self.gamma * contracts,
            self.iv * contracts,
            self.theta * contracts,
            self.unexplained * contracts,
        )


NO_ATTRIBUTION = Attribution()
_new_sum = copier(Attribution, "delta", "gamma", "iv", "theta", "unexplained")
"""All fields are given: only to make one quicker than by the class, at each mark of each position."""


class State(NamedTuple):
    """Inputs of the model that change: spot in $, volatility a year, years to expiry on both clocks."""

    spot: float
    iv: float
    years: float
    carry_years: float


class PricingTerms(NamedTuple):
    """Inputs of the model that stay: the contract's terms, rate and dividend a year (continuous)."""

    strike: float
    is_call: bool
    rate: float
    dividend: float
    american: bool
    multiplier: int


def shapley_one(
    terms: PricingTerms,
    start: State,
    end: State,
    delta: float,
    mid_change: float,
    end_value: float | None = None,
) -> Attribution:
    """Return the attribution of one step of one contract, in $ per contract.

    ``delta`` is the option's delta at the start, ``mid_change`` the change of the mid in $ per share, ``end_value``
    the model's value at the end in $ per share where it is known.
    """
    shares = terms.multiplier
    if start == end:
        # All corners are one. A zero of the delta's sign, as the formulas below give it.
        by_delta = delta * 0.0
        return Attribution(
            delta=by_delta * shares,
            gamma=(0.0 - by_delta) * shares,
            iv=0.0 * shares,
            theta=0.0 * shares,
            unexplained=mid_change * shares,
        )
    f000, f001, f010, f011, f100, f101, f110, f111 = price_corners(
        (start.spot, end.spot),
        terms.strike,
        (start.iv, end.iv),
        ((start.years, start.carry_years), (end.years, end.carry_years)),
        terms.is_call,
        rate=terms.rate,
        dividend=terms.dividend,
        american=terms.american,
        end_value=end_value,
    )
    spot = (2 * (f100 - f000) + (f110 - f010) + (f101 - f001) + 2 * (f111 - f011)) / 6
    iv = (2 * (f010 - f000) + (f110 - f100) + (f011 - f001) + 2 * (f111 - f101)) / 6
    time = (2 * (f001 - f000) + (f101 - f100) + (f011 - f010) + 2 * (f111 - f110)) / 6
    by_delta = delta * (end.spot - start.spot)
    return Attribution(
        delta=by_delta * shares,
        gamma=(spot - by_delta) * shares,
        iv=iv * shares,
        theta=time * shares,
        unexplained=(mid_change - (f111 - f000)) * shares,
    )


class States(NamedTuple):
    """Columns of ``State``: arrays of one shape, or values that broadcast to it."""

    spot: ArrayLike
    iv: ArrayLike
    years: ArrayLike
    carry_years: ArrayLike


class Steps(NamedTuple):
    """The steps of many positions: model value and Greeks at the end, attribution in $ per contract."""

    price: Floats
    delta: Floats
    gamma: Floats
    theta: Floats
    vega: Floats
    by_delta: Floats
    by_gamma: Floats
    by_iv: Floats
    by_theta: Floats
    unexplained: Floats


def shapley_steps(
    strike: ArrayLike,
    is_call: ArrayLike,
    start: States,
    end: States,
    start_delta: ArrayLike,
    *,
    mid_change: ArrayLike | None = None,
    rate: float = 0.04,
    dividend: ArrayLike = 0.0,
    american: ArrayLike = False,
    multiplier: float = 100,
    theta_years: float = SESSION_YEARS,
    theta_carry_years: float = DAY_YEARS,
) -> Steps:
    """Return the attribution of one step of many contracts, with value and Greeks at its end.

    The array form of ``shapley_one``, equal to it to rounding. All inputs broadcast to one dimension;
    ``mid_change`` is the change of quoted mids in $ per share, by default the model's own change (unexplained
    0). Units as in ``core.options.greeks``.
    """
    after = greeks(
        end.spot,
        strike,
        end.years,
        end.iv,
        is_call,
        rate=rate,
        dividend=dividend,
        carry_years=end.carry_years,
        american=american,
        theta_years=theta_years,
        theta_carry_years=theta_carry_years,
    )
    shape = after.price.shape
    spots, ivs, years, carries = (
        [np.broadcast_to(np.asarray(one, dtype=np.float64), shape) for one in pair]
        for pair in zip(start, end, strict=True)
    )
    corners = [(s, v, t) for s in (0, 1) for v in (0, 1) for t in (0, 1)][:-1]
    before = price(
        np.stack([spots[s] for s, _, _ in corners]),
        np.broadcast_to(np.asarray(strike, dtype=np.float64), shape),
        np.stack([years[t] for _, _, t in corners]),
        np.stack([ivs[v] for _, v, _ in corners]),
        np.broadcast_to(np.asarray(is_call), shape),
        rate=rate,
        dividend=dividend,
        carry_years=np.stack([carries[t] for _, _, t in corners]),
        american=american,
    )
    f000, f001, f010, f011, f100, f101, f110 = before
    f111 = after.price

    spot = (2 * (f100 - f000) + (f110 - f010) + (f101 - f001) + 2 * (f111 - f011)) / 6
    iv = (2 * (f010 - f000) + (f110 - f100) + (f011 - f001) + 2 * (f111 - f101)) / 6
    time = (2 * (f001 - f000) + (f101 - f100) + (f011 - f010) + 2 * (f111 - f110)) / 6
    by_delta = np.asarray(start_delta, dtype=np.float64) * (spots[1] - spots[0])
    beyond = np.zeros(shape) if mid_change is None else np.asarray(mid_change) - (f111 - f000)
    return Steps(
        price=f111,
        delta=after.delta,
        gamma=after.gamma,
        theta=after.theta,
        vega=after.vega,
        by_delta=by_delta * multiplier,
        by_gamma=(spot - by_delta) * multiplier,
        by_iv=iv * multiplier,
        by_theta=time * multiplier,
        unexplained=beyond * multiplier,
    )
