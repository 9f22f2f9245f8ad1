"""American values against published tables and a tree, and what holds for the right to exercise early."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.options import (
    early_exercise_one,
    greeks,
    greeks_one,
    implied_volatility,
    implied_volatility_one,
    price,
    price_one,
)
from core.options.american_one import exercise_one

MINUTE = 1 / (252 * 390)

spots = st.floats(1.0, 6000.0)
moneyness = st.floats(-4.0, 4.0)  # standard deviations from the spot
volatilities = st.floats(0.03, 3.0)
times = st.floats(MINUTE, 2.0)
rates = st.floats(-0.02, 0.12)
yields = st.one_of(st.just(0.0), st.floats(0.0, 0.08))
stretches = st.floats(0.3, 3.0)  # calendar time over trading-clock time
options = st.tuples(spots, moneyness, times, volatilities, st.booleans(), rates, yields, stretches)
Option = tuple[float, float, float, float, bool, float, float, float]


def contract(option: Option) -> tuple[tuple[float, float, float, float, bool], dict[str, float]]:
    spot, z, years, volatility, is_call, rate, dividend, stretch = option
    strike = spot * math.exp(z * volatility * math.sqrt(years))
    carry = {"rate": rate, "dividend": dividend, "carry_years": years * stretch}
    return (spot, strike, years, volatility, is_call), carry


# ---- published values ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rows(reference: Callable[..., Path]) -> list[dict[str, str]]:
    with reference("reference", "bs_tables.csv").open(newline="") as file:
        return [row for row in csv.DictReader(file) if row["style"] == "A"]


def _values(row: dict[str, str], american: bool = True) -> tuple[float, float]:
    spot, strike, years, volatility = (float(row[name]) for name in ("S", "K", "T", "vol"))
    terms = {"rate": float(row["r"]), "dividend": float(row["q"]), "american": american}
    array = price(spot, strike, years, volatility, row["right"], **terms)
    return float(array), price_one(spot, strike, years, volatility, row["right"] == "C", **terms)


def test_barone_adesi_whaley_rows(rows: list[dict[str, str]]) -> None:
    own = [row for row in rows if "Barone-Adesi-Whaley" in row["source"]]
    for row in own:
        for value in _values(row):
            assert value == pytest.approx(float(row["price"]), abs=float(row["tol"])), row
    assert len(own) == 37


@pytest.mark.parametrize(
    ("source", "right", "error", "floor_error"),
    [
        ("Ju 1999", "P", 0.0236, 0.261),  # one to seven months, strikes 35 to 45: near the exact values
        ("Ju 1999", "C", 0.324, 4.786),  # three years, yields up to 7 %
        ("Bjerksund-Stensland", "C", 0.043, 0.173),  # another approximation
    ],
)
def test_rows_of_other_approximations(
    rows: list[dict[str, str]], source: str, right: str, error: float, floor_error: float
) -> None:
    """How far this approximation is from others' rows, and how far a European value at least intrinsic is."""
    others = [row for row in rows if source in row["source"] and row["right"] == right]
    ours = max(abs(_values(row)[0] - float(row["price"])) for row in others)
    assert ours == pytest.approx(error, abs=0.001)
    sign = 1 if right == "C" else -1
    floors = [
        max(_values(row, american=False)[0], sign * (float(row["S"]) - float(row["K"]))) for row in others
    ]
    floor = max(abs(value - float(row["price"])) for value, row in zip(floors, others, strict=True))
    assert floor == pytest.approx(floor_error, abs=0.01)


def tree(
    spot: float, strike: float, years: float, volatility: float, is_call: bool, rate: float, dividend: float
) -> float:
    """Return the value by a binomial tree, the mean of 400 and 401 steps."""
    sign, found = (1 if is_call else -1), 0.0
    for steps in (400, 401):
        dt = years / steps
        up = math.exp(volatility * math.sqrt(dt))
        chance = (math.exp((rate - dividend) * dt) - 1 / up) / (up - 1 / up)
        powers = up ** np.arange(-steps, steps + 1)
        value = np.maximum(sign * (spot * powers[::2] - strike), 0.0)
        for level in range(steps - 1, -1, -1):
            value = math.exp(-rate * dt) * (chance * value[1:] + (1 - chance) * value[:-1])
            nodes = spot * powers[steps - level : steps + level + 1 : 2]
            value = np.maximum(value, sign * (nodes - strike))
        found += float(value[0]) / 2
    return found


