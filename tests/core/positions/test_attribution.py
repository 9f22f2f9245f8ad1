"""Attribution of a step to spot, volatility and time: exact, and equal to the Greeks for small steps."""

from __future__ import annotations

from dataclasses import astuple
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.options import greeks_one, price_one
from core.positions.attribution import PricingTerms, State, States, shapley_one, shapley_steps

MINUTE = 1 / 122_000  # years of variance in a session's minute, near enough
CALENDAR_MINUTE = 1 / (365 * 1440)

terms_strategy = st.builds(
    PricingTerms,
    strike=st.floats(400, 800),
    is_call=st.booleans(),
    rate=st.just(0.04),
    dividend=st.floats(0, 0.05),
    american=st.booleans(),
    multiplier=st.just(100),
)
states = st.builds(
    State,
    spot=st.floats(450, 750),
    iv=st.floats(0.03, 2.0),
    years=st.floats(0, 0.3),
    carry_years=st.floats(0, 0.3),
)


def model_value(terms: PricingTerms, state: State) -> float:
    """Return the model's value of the option in $ per share."""
    return price_one(
        state.spot,
        terms.strike,
        state.years,
        state.iv,
        terms.is_call,
        rate=terms.rate,
        dividend=terms.dividend,
        carry_years=state.carry_years,
        american=terms.american,
    )


@given(terms_strategy, states, states, st.floats(-1, 1))
def test_parts_add_up(terms: PricingTerms, start: State, end: State, delta: float) -> None:
    change = model_value(terms, end) - model_value(terms, start)
    parts = shapley_one(terms, start, end, delta, change)
    assert parts.unexplained == 0
    assert parts.total == pytest.approx(change * 100, abs=1e-9)


@given(terms_strategy, states, st.one_of(st.none(), states), st.floats(-1, 1), st.floats(-5, 5))
def test_a_known_value_and_an_unmoved_state_change_no_bit(
    terms: PricingTerms, start: State, moved: State | None, delta: float, change: float
) -> None:
    """The short ways give what all eight corners give."""
    end = moved or start
    short = shapley_one(terms, start, end, delta, change, model_value(terms, end))
    corners = [
        model_value(terms, State(spot, iv, *time))
        for spot in (start.spot, end.spot)
        for iv in (start.iv, end.iv)
        for time in ((start.years, start.carry_years), (end.years, end.carry_years))
    ]
    f000, f001, f010, f011, f100, f101, f110, f111 = corners
    spot = (2 * (f100 - f000) + (f110 - f010) + (f101 - f001) + 2 * (f111 - f011)) / 6
    by_delta = delta * (end.spot - start.spot)
    parts = [
        by_delta,
        spot - by_delta,
        (2 * (f010 - f000) + (f110 - f100) + (f011 - f001) + 2 * (f111 - f101)) / 6,
        (2 * (f001 - f000) + (f101 - f100) + (f011 - f010) + 2 * (f111 - f110)) / 6,
        change - (f111 - f000),
    ]
    assert list(map(repr, astuple(short))) == [repr(part * terms.multiplier) for part in parts]


@given(terms_strategy, states, states, st.floats(-5, 5))
def test_what_a_mid_moved_beyond_the_model_is_unexplained(
    terms: PricingTerms, start: State, end: State, beyond: float
) -> None:
    change = model_value(terms, end) - model_value(terms, start)
    parts = shapley_one(terms, start, end, 0.5, change + beyond)
    assert parts.unexplained == pytest.approx(100 * beyond, abs=1e-9)
    assert parts.total == pytest.approx(100 * (change + beyond), abs=1e-9)


@given(terms_strategy, states, states, st.floats(-1, 1))
def test_a_part_is_the_mean_over_the_six_orders(
    terms: PricingTerms, start: State, end: State, delta: float
) -> None:
    """The definition itself: change one after the other, in each order, and average."""
    found = dict.fromkeys("svt", 0.0)
    for order in permutations("svt"):
        now = dict.fromkeys("svt", start)
        value = model_value(terms, start)
        for factor in order:
            now[factor] = end
            state = State(now["s"].spot, now["v"].iv, now["t"].years, now["t"].carry_years)
            found[factor] += (model_value(terms, state) - value) / 6 * 100
            value = model_value(terms, state)
    parts = shapley_one(terms, start, end, delta, 0.0)
    assert parts.delta == pytest.approx(delta * (end.spot - start.spot) * 100)
    assert parts.delta + parts.gamma == pytest.approx(found["s"], abs=1e-9)
    assert parts.iv == pytest.approx(found["v"], abs=1e-9)
    assert parts.theta == pytest.approx(found["t"], abs=1e-9)


