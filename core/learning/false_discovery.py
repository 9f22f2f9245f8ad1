"""Tests that respect sessions, and the rate of false discoveries among many of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtr

Floats = NDArray[np.float64]

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(64)
_MOST_ALIKE = 0.9999


def session_scores(inside: NDArray[np.bool_], values: Floats, session: NDArray[Any], sessions: int) -> Floats:
    """Per session the sum of (inside − mean)·(value − mean) over its rows; shape (sessions,).

    Rows whose value is not known (NaN) count for nothing.
    """
    known = ~np.isnan(values)
    if not known.any():
        return np.zeros(sessions)
    values = np.where(known, values, 0.0)
    weights = (inside - inside[known].mean()) * (values - values[known].mean()) * known
    return np.bincount(session, weights=weights, minlength=sessions).astype(np.float64)


def joint_p(scores: tuple[Floats, Floats]) -> float:
    """p of "neither of two measures has anything to do with the bucket", from the scores of both.

    The smaller p, corrected for having looked twice: by the correlation of the scores, since two measures
    that say the same cost nothing and two that have nothing in common cost a factor of two.
    """
    singles = [t_p(score[score != 0]) for score in scores]
    least = min(singles)
    z = -ndtri(least / 2)
    if not np.isfinite(z) or z <= 0:
        return least
    lengths = np.sqrt((scores[0] @ scores[0]) * (scores[1] @ scores[1]))
    rho = min(abs(float(scores[0] @ scores[1] / lengths)), _MOST_ALIKE) if lengths > 0 else 0.0
    spread = np.sqrt(1 - rho * rho)
    at = z * _POINTS
    beside = ndtr((z - rho * at) / spread) - ndtr((-z - rho * at) / spread)
    both_within = z * float(_WEIGHTS @ (np.exp(-at * at / 2) / np.sqrt(2 * np.pi) * beside))
    # Far out the integral has lost its digits; the two bounds on it have not.
    return float(min(max(1 - both_within, least), 2 * least, 1.0))


def t_p(scores: Floats) -> float:
    """Two-sided p of "the bucket has nothing to do with the value", from the scores of its sessions.

    Under the null each session's score is one independent draw around 0, and their t statistic is compared
    with Student's. Because the scores are made under the null, a bucket that only a few sessions fill cannot
    look significant. 1 when nothing varies. Source: the cluster-robust score test (Wooldridge 2010, §8).
    """
    count = len(scores)
    spread = float(scores @ scores)
    if count < 2 or spread <= 0:
        return 1.0
    share = float(scores.sum()) ** 2 / (spread * count)
    if share >= 1:
        # Every score is the same: two of them prove nothing, many of them a great deal.
        share = 1 - 1e-12
    t = np.sqrt(share * (count - 1) / (1 - share))
    return float(2 * stdtr(count - 1, -t))


def benjamini_hochberg(p: Floats, weights: Floats | None = None) -> Floats:
    """q of each p: the least false-discovery rate at which it would be called a discovery.

    ``weights`` say where an effect could be seen at all; they are scaled to a mean of 1 and must not have
    looked at the outcomes.
    Holds for independent and positively dependent tests. The buckets of one cut depend a little and
    negatively; that it holds for them too is what the tests on ledgers without an effect measure. Source:
    Benjamini and Hochberg 1995; with weights, Genovese, Roeder and Wasserman 2006.
    """
    count = len(p)
    if count == 0:
        return np.empty(0)
    if weights is not None:
        p = np.minimum(1.0, p * weights.mean() / weights)
    order = np.argsort(p, kind="stable")
    steps = p[order] * count / np.arange(1, count + 1)
    q = np.empty(count)
    q[order] = np.minimum(1.0, np.minimum.accumulate(steps[::-1])[::-1])
    return q
