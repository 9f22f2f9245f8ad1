"""Statistical tests by session, and the false-discovery rate among many tests."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtr

Floats = NDArray[np.float64]

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(64)
_MOST_ALIKE = 0.9999


def session_scores(inside: NDArray[np.bool_], values: Floats, session: NDArray[Any], sessions: int) -> Floats:
    """Return per session the sum of (inside − mean)·(value − mean) over its rows; shape (sessions,).

    Rows whose value is unknown (NaN) do not count.
    """
    known = ~np.isnan(values)
    if not known.any():
        return np.zeros(sessions)
    values = np.where(known, values, 0.0)
    weights = (inside - inside[known].mean()) * (values - values[known].mean()) * known
    return np.bincount(session, weights=weights, minlength=sessions).astype(np.float64)


def joint_p(scores: tuple[Floats, Floats]) -> float:
    """Return p of the hypothesis that neither of two measures depends on the bucket, from the scores of both.

    It is the smaller p, corrected for testing twice by the correlation of the scores: two identical measures
    cost nothing, two independent ones a factor of two.
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
    # For large z the integral loses its digits; its two bounds are exact.
    return float(min(max(1 - both_within, least), 2 * least, 1.0))


def t_p(scores: Floats) -> float:
    """Return the two-sided p of the hypothesis that the value does not depend on the bucket.

    Under the null hypothesis the scores of the sessions are independent draws around 0; their t statistic is
    compared with Student's distribution. Because the scores are made under the null hypothesis, a bucket that
    only a few sessions fill cannot look significant. 1 when nothing varies. Source: the cluster-robust score
    test, Wooldridge (2010), Econometric Analysis, chapter 8.
    """
    count = len(scores)
    spread = float(scores @ scores)
    if count < 2 or spread <= 0:
        return 1.0
    share = float(scores.sum()) ** 2 / (spread * count)
    if share >= 1:
        # Every score is the same: keep t finite, so that p depends on how many there are.
        share = 1 - 1e-12
    t = np.sqrt(share * (count - 1) / (1 - share))
    return float(2 * stdtr(count - 1, -t))


def benjamini_hochberg(p: Floats, weights: Floats | None = None) -> Floats:
    """Return q of each p: the lowest false-discovery rate at which it would count as a discovery.

    ``weights`` say where an effect could be detected; they are scaled to a mean of 1 and must not depend on
    the outcomes. Valid for independent and positively dependent tests. The buckets of one cut depend a little
    and negatively; tests on ledgers without any effect measure that the rate holds for them too. Sources:
    Benjamini and Hochberg (1995), "Controlling the False Discovery Rate"; with weights, Genovese, Roeder and
    Wasserman (2006), "False Discovery Control with p-Value Weighting".
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
