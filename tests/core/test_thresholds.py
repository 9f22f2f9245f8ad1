"""A value is compared as if it were rounded to 1e-9: numbers and arrays alike, and NaN meets nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.thresholds import above, at_least, at_most, below, whole_down, whole_up

TENTHS = st.integers(-200_000, 200_000).map(lambda n: n / 100)

# the computed value | the threshold it is on paper
EXACT = [
    ((660 + 2.475 - 660) / (660 - (660 - 1.65)), 1.5),
    ((661 + 661 * 0.01 * 0.375 - 661) / (661 - (661 - 661 * 0.01 * 0.25)), 1.5),
    (0.1 + 0.2, 0.3),
    (100 * (1.1 - 1), 10.0),
    (2500.0 / 0.1 * 0.1, 2500.0),
]


@pytest.mark.parametrize(("value", "threshold"), EXACT)
def test_a_threshold_met_on_paper_is_met(value: float, threshold: float) -> None:
    assert at_least(value, threshold) and at_most(value, threshold)
    assert not above(value, threshold) and not below(value, threshold)


@settings(max_examples=100, deadline=None)
@given(threshold=TENTHS, steps=st.integers(-3, 3), bits=st.integers(-8, 8))
def test_last_bits_never_decide(threshold: float, steps: int, bits: int) -> None:
    value = threshold + steps * 1e-9
    value += bits * math.ulp(value)
    assert (above(value, threshold), at_most(value, threshold)) == (steps > 0, steps <= 0)
    assert (below(value, threshold), at_least(value, threshold)) == (steps < 0, steps >= 0)
    for compare in (above, below, at_least, at_most):
        assert compare(np.array([value]), threshold).tolist() == [compare(value, threshold)]


def test_what_is_no_number_meets_nothing() -> None:
    assert not any(compare(math.nan, 1.0) for compare in (above, below, at_least, at_most))


@settings(max_examples=50, deadline=None)
@given(n=st.integers(0, 10_000), unit=st.sampled_from((0.1, 0.7, 1.1, 3.3)))
def test_whole_numbers_survive_a_division(n: int, unit: float) -> None:
    assert whole_down(n * unit / unit) == whole_up(n * unit / unit) == n
