"""Tests that respect sessions, and the rate of false discoveries among many of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

Floats = NDArray[np.float64]


def session_p(inside: NDArray[np.bool_], values: Floats, day: NDArray[Any]) -> float:
    """Two-sided p of "whether a row is inside has nothing to do with its value", by sessions.

    A score test: each session's sum of (inside − mean)·(value − mean) is one independent draw around 0 under
    the null, and their t statistic is compared with Student's. Because the scores are made under the null, a
    bucket that only a few sessions fill cannot look significant. 1 when nothing varies. Source: the
    cluster-robust score (LM) test, Wooldridge 2010 §8; self-normalised sums, Efron 1969.
    """
    _, session = np.unique(day, return_inverse=True)
    scores = np.bincount(session, weights=(inside - inside.mean()) * (values - values.mean()))
    return t_p(scores)


def t_p(scores: Floats) -> float:
    """Two-sided p of a mean of 0 for independent scores, by Student's t."""
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


def benjamini_hochberg(p: Floats) -> Floats:
    """q of each p: the least false-discovery rate at which it would be called a discovery.

    Holds for independent tests and for positively dependent ones, as two measures of one bucket are;
    buckets of one cut depend weakly and negatively, which the acceptance tests measure. Source: Benjamini
    and Hochberg 1995.
    """
    count = len(p)
    if count == 0:
        return np.empty(0)
    order = np.argsort(p, kind="stable")
    steps = p[order] * count / np.arange(1, count + 1)
    q = np.empty(count)
    q[order] = np.minimum(1.0, np.minimum.accumulate(steps[::-1])[::-1])
    return q
