"""The eight corners of a step are eight single prices, to the bit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.options.pricing_one import greeks_one, price_corners, price_one

PRICES = st.floats(1.0, 5_000.0)
VOLATILITIES = st.one_of(st.floats(0.01, 3.0), st.just(0.0))
YEARS = st.one_of(st.floats(1e-6, 2.0), st.just(0.0))


@given(
    spots=st.tuples(PRICES, PRICES),
    strike=PRICES,
    volatilities=st.tuples(VOLATILITIES, VOLATILITIES),
    times=st.tuples(st.tuples(YEARS, YEARS), st.tuples(YEARS, YEARS)),
    is_call=st.booleans(),
    american=st.booleans(),
    dividend=st.sampled_from((0.0, 0.013)),
)
def test_corners_equal_single_prices(
    spots: tuple[float, float],
    strike: float,
    volatilities: tuple[float, float],
    times: tuple[tuple[float, float], tuple[float, float]],
    is_call: bool,
    american: bool,
    dividend: float,
) -> None:
    terms = {"rate": 0.04, "dividend": dividend, "american": american}
    found = price_corners(spots, strike, volatilities, times, is_call, **terms)
    assert found == tuple(
        price_one(spot, strike, years, volatility, is_call, carry_years=carry, **terms)
        for spot in spots
        for volatility in volatilities
        for years, carry in times
    )


@given(
    spot=PRICES,
    strike=PRICES,
    volatility=VOLATILITIES,
    years=YEARS,
    carry=YEARS,
    is_call=st.booleans(),
    american=st.booleans(),
    dividend=st.sampled_from((0.0, 0.013)),
)
def test_greeks_price_equals_price_one(
    spot: float,
    strike: float,
    volatility: float,
    years: float,
    carry: float,
    is_call: bool,
    american: bool,
    dividend: float,
) -> None:
    """So the value of a mark is the last corner of the step to it."""
    inputs = (spot, strike, years, volatility, is_call)
    terms = {"rate": 0.04, "dividend": dividend, "american": american, "carry_years": carry}
    assert greeks_one(*inputs, **terms).price == price_one(*inputs, **terms)
