"""Metrics of a million trades in columns, the bootstrap at its largest size, and the update for one exit."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from core.performance import Tracker, Trade, Trades, metrics
from core.performance.intervals import BOOTSTRAP_TRADES
from tests.benchmarks.table import Row, alternate, duration

N = 1_000_000
LIMIT = 1.0
FACTS = 10_000
_OPTIONAL = ("gross", "r", "risk", "hold", "delta", "gamma", "iv", "theta", "unexplained", "mfe", "mae")


def rows() -> Iterator[Row]:
    """Yield rows for metrics with intervals of many trades, of few, of trade objects, and after one more exit."""
    trades = _columns(N)
    few = trades.where(np.arange(N) < BOOTSTRAP_TRADES)
    facts = _facts(FACTS)
    tracker = Tracker()
    for fact in facts:
        tracker.add(fact)
    left = facts[-1].exit_time
    assert left is not None
    later = (
        replace(facts[0], id=f"later-{n}", exit_time=left + timedelta(seconds=n)) for n in itertools.count(1)
    )
    every, drawn, read = alternate(
        lambda: metrics(trades), lambda: metrics(few), lambda: metrics(facts), runs=5
    )
    exit_, kept = alternate(lambda: tracker.add(next(later)), tracker.metrics, runs=5)
    yield Row(
        f"all metrics with intervals, {N:,} trades in columns",
        duration(every),
        f"limit {duration(LIMIT)}",
        LIMIT / every,
        "≤ 1 s",
        _net_only(trades),
    )
    yield Row(
        f"the same, {BOOTSTRAP_TRADES:,} trades with the bootstrap",
        duration(drawn),
        "–",
        None,
        "–",
        f"from {FACTS:,} facts {duration(read)}",
    )
    yield Row(
        f"one more exit into the metrics of {FACTS:,} trades and their cuts",
        duration(exit_),
        f"all anew {duration(read)}",
        read / exit_,
        "–",
        f"reading them, with intervals {duration(kept)}",
    )


def _net_only(trades: Trades) -> str:
    """Return the seconds of one pass over the largest column, as a measure of the machine."""
    (one,) = alternate(lambda: np.cumsum(trades.net), runs=5)
    return f"one cumulative sum alone {duration(one)}"


def _columns(count: int) -> Trades:
    random = np.random.default_rng(4)
    start, end = datetime(2000, 1, 3, tzinfo=UTC).timestamp(), datetime(2025, 12, 31, tzinfo=UTC).timestamp()
    at = np.sort(random.integers(int(start), int(end), count)) * 1_000_000
    optional: dict[str, Any] = {name: random.normal(0, 50, count) for name in _OPTIONAL}
    return Trades.from_columns(random.normal(2, 100, count), at, **optional)


def _facts(count: int) -> list[Trade]:
    random = np.random.default_rng(5)
    start = datetime(2020, 1, 6, 15, tzinfo=UTC)
    return [
        Trade(
            id=f"t{n:06d}",
            pnl_net=float(net),
            exit_time=start + timedelta(minutes=200 * n),
            pnl_gross=float(net) + 4.0,
            risk_amount=100.0,
            hold_time_seconds=3600.0,
            symbol="SPY",
        )
        for n, net in enumerate(random.normal(2, 100, count))
    ]