@given(
    deviations=st.floats(-1, 1),
    is_call=st.booleans(),
    iv=st.floats(0.08, 0.6),
    minutes_left=st.floats(60, 12_000),
    share=st.floats(-1, 1),
    iv_move=st.floats(-1e-3, 1e-3),
)
def test_small_steps_are_the_greeks(
    deviations: float, is_call: bool, iv: float, minutes_left: float, share: float, iv_move: float
) -> None:
    """A minute, at most .1 % of spot, an hour or more left: each part is its Greek's to 5 % or 1e-4 of premium.

    One factor moves with time at a time: where spot and volatility jump together, half of their common
    effect belongs to each, and no single Greek tells it. The strike lies within a standard deviation of spot
    and the move is at most a tenth of one: farther out the third order of Taylor's series is over 5 %.
    """
    deviation = iv * (minutes_left * MINUTE) ** 0.5
    strike = 600.0 * (1 + deviations * deviation)
    move = share * min(1e-3, 0.1 * deviation)
    terms = PricingTerms(strike, is_call, 0.04, 0.01, False, 100)
    start = State(600.0, iv, minutes_left * MINUTE, minutes_left * CALENDAR_MINUTE * 3)
    end = State(600.0 * (1 + move), iv, start.years - MINUTE, start.carry_years - CALENDAR_MINUTE)
    g = greeks_one(
        *start[:1], strike, start.years, iv, is_call, rate=0.04, dividend=0.01,
        carry_years=start.carry_years, theta_years=MINUTE, theta_carry_years=CALENDAR_MINUTE,
    )  # fmt: skip
    tolerance = max(1e-4 * g.price, 1e-6) * 100

    by_spot = shapley_one(
        terms, start, end._replace(years=start.years, carry_years=start.carry_years), g.delta, 0
    )
    by_time = shapley_one(terms, start, end._replace(spot=600.0), g.delta, 0)
    by_iv = shapley_one(terms, start, start._replace(iv=iv + iv_move), g.delta, 0)
    assert by_spot.gamma == pytest.approx(50 * g.gamma * (600 * move) ** 2, rel=0.05, abs=tolerance)
    assert by_time.theta == pytest.approx(100 * g.theta, rel=0.05, abs=tolerance)
    assert by_iv.iv == pytest.approx(100 * g.vega * iv_move / 0.01, rel=0.05, abs=tolerance)


@given(st.lists(st.tuples(terms_strategy, states, states, st.floats(-1, 1)), min_size=1, max_size=12))
def test_scalar_equals_array(rows: list[tuple[PricingTerms, State, State, float]]) -> None:
    """The path for few and the path for many give the same, American and European rows side by side."""
    changes = [model_value(t, b) - model_value(t, a) + 0.01 for t, a, b, _ in rows]
    scalar = [shapley_one(*row, change) for row, change in zip(rows, changes, strict=True)]
    many = _many(rows, np.array(changes))
    array = np.column_stack([many.by_delta, many.by_gamma, many.by_iv, many.by_theta, many.unexplained])
    # 1e-12 of the underlying's value in a contract: the last digits of a price near 750 × 100
    assert np.abs(array - [astuple(one) for one in scalar]).max() <= 1e-12 * 75_000


@given(st.lists(st.tuples(terms_strategy, states, states, st.just(0.5)), min_size=1, max_size=8))
def test_the_marks_of_many_carry_the_value_and_greeks_of_each(
    rows: list[tuple[PricingTerms, State, State, float]],
) -> None:
    many = _many(rows, None)
    assert np.all(many.unexplained == 0)
    for i, (terms, _, end, _) in enumerate(rows):
        one = greeks_one(
            end.spot, terms.strike, end.years, end.iv, terms.is_call, rate=0.04, dividend=terms.dividend,
            carry_years=end.carry_years, american=terms.american,
        )  # fmt: skip
        assert many.price[i] == pytest.approx(one.price, abs=1e-9)
        assert many.delta[i] == pytest.approx(one.delta, abs=1e-9)
        assert many.gamma[i] == pytest.approx(one.gamma, rel=1e-9, abs=1e-12)
        assert many.theta[i] == pytest.approx(one.theta, rel=1e-9, abs=1e-12)
        assert many.vega[i] == pytest.approx(one.vega, rel=1e-9, abs=1e-12)


def test_an_american_option_at_its_floor_moves_with_the_spot_alone() -> None:
    terms = PricingTerms(700.0, False, 0.04, 0.0, True, 100)
    start, end = State(500.0, 0.1, 0.1, 0.1), State(498.0, 0.12, 0.099, 0.099)
    parts = shapley_one(terms, start, end, -1.0, 2.0)
    assert parts.delta == 200 and parts.unexplained == 0
    assert (parts.gamma, parts.iv, parts.theta) == pytest.approx((0, 0, 0), abs=1e-9)


def _many(rows: list[tuple[PricingTerms, State, State, float]], changes: Any) -> Any:
    terms, starts, ends, deltas = zip(*rows, strict=True)
    return shapley_steps(
        [t.strike for t in terms],
        [t.is_call for t in terms],
        States(*(np.array(column) for column in zip(*starts, strict=True))),
        States(*(np.array(column) for column in zip(*ends, strict=True))),
        deltas,
        mid_change=changes,
        rate=0.04,
        dividend=[t.dividend for t in terms],
        american=[t.american for t in terms],
    )
