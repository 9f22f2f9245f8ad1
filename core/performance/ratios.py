"""Sharpe and Sortino ratios of the net P&L per session."""

from __future__ import annotations

import math

import numpy as np

from core.performance.columns import Floats
from core.performance.intervals import SEED, Interval, Sampler
from core.performance.metric import Metric, Status

LEAST_SESSIONS = 30
SESSIONS_A_YEAR = 252
_YEAR = math.sqrt(SESSIONS_A_YEAR)
_DECIMALS = 9
_NOTHING = 1e-12
"""A deviation below this fraction of the values it is made of is a rounding error."""


def session_ratios(series: Floats | str, *, bootstrap: bool, seed: int = SEED) -> tuple[Metric, Metric]:
    """Return Sharpe and Sortino of dollars per session, annualised by √252, without a risk-free rate.

    Sharpe (1966, 1994): mean / standard deviation (ddof 1). Sortino (Sortino and Price 1994): mean /
    √mean(min(0, x)²). They agree with ``empyrical.sharpe_ratio`` and ``empyrical.sortino_ratio`` at a
    required return of 0, and with quantstats' Sortino. Both are undefined below 30 sessions or when the
    denominator is 0. A text instead of the series is the reason why there is no series.
    """
    if isinstance(series, str):
        return _undefined(0, series), _undefined(0, series)
    count = len(series)
    if count < LEAST_SESSIONS:
        few = _undefined(count, f"{count} session{'' if count == 1 else 's'}, {LEAST_SESSIONS} are needed")
        return few, few
    # Sums of the same trades in another order differ in their last bits, and a draw of nearly equal sessions
    # divides by that difference. A billionth of a dollar is finer than any P&L.
    series = np.round(series, _DECIMALS)
    mean = float(series.mean())
    centred, below = series - mean, np.minimum(series, 0.0) ** 2
    rows = np.column_stack((series, centred, centred**2, below))
    sampler = Sampler(rows, bootstrap=bootstrap, seed=seed)
    variance, downside = float(centred @ centred) / (count - 1), float(below.mean())
    nothing = (_NOTHING * float(np.abs(series).max())) ** 2

    def sharpe_of(sums: Floats) -> Floats:
        drawn = (sums[:, 2] - sums[:, 1] ** 2 / count) / (count - 1)
        # In a draw of equal sessions the difference above is only a rounding error.
        spread = np.sqrt(np.where(drawn > _NOTHING * sums[:, 2], drawn, 0.0))
        ratio: Floats = sums[:, 0] / count / spread * _YEAR
        return ratio

    def sortino_of(sums: Floats) -> Floats:
        ratio: Floats = sums[:, 0] / count / np.sqrt(sums[:, 3] / count) * _YEAR
        return ratio

    sharpe = sortino = None
    if variance > nothing:
        sigma = math.sqrt(variance)
        influence = (centred / sigma - mean / (2 * sigma**3) * (centred**2 - variance)) * _YEAR
        value = mean / sigma * _YEAR
        sharpe = _defined(value, count, sampler.function(sharpe_of, value, influence))
    if downside > 0:
        root = math.sqrt(downside)
        influence = (centred / root - mean / (2 * root**3) * (below - downside)) * _YEAR
        value = mean / root * _YEAR
        sortino = _defined(value, count, sampler.function(sortino_of, value, influence))
    return (
        sharpe or _undefined(count, "every session made the same P&L"),
        sortino or _undefined(count, "no losing session"),
    )


def _defined(value: float, sessions: int, interval: Interval) -> Metric:
    return Metric(
        value=value, n=sessions, low=interval.low, high=interval.high, reason=interval.reason,
        status=Status.OK, unit="ratio", of="sessions",
    )  # fmt: skip


def _undefined(sessions: int, reason: str) -> Metric:
    status = Status.OK if sessions >= LEAST_SESSIONS else Status.INSUFFICIENT_DATA
    return Metric(value=None, n=sessions, status=status, reason=reason, unit="ratio", of="sessions")
