"""Statistics of observations with n, interval, status and reason, drawn by whole sessions.

Observations of one session share its market. Intervals are those of ``core.performance.intervals``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.execution_band import UNKNOWN, ExecutionBand
from core.performance.intervals import BOOTSTRAP_TRADES, Interval, Sampler
from core.performance.metric import Metric
from core.performance.metrics import status_of

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def undefined(n: int, unit: str, reason: str, of: str = "signals", sessions: int = 0) -> Metric:
    """Return a metric without a value, with the reason."""
    return Metric(
        value=None, n=n, status=status_of(n, sessions), reason=reason, unit=unit, of=of, sessions=sessions
    )


def metric_of(
    value: float, n: int, unit: str, interval: Interval, sessions: int, of: str = "signals"
) -> Metric:
    """Return a metric with its interval; ``sessions`` counts the sessions that have its items."""
    return Metric(
        value=value, n=n, low=interval.low, high=interval.high, reason=interval.reason, unit=unit, of=of,
        status=status_of(n, sessions), sessions=sessions,
    )  # fmt: skip


def rate(successes: Flags, day: NDArray[Any], of: str = "signals") -> Metric:
    """Return the rate of successes as a fraction, with Wilson's interval for its effective sample size."""
    n = len(successes)
    if n == 0:
        return undefined(0, "fraction", f"no {of}", of)
    rows = by_session(day, successes.astype(np.float64), np.ones(n))
    interval = Sampler(rows, bootstrap=False).rate(0, 1)
    return metric_of(float(successes.mean()), n, "fraction", interval, len(rows), of)


def mean(values: Floats, day: NDArray[Any], unit: str, of: str = "signals") -> Metric:
    """Return the mean of the known values."""
    known = ~np.isnan(values)
    values, day = values[known], day[known]
    if len(values) == 0:
        return undefined(0, unit, f"no {of} with a known value", of)
    sampler = Sampler(by_session(day, values, np.ones(len(values))), bootstrap=_few(values))
    return metric_of(float(values.mean()), len(values), unit, sampler.ratio(0, 1), sampler.sessions, of)


def total(values: Floats, day: NDArray[Any], unit: str, of: str = "signals") -> Metric:
    """Return the sum of values, all of them known."""
    if len(values) == 0:
        return undefined(0, unit, f"no {of}", of)
    sampler = Sampler(by_session(day, values), bootstrap=_few(values))
    return metric_of(float(values.sum()), len(values), unit, sampler.total(0), sampler.sessions, of)


def with_band(metric: Metric, bands: Floats | None) -> Metric:
    """Return a sum with its values by execution, added up from rows of (best, expected, worst)."""
    if metric.value is None or bands is None:
        return metric
    unknown = int(np.isnan(bands).any(axis=1).sum())
    if unknown:
        return replace(metric, band_reason=f"{UNKNOWN} for {unknown:,} of {len(bands):,} {metric.of}")
    best, expected, worst = bands.sum(axis=0).tolist()
    return replace(metric, band=ExecutionBand(best=best, expected=expected, worst=worst))


def difference(values: Floats, day: NDArray[Any], one: Flags, other: Flags, unit: str) -> Metric:
    """Return the mean of ``one`` less that of ``other``; the masks may overlap, n is the smaller of the two."""
    known = ~np.isnan(values)
    one, other = one & known, other & known
    counts = (int(one.sum()), int(other.sum()))
    if min(counts) == 0:
        return undefined(min(counts), unit, "nothing to compare with")
    used = one | other
    filled = np.where(known, values, 0.0)
    rows = by_session(
        day[used],
        *((filled * mask)[used] if sums else mask[used].astype(np.float64)
          for mask in (one, other) for sums in (True, False)),
    )  # fmt: skip
    means = (float(filled[one].mean()), float(filled[other].mean()))
    influence = _centred(rows[:, 0], rows[:, 1], means[0]) - _centred(rows[:, 2], rows[:, 3], means[1])
    sampler = Sampler(rows, bootstrap=_few(values))
    interval = sampler.function(_difference, means[0] - means[1], influence)
    sessions = int(min(np.count_nonzero(rows[:, 1]), np.count_nonzero(rows[:, 3])))
    return metric_of(means[0] - means[1], min(counts), unit, interval, sessions)


def by_session(day: NDArray[Any], *columns: NDArray[Any]) -> Floats:
    """Return the sums of columns over each day that has rows: shape (sessions, columns)."""
    _, codes = np.unique(day, return_inverse=True)
    return np.stack([np.bincount(codes, weights=column) for column in columns], axis=1)


def _difference(sums: Floats) -> Floats:
    difference: Floats = sums[:, 0] / sums[:, 1] - sums[:, 2] / sums[:, 3]
    return difference


def _centred(sums: Floats, counts: Floats, mean: float) -> Floats:
    centred: Floats = (sums - mean * counts) * (len(sums) / counts.sum())
    return centred


def _few(values: Floats) -> bool:
    return len(values) <= BOOTSTRAP_TRADES
