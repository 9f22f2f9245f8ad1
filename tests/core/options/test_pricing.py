"""The pricer against published tables, its limits, and the theorems every Black–Scholes value obeys."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.options import Greeks, greeks, greeks_one, price, price_one

MINUTE = 1 / (252 * 390)

spots = st.floats(1.0, 6000.0)
moneyness = st.floats(-4.0, 4.0)  # standard deviations from the spot
volatilities = st.floats(0.03, 3.0)
times = st.floats(MINUTE, 2.0)
rates = st.floats(-0.02, 0.12)
yields = st.floats(0.0, 0.08)
stretches = st.floats(0.3, 3.0)  # calendar time over trading-clock time
options = st.tuples(spots, moneyness, times, volatilities, st.booleans(), rates, yields, stretches)
Option = tuple[float, float, float, float, bool, float, float, float]


def contract(option: Option) -> tuple[tuple[float, float, float, float, bool], dict[str, float]]:
    spot, z, years, volatility, is_call, rate, dividend, stretch = option
    strike = spot * math.exp(z * volatility * math.sqrt(years))
    carry = {"rate": rate, "dividend": dividend, "carry_years": years * stretch}
    return (spot, strike, years, volatility, is_call), carry


# ---- published values ----------------------------------------------------------------------------------


def test_european_reference_rows(reference: Callable[..., Path]) -> None:
    with reference("reference", "bs_tables.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["style"] == "E"]
    misses, checked = [], 0
    for row in rows:
        spot, strike, years, volatility = (float(row[name]) for name in ("S", "K", "T", "vol"))
        per_year = {"theta_years": 1.0, "theta_carry_years": 1.0}
        carry = {"rate": float(row["r"]), "dividend": float(row["q"])}
        array = greeks(spot, strike, years, volatility, row["right"], **carry, **per_year)
        one = greeks_one(spot, strike, years, volatility, row["right"] == "C", **carry, **per_year)
        for name in Greeks._fields:
            if row[name] == "":
                continue
            # The table's vega and rho are per 1.00, ours per point; its one row without a tolerance prints
            # theta / 365 to four digits.
            unit = 100.0 if name in ("vega", "rho") else 1.0
            tolerance = float(row["tol"]) if row["tol"] else 365 * 1e-4
            for path, ours in (("array", float(getattr(array, name))), ("scalar", getattr(one, name))):
                checked += 1
                if not abs(unit * ours - float(row[name])) <= tolerance:
                    misses.append(f"{name} by {path}: {unit * ours} != {row[name]} in {row}")
    assert not misses, "\n".join(misses)
    assert checked > 0


# ---- theorems ------------------------------------------------------------------------------------------


@given(options)
def test_put_call_parity(option: Option) -> None:
    (spot, strike, years, volatility, _), carry = contract(option)
    call, put = price(spot, strike, years, volatility, [True, False], **carry)
    forward = spot * math.exp(-carry["dividend"] * carry["carry_years"])
    forward -= strike * math.exp(-carry["rate"] * carry["carry_years"])
    assert call - put == pytest.approx(forward, abs=1e-13 * (spot + strike))


@given(options)
def test_within_no_arbitrage_bounds(option: Option) -> None:
    (spot, strike, years, volatility, is_call), carry = contract(option)
    spot_now = spot * math.exp(-carry["dividend"] * carry["carry_years"])
    strike_now = strike * math.exp(-carry["rate"] * carry["carry_years"])
    low, high = (spot_now - strike_now, spot_now) if is_call else (strike_now - spot_now, strike_now)
    rounding = 1e-15 * (spot + strike)
    for value in (
        float(price(spot, strike, years, volatility, is_call, **carry)),
        price_one(spot, strike, years, volatility, is_call, **carry),
    ):
        assert max(low - rounding, 0.0) <= value <= high + rounding


@given(options)
def test_call_delta_between_0_and_1(option: Option) -> None:
    (spot, strike, years, volatility, _), carry = contract(option)
    call, put = greeks(spot, strike, years, volatility, [True, False], **carry).delta
    discount = math.exp(-carry["dividend"] * carry["carry_years"])
    assert 0.0 <= call <= discount <= 1.0
    assert -discount <= put <= 0.0
    assert call - put == pytest.approx(discount, rel=1e-13)


@given(options)
def test_gamma_and_vega_not_negative(option: Option) -> None:
    (spot, strike, years, volatility, _), carry = contract(option)
    both = greeks(spot, strike, years, volatility, [True, False], **carry)
    assert (both.gamma >= 0).all() and (both.vega >= 0).all()
    assert both.gamma[0] == both.gamma[1] and both.vega[0] == both.vega[1]


@given(options, st.floats(1e-4, 0.5))
def test_call_rises_with_spot_and_volatility(option: Option, step: float) -> None:
    (spot, strike, years, volatility, _), carry = contract(option)
    rounding = 1e-13 * (spot + strike)
    here = price_one(spot, strike, years, volatility, True, **carry)
    assert price_one(spot * (1 + step), strike, years, volatility, True, **carry) >= here - rounding
    assert price_one(spot, strike, years, volatility * (1 + step), True, **carry) >= here - rounding
    put = price_one(spot, strike, years, volatility, False, **carry)
    assert price_one(spot * (1 + step), strike, years, volatility, False, **carry) <= put + rounding


@given(options)
def test_scalar_equals_array(option: Option) -> None:
    inputs, carry = contract(option)
    array, one = greeks(*inputs, **carry), greeks_one(*inputs, **carry)
    spot, _, years, volatility, _ = inputs
    # A value is the difference of two legs of about the spot's size: 1e-12 of what can be told apart.
    deviation = volatility * math.sqrt(years)
    floor = 1e-15 * spot
    assert one.price == pytest.approx(float(array.price), rel=1e-12, abs=floor)
    assert price_one(*inputs, **carry) == one.price
    assert float(price(*inputs, **carry)) == float(array.price)
    assert one.delta == pytest.approx(float(array.delta), rel=1e-12, abs=1e-15 / deviation)
    for name in ("gamma", "vega", "theta", "rho"):
        assert getattr(one, name) == pytest.approx(float(getattr(array, name)), rel=1e-11, abs=1e-13 * spot)


@given(options)
def test_greeks_are_the_derivatives_of_the_price(option: Option) -> None:
    """Central differences in every variable, with the calendar and the trading clock moved separately."""
    (spot, strike, years, volatility, is_call), carry = contract(option)
    assume(0.01 < volatility * math.sqrt(years) < 1.0)  # where differences keep enough digits
    got = greeks_one(spot, strike, years, volatility, is_call, **carry, theta_years=1, theta_carry_years=0)
    got_carry = greeks_one(
        spot, strike, years, volatility, is_call, **carry, theta_years=0, theta_carry_years=1
    )

    def value(**moved: float) -> float:
        at = {"spot": spot, "strike": strike, "years": years, "volatility": volatility, **carry, **moved}
        return price_one(is_call=is_call, **at)

    def slope(name: str, at: float, step: float) -> float:
        return (value(**{name: at + step}) - value(**{name: at - step})) / (2 * step)

    width = spot * volatility * math.sqrt(years)
    scale = 1e-5 * (width + spot * 1e-3)
    h = 1e-4 * width
    assert got.delta == pytest.approx(slope("spot", spot, h), abs=1e-5)
    h = 1e-3 * width
    second = (value(spot=spot + h) - 2 * value() + value(spot=spot - h)) / h**2
    assert got.gamma * width == pytest.approx(second * width, abs=1e-4)
    assert got.vega * 100 * volatility == pytest.approx(
        slope("volatility", volatility, 1e-4 * volatility) * volatility, abs=scale
    )
    assert got.theta * years == pytest.approx(-slope("years", years, 1e-4 * years) * years, abs=scale)
    c = carry["carry_years"]
    assert got_carry.theta * c == pytest.approx(-slope("carry_years", c, 1e-4 * c) * c, abs=scale)
    assert got.rho * 100 == pytest.approx(slope("rate", carry["rate"], 1e-5), abs=scale * max(1.0, c))


def test_never_an_ulp_below_the_bound() -> None:
    """The lower bound holds exactly, also where the two legs of a deep option round against it."""
    rng = np.random.default_rng(8)
    n = 50_000
    strike = rng.uniform(60.0, 99.0, n)
    years, volatility = rng.uniform(0.01, 1.0, n), rng.uniform(0.05, 0.5, n)
    value = price(100.0, strike, years, volatility, True, dividend=0.01)
    bound = 100.0 * np.exp(-0.01 * years) - np.exp(-0.04 * years) * strike
    assert (value >= bound).all()
    for k, t, v in zip(strike[:5000].tolist(), years.tolist(), volatility.tolist(), strict=False):
        low = 100.0 * math.exp(-0.01 * t) - k * math.exp(-0.04 * t)
        assert price_one(100.0, k, t, v, True, dividend=0.01) >= low


# ---- limits --------------------------------------------------------------------------------------------

LIMITS = [
    # right, strike, years, volatility, carry years -> value, delta (spot 100, rate 5 %, dividend 2 %)
    ("C", 90.0, 0.0, 0.2, 0.0, 10.0, 1.0),
    ("C", 110.0, 0.0, 0.2, 0.0, 0.0, 0.0),
    ("P", 110.0, 0.0, 0.2, 0.0, 10.0, -1.0),
    ("P", 90.0, 0.0, 0.2, 0.0, 0.0, 0.0),
    ("C", 100.0, 0.0, 0.2, 0.0, 0.0, 0.5),
    ("C", 90.0, 1.0, 0.0, 1.0, 100 * math.exp(-0.02) - 90 * math.exp(-0.05), math.exp(-0.02)),
    ("P", 110.0, 1.0, 0.0, 1.0, 110 * math.exp(-0.05) - 100 * math.exp(-0.02), -math.exp(-0.02)),
    ("C", 101.0, 1.0, 0.0, 1.0, 100 * math.exp(-0.02) - 101 * math.exp(-0.05), math.exp(-0.02)),
    ("P", 101.0, 1.0, 0.0, 1.0, 0.0, 0.0),
    ("C", 90.0, 0.0, 0.0, 0.5, 100 * math.exp(-0.01) - 90 * math.exp(-0.025), math.exp(-0.01)),
]


@pytest.mark.parametrize(("right", "strike", "years", "volatility", "carry", "value", "delta"), LIMITS)
def test_no_time_or_no_volatility_left(
    right: str, strike: float, years: float, volatility: float, carry: float, value: float, delta: float
) -> None:
    terms = {"rate": 0.05, "dividend": 0.02, "carry_years": carry}
    array = greeks(100.0, strike, years, volatility, right, **terms)
    one = greeks_one(100.0, strike, years, volatility, right == "C", **terms)
    for got in (array, one):
        assert float(got.price) == pytest.approx(value, abs=1e-12)
        assert float(got.delta) == pytest.approx(delta, abs=1e-12)
        assert float(got.gamma) == 0.0
        assert float(got.vega) == 0.0
        assert math.isfinite(got.theta) and math.isfinite(got.rho)


def test_no_volatility_still_carries() -> None:
    """With σ = 0 an in-the-money call is a forward: it earns interest on the strike and loses the yield."""
    got = greeks_one(100, 90, 1.0, 0.0, True, rate=0.05, dividend=0.02, theta_years=1, theta_carry_years=1)
    assert got.theta == pytest.approx(0.02 * 100 * math.exp(-0.02) - 0.05 * 90 * math.exp(-0.05), rel=1e-12)
    assert got.rho == pytest.approx(0.01 * 90 * math.exp(-0.05), rel=1e-12)


def test_rows_without_a_price_are_nan_and_leave_the_others_alone() -> None:
    spot = [100.0, -1.0, 100.0, 100.0, math.nan, 100.0]
    strike = [100.0, 100.0, -5.0, 100.0, 100.0, 100.0]
    years = [0.1, 0.1, 0.1, -0.1, 0.1, 0.1]
    volatility = [0.2, 0.2, 0.2, 0.2, 0.2, -0.2]
    got = greeks(spot, strike, years, volatility, True)
    for one in got:
        assert np.isfinite(one[0]) and np.isnan(one[1:]).all()
    assert got.price[0] == price(100.0, 100.0, 0.1, 0.2, True)
    assert math.isnan(price_one(100.0, 100.0, -0.1, 0.2, True))
    assert math.isnan(greeks_one(100.0, 100.0, 0.1, -0.2, True).delta)


@pytest.mark.parametrize("is_call", [True, False])
@pytest.mark.parametrize("z", [-30.0, -3.0, -1.0, 0.0, 1.0, 3.0, 30.0])
@pytest.mark.parametrize("minutes", [1e-6, 1, 5])
def test_a_minute_to_expiry(minutes: float, z: float, is_call: bool) -> None:
    years, volatility, spot = minutes * MINUTE, 0.15, 590.0
    strike = spot * math.exp(z * volatility * math.sqrt(years))
    got = greeks(spot, strike, years, volatility, is_call)
    assert all(np.isfinite(one) for one in got)
    intrinsic = max(0.0, spot - strike if is_call else strike - spot)
    assert got.price >= 0.0
    assert got.price == pytest.approx(intrinsic, abs=0.5 * spot * volatility * math.sqrt(years))
    if z == 0.0:
        at_the_money = spot * volatility * math.sqrt(years / (2 * math.pi))
        assert got.price == pytest.approx(at_the_money, rel=5e-3)


# ---- units, shapes, words ------------------------------------------------------------------------------


def test_theta_is_per_session_plus_one_night() -> None:
    """A session with its night is 1/252 of the trading clock and one calendar day unless told otherwise."""
    option = (500.0, 500.0, 30 / 252, 0.2, True)
    carry = {"rate": 0.04, "dividend": 0.01}
    now = price_one(*option, **carry, carry_years=42 / 365)
    later = price_one(500.0, 500.0, 29 / 252, 0.2, True, **carry, carry_years=41 / 365)
    theta = greeks_one(*option, **carry, carry_years=42 / 365).theta
    assert theta == pytest.approx(later - now, rel=0.02)
    half = greeks(*option, **carry, carry_years=42 / 365, theta_years=0.5 / 252, theta_carry_years=0.5 / 365)
    assert float(half.theta) == pytest.approx(theta / 2, rel=1e-12)


def test_every_combination_broadcasts() -> None:
    spot = np.array([95.0, 100.0, 105.0])[:, None, None]
    volatility = np.array([0.1, 0.4])[None, :, None]
    years = np.array([0.0, 0.01, 0.1, 1.0])[None, None, :]
    got = greeks(spot, 100.0, years, volatility, "P", carry_years=years * 1.1)
    for i, j, k in np.ndindex(3, 2, 4):
        s, v, t = float(spot[i, 0, 0]), float(volatility[0, j, 0]), float(years[0, 0, k])
        one = greeks_one(s, 100.0, t, v, False, carry_years=t * 1.1)
        assert [float(x[i, j, k]) for x in got] == pytest.approx(list(one), rel=1e-11, abs=1e-14)
    assert price(100.0, 100.0, 0.1, 0.2, True).shape == ()
    assert price([], 100.0, 0.1, 0.2, True).shape == (0,)


def test_blocks_join_without_a_seam() -> None:
    rng = np.random.default_rng(5)
    n = 20_011
    inputs = (
        rng.uniform(90, 110, n),
        rng.uniform(80, 120, n),
        rng.uniform(0.001, 1, n),
        rng.uniform(0.05, 1, n),
        rng.random(n) < 0.5,
    )
    whole = greeks(*inputs, dividend=0.01, american=True)
    pieces = [
        greeks(*(x[i : i + 1000] for x in inputs), dividend=0.01, american=True) for i in range(0, n, 1000)
    ]
    for name in Greeks._fields:
        joined = np.concatenate([getattr(piece, name) for piece in pieces])
        np.testing.assert_allclose(getattr(whole, name), joined, rtol=1e-12, atol=1e-15)
    np.testing.assert_array_equal(price(*inputs, dividend=0.01, american=True), whole.price)


@pytest.mark.parametrize(
    "rights",
    [["C", "P"], ["CALL", "PUT"], ["call", "put"], [1, 0], np.array([True, False], dtype=object)],
    ids=str,
)
def test_words_for_a_right(rights: list[object]) -> None:
    call, put = price(100.0, 95.0, 0.5, 0.3, rights)
    assert (call, put) == (price(100.0, 95.0, 0.5, 0.3, True), price(100.0, 95.0, 0.5, 0.3, False))


@pytest.mark.parametrize("right", ["", "X", "straddle", 2, -1, None])
def test_no_other_word_is_a_right(right: object) -> None:
    with pytest.raises(ValueError, match="is_call"):
        price(100.0, 95.0, 0.5, 0.3, right)
