"""Implied volatility: 60-digit cases, the inverse of the pricer, and prices that imply none."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.options import greeks_one, implied_volatility, implied_volatility_one, price, price_one

MINUTE = 1 / (252 * 390)


def test_tradable_reference_rows(reference: Callable[..., Path]) -> None:
    with reference("reference", "iv_cases.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["tradable"] == "1"]
    assert rows
    columns = [np.array([float(row[name]) for row in rows]) for name in ("price", "S", "K", "T")]
    rate, dividend, wanted = (np.array([float(row[name]) for row in rows]) for name in ("r", "q", "vol"))
    right = [row["right"] for row in rows]
    got = implied_volatility(*columns, right, rate=rate, dividend=dividend)
    misses = []
    for n, row in enumerate(rows):
        one = implied_volatility_one(
            *(float(column[n]) for column in columns), right[n] == "C", rate=rate[n], dividend=dividend[n]
        )
        for path, volatility in (("array", got[n]), ("scalar", one)):
            if volatility is None or not abs(volatility - wanted[n]) <= 1e-8:
                misses.append(f"{path}: {volatility} != {wanted[n]} in {row}")
    assert not misses, "\n".join(misses)


def test_published_values_of_another_implementation(reference: Callable[..., Path]) -> None:
    """Rows without the 60-digit columns were computed with another day count; they agree to their 0.0036."""
    with reference("reference", "iv_cases.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["tradable"] == ""]
    for row in rows:
        inputs = [float(row[name]) for name in ("price", "S", "K", "T")]
        got = implied_volatility_one(
            *inputs, row["right"] == "C", rate=float(row["r"]), dividend=float(row["q"])
        )
        assert got == pytest.approx(float(row["vol"]), abs=0.0036), row


@given(
    spot=st.floats(1.0, 6000.0),
    z=st.floats(-6.0, 6.0),
    years=st.floats(MINUTE, 2.0),
    volatility=st.floats(0.03, 3.0),
    is_call=st.booleans(),
    rate=st.floats(-0.02, 0.12),
    dividend=st.floats(0.0, 0.08),
    stretch=st.floats(0.3, 3.0),
)
def test_inverts_the_price(
    spot: float,
    z: float,
    years: float,
    volatility: float,
    is_call: bool,
    rate: float,
    dividend: float,
    stretch: float,
) -> None:
    strike = spot * math.exp(z * volatility * math.sqrt(years))
    carry = {"rate": rate, "dividend": dividend, "carry_years": years * stretch}
    option = (spot, strike, years, volatility, is_call)
    got = greeks_one(*option, **carry)
    # What rounding of the price (and of the two legs under it) alone does to the volatility.
    noise = 4e-16 * (spot + strike) / (100 * got.vega) if got.vega > 0 else math.inf
    assume(noise < 1e-3 * volatility)
    array = float(implied_volatility(got.price, spot, strike, years, is_call, **carry))
    one = implied_volatility_one(got.price, spot, strike, years, is_call, **carry)
    tolerance = 1e-10 * volatility + 4 * noise
    assert array == pytest.approx(volatility, abs=tolerance)
    assert one == pytest.approx(volatility, abs=tolerance)


@given(
    x=st.floats(0.0, 12.0),
    deviation=st.floats(0.02, 6.0),
    is_call=st.booleans(),
)
def test_out_of_the_money_keeps_all_digits(x: float, deviation: float, is_call: bool) -> None:
    """An out-of-the-money price has no intrinsic part to lose digits in: the deepest wings come back."""
    strike = 100.0 * math.exp(x if is_call else -x)
    value = price_one(100.0, strike, 1.0, deviation, is_call, rate=0.0)
    bound = 100.0 if is_call else strike
    assume(1e-280 < value < bound * (1 - 1e-4))
    wings = 1e-14 * (x / deviation + 1) ** 2 / deviation  # rounding of the price itself
    for got in (
        float(implied_volatility(value, 100.0, strike, 1.0, is_call, rate=0.0)),
        implied_volatility_one(value, 100.0, strike, 1.0, is_call, rate=0.0),
    ):
        assert got == pytest.approx(deviation, rel=1e-10 + wings)


NONE = [
    # why, price, spot, strike, years, right
    ("below the intrinsic value of the forward", 9.9, 110.0, 100.0, 0.1, "C"),
    ("at the intrinsic value", 110.0 - 100.0 * math.exp(-0.004), 110.0, 100.0, 0.1, "C"),
    ("an ulp of time value is rounding", 110.0 - 100.0 * math.exp(-0.004) + 2e-15, 110.0, 100.0, 0.1, "C"),
    ("an American put at parity is below the European value", 20.0 * 0.98, 80.0, 100.0, 0.1, "P"),
    ("a call worth its stock", 100.0, 100.0, 100.0, 0.1, "C"),
    ("a put worth more than its strike today", 100.0 * math.exp(-0.004), 90.0, 100.0, 0.1, "P"),
    ("nothing paid", 0.0, 90.0, 100.0, 0.1, "C"),
    ("a negative price", -1.0, 90.0, 100.0, 0.1, "C"),
    ("no time left", 1.0, 99.0, 100.0, 0.0, "C"),
    ("negative time", 1.0, 99.0, 100.0, -0.1, "C"),
    ("no spot", 1.0, 0.0, 100.0, 0.1, "P"),
    ("no strike", 1.0, 100.0, 0.0, 0.1, "C"),
    ("an unknown price", math.nan, 99.0, 100.0, 0.1, "C"),
    ("an unknown spot", 1.0, math.nan, 100.0, 0.1, "C"),
    ("an unknown time", 1.0, 99.0, 100.0, math.nan, "C"),
    ("an infinite price", math.inf, 99.0, 100.0, 0.1, "C"),
]


@pytest.mark.parametrize(
    ("value", "spot", "strike", "years", "right"), [row[1:] for row in NONE], ids=[row[0] for row in NONE]
)
def test_no_volatility_exists(value: float, spot: float, strike: float, years: float, right: str) -> None:
    assert math.isnan(implied_volatility(value, spot, strike, years, right))
    assert implied_volatility_one(value, spot, strike, years, right == "C") is None
    # A neighbour with a volatility is not disturbed by one without.
    pair = implied_volatility([value, 5.0], [spot, 100.0], [strike, 100.0], [years, 0.1], [right, "C"])
    assert math.isnan(pair[0])
    assert price(100.0, 100.0, 0.1, pair[1], True) == pytest.approx(5.0, rel=1e-12)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.999, 1 - 1e-6, 1 - 1e-9])
def test_prices_near_the_upper_bound(share: float) -> None:
    volatility = implied_volatility(100.0 * share, 100.0, 120.0, 1.0, True)
    assert price(100.0, 120.0, 1.0, volatility, True) == pytest.approx(100.0 * share, rel=1e-14)


def test_absurd_wings_come_back() -> None:
    """A spot a million times the strike: the first guess is wild, the answer is not."""
    rng = np.random.default_rng(2)
    deviation = rng.uniform(1.0, 3.0, 50_000)
    strike = 100.0 * np.exp(-deviation * rng.uniform(4.0, 9.0, 50_000))
    value = price(100.0, strike, 1.0, deviation, False, rate=0.0)
    np.testing.assert_allclose(
        implied_volatility(value, 100.0, strike, 1.0, False, rate=0.0), deviation, rtol=1e-11
    )


def test_inputs_broadcast_and_blocks_join() -> None:
    rng = np.random.default_rng(11)
    strikes = np.linspace(70, 130, 6007)[:, None]
    years = np.array([0.01, 0.1, 1.0])
    volatility = rng.uniform(0.2, 0.6, (6007, 3))
    is_call = strikes > 100
    value = price(100.0, strikes, years, volatility, is_call, carry_years=years * 1.2)
    got = implied_volatility(value, 100.0, strikes, years, is_call, carry_years=years * 1.2)
    assert got.shape == (6007, 3)
    seen = value > 1e-12
    np.testing.assert_allclose(got[seen], volatility[seen], rtol=1e-9)
    chain = implied_volatility([3.0, 2.0, 1.0], 100.0, 100.0, 0.1, True)
    assert chain.shape == (3,) and (np.diff(chain) < 0).all()
    assert implied_volatility([], 100.0, 100.0, 0.1, True).shape == (0,)
    assert implied_volatility(3.0, 100.0, 100.0, 0.1, "C").shape == ()
