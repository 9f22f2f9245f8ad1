"""95 % intervals: of rates, and of values calculated from sums over sessions.

Trades of one session share its market and neighbouring sessions resemble each other, so blocks of sessions
are drawn and the result is widened for small samples. Above 5,000 trades the error comes from the same blocks
without drawing. Sources: Wilson (1927), "Probable inference"; its sample size divided by the design effect,
Kish (1965), "Survey Sampling", section 8.2; circular block bootstrap, Politis and Romano (1992), "A circular
block-resampling procedure for stationary data"; linearised ratio estimators, Cochran (1977), chapter 6;
critical values for blocks that are no small part of the sample, Kiefer and Vogelsang (2005), "A New
Asymptotic Theory for Heteroskedasticity-Autocorrelation Robust Tests", table 1.
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
LEAST_SESSIONS = 5
"""Sessions below which money has no interval: with Student's 12.7 errors for two, its ends would mean nothing."""
_BLOCK = 2.0
"""Block length is this times the cube root of the number of sessions."""
_KIEFER_VOGELSANG = (Z, 2.9694, 0.4160, -0.5324)
"""Critical value at 97.5 % as a polynomial of block length over sample size, for Bartlett's weights."""
_STUDENT = {1: 12.7062, 2: 4.30265, 3: 3.18245}
"""The first points of Student's distribution, for which the expansion is too far off."""
_LEAST_DESIGN_EFFECT = 0.25
"""Trades of one session may also offset each other; an effect below this is taken for chance."""
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


def wilson(successes: float, n: float, z: float = Z) -> Interval:
    """Return Wilson's score interval of a rate (Wilson 1927) at a critical value; none without trials."""
    if n <= 0:
        return Interval(None, None, "no trades")
    rate, square = successes / n, z * z
    centre = (rate + square / (2 * n)) / (1 + square / n)
    half = z / (1 + square / n) * math.sqrt(rate * (1 - rate) / n + square / (4 * n * n))
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


