"""The normal distribution by table and series against the exact one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.options.normal import density_of, normal


@pytest.mark.parametrize(("low", "high", "error"), [(-8.0, 40.0, 2e-14), (-37.0, -8.0, 2e-11)])
def test_normal_is_exact_in_the_middle_and_in_the_tails(low: float, high: float, error: float) -> None:
    x = np.linspace(low, high, 20_011)
    exact = np.array([0.5 * math.erfc(-each / math.sqrt(2)) for each in x])
    np.testing.assert_allclose(normal(x, density_of(x)), exact, rtol=error)


def test_beyond_the_table_it_is_0_or_1_and_unknown_stays_unknown() -> None:
    x = np.array([-math.inf, -1e300, -40.0, 0.0, 40.0, math.inf, math.nan])
    with np.errstate(over="ignore"):
        found = normal(x, density_of(x))
    assert found[:6].tolist() == [0.0, 0.0, 0.0, 0.5, 1.0, 1.0] and math.isnan(found[6])
