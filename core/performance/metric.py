"""A metric with what it rests on, and the set of all metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum


class Status(StrEnum):
    OK = "OK"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One figure, ``None`` when it is undefined, and its 95 % interval, ``None`` when there is none.

    ``n`` is how many it is made of: trades, or wins, losses, sessions (``of``). ``reason`` says why the
    value or the interval is missing. ``unit``: fraction, $, R, ratio, %, days, seconds or trades.
    INSUFFICIENT_DATA when it rests on fewer than 30.
    """

    value: float | None
    n: int
    low: float | None = None
    high: float | None = None
    status: Status
    reason: str | None = None
    unit: str
    of: str = "trades"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Every metric of one set of trades; money in $, net unless said otherwise.

    ``win_rate`` is a fraction of all trades, scratches included; ``average_loss`` and the drawdown are
    positive. ``drawdown_duration`` is the days from the peak to the recovery of the deepest drawdown (to the
    last exit while there is none), ``drawdown_recovery`` the days from its trough back. ``average_mae`` and
    ``average_mfe`` are gross, the worst and best of a trade at any mark. ``pnl_by_greek`` are sums: delta,
    gamma, theta, iv, unexplained (together the gross) and costs (negative). ``stale_left_out`` counts trades
    that were left out because a leg was sold without a fresh price.
    """

    trades: int
    wins: int
    losses: int
    scratches: int
    stale_left_out: int
    account: float
    first: date | None
    last: date | None
    net_pnl: Metric
    win_rate: Metric
    average_win: Metric
    average_loss: Metric
    average_r: Metric
    expectancy: Metric
    profit_factor: Metric
    max_drawdown: Metric
    max_drawdown_pct: Metric
    drawdown_duration: Metric
    drawdown_recovery: Metric
    sharpe: Metric
    sortino: Metric
    longest_win_streak: Metric
    longest_loss_streak: Metric
    average_hold: Metric
    average_mae: Metric
    average_mfe: Metric
    pnl_by_greek: Mapping[str, Metric]

    def items(self) -> Iterator[tuple[str, Metric]]:
        """Every metric by its name, the Greeks as ``pnl_from_delta`` and so on."""
        for spec in fields(self):
            value = getattr(self, spec.name)
            if isinstance(value, Metric):
                yield spec.name, value
        for name, metric in self.pnl_by_greek.items():
            yield f"pnl_from_{name}", metric