def block_length(sessions: int) -> int:
    """Return the number of sessions in a block, at most half of them."""
    wanted = math.ceil(_BLOCK * math.cbrt(sessions) - 1e-9)
    return max(1, min(wanted, sessions // 2))


@lru_cache(maxsize=1024)
def critical_value(sessions: int) -> float:
    """Return the number of standard errors to each end of an interval from so many sessions, at least 2.

    The value for the blocks' share of the sample, times what Student's distribution adds for few sessions.
    """
    share = block_length(sessions) / sessions
    for_blocks = sum(factor * share**power for power, factor in enumerate(_KIEFER_VOGELSANG))
    return for_blocks * student(sessions - 1) / Z * math.sqrt(sessions / (sessions - 1))


def student(freedom: int) -> float:
    """Return the 97.5 % point of Student's distribution, to .01 and from 10 degrees of freedom to 1e-4.

    Source: Abramowitz and Stegun (1964), 26.7.5. Not taken from scipy, which takes long to load.
    """
    if freedom in _STUDENT:
        return _STUDENT[freedom]
    z, n = Z, float(freedom)
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
    )


class Sampler:
    """Intervals of values that are calculated from sums over sessions.

    ``rows`` holds one row per session, in the order of time. Without ``bootstrap`` the error of the
    linearised value is used.
    """

    def __init__(self, rows: Floats, *, bootstrap: bool, seed: int = SEED) -> None:
        self.rows = rows
        self.sessions = len(rows)
        self._drawn = _draw(rows, seed) if bootstrap and self.sessions >= LEAST_SESSIONS else None

    def ratio(self, above: int, below: int) -> Interval:
        """Return the interval of one column's sum over another's; arguments are column indices.

        A ratio of columns that are never negative is widened by factors, so that it stays above 0.
        """
        if self.sessions < LEAST_SESSIONS:
            return _too_few(self.sessions)
        a, b = self.rows[:, above], self.rows[:, below]
        total = float(b.sum())
        value = float(a.sum()) / total
        if self._drawn is None:
            return normal(value, (a - value * b) * (self.sessions / total))
        with np.errstate(divide="ignore", invalid="ignore"):
            draws = self._drawn[:, above] / self._drawn[:, below]
        positive = bool(value > 0 and (a >= 0).all() and (b >= 0).all())
        return widened(percentiles(draws), value, self.sessions, by_factors=positive)

    def rate(self, successes: int, trials: int) -> Interval:
        """Return Wilson's interval of a rate, with the number of trials divided by the design effect.

        The design effect is the variance that blocks of sessions show over that of independent trials.
        Arguments are column indices.
        """
        if self.sessions < 2:
            return _too_few(self.sessions, 2)
        won, n = self.rows[:, successes], self.rows[:, trials]
        total = float(n.sum())
        share = float(won.sum()) / total
        independent = share * (1 - share) * total
        effect = block_variance(won - share * n) / independent if independent > 0 else 1.0
        effective = total / max(effect, _LEAST_DESIGN_EFFECT)
        return wilson(share * effective, effective, critical_value(self.sessions))

    def total(self, column: int) -> Interval:
        """Return the interval of one column's sum."""
        if self.sessions < LEAST_SESSIONS:
            return _too_few(self.sessions)
        a = self.rows[:, column]
        value = float(a.sum())
        if self._drawn is None:
            return normal(value, (a - a.mean()) * self.sessions)
        return widened(percentiles(self._drawn[:, column]), value, self.sessions)

    def function(self, statistic: Callable[[Floats], Floats], value: float, influence: Floats) -> Interval:
        """Return the interval of any function of the columns' sums.

        ``statistic`` maps draws × columns to one value per draw, ``influence`` has one value per session.
        """
        if self.sessions < LEAST_SESSIONS:
            return _too_few(self.sessions)
        if self._drawn is None:
            return normal(value, influence)
        with np.errstate(divide="ignore", invalid="ignore"):
            return widened(percentiles(statistic(self._drawn)), value, self.sessions)


def _too_few(sessions: int, needed: int = LEAST_SESSIONS) -> Interval:
    known = "one session" if sessions == 1 else f"{sessions} sessions"
    return Interval(None, None, f"no interval: {known}, {needed} needed")


def block_variance(centred: Floats) -> float:
    """Return the variance of the sum of values by session, which may resemble their neighbours.

    It is the variance that drawing circular blocks gives (Bartlett's weights). At least 0.
    """
    length = block_length(len(centred))
    found = float(centred @ centred)
    for lag in range(1, length):
        found += 2 * (1 - lag / length) * float(centred @ np.roll(centred, lag))
    return max(found, 0.0)


def normal(value: float, influence: Floats) -> Interval:
    """Return the interval of a value from its influence values, one per session."""
    half = critical_value(len(influence)) * math.sqrt(block_variance(influence)) / len(influence)
    return Interval(value - half, value + half)


def widened(drawn: Interval, value: float, sessions: int, *, by_factors: bool = False) -> Interval:
    """Return an interval of draws with both ends moved away from the value, for a small sample.

    ``by_factors`` moves the logarithms of the ends. A missing end stays missing.
    """
    more = critical_value(sessions) / Z

    def moved(end: float | None) -> float | None:
        if end is None:
            return None
        if not by_factors:
            return value + more * (end - value)
        ratio = max(0.0, end / value)
        return float(value * ratio**more)

    return Interval(moved(drawn.low), moved(drawn.high), drawn.reason)


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
    """Yield how often each session is drawn in circular blocks, some draws at a time."""
    random = np.random.default_rng(seed)
    length = block_length(sessions)
    offsets = np.arange(_ROWS_AT_ONCE)[:, None] * sessions
    for _ in range(DRAWS // _ROWS_AT_ONCE):
        starts = random.integers(0, sessions, (_ROWS_AT_ONCE, -(-sessions // length)))
        drawn = (starts[:, :, None] + np.arange(length)) % sessions
        # The last block is cut, so that every draw has as many sessions as there are.
        drawn = drawn.reshape(_ROWS_AT_ONCE, -1)[:, :sessions] + offsets
        times = np.bincount(drawn.ravel(), minlength=_ROWS_AT_ONCE * sessions)
        # uint8 is enough: each session is drawn once on average, never 256 times.
        yield times.reshape(_ROWS_AT_ONCE, sessions).astype(np.uint8)
