"""The deflated Sharpe ratio against the worked example of its authors, and its plain limits."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.learning.deflated_sharpe import deflated_sharpe, expected_best, probabilistic, sharpe

# Bailey and López de Prado (2014), "A numerical example": five years of daily returns (T 1250), annualised
# Sharpe 2.5 on 250 days, skewness -3, kurtosis 10, variance of the trials' annualised ratios 1/2.
DAILY = 2.5 / math.sqrt(250)
VARIANCE = 0.5 / 250


def test_the_authors_worked_example() -> None:
    best = expected_best(VARIANCE, 100)
    assert best == pytest.approx(0.1132, abs=5e-5)
    assert probabilistic(DAILY, best, 1250, -3, 10) == pytest.approx(0.9004, abs=5e-5)


def test_with_46_trials_it_would_have_been_accepted() -> None:
    assert probabilistic(DAILY, expected_best(VARIANCE, 46), 1250, -3, 10) == pytest.approx(0.9505, abs=5e-5)


def test_with_normal_returns_88_trials_give_what_46_did() -> None:
    assert probabilistic(DAILY, expected_best(VARIANCE, 88), 1250, 0, 3) == pytest.approx(0.9505, abs=5e-5)


def test_by_hand_four_returns() -> None:
    """Mean 1, deviation (ddof 1) √(8/3): 0.6124. Centred -2, 0, 0, 2: no skew, kurtosis 8/2² = 2.

    One trial: nothing to deflate by. √3·0.6124 / √(1 + ¼·0.375) = 1.0142, and Φ of it 0.8448.
    """
    found = deflated_sharpe(np.array([-1.0, 1.0, 1.0, 3.0]), np.array([0.6124]))
    assert found.sharpe == pytest.approx(0.6124, abs=1e-4) and found.expected_best == 0.0
    assert found.probability == pytest.approx(0.8448, abs=1e-4)


def test_more_trials_and_wilder_trials_never_raise_the_odds() -> None:
    returns = np.random.default_rng(1).normal(0.1, 1, 500)
    odds = [
        deflated_sharpe(returns, np.random.default_rng(2).normal(0, spread, trials)).probability
        for trials, spread in ((2, 0.02), (50, 0.02), (500, 0.02), (500, 0.1))
    ]
    assert None not in odds and odds == sorted(odds, reverse=True)


def test_the_best_of_many_without_skill_is_not_taken_for_skill() -> None:
    """200 strategies of pure noise, the best picked: plain 95 % would pass nearly always, deflated seldom."""
    rng = np.random.default_rng(3)
    plain = deflated = 0
    for _ in range(100):
        noise = rng.normal(0, 1, (200, 250))
        ratios = noise.mean(axis=1) / noise.std(axis=1, ddof=1)
        best = noise[int(ratios.argmax())]
        plain += (probabilistic(float(ratios.max()), 0, 250, 0, 3) or 0) > 0.95
        deflated += (deflated_sharpe(best, ratios).probability or 0) > 0.95
    assert plain > 95 and deflated <= 10


@pytest.mark.parametrize(
    ("returns", "reason"), [([], "fewer than 2"), ([1.0], "fewer than 2"), ([2.0] * 9, "do not vary")]
)
def test_what_cannot_be_told_is_none_with_a_reason(returns: list[float], reason: str) -> None:
    found = deflated_sharpe(np.array(returns), np.array([0.1, 0.2]))
    assert found.probability is None and found.reason is not None and reason in found.reason
    assert sharpe(np.array(returns)) is None
