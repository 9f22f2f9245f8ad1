"""Deflated Sharpe ratio: a winner's Sharpe ratio, corrected for the number of trials it was chosen from.

Source: Bailey and López de Prado (2014), "The Deflated Sharpe Ratio".
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

_EULER = float(np.euler_gamma)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeflatedSharpe:
    """``probability`` 0–1 that the true Sharpe ratio exceeds that of the best of ``trials`` without skill.

    ``sharpe`` and ``expected_best`` are per period, not annualised. A value is ``None`` where it is
    undefined; ``reason`` says why.
    """

    probability: float | None
    sharpe: float | None
    expected_best: float | None
    periods: int
    trials: int
    reason: str | None = None


def sharpe(returns: Floats) -> float | None:
    """Return mean over standard deviation (ddof 1) per period; ``None`` under 2 periods or without variation."""
    if len(returns) < 2:
        return None
    spread = float(np.std(returns, ddof=1))
    # Equal returns have a deviation of rounding errors; they must not give a ratio of 1e16.
    return float(np.mean(returns)) / spread if spread > 1e-12 * float(np.max(np.abs(returns))) else None


def expected_best(variance: float, trials: int) -> float:
    """Return the expected largest Sharpe ratio of ``trials`` independent ones whose true value is 0.

    ``variance`` is that of the ratios over the trials, per period. Source: Bailey and López de Prado (2014),
    equation 1: √V·((1-γ)·Φ⁻¹(1-1/N) + γ·Φ⁻¹(1-1/(N·e))), γ Euler's constant. Raises ValueError for less than
    1 trial or a negative variance.
    """
    if trials < 1 or variance < 0:
        raise ValueError(f"no best of {trials} trials with variance {variance}")
    if trials == 1:
        return 0.0
    high = float(ndtri(1 - 1 / trials))
    higher = float(ndtri(1 - 1 / (trials * math.e)))
    return math.sqrt(variance) * ((1 - _EULER) * high + _EULER * higher)


def probabilistic(ratio: float, benchmark: float, periods: int, skew: float, kurtosis: float) -> float | None:
    """Return the probability 0–1 that a true Sharpe ratio is above ``benchmark``, all per period.

    ``kurtosis`` is 3 for a normal distribution. Source: Bailey and López de Prado (2014), equation 2:
    Φ((SR-SR₀)·√(T-1) / √(1 - γ₃·SR + (γ₄-1)/4·SR²)). ``None`` under 2 periods or when the root's argument is
    not positive.
    """
    inside = 1 - skew * ratio + (kurtosis - 1) / 4 * ratio**2
    if periods < 2 or inside <= 0:
        return None
    return float(ndtr((ratio - benchmark) * math.sqrt(periods - 1) / math.sqrt(inside)))


def deflated_sharpe(returns: Floats, trial_sharpes: Floats) -> DeflatedSharpe:
    """Return the deflated Sharpe ratio of a winner's returns, per period.

    ``trial_sharpes`` are those of every trial including the winner, per period. The trials of an adaptive
    search are not independent, so their number is an upper bound and the result errs on the side of caution.
    """
    periods, known = len(returns), trial_sharpes[np.isfinite(trial_sharpes)]
    trials = len(trial_sharpes)
    ratio = sharpe(returns)
    if ratio is None or len(known) == 0:
        reason = "fewer than 2 sessions" if periods < 2 else "the returns do not vary"
        return DeflatedSharpe(
            probability=None, sharpe=ratio, expected_best=None, periods=periods, trials=trials, reason=reason
        )
    best = expected_best(float(np.var(known, ddof=1)) if len(known) > 1 else 0.0, trials)
    centred = returns - returns.mean()
    deviation = float(np.sqrt(np.mean(centred**2)))
    skew = float(np.mean(centred**3)) / deviation**3
    kurtosis = float(np.mean(centred**4)) / deviation**4
    probability = probabilistic(ratio, best, periods, skew, kurtosis)
    return DeflatedSharpe(
        probability=probability,
        sharpe=ratio,
        expected_best=best,
        periods=periods,
        trials=trials,
        reason=None if probability is not None else "too skewed for the formula",
    )
