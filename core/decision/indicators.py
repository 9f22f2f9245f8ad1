"""Figures of daily bars: relative strength, realised volatility, and slope of the trend."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

RSI_PERIOD = 14
VOLATILITY_DAYS = 20
TREND_DAYS = 20
SESSIONS_A_YEAR = 252


def wilder_rsi(closes: Sequence[float], period: int = RSI_PERIOD) -> float | None:
    """Return the relative strength index, 0–100, after the last close; oldest close first.

    The first averages of gains and losses are means over ``period`` changes, the later ones are smoothed as
    (average·(period-1) + change) / period. ``None`` with fewer than ``period`` + 1 closes; 50 if nothing moved.
    Source: J. W. Wilder, New Concepts in Technical Trading Systems (1978).
    """
    if len(closes) < period + 1:
        return None
    changes = [after - before for before, after in itertools.pairwise(closes)]
    gain = sum(max(0.0, change) for change in changes[:period]) / period
    loss = sum(max(0.0, -change) for change in changes[:period]) / period
    for change in changes[period:]:
        gain += (max(0.0, change) - gain) / period
        loss += (max(0.0, -change) - loss) / period
    if gain + loss == 0:
        return 50.0
    return 100 * gain / (gain + loss)


def realised_volatility(closes: Sequence[float], days: int = VOLATILITY_DAYS) -> float | None:
    """Return the standard deviation of the last ``days`` logarithmic returns, a year; oldest close first.

    ``None`` with fewer than ``days`` + 1 closes, or when one is not positive.
    """
    last = closes[-days - 1 :]
    if len(last) < days + 1 or min(last) <= 0:
        return None
    returns = [math.log(after / before) for before, after in itertools.pairwise(last)]
    mean = sum(returns) / days
    return math.sqrt(sum((r - mean) ** 2 for r in returns) / (days - 1) * SESSIONS_A_YEAR)


def trend_slope(closes: Sequence[float], days: int = TREND_DAYS) -> float | None:
    """Return the slope of the straight line through the logarithms of the last ``days`` closes, a session.

    0.01 is a rise of about 1 % each session. ``None`` with fewer closes, or when one is not positive.
    """
    last = closes[-days:]
    if len(last) < days or min(last) <= 0:
        return None
    middle = (days - 1) / 2
    logs = [math.log(close) for close in last]
    return sum((i - middle) * y for i, y in enumerate(logs)) / sum((i - middle) ** 2 for i in range(days))
