"""Intervals: Wilson's, the bootstrap by session, and the cluster-robust normal above 5,000 trades."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from core.performance import Trades, metrics
from core.performance.intervals import BOOTSTRAP_TRADES, Sampler, percentiles, wilson

DAY = 86_400_000_000
MONDAY = int(datetime(2020, 1, 6, 15, tzinfo=UTC).timestamp()) * 1_000_000


def columns(net: np.ndarray[Any, Any], per_day: int) -> Trades:
    """So many trades a day, seven days a week, from a Monday on."""
    at = MONDAY + (np.arange(len(net)) // per_day) * DAY + (np.arange(len(net)) % per_day) * 60_000_000
    return Trades.from_columns(net, at)


@pytest.mark.parametrize(
    ("wins", "n", "low", "high"),
    [
        (8, 10, 0.490162471536642, 0.943317848545625),
        (0, 10, 0.0, 0.277532799862889),
        (10, 10, 0.722467200137111, 1.0),
        (50, 100, 0.403831530365996, 0.596168469634004),
    ],
)
def test_wilson(wins: int, n: int, low: float, high: float) -> None:
    made = wilson(wins, n)
    assert (made.low, made.high) == (pytest.approx(low, abs=1e-9), pytest.approx(high, abs=1e-9))


def test_wilson_solves_its_own_equation() -> None:
    for wins, n in ((3, 17), (120, 200), (1, 2)):
        made, rate = wilson(wins, n), wins / n
        for end in (made.low, made.high):
            assert end is not None
            assert abs(rate - end) == pytest.approx(1.959963984540054 * math.sqrt(end * (1 - end) / n))


def test_the_bootstrap_is_seeded_and_holds_the_value(in_a_row: Any) -> None:
    trades = in_a_row([120.0, -80.0, 45.0, -60.0] * 25, hours=11.0)
    one, two = metrics(trades), metrics(trades)
    assert one == two
    other = metrics(trades, seed=1)
    assert (other.expectancy.low, other.expectancy.high) != (one.expectancy.low, one.expectancy.high)
    for name in ("expectancy", "average_win", "average_loss", "profit_factor", "net_pnl"):
        m = getattr(one, name)
        assert m.low < m.value < m.high, name


def test_one_session_has_no_interval_and_few_say_so(in_a_row: Any) -> None:
    one, three = metrics(in_a_row([1.0, -2.0, 3.0])), metrics(in_a_row([1.0, -2.0, 3.0, 4.0], hours=24))
    assert (one.expectancy.low, one.expectancy.reason) == (None, "no interval: one session")
    assert three.expectancy.low is not None
    assert three.expectancy.reason == "the interval rests on 4 sessions only"


def test_a_profit_factor_that_a_draw_may_make_infinite_has_no_upper_bound(in_a_row: Any) -> None:
    made = metrics(in_a_row([5.0] * 20 + [-1.0], hours=24)).profit_factor
    assert (made.value, made.high) == (pytest.approx(100.0), None)
    assert made.low is not None and made.reason == "no upper bound: some draws hold no loss"


def test_a_mean_that_most_draws_cannot_tell_has_no_interval() -> None:
    drawn = np.concatenate((np.full(150, np.nan), np.arange(1850.0)))
    assert percentiles(drawn).reason == "no interval: undefined in too many of the draws"
    assert percentiles(drawn[80:]).reason is None


def test_trades_of_one_session_are_not_taken_for_independent() -> None:
    """What happens twenty times on one day is one piece of news: the interval must not shrink by √20."""
    daily = np.random.default_rng(3).normal(0, 100, 60)
    once, copied = metrics(columns(daily, 1)), metrics(columns(np.repeat(daily, 20), 20))
    assert copied.expectancy.value == pytest.approx(once.expectancy.value)
    assert copied.expectancy.low == pytest.approx(once.expectancy.low)
    assert copied.expectancy.high == pytest.approx(once.expectancy.high)


def test_above_five_thousand_the_normal_agrees_with_the_bootstrap() -> None:
    random = np.random.default_rng(5)
    net = random.normal(0, 60, 600).repeat(9) + random.normal(8, 90, 5400)
    many, fewer = metrics(columns(net, 9)), metrics(columns(net[:5000], 9))
    assert many.trades > BOOTSTRAP_TRADES >= fewer.trades
    for name in (
        "expectancy",
        "average_win",
        "average_loss",
        "profit_factor",
        "net_pnl",
        "sharpe",
        "sortino",
    ):
        a, b = getattr(many, name), getattr(fewer, name)
        # 5,400 trades against 5,000: the width shrinks by √(5000/5400), a sum's grows by its inverse.
        scale = math.sqrt(5400 / 5000) if name == "net_pnl" else math.sqrt(5000 / 5400)
        assert (a.high - a.low) == pytest.approx((b.high - b.low) * scale, rel=0.12), name


def test_the_cluster_robust_error_by_hand() -> None:
    # Sums (2, 4, 9) over counts (1, 2, 3): ratio 15/6 = 2.5, residuals -.5, -1, 1.5 -> their squares 3.5
    rows = np.array([[2.0, 1.0], [4.0, 2.0], [9.0, 3.0]])
    made = Sampler(rows, bootstrap=False).ratio(0, 1)
    error = math.sqrt(3.5 * 3 / 2) / 6
    assert made.low == pytest.approx(2.5 - 1.959963984540054 * error)
    assert made.high == pytest.approx(2.5 + 1.959963984540054 * error)


@pytest.mark.parametrize("name", ["expectancy", "profit_factor", "sharpe"])
def test_intervals_hold_the_truth_about_as_often_as_they_say(name: str) -> None:
    """200 ledgers of 60 days with days in common: of 95 % intervals at least 88 % must hold the truth."""
    random, held = np.random.default_rng(11), 0
    truth = _truth(random)[name]
    for _ in range(200):
        m = getattr(metrics(columns(_days(random, 60), 4)), name)
        held += m.low is not None and m.low <= truth and (m.high is None or truth <= m.high)
    assert held >= 176


def _days(random: np.random.Generator, days: int) -> np.ndarray[Any, Any]:
    return random.normal(0, 40, days).repeat(4) + random.normal(10, 80, days * 4)


def _truth(random: np.random.Generator) -> dict[str, float]:
    net = _days(random, 250_000)
    # Seven days a week of trades, so every session has some.
    daily = net.reshape(-1, 4).sum(axis=1)
    return {
        "expectancy": 10.0,
        "profit_factor": float(net[net > 0].sum() / -net[net < 0].sum()),
        "sharpe": float(daily.mean() / daily.std() * math.sqrt(252)),
    }


def test_draws_of_hundreds_of_sessions_are_made_in_blocks() -> None:
    made = metrics(columns(np.random.default_rng(2).normal(1, 50, 400), 1))
    width = 2 * 1.96 * 50 / math.sqrt(400)
    assert made.expectancy.high - made.expectancy.low == pytest.approx(width, rel=0.1)
