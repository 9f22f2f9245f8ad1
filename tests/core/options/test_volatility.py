"""Volatility estimated where no quote implies one."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.options.volatility import estimate_iv
from core.rules.sections import VolatilityRules

RULES = VolatilityRules()
YEARS = 0.04

AT_THE_FORWARD = [
    # symbol, dte, iv_percentile, expected
    ("SPY", 20, None, 0.16),
    ("SPX", 20, None, 0.16),
    ("AAPL", 20, None, 0.32),
    ("KO", 20, None, 0.45),
    ("SPY", 0, None, 0.16 * 0.60),
    ("SPY", 1, None, 0.16 * 0.95),
    ("SPY", 7, None, 0.16 * 0.95),
    ("SPY", 8, None, 0.16),
    ("SPY", 45, None, 0.16),
    ("SPY", 46, None, 0.16 * 1.05),
    ("SPY", 20, 50, 0.16),
    ("SPY", 20, 0, 0.08),
    ("SPY", 20, 100, 0.24),
]


@pytest.mark.parametrize(("symbol", "dte", "percentile", "expected"), AT_THE_FORWARD)
def test_level_by_class_term_and_percentile(
    symbol: str, dte: int, percentile: float | None, expected: float
) -> None:
    estimate = estimate_iv(symbol, 100.0, 100.0, YEARS, dte, percentile, RULES)
    assert estimate.value == pytest.approx(expected)
    assert estimate.source == "model"


def test_a_symbol_may_have_its_own_level() -> None:
    rules = VolatilityRules(by_symbol={"KO": 0.18})
    assert estimate_iv("KO", 60, 60, YEARS, 20, None, rules).value == pytest.approx(0.18)


@pytest.mark.parametrize(
    ("deviations", "skew"),
    [(0.0, 1.0), (0.5, 1.05), (1.0, 1.10), (3.0, 1.30), (4.0, 1.40), (6.0, 1.40), (-2.0, 1.0)],
)
def test_ten_percent_more_per_deviation_below_the_forward(deviations: float, skew: float) -> None:
    strike = 100 * math.exp(-deviations * 0.16 * math.sqrt(YEARS))
    estimate = estimate_iv("SPY", strike, 100, YEARS, 20, None, RULES)
    assert estimate.skew == pytest.approx(skew)
    assert estimate.value == pytest.approx(0.16 * skew)


@given(
    st.floats(1, 1000),
    st.floats(1, 1000),
    st.floats(0, 2),
    st.integers(0, 800),
    st.none() | st.floats(-10, 110),
)
def test_always_positive_and_never_above_the_cap(
    strike: float, forward: float, years: float, dte: int, percentile: float | None
) -> None:
    estimate = estimate_iv("SPY", strike, forward, years, dte, percentile, RULES)
    level = estimate.base * estimate.term * estimate.percentile
    assert 0 < level <= estimate.value <= level * 1.4 + 1e-12


@pytest.mark.parametrize(("strike", "forward"), [(0, 100), (100, 0), (float("nan"), 100)])
def test_bad_input_raises(strike: float, forward: float) -> None:
    with pytest.raises(ValueError, match="no volatility"):
        estimate_iv("SPY", strike, forward, YEARS, 20, None, RULES)
