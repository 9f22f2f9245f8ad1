"""Metrics against tables calculated by hand, to 1e-9."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from core.execution_band import ExecutionBand
from core.performance import Metrics, Status, Trade, metrics
from core.performance.accounts import Accounts
from core.performance.days import micros


def exactly(value: float) -> Any:
    return pytest.approx(value, rel=1e-9, abs=1e-9)


def values(made: Metrics, *names: str) -> tuple[float | None, ...]:
    return tuple(getattr(made, name).value for name in names)


# Ten trades, two of them scratches. Wins 100 + 200 + 50 + 150 = 500, losses 80 + 120 + 40 + 60 = 300.
#   equity from 1,000:  1,100 1,020 1,020 900 1,100 1,150 1,110 1,260 1,200 1,200
#   deepest: 1,100 -> 900 = 200, which is 18.18 % of 1,100; back at 1,100 with the fifth trade
MIXED = [100.0, -80.0, 0.0, -120.0, 200.0, 50.0, -40.0, 150.0, -60.0, 0.0]


def test_a_mixed_table_with_scratches(in_a_row: Any) -> None:
    made = metrics(in_a_row(MIXED, risk_amount=50.0, hold_time_seconds=600.0), account=1000.0)
    assert (made.trades, made.wins, made.losses, made.scratches) == (10, 4, 4, 2)
    assert made.win_rate.value == exactly(0.4)
    assert made.average_win.value == exactly(125.0)
    assert made.average_loss.value == exactly(75.0)
    assert made.expectancy.value == exactly(20.0)
    assert made.expectancy.value == exactly(0.4 * 125 - 0.4 * 75)
    assert made.profit_factor.value == exactly(500 / 300)
    assert made.average_r.value == exactly(0.4)
    assert made.net_pnl.value == exactly(200.0)
    assert made.max_drawdown.value == exactly(200.0)
    assert made.max_drawdown_pct.value == exactly(200 / 1100 * 100)
    assert made.drawdown_duration.value == exactly(4 / 24)
    assert made.drawdown_recovery.value == exactly(1 / 24)
    assert made.average_hold.value == exactly(600.0)


def test_a_scratch_counts_in_n_only(in_a_row: Any) -> None:
    without = metrics(in_a_row([10.0, 20.0, -5.0, -6.0, -7.0]))
    withs = metrics(in_a_row([10.0, 0.0, 20.0, -5.0, 0.0, -6.0, -7.0]))
    assert (without.trades, withs.trades) == (5, 7)
    assert (without.win_rate.value, withs.win_rate.value) == (exactly(2 / 5), exactly(2 / 7))
    for name in ("average_win", "average_loss", "profit_factor", "longest_win_streak", "longest_loss_streak"):
        assert getattr(withs, name).value == getattr(without, name).value
    assert values(withs, "longest_win_streak", "longest_loss_streak") == (2, 3)


TABLE = [
    # nets, win rate, avg win, avg loss, expectancy, profit factor, drawdown, best run, worst run
    ([], None, None, None, None, None, None, None, None),
    ([70.0], 1.0, 70.0, None, 70.0, None, 0.0, 1, 0),
    ([-70.0], 0.0, None, 70.0, -70.0, 0.0, 70.0, 0, 1),
    ([0.0], 0.0, None, None, 0.0, None, 0.0, 0, 0),
    ([10.0, 20.0, 30.0], 1.0, 20.0, None, 20.0, None, 0.0, 3, 0),
    ([-10.0, -20.0, -30.0], 0.0, None, 20.0, -20.0, 0.0, 60.0, 0, 3),
    ([0.0, 0.0], 0.0, None, None, 0.0, None, 0.0, 0, 0),
    ([10.0, -10.0], 0.5, 10.0, 10.0, 0.0, 1.0, 10.0, 1, 1),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: " ".join(map(str, row[0])) or "none")
def test_small_tables(row: tuple[Any, ...], in_a_row: Any) -> None:
    nets, *expected = row
    made = metrics(in_a_row(nets))
    got = values(
        made,
        *("win_rate", "average_win", "average_loss", "expectancy", "profit_factor", "max_drawdown"),
        *("longest_win_streak", "longest_loss_streak"),
    )
    assert got == tuple(None if v is None else exactly(v) for v in expected)


def test_what_is_undefined_says_why(in_a_row: Any) -> None:
    none, wins, losses = metrics([]), metrics(in_a_row([10.0, 20.0])), metrics(in_a_row([-10.0, -20.0]))
    assert {m.reason for _, m in none.items()} == {"no trades"}
    assert {m.value for _, m in none.items()} == {None}
    assert wins.average_loss.reason == "no losing trade" == wins.profit_factor.reason
    assert wins.drawdown_duration.reason == "no drawdown"
    assert losses.average_win.reason == "no winning trade"
    assert losses.average_win.n == 0
    assert losses.drawdown_recovery.reason == "not recovered yet"
    assert losses.average_r.reason == "no trade with a planned loss"
    assert losses.pnl_by_greek["theta"].reason == "no attribution known"
    for made in (none, wins, losses):
        for name, metric in made.items():
            assert metric.value is not None or metric.reason, name
            assert (metric.low is not None and metric.high is not None) or metric.reason, name
            assert metric.value is None or math.isfinite(metric.value), name


def test_the_execution_band_stands_beside_the_interval(in_a_row: Any) -> None:
    trades = [
        replace(trade, pnl_best=net + 25.0, pnl_expected=net + 10.0, pnl_worst=net)
        for trade, net in zip(in_a_row([100.0, -40.0]), (100.0, -40.0), strict=True)
    ]
    made = metrics(trades)
    assert made.net_pnl.band == ExecutionBand(best=110.0, expected=80.0, worst=60.0)
    assert made.expectancy.band == ExecutionBand(best=55.0, expected=40.0, worst=30.0)
    assert made.win_rate.band is None and made.win_rate.band_reason is None


def test_one_trade_without_a_band_leaves_the_sum_without_one_and_says_so(in_a_row: Any) -> None:
    old, new = in_a_row([100.0, -40.0])
    made = metrics([old, replace(new, pnl_best=-10.0, pnl_expected=-30.0, pnl_worst=-40.0)])
    assert made.net_pnl.band is None
    assert made.net_pnl.band_reason == "no execution band is stored for 1 of 2 trades"


def test_a_drawdown_that_is_not_recovered_has_no_length_yet(in_a_row: Any) -> None:
    #  equity 1,000 -> 1,100 (hour 0), 1,000 (1), 950 (2), 1,050 (3): the peak is never seen again
    made = metrics(in_a_row([100.0, -100.0, -50.0, 100.0]), account=1000.0)
    assert values(made, "max_drawdown", "drawdown_duration", "drawdown_recovery") == (
        exactly(150.0), None, None,
    )  # fmt: skip
    assert made.drawdown_duration.reason == made.drawdown_recovery.reason == "not recovered yet"


def test_a_loss_from_the_start_falls_from_the_account_as_it_was_at_the_opening(in_a_row: Any) -> None:
    made = metrics(in_a_row([-100.0, 150.0], hold_time_seconds=7200.0), account=1000.0)
    assert values(made, "max_drawdown", "max_drawdown_pct") == (exactly(100.0), exactly(10.0))
    assert values(made, "drawdown_duration", "drawdown_recovery") == (exactly(3 / 24), exactly(1 / 24))


def test_the_deepest_in_percent_may_be_another_than_the_deepest_in_dollars(in_a_row: Any) -> None:
    #  1,000 -> 800 is 20 %; then up to 3,000 and down to 2,700, which is 300 but 10 %
    made = metrics(in_a_row([-200.0, 2200.0, -300.0]), account=1000.0)
    assert values(made, "max_drawdown", "max_drawdown_pct") == (exactly(300.0), exactly(20.0))


def test_a_peak_reached_again_starts_the_next_drawdown_there(in_a_row: Any) -> None:
    #  hour 0 peak 100; 1 back 50; 2 peak 100 again; 3 down to 20: it fell from hour 2
    made = metrics(in_a_row([100.0, -50.0, 50.0, -80.0]))
    assert values(made, "max_drawdown", "drawdown_duration") == (exactly(80.0), None)
    again = metrics(in_a_row([100.0, -50.0, 50.0, -80.0, 80.0]))
    assert values(again, "max_drawdown", "drawdown_duration") == (exactly(80.0), exactly(2 / 24))


def test_sharpe_and_sortino_count_sessions_without_a_trade_as_zero(on_sessions: Any) -> None:
    # 40 sessions; a trade on each tenth: +100, -50, +100, -50 and on the last +100
    trades = on_sessions([0.0] * 40)
    nets = {0: 100.0, 10: -50.0, 20: 100.0, 30: -50.0, 39: 100.0}
    chosen = [
        Trade(pnl_net=net, exit_time=trades[n].exit_time, id=str(n).zfill(2)) for n, net in nets.items()
    ]
    made = metrics(chosen)
    mean, squares = 200 / 40, 3 * 100.0**2 + 2 * 50.0**2
    sigma = math.sqrt((squares - 40 * mean**2) / 39)
    assert made.sharpe.value == exactly(mean / sigma * math.sqrt(252))
    assert made.sortino.value == exactly(mean / math.sqrt(2 * 50.0**2 / 40) * math.sqrt(252))
    assert (made.sharpe.n, made.sharpe.of) == (40, "sessions")
    assert made.sharpe.status is Status.INSUFFICIENT_DATA  # five trades


def test_ratios_need_thirty_sessions(on_sessions: Any) -> None:
    short, enough = metrics(on_sessions([5.0, -4.0] * 14 + [5.0])), metrics(on_sessions([5.0, -4.0] * 15))
    assert (short.sharpe.value, short.sortino.value) == (None, None)
    assert short.sharpe.reason == "29 sessions, 30 are needed"
    assert enough.sharpe.value is not None and enough.sortino.value is not None


def test_ratios_with_a_denominator_of_zero_are_undefined(on_sessions: Any) -> None:
    made = metrics(on_sessions([0.1] * 30))
    assert (made.sharpe.value, made.sharpe.reason) == (None, "every session made the same P&L")
    assert (made.sortino.value, made.sortino.reason) == (None, "no losing session")


def test_sessions_given_replace_the_calendar(on_sessions: Any) -> None:
    trades = on_sessions([5.0, -4.0] * 16)
    first, last = trades[0].exit_time.date(), trades[-1].exit_time.date()
    only = [t.exit_time.date() for t in trades[:31]]
    assert metrics(trades).sharpe.n == 32
    assert metrics(trades, sessions=only).sharpe.n == 32  # a day with an exit always counts
    assert metrics(trades[::2], sessions=only).sharpe.n == 31
    assert metrics(trades, first=date(2025, 12, 1)).sharpe.n == 32 + 23
    assert (metrics(trades).first, metrics(trades).last) == (first, last)


def test_an_exit_late_in_the_evening_belongs_to_the_exchange_date() -> None:
    # 02:30 UTC on the 7th is 21:30 on the 6th in New York
    made = metrics([Trade(pnl_net=1.0, exit_time=datetime(2026, 1, 7, 2, 30, tzinfo=UTC))])
    assert made.first == date(2026, 1, 6)


def test_without_exit_times_only_what_needs_them_is_undefined() -> None:
    made = metrics([Trade(pnl_net=n) for n in (10.0, -5.0, -6.0, 20.0, 5.0)])
    assert made.expectancy.value == exactly(4.8)
    assert made.expectancy.low is not None
    assert made.max_drawdown.value == exactly(11.0)
    for metric in (made.sharpe, made.sortino, made.drawdown_duration, made.drawdown_recovery):
        assert (metric.value, metric.reason) == (None, "exit times are not known")


def test_pnl_by_greek_adds_up_to_gross_and_with_costs_to_net(in_a_row: Any) -> None:
    facts = {
        "pnl_gross": 30.0, "pnl_from_delta": 40.0, "pnl_from_gamma": 5.0, "pnl_from_theta": -18.0,
        "pnl_from_iv": 2.0, "pnl_unexplained": 1.0,
    }  # fmt: skip
    made = metrics(in_a_row([25.0, 25.0, 25.0], **facts))
    parts = {name: m.value for name, m in made.pnl_by_greek.items()}
    assert parts == {"delta": 120, "gamma": 15, "theta": -54, "iv": 6, "unexplained": 3, "costs": -15}
    assert sum(v or 0 for v in parts.values()) == exactly(made.net_pnl.value or 0)


def test_excursions_and_unknowns_count_only_what_is_known(in_a_row: Any) -> None:
    known, unknown = in_a_row([10.0, -10.0], mae=-30.0, mfe=40.0, risk_amount=20.0), in_a_row([5.0])
    made = metrics([*known, *unknown])
    assert (made.average_mae.value, made.average_mae.n) == (exactly(-30.0), 2)
    assert (made.average_mfe.value, made.average_mfe.n) == (exactly(40.0), 2)
    assert (made.average_r.value, made.average_r.n) == (exactly(0.0), 2)
    assert made.expectancy.n == 3


@pytest.mark.parametrize(("count", "status"), [(29, "INSUFFICIENT_DATA"), (30, "OK")])
def test_under_thirty_the_status_is_insufficient(count: int, status: str, on_sessions: Any) -> None:
    made = metrics(on_sessions([5.0] * count))
    assert made.win_rate.status == status == made.expectancy.status == made.max_drawdown.status
    assert made.win_rate.n == count


def test_thirty_trades_with_three_losses_do_not_know_their_average_loss(on_sessions: Any) -> None:
    made = metrics(on_sessions([5.0] * 27 + [-5.0] * 3))
    assert (made.average_loss.n, made.average_loss.of) == (3, "losses")
    assert made.average_loss.status is Status.INSUFFICIENT_DATA
    assert made.expectancy.status is Status.OK


def test_fills_on_stale_prices_are_left_out_unless_asked_for(in_a_row: Any) -> None:
    trades = [*in_a_row([10.0, -4.0]), *in_a_row([99.0], stale_fill=True)]
    without, withs = metrics(trades), metrics(trades, include_stale=True)
    assert (without.trades, without.stale_left_out, without.net_pnl.value) == (2, 1, exactly(6.0))
    assert (withs.trades, withs.stale_left_out, withs.net_pnl.value) == (3, 0, exactly(105.0))


def test_what_is_left_out_stands_beside_the_headline(in_a_row: Any) -> None:
    made = metrics([*in_a_row([10.0]), *in_a_row([-4.0, -6.0], stale_fill=True)])
    beside = made.with_stale
    assert (made.win_rate.value, made.stale_left_out) == (1.0, 2)
    assert beside is not None and beside.trades == 3
    assert (beside.win_rate, beside.net_pnl) == (exactly(1 / 3), exactly(0.0))
    assert metrics(in_a_row([10.0])).with_stale is None


def test_without_a_feed_exits_by_time_count_in_the_headline_and_are_told(in_a_row: Any) -> None:
    """One winner by its target, two losers by the clock: a third was won, whoever priced them."""
    made = metrics([*in_a_row([10.0]), *in_a_row([-4.0, -6.0], without_feed=True)])
    assert (made.trades, made.win_rate.value, made.stale_left_out) == (3, exactly(1 / 3), 0)
    assert (made.without_feed, made.settled_estimate) == (2, 0)
    assert metrics(in_a_row([1.0, 2.0], settled_estimate=True)).settled_estimate == 2


def test_a_net_that_is_no_number_is_refused(in_a_row: Any) -> None:
    with pytest.raises(ValueError, match="t0001"):
        metrics(in_a_row([1.0, math.nan]))


def test_the_order_in_which_trades_are_given_does_not_matter(in_a_row: Any) -> None:
    trades = in_a_row(MIXED)
    assert metrics(trades[::-1]) == metrics(trades)


def _at_once(*nets: float) -> list[Trade]:
    """Trades that all exit in one instant, ids in the order given."""
    at = datetime(2026, 11, 24, 20, tzinfo=UTC)
    return [Trade(id=f"{n}", pnl_net=net, exit_time=at) for n, net in enumerate(nets)]


def test_exits_of_one_instant_are_one_step_whatever_their_order() -> None:
    for nets in ((-100.0, 300.0, -50.0), (300.0, -100.0, -50.0), (-50.0, -100.0, 300.0)):
        made = metrics(_at_once(*nets), account=1000.0)
        assert made.net_pnl.value == 150.0
        assert made.max_drawdown.value == made.max_drawdown_pct.value == 0
        assert made.longest_win_streak.value == made.longest_loss_streak.value == 0, "neither came first"
    together = metrics(_at_once(-100.0, -50.0), account=1000.0)
    assert (together.max_drawdown.value, together.longest_loss_streak.value) == (150.0, 2)


def test_a_drawdown_in_percent_is_one_of_the_account_in_force_at_its_time(in_a_row: Any) -> None:
    trades = in_a_row([-100.0, 100.0, -100.0])
    change = micros(trades[2].exit_time)
    history = Accounts.from_changes([(0, 1000.0), (change, 4000.0)])
    made = metrics(trades, account=history)
    assert made.max_drawdown.value == 100.0
    assert made.max_drawdown_pct.value == pytest.approx(10.0), "of 1,000 at its time, not of today's 4,000"
    assert made.account == 4000.0
    turned = metrics(trades, account=Accounts.from_changes([(0, 4000.0), (change, 1000.0)]))
    assert turned.max_drawdown_pct.value == pytest.approx(10.0)
