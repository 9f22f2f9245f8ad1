"""Wilder's average true range on a table that can be added up by hand."""

from __future__ import annotations

import pytest

from core.decision.wilder import wilder_atr

# (high, low, close); true ranges with period 3: 2, then 5 (gap up from 11 to 16), 4 (gap down), then 1.
BARS = [(12.0, 10.0, 11.0), (12.0, 10.0, 11.0), (16.0, 15.0, 15.0), (13.0, 11.0, 12.0), (12.5, 11.5, 12.0)]


def test_gaps_count_and_later_bars_weigh_a_third() -> None:
    highs, lows, closes = zip(*BARS, strict=True)
    first = wilder_atr(highs[:4], lows[:4], closes[:4], period=3)
    assert first == pytest.approx((2 + 5 + 4) / 3)
    assert wilder_atr(highs, lows, closes, period=3) == pytest.approx((first * 2 + 1) / 3)


def test_too_few_bars_are_none() -> None:
    highs, lows, closes = zip(*BARS, strict=True)
    assert wilder_atr(highs[:3], lows[:3], closes[:3], period=3) is None
    assert wilder_atr(highs, lows, closes) is None
    assert wilder_atr([2.0] * 15, [1.0] * 15, [1.5] * 15) == pytest.approx(1.0)
