"""Metrics kept exit by exit equal metrics of all trades at once."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.performance import CUTS, Metrics, Tracker, Trade, Trades, breakdown, metrics

START = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)
MONEY = st.floats(-5_000, 5_000, allow_nan=False).map(lambda x: round(x, 2))
MAYBE = st.none() | MONEY


@st.composite
def trades(draw: st.DrawFn) -> list[Trade]:
    """Up to sixty trades in the order of their exits, several at one instant or on one day among them."""
    count = draw(st.integers(0, 60))
    minutes = sorted(draw(st.lists(st.integers(0, 80 * 1440), min_size=count, max_size=count)))
    return [
        draw(
            st.builds(
                Trade,
                id=st.just(f"t{n:03d}"),
                pnl_net=MONEY | st.just(0.0),
                exit_time=st.just(START + timedelta(minutes=minute)),
                pnl_gross=MAYBE,
                risk_amount=st.none() | st.floats(1, 500),
                hold_time_seconds=st.none() | st.floats(0, 1e6),
                pnl_from_delta=MAYBE,
                pnl_from_theta=MAYBE,
                mfe=MAYBE,
                mae=MAYBE,
                stale_fill=st.sampled_from([False] * 9 + [True]),
                symbol=st.sampled_from(["SPY", "QQQ", None]),
                quality=st.sampled_from(["HIGH", "MEDIUM"]),
                dte=st.none() | st.integers(0, 60),
            )
        )
        for n, minute in enumerate(minutes)
    ]


def same(one: Metrics, other: Metrics) -> None:
    """Equal in every value, end, count, status and reason; numbers to 1e-9."""
    plain, numbers = dataclasses.asdict(one), dataclasses.asdict(other)
    assert plain.keys() == numbers.keys()
    for (name, a), (_, b) in zip(one.items(), other.items(), strict=True):
        for field in ("n", "status", "reason", "unit", "of"):
            assert getattr(a, field) == getattr(b, field), (name, field)
        for field in ("value", "low", "high"):
            x, y = getattr(a, field), getattr(b, field)
            assert (x is None) == (y is None) and (x is None or x == pytest.approx(y, rel=1e-9, abs=1e-9)), (
                name
            )
    for field in ("trades", "wins", "losses", "scratches", "stale_left_out", "account", "first", "last"):
        assert getattr(one, field) == getattr(other, field), field


@settings(max_examples=20, deadline=None)
@given(trades())
def test_incremental_equals_full(given_trades: list[Trade]) -> None:
    tracker = Tracker()
    for n, trade in enumerate(given_trades, 1):
        tracker.add(trade)
        if n % 20 == 0:
            same(tracker.metrics(), metrics(given_trades[:n]))
    same(tracker.metrics(), metrics(given_trades))
    columns = Trades.from_trades(given_trades)
    for cut in CUTS:
        kept, computed = tracker.breakdown(cut), breakdown(columns, cut)
        assert [b.label for b in kept] == [b.label for b in computed]
        for a, b in zip(kept, computed, strict=True):
            same(a.metrics, b.metrics)


@settings(max_examples=20, deadline=None)
@given(trades(), st.randoms(use_true_random=False))
def test_order_of_arrival_does_not_matter(given_trades: list[Trade], random: Any) -> None:
    shuffled = list(given_trades)
    random.shuffle(shuffled)
    tracker = Tracker()
    for trade in shuffled:
        tracker.add(trade)
    same(tracker.metrics(), metrics(given_trades))
    same(metrics(shuffled), metrics(given_trades))
    for bucket, other in zip(
        tracker.breakdown("symbol"), breakdown(Trades.from_trades(given_trades), "symbol"), strict=True
    ):
        same(bucket.metrics, other.metrics)


def test_a_trade_told_twice_counts_once(in_a_row: Any) -> None:
    tracker = Tracker()
    for trade in (*in_a_row([5.0, -4.0]), *in_a_row([5.0, -4.0])):
        tracker.add(trade)
    assert (tracker.metrics().trades, "t0000" in tracker, "t0009" in tracker) == (2, True, False)


def test_trades_without_a_time_or_an_id_count_too() -> None:
    given_trades = [Trade(pnl_net=n) for n in (10.0, -4.0, -5.0, 10.0)]
    tracker = Tracker()
    for trade in given_trades:
        tracker.add(trade)
    same(tracker.metrics(), metrics(given_trades))
    assert tracker.metrics().trades == 4


def test_a_window_holds_the_trades_of_its_days(on_sessions: Any) -> None:
    tracker = Tracker(account=10_000.0)
    given_trades = on_sessions([5.0, -4.0] * 30)
    for trade in given_trades:
        tracker.add(trade)
    now = given_trades[-1].exit_time + timedelta(hours=1)
    inside = [t for t in given_trades if t.exit_time > now - timedelta(days=30)]
    assert 15 < len(inside) < 25
    same(metrics(tracker.window(30, now), account=10_000.0), metrics(inside, account=10_000.0))


def test_a_net_that_is_no_number_is_refused_and_nothing_counted() -> None:
    tracker = Tracker()
    with pytest.raises(ValueError, match="money"):
        tracker.add(Trade(pnl_net=float("inf"), id="x"))
    assert len(tracker) == 0 and "x" not in tracker


def test_columns_grow_with_the_exits(on_sessions: Any) -> None:
    tracker = Tracker()
    given_trades = [
        dataclasses.replace(t, symbol=symbol)
        for t, symbol in zip(on_sessions([1.0, 2.0, 3.0, 4.0, 5.0]), ["A", "B", "A", "C", "B"], strict=True)
    ]
    for n, trade in enumerate(given_trades, 1):
        tracker.add(trade)
        grown, anew = tracker.trades(), Trades.from_trades(given_trades[:n])
        assert grown.net.tolist() == anew.net.tolist()
        assert grown.day.tolist() == anew.day.tolist()
        assert grown.cuts["symbol"].labels == anew.cuts["symbol"].labels
        assert grown.cuts["symbol"].codes.tolist() == anew.cuts["symbol"].codes.tolist()
    early = dataclasses.replace(given_trades[0], id="early", exit_time=START - timedelta(days=1), pnl_net=9.0)
    tracker.add(early)
    assert tracker.trades().net.tolist() == [9.0, 1.0, 2.0, 3.0, 4.0, 5.0]
