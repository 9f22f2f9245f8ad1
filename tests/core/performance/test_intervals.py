"""Intervals: Wilson's, the bootstrap by session, and the cluster-robust normal above 5,000 trades."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from scipy.special import stdtrit
from synthetic_ledgers import CELLS, Cell, coverage

from core.performance import Trades, metrics
from core.performance.intervals import (
    BOOTSTRAP_TRADES,
    Sampler,
    Z,
    block_variance,
    critical_value,
    percentiles,
    student,
    wilson,
)

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


def test_few_sessions_have_no_interval(in_a_row: Any) -> None:
    one, four = metrics(in_a_row([1.0, -2.0, 3.0])), metrics(in_a_row([1.0, -2.0, 3.0, 4.0], hours=24))
    five = metrics(in_a_row([1.0, -2.0, 3.0, 4.0, -1.0], hours=24))
    for metric, why in (
        (one.expectancy, "one session, 5 needed"),
        (one.net_pnl, "one session, 5 needed"),
        (one.win_rate, "one session, 2 needed"),
        (four.profit_factor, "4 sessions, 5 needed"),
    ):
        assert (metric.low, metric.high, metric.reason) == (None, None, f"no interval: {why}")
    assert four.win_rate.low is not None
    assert five.expectancy.low is not None and five.expectancy.sessions == 5


# trades, sessions, status of every metric of them
ENOUGH = [
    (30, 10, "OK"),
    (29, 10, "INSUFFICIENT_DATA"),
    (300, 9, "INSUFFICIENT_DATA"),
    (10, 10, "INSUFFICIENT_DATA"),
]


@pytest.mark.parametrize(("trades", "sessions", "status"), ENOUGH)
def test_ok_needs_thirty_trades_and_ten_sessions(trades: int, sessions: int, status: str) -> None:
    at = MONDAY + (np.arange(trades) % sessions) * DAY + np.arange(trades) * 1_000_000
    net = np.where(np.arange(trades) % 3 == 0, -50.0, 40.0)
    made = metrics(Trades.from_columns(net, at))
    assert {metric.status for metric in (made.expectancy, made.win_rate, made.max_drawdown)} == {status}
    assert made.expectancy.sessions == sessions


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


def test_the_error_of_a_ratio_by_hand() -> None:
    # Three sessions make blocks of one: a third of the sample, Student's t of 2 degrees of freedom.
    critical = (Z + 2.9694 / 3 + 0.4160 / 9 - 0.5324 / 27) * 4.30265 / Z * math.sqrt(3 / 2)
    assert critical_value(3) == pytest.approx(critical)
    # Sums over counts: ratio 20/8 = 2.5, residuals -.5, -1, 1.5, .5, -.5.
    rows = np.array([[2.0, 1.0], [4.0, 2.0], [9.0, 3.0], [3.0, 1.0], [2.0, 1.0]])
    made = Sampler(rows, bootstrap=False).ratio(0, 1)
    half = critical_value(5) * math.sqrt(block_variance(np.array([-0.5, -1.0, 1.5, 0.5, -0.5]))) / 8
    assert made.low == pytest.approx(2.5 - half)
    assert made.high == pytest.approx(2.5 + half)


def test_sessions_that_resemble_their_neighbours_count_for_less() -> None:
    one_by_one = np.array([3.0, -1.0, 2.0, -4.0, 1.0, -1.0] * 5)
    in_runs = np.sort(one_by_one)
    assert block_variance(in_runs) > 3 * float(in_runs @ in_runs) > 3 * block_variance(one_by_one)


def test_the_critical_value_falls_to_that_of_a_large_sample() -> None:
    values = [critical_value(n) for n in (10, 20, 60, 250, 1000)]
    assert values == sorted(values, reverse=True) and values[-1] == pytest.approx(Z, rel=0.05)
    for freedom in (1, 2, 5, 9, 29, 200):
        assert student(freedom) == pytest.approx(stdtrit(freedom, 0.975), abs=0.01 if freedom < 10 else 1e-4)


# wins of twenty days of ten trades -> how many independent trades they are worth
WORTH = [
    ("days that win or lose as a whole", [10, 0] * 10, 20),
    ("days that are all alike", [5] * 20, 400),
    ("days as coins fall", [4, 6, 5, 7, 3, 5, 4, 6, 6, 4] * 2, 400),
]


@pytest.mark.parametrize(("wins", "worth"), [row[1:] for row in WORTH], ids=[row[0] for row in WORTH])
def test_a_win_rate_counts_the_trades_that_a_day_shares_once(wins: list[int], worth: int) -> None:
    won = np.array(wins, dtype=float)
    if worth == 20:
        won = np.random.default_rng(8).permutation(won)
    made = Sampler(np.column_stack((won, np.full(20, 10.0))), bootstrap=False).rate(0, 1)
    alike = wilson(worth / 2, worth, critical_value(20))
    assert made.high - made.low == pytest.approx(alike.high - alike.low, rel=0.35)


@pytest.mark.parametrize("cell", CELLS, ids=[cell.name for cell in CELLS])
def test_intervals_hold_the_truth_about_as_often_as_they_say(cell: Cell) -> None:
    """100 ledgers of 40 sessions each: an interval of 95 % misses 5; more than 15 would be no accident."""
    held = coverage(cell, sessions=40, ledgers=100)
    print({name: f"{share:.0%}" for name, share in held.items()})
    assert min(held.values()) >= 0.85


@pytest.mark.slow
@pytest.mark.parametrize("sessions", [20, 40, 60, 120, 250])
@pytest.mark.parametrize("cell", CELLS, ids=[cell.name for cell in CELLS])
def test_intervals_hold_the_truth_in_four_hundred_ledgers(cell: Cell, sessions: int) -> None:
    held = coverage(cell, sessions=sessions, ledgers=400)
    print({name: f"{share:.1%}" for name, share in held.items()})
    assert min(held.values()) >= 0.89


def test_draws_of_hundreds_of_sessions_spread_as_their_blocks_do() -> None:
    net = np.random.default_rng(2).normal(1, 50, 400)
    made = metrics(columns(net, 1)).expectancy
    width = 2 * critical_value(400) * math.sqrt(block_variance(net - net.mean())) / 400
    assert made.high - made.low == pytest.approx(width, rel=0.1)
