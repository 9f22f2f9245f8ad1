"""95 % intervals: Wilson for rates; for means a seeded bootstrap by session, above 5,000 trades a normal.

Trades of one session share its market, so whole sessions are drawn. Sources: Wilson (1927), "Probable
inference"; percentile bootstrap of clusters, Davison and Hinkley (1997), section 3.8; for the normal,
linearised ratio estimators with clusters, Cochran (1977), chapter 6.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.performance.columns import Floats

Z = 1.959963984540054
"""The 97.5 % point of the normal distribution."""
DRAWS = 2_000
BOOTSTRAP_TRADES = 5_000
"""Largest number of trades the bootstrap is used for."""
SEED = 20_120
FEW_SESSIONS = 10
"""An interval from fewer sessions carries a note that it rests on few."""
RESTS_ON = "the interval rests on"
_CACHED_SESSIONS = 256
_ROWS_AT_ONCE = 250
_MOST_UNDEFINED = 0.05

_Counts = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Interval:
    """Both ends of an interval; an end is ``None`` when it does not exist, with the ``reason``."""

    low: float | None
    high: float | None
    reason: str | None = None


def wilson(successes: float, n: float) -> Interval:
    """Return Wilson's score interval of a rate (Wilson 1927); none without trials."""
    if n <= 0:
        return Interval(None, None, "no trades")
    rate, square = successes / n, Z * Z
    centre = (rate + square / (2 * n)) / (1 + square / n)
    half = Z / (1 + square / n) * math.sqrt(rate * (1 - rate) / n + square / (4 * n * n))
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


class Sampler:
    """Intervals of values that are calculated from sums over sessions.

    ``rows`` holds one row per session. Without ``bootstrap`` the normal interval of the linearised value is
    used.
    """

    def __init__(self, rows: Floats, *, bootstrap: bool, seed: int = SEED) -> None:
        self.rows = rows
        self.sessions = len(rows)
        self._drawn = _draw(rows, seed) if bootstrap and self.sessions > 1 else None

    def ratio(self, above: int, below: int) -> Interval:
        """Return the interval of one column's sum over another's; arguments are column indices."""
        if self.sessions < 2:
            return _ONE_SESSION
        if self._drawn is not None:
            with np.errstate(divide="ignore", invalid="ignore"):
                return self._with_note(percentiles(self._drawn[:, above] / self._drawn[:, below]))
        a, b = self.rows[:, above], self.rows[:, below]
        total = float(b.sum())
        value = float(a.sum()) / total
        return self._with_note(normal(value, (a - value * b) * (self.sessions / total)))

    def total(self, column: int) -> Interval:
        """Return the interval of one column's sum."""
        if self.sessions < 2:
            return _ONE_SESSION
        if self._drawn is not None:
            return self._with_note(percentiles(self._drawn[:, column]))
        a = self.rows[:, column]
        return self._with_note(normal(float(a.sum()), (a - a.mean()) * self.sessions))

    def function(self, statistic: Callable[[Floats], Floats], value: float, influence: Floats) -> Interval:
        """Return the interval of any function of the columns' sums.

        ``statistic`` maps draws × columns to one value per draw, ``influence`` has one value per session.
        """
        if self.sessions < 2:
            return _ONE_SESSION
        if self._drawn is not None:
            with np.errstate(divide="ignore", invalid="ignore"):
                return percentiles(statistic(self._drawn))
        return normal(value, influence)

    def _with_note(self, interval: Interval) -> Interval:
        if self.sessions >= FEW_SESSIONS or interval.reason is not None:
            return interval
        return Interval(interval.low, interval.high, f"{RESTS_ON} {self.sessions} sessions only")


_ONE_SESSION = Interval(None, None, "no interval: one session")


def normal(value: float, influence: Floats) -> Interval:
    """Return the normal interval of a value from its influence values, one per session."""
    count = len(influence)
    error = math.sqrt(float(influence @ influence) / (count * (count - 1)))
    return Interval(value - Z * error, value + Z * error)


def percentiles(draws: Floats) -> Interval:
    """Return the 2.5 and 97.5 % points of drawn values.

    An infinite end is ``None``; both are when more than 5 % of the draws are undefined.
    """
    defined = np.sort(draws[~np.isnan(draws)])
    count = len(defined)
    if count < (1 - _MOST_UNDEFINED) * len(draws):
        return Interval(None, None, "no interval: undefined in too many of the draws")
    # No interpolation between two draws, because a draw may be infinite.
    low, high = float(defined[math.ceil(0.025 * count) - 1]), float(defined[math.ceil(0.975 * count) - 1])
    if math.isfinite(low) and math.isfinite(high):
        return Interval(low, high)
    ends = (low if math.isfinite(low) else None, high if math.isfinite(high) else None)
    return Interval(*ends, "no upper bound: some draws hold no loss")


def _draw(rows: Floats, seed: int) -> Floats:
    sessions = len(rows)
    blocks = _cached(sessions, seed) if sessions <= _CACHED_SESSIONS else _blocks(sessions, seed)
    return np.concatenate([block.astype(np.float64) @ rows for block in blocks])


@lru_cache(maxsize=32)
def _cached(sessions: int, seed: int) -> tuple[_Counts, ...]:
    return tuple(_blocks(sessions, seed))


def _blocks(sessions: int, seed: int) -> Iterator[_Counts]:
    """Yield how often each session is drawn, in blocks of draws."""
    random = np.random.default_rng(seed)
    offsets = np.arange(_ROWS_AT_ONCE)[:, None] * sessions
    for _ in range(DRAWS // _ROWS_AT_ONCE):
        drawn = random.integers(0, sessions, (_ROWS_AT_ONCE, sessions)) + offsets
        times = np.bincount(drawn.ravel(), minlength=_ROWS_AT_ONCE * sessions)
        # uint8 is enough: each session is drawn once on average, never 256 times.
        yield times.reshape(_ROWS_AT_ONCE, sessions).astype(np.uint8)