TRADED = [
    # days, volatility, dividend, strike on 600, at most this far from the tree in $
    (1, 0.2, 0.0, 600, 0.004),
    (7, 0.15, 0.012, 600, 0.01),
    (7, 0.4, 0.0, 610, 0.035),
    (30, 0.2, 0.0, 600, 0.05),
    (30, 0.2, 0.012, 570, 0.02),
    (45, 0.15, 0.0, 630, 0.16),
    (45, 0.6, 0.0, 600, 0.08),
]


@pytest.mark.parametrize(("days", "volatility", "dividend", "strike", "error"), TRADED)
def test_near_a_tree(days: int, volatility: float, dividend: float, strike: float, error: float) -> None:
    """The contracts traded here: the premium of early exercise is there, and nearly right."""
    terms = {"rate": 0.04, "dividend": dividend}
    exact = tree(600.0, strike, days / 365, volatility, False, **terms)
    american = price_one(600.0, strike, days / 365, volatility, False, **terms, american=True)
    floor = max(price_one(600.0, strike, days / 365, volatility, False, **terms), strike - 600.0)
    assert american == pytest.approx(exact, abs=error)
    assert abs(american - exact) < 0.6 * abs(floor - exact) + 0.002


# ---- what holds for every option -----------------------------------------------------------------------


@given(options)
def test_early_exercise_is_american_less_european_to_the_bit(option: Option) -> None:
    inputs, terms = contract(option)
    american = price_one(*inputs, **terms, american=True)
    assert early_exercise_one(*inputs, **terms) == american - price_one(*inputs, **terms)


@given(options)
def test_american_is_worth_at_least_european_and_intrinsic(option: Option) -> None:
    inputs, terms = contract(option)
    spot, strike, _, _, is_call = inputs
    european = price(*inputs, **terms)
    for american in (
        float(price(*inputs, **terms, american=True)),
        price_one(*inputs, **terms, american=True),
    ):
        assert american >= european - 1e-15 * (spot + strike)
        assert american >= (spot - strike if is_call else strike - spot)
        assert american <= (spot if is_call else max(strike, float(european))) * (1 + 1e-12)


@given(options)
def test_call_without_dividends_is_european(option: Option) -> None:
    (*inputs, _), terms = contract(option)
    terms["rate"] = abs(terms["rate"])
    terms["dividend"] = 0.0
    assert greeks(*inputs, True, **terms, american=True) == greeks(*inputs, True, **terms)
    assert greeks_one(*inputs, True, **terms, american=True) == greeks_one(*inputs, True, **terms)


@given(options)
def test_put_without_interest_is_european(option: Option) -> None:
    (*inputs, _), terms = contract(option)
    terms["rate"] = 0.0
    assert greeks(*inputs, False, **terms, american=True) == greeks(*inputs, False, **terms)
    assert greeks_one(*inputs, False, **terms, american=True) == greeks_one(*inputs, False, **terms)


@given(options)
def test_american_put_call_bounds(option: Option) -> None:
    """S·e^(-q·c) - K ≤ C - P ≤ S - K·e^(-r·c), for rates that are not negative."""
    (spot, strike, years, volatility, _), terms = contract(option)
    terms["rate"] = abs(terms["rate"])
    call, put = price(spot, strike, years, volatility, [True, False], **terms, american=True)
    rounding = 1e-13 * (spot + strike)
    assert call - put >= spot * math.exp(-terms["dividend"] * terms["carry_years"]) - strike - rounding
    assert call - put <= spot - strike * math.exp(-terms["rate"] * terms["carry_years"]) + rounding


@given(options, st.floats(1e-4, 0.5))
def test_rises_with_volatility_and_towards_the_money(option: Option, step: float) -> None:
    (spot, strike, years, volatility, is_call), terms = contract(option)
    rounding = 1e-13 * (spot + strike)
    here = price_one(spot, strike, years, volatility, is_call, **terms, american=True)
    more = price_one(spot, strike, years, volatility * (1 + step), is_call, **terms, american=True)
    assert more >= here - rounding
    away = spot / (1 + step) if is_call else spot * (1 + step)
    assert price_one(away, strike, years, volatility, is_call, **terms, american=True) <= here + rounding


