"""Performance report: the trades, sessions and points it contains."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from core.performance import CUTS, Trades, curve, histogram, metrics, report
from core.performance.report import MOST_POINTS


def test_a_report_of_all_counts_sessions_up_to_the_day_before(on_sessions: Any) -> None:
    trades = on_sessions([5.0, -4.0] * 16)
    end = trades[-1].exit_time
    same_day, weeks_later = end + timedelta(hours=3), end + timedelta(days=14)
    columns = Trades.from_trades(trades)
    assert report(columns, as_of=same_day).metrics == metrics(trades)
    assert report(columns, as_of=same_day).metrics.sharpe.n == 32
    assert report(columns, as_of=weeks_later).metrics.sharpe.n == 32 + 9
    assert list(report(columns, as_of=same_day).cuts) == list(CUTS)


def test_a_window_holds_its_days_and_no_session_before_the_first_exit_ever(on_sessions: Any) -> None:
    trades = on_sessions([5.0, -4.0] * 40)
    now = trades[-1].exit_time + timedelta(hours=3)
    columns = Trades.from_trades(trades)
    made = report(columns, as_of=now, window_days=60, cuts=("symbol",))
    inside = [t for t in trades if t.exit_time > now - timedelta(days=60)]
    assert made.metrics.trades == len(inside) == made.cuts["symbol"][0].metrics.trades
    assert made.metrics.net_pnl == metrics(inside).net_pnl
    assert made.metrics.sharpe.n == len(inside)
    # Older than the ledger: the window reaches back no further than its first exit.
    assert report(columns, as_of=now, window_days=900).metrics.sharpe.n == 80
    empty = report(columns, as_of=now + timedelta(days=365), window_days=30)
    assert (empty.metrics.trades, empty.metrics.expectancy.reason, empty.curve) == (0, "no trades", ())


def test_the_curve_of_many_exits_keeps_the_deepest_point(in_a_row: Any) -> None:
    random = np.random.default_rng(8)
    columns = Trades.from_trades(in_a_row(random.normal(1, 50, 4000), hours=0.5))
    made, drawn = report(columns, as_of=columns_end(columns), cuts=()), curve(columns)
    assert len(made.curve) <= MOST_POINTS
    assert min(p.underwater for p in made.curve) == drawn.underwater.min() == -made.metrics.max_drawdown.value
    assert made.curve[-1].cumulative == pytest.approx(made.metrics.net_pnl.value)


def columns_end(trades: Trades) -> Any:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(int(trades.exit_at[-1]) / 1e6, UTC)


def test_the_curve_by_hand(in_a_row: Any) -> None:
    drawn = curve(Trades.from_trades(in_a_row([-50.0, 80.0, -20.0, 10.0])))
    assert drawn.cumulative.tolist() == [-50.0, 30.0, 10.0, 20.0]
    assert drawn.underwater.tolist() == [-50.0, 0.0, -20.0, -10.0]


def test_excursions_are_those_that_are_known(in_a_row: Any) -> None:
    known, unknown = in_a_row([10.0], mae=-3.0, mfe=12.0), in_a_row([5.0])
    (only,) = report(Trades.from_trades([*known, *unknown]), as_of=known[0].exit_time).excursions
    assert (only.mae, only.mfe, only.net) == (-3.0, 12.0, 10.0)


@pytest.mark.parametrize(
    ("values", "edges", "counts"),
    [
        ([], (), ()),
        ([5.0], (0.0, 5.0, 10.0), (0, 1)),
        ([-10.0, -1.0, 0.0, 9.0], (-10.0, -5.0, 0.0, 5.0, 10.0), (1, 1, 1, 1)),
        ([0.0, 0.0], (0.0, 1.0), (2,)),
    ],
)
def test_histogram(values: list[float], edges: tuple[float, ...], counts: tuple[int, ...]) -> None:
    made = histogram(np.array(values), bins=4 if len(values) > 1 else 1)
    assert made.counts == counts and made.edges == pytest.approx(edges)


def test_a_histogram_counts_every_value_and_has_zero_as_an_edge() -> None:
    values = np.random.default_rng(6).normal(3, 700, 5_000)
    made = histogram(values)
    assert sum(made.counts) == 5_000
    assert 0.0 in made.edges and len(made.counts) <= 22
    below = sum(c for c, start in zip(made.counts, made.edges, strict=False) if start < 0)
    assert below == (values < 0).sum()


def test_first_and_last_are_exchange_days(on_sessions: Any) -> None:
    made = report(
        Trades.from_trades(on_sessions([1.0, 2.0])), as_of=on_sessions([1.0])[0].exit_time + timedelta(days=9)
    )
    assert (made.metrics.first, made.metrics.last) == (date(2026, 1, 5), date(2026, 1, 6))
