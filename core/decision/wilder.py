"""Wilder's average true range over completed bars."""

from __future__ import annotations

from collections.abc import Sequence

PERIOD = 14


def wilder_atr(
    highs: Sequence[float], lows: Sequence[float], closes: Sequence[float], period: int = PERIOD
) -> float | None:
    """Return the average true range after the last bar, in the units of the prices; oldest bar first.

    The first average is the mean of ``period`` true ranges, each later one (ATR·(period-1) + TR) / period.
    ``None`` with fewer than ``period`` + 1 bars; only the close of the first one is used. Source: J. W.
    Wilder, New Concepts in Technical Trading Systems (1978).
    """
    if len(closes) < period + 1:
        return None
    ranges = [
        max(high, before) - min(low, before)
        for high, low, before in zip(highs[1:], lows[1:], closes[:-1], strict=True)
    ]
    average = sum(ranges[:period]) / period
    for true_range in ranges[period:]:
        average += (true_range - average) / period
    return average