@given(options)
def test_delta_between_0_and_1_gamma_and_vega_not_negative(option: Option) -> None:
    (spot, strike, years, volatility, _), terms = contract(option)
    both = greeks(spot, strike, years, volatility, [True, False], **terms, american=True)
    assert 0.0 <= both.delta[0] <= 1.0 and -1.0 <= both.delta[1] <= 0.0
    assert (both.gamma >= 0).all() and (both.vega >= -1e-12 * (spot + strike)).all()


@given(options)
def test_scalar_equals_array(option: Option) -> None:
    inputs, terms = contract(option)
    array, one = greeks(*inputs, **terms, american=True), greeks_one(*inputs, **terms, american=True)
    spot, strike, years, volatility, _ = inputs
    size = spot + strike
    assert one.price == pytest.approx(float(array.price), rel=1e-11, abs=1e-14 * size)
    assert price_one(*inputs, **terms, american=True) == one.price
    assert float(price(*inputs, **terms, american=True)) == float(array.price)
    deviation = volatility * math.sqrt(years)
    assert one.delta == pytest.approx(float(array.delta), rel=1e-11, abs=1e-13 / deviation)
    for name in ("gamma", "vega", "theta", "rho"):
        assert getattr(one, name) == pytest.approx(
            float(getattr(array, name)), rel=1e-7, abs=1e-12 * size / deviation
        ), name


@given(options)
def test_greeks_are_the_derivatives_of_the_price(option: Option) -> None:
    """Central differences in every variable, with the calendar and the trading clock moved separately."""
    (spot, strike, years, volatility, is_call), terms = contract(option)
    deviation = volatility * math.sqrt(years)
    assume(0.01 < deviation < 1.0)  # where differences keep enough digits
    early = exercise_one(deviation, terms["rate"], terms["dividend"], terms["carry_years"], is_call)
    # Gamma jumps at the critical price: differences across it are none.
    assume(early is None or abs(math.log(spot / strike) - early.y) > 0.01 * deviation)
    got = greeks_one(
        *(spot, strike, years, volatility, is_call),
        **terms,
        american=True,
        theta_years=1,
        theta_carry_years=0,
    )
    got_carry = greeks_one(
        *(spot, strike, years, volatility, is_call),
        **terms,
        american=True,
        theta_years=0,
        theta_carry_years=1,
    )

    def value(**moved: float) -> float:
        at = {"spot": spot, "strike": strike, "years": years, "volatility": volatility, **terms, **moved}
        return price_one(is_call=is_call, american=True, **at)

    def slope(name: str, at: float, step: float) -> float:
        return (value(**{name: at + step}) - value(**{name: at - step})) / (2 * step)

    width = spot * deviation
    scale = 1e-5 * (width + spot * 1e-3)
    h = 1e-4 * width
    assert got.delta == pytest.approx(slope("spot", spot, h), abs=1e-5)
    h = 1e-3 * width
    second = (value(spot=spot + h) - 2 * value() + value(spot=spot - h)) / h**2
    assert got.gamma * width == pytest.approx(second * width, rel=1e-4, abs=1e-4)
    by_volatility = slope("volatility", volatility, 1e-4 * volatility) * volatility
    assert got.vega * 100 * volatility == pytest.approx(by_volatility, abs=scale)
    assert got.theta * years == pytest.approx(-slope("years", years, 1e-4 * years) * years, abs=scale)
    c = terms["carry_years"]
    assert got_carry.theta * c == pytest.approx(-slope("carry_years", c, 1e-4 * c) * c, abs=scale)
    rate = terms["rate"]
    if abs(rate) > 1e-4:  # the premium of a put begins with the rate
        by_rate = slope("rate", rate, 1e-4 * abs(rate))
        assert got.rho * 100 == pytest.approx(by_rate, abs=scale * max(1.0, c))


