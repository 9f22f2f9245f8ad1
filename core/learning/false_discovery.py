"""Statistical tests by session, and what their number takes from them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtr

Floats = NDArray[np.float64]

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(64)
_MOST_ALIKE = 0.9999


def joint_p(
    scores: tuple[Floats, Floats],
    block: int = 1,
    explained: float = 0.0,
    pooled: tuple[float, float] = (0.0, 0.0),
) -> float:
    """Return p of the hypothesis that neither of two measures depends on the bucket, from the scores of both.

    It is the smaller p, corrected for testing twice by the correlation of the scores: two identical measures
    cost nothing, two independent ones a factor of two. ``block``, ``explained`` and ``pooled`` (one a measure)
    are those of ``t_p``.
    """
    singles = [t_p(score, block, explained, least) for score, least in zip(scores, pooled, strict=True)]
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


def one_sided_p(scores: Floats, block: int = 1) -> float:
    """Return the p of the hypothesis that the scores of the sessions are not above 0 on average."""
    found = t_p(scores, block)
    return found / 2 if scores.sum() > 0 else 1 - found / 2


def t_p(scores: Floats, block: int = 1, explained: float = 0.0, pooled: float = 0.0) -> float:
    """Return the two-sided p of the hypothesis that the value does not depend on the bucket.

    Under the null hypothesis the scores of the sessions are draws around 0; their t statistic is compared with
    Student's distribution. Because the scores are made under the null hypothesis, a bucket that only a few
    sessions fill cannot look significant. Sessions within a ``block`` of so many may resemble each other: what
    they have in common beyond chance is added to the variance. ``explained`` is the share of the variance
    between sessions that held columns took away. ``pooled`` is the variance that the scores' sum would have if
    all rows varied alike, and the least that counts: a bucket that misses the few large wins has a low mean
    and, by the same chance, a low variance of its own. 1 when nothing varies. Sources: the cluster-robust score
    test, Wooldridge (2010), Econometric Analysis, chapter 8; for neighbouring sessions, Newey and West (1987),
    "A Simple, Positive Semi-definite, Heteroskedasticity and Autocorrelation Consistent Covariance Matrix".
    """
    counted = scores != 0
    count = int(counted.sum())
    spread = float(scores @ scores)
    if count < 2 or spread <= 0:
        return 1.0
    spread = max((spread + _alike(scores, counted, block)) / (1 - explained), pooled)
    share = float(scores.sum()) ** 2 / (spread * count)
    if share >= 1:
        # Every score is the same: keep t finite, so that p depends on how many there are.
        share = 1 - 1e-12
    t = np.sqrt(share * (count - 1) / (1 - share))
    return float(2 * stdtr(count - 1, -t))


def _alike(scores: Floats, counted: NDArray[np.bool_], block: int) -> float:
    """Return what neighbouring sessions have in common beyond one standard error of independent ones."""
    weights = 1 - np.arange(1, min(block, len(scores))) / block
    if len(weights) == 0:
        return 0.0
    count = int(counted.sum())
    centred = np.where(counted, scores - scores.sum() / count, 0.0)
    products = [float(centred[lag:] @ centred[:-lag]) for lag in range(1, len(weights) + 1)]
    chance = float(centred @ centred) * float(np.sqrt(weights @ weights / count))
    return 2 * max(0.0, float(weights @ products) - chance)


def family_wise(p: Floats, weights: Floats) -> Floats:
    """Return each p counted for all tests made: the chance that any of them looks so certain without an effect.

    ``weights`` say where an effect could be detected; they are scaled to a mean of 1 and must not depend on
    the outcomes. A bound on this chance bounds the false-discovery rate too, and true discoveries beside it
    do not loosen it. Sources: Bonferroni (1936); with weights, Genovese, Roeder and Wasserman (2006), "False
    Discovery Control with p-Value Weighting".
    """
    if len(p) == 0:
        return np.empty(0)
    counted: Floats = np.minimum(1.0, p * weights.sum() / weights)
    return counted