@given(options)
def test_no_jump_at_the_critical_price(option: Option) -> None:
    (_, strike, years, volatility, is_call), terms = contract(option)
    early = exercise_one(
        volatility * math.sqrt(years), terms["rate"], terms["dividend"], terms["carry_years"], is_call
    )
    assume(early is not None and early.y < 20)
    assert early is not None
    critical = strike * math.exp(early.y)
    sign = 1 if is_call else -1
    before, beyond = (
        greeks_one(
            critical * (1 - sign * side * 1e-9), strike, years, volatility, is_call, **terms, american=True
        )
        for side in (1, -1)
    )
    assert beyond == (sign * (critical * (1 + sign * 1e-9) - strike), sign, 0, 0, 0, 0)
    assert before.price == pytest.approx(beyond.price, abs=3e-9 * critical)
    assert before.delta == pytest.approx(sign, abs=1e-5)


@given(options)
def test_implied_volatility_comes_back(option: Option) -> None:
    """Where the price tells it: not at the intrinsic value, nor where its time value is rounding."""
    (spot, strike, years, volatility, is_call), terms = contract(option)
    inputs = (spot, strike, years, volatility, is_call)
    value, vega = price_one(*inputs, **terms, american=True), greeks_one(*inputs, **terms, american=True).vega
    intrinsic = spot - strike if is_call else strike - spot
    one = implied_volatility_one(value, spot, strike, years, is_call, **terms, american=True)
    if value <= intrinsic:
        assert one is None
    told = vega * 100 * volatility > 1e-7 * (spot + strike) and value - max(intrinsic, 0) > 1e-7 * spot
    assume(told)
    assert one == pytest.approx(volatility, rel=1e-7)


def test_implied_volatilities_of_many() -> None:
    rng = np.random.default_rng(3)
    n = 2_000
    spot, years, volatility = rng.uniform(50, 600, n), rng.uniform(1e-4, 0.5, n), rng.uniform(0.05, 1.5, n)
    strike = spot * np.exp(volatility * np.sqrt(years) * rng.uniform(-2, 2, n))
    is_call, american = rng.random(n) < 0.5, rng.random(n) < 0.7
    value = price(spot, strike, years, volatility, is_call, dividend=0.01, american=american)
    found = implied_volatility(value, spot, strike, years, is_call, dividend=0.01, american=american)
    intrinsic = np.where(is_call, spot - strike, strike - spot)
    told = value - np.maximum(intrinsic, 0) > 1e-6 * spot
    assert np.abs(found - volatility)[told].max() < 1e-9
    assert np.isnan(found[american & (value <= intrinsic)]).all()
    columns = zip(*(c[:200].tolist() for c in (value, spot, strike, years, is_call, american)), strict=True)
    one = [implied_volatility_one(*o[:5], dividend=0.01, american=o[5]) for o in columns]
    assert [math.nan if x is None else x for x in one] == pytest.approx(
        found[:200].tolist(), rel=1e-9, nan_ok=True
    )


# ---- single cases --------------------------------------------------------------------------------------


def test_a_deep_put_is_exercised() -> None:
    assert price_one(80, 100, 0.5, 0.1, False, rate=0.05) < 20.0
    assert greeks_one(80, 100, 0.5, 0.1, False, rate=0.05, american=True) == (20.0, -1.0, 0.0, 0.0, 0.0, 0.0)


def test_an_american_put_has_no_positive_theta() -> None:
    """Its European twin gains by time where interest on the strike outweighs what volatility is worth."""
    spot = np.linspace(500.0, 700.0, 201)
    assert greeks(spot, 600.0, 0.1, 0.15, False).theta.max() > 0
    assert greeks(spot, 600.0, 0.1, 0.15, False, american=True).theta.max() <= 0


def test_styles_side_by_side() -> None:
    american = np.array([True, False, True])
    mixed = greeks(560.0, 600.0, 0.1, 0.2, False, american=american)
    for field, both in zip(
        mixed,
        zip(*(greeks(560.0, 600.0, 0.1, 0.2, False, american=style) for style in (True, False)), strict=True),
        strict=True,
    ):
        assert field.tolist() == [float(both[0]), float(both[1]), float(both[0])]


def test_rows_without_a_price_leave_the_others_alone() -> None:
    spot = [100.0, -1.0, math.nan, 100.0, 100.0, 100.0]
    volatility = [0.2, 0.2, 0.2, -0.2, 0.0, math.inf]
    got = greeks(spot, 110.0, 0.5, volatility, False, american=True)
    assert np.isnan(got.price[1:4]).all() and got.price[4] == 10.0
    assert got.price[0] == price(100.0, 110.0, 0.5, 0.2, False, american=True) > 10.0
