"""Metrics: one value with its sample size, interval and status, and the set of all metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum

from core.execution_band import ExecutionBand


class Status(StrEnum):
    OK = "OK"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One value with its 95 % interval; ``None`` where the value or an end of the interval is undefined.

    ``n`` counts the items behind the value: trades, or wins, losses, sessions, signals (``of``). ``reason``
    says why the value or the interval is missing. ``unit``: fraction, $, R, ratio, %, days, seconds or
    trades. ``sessions`` counts the sessions with such items. The status is INSUFFICIENT_DATA when ``n`` is
    below 30 or ``sessions`` below 10. ``band`` is the value by execution, of a net P&L whose fills all have one
    stored, else ``None`` with ``band_reason``.
    """

    value: float | None
    n: int
    low: float | None = None
    high: float | None = None
    status: Status
    reason: str | None = None
    unit: str
    of: str = "trades"
    sessions: int = 0
    band: ExecutionBand | None = None
    band_reason: str | None = None


@dataclass(frozen=True, slots=True)
class WithStale:
    """The headline of all trades, those with exits filled without a fresh price included; net P&L in $."""

    trades: int
    win_rate: float
    net_pnl: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Every metric of one set of trades; money in $, net unless stated otherwise.

    ``win_rate`` is a fraction of all trades, including those of exactly 0 (scratches); ``average_loss`` and
    the drawdown are positive. ``drawdown_duration`` is the days from the peak to the recovery of the deepest
    drawdown, ``drawdown_recovery`` the days from its trough to the recovery; both are unknown before it.
    ``average_mae`` and ``average_mfe`` are the worst and best gross P&L of a trade at any mark.
    ``pnl_by_greek`` holds sums: delta, gamma, theta, iv, unexplained (together the gross P&L) and costs
    (negative). ``stale_left_out`` counts trades left out because an exit was filled without a fresh price although
    there was a feed, and ``with_stale`` is what stands beside them; ``without_feed`` counts the trades with such
    exits that are in, because there was no feed at all, ``settled_estimate`` those settled without an official close.
    """

    trades: int
    wins: int
    losses: int
    scratches: int
    stale_left_out: int
    with_stale: WithStale | None = None
    without_feed: int = 0
    settled_estimate: int = 0
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
        """Yield every metric with its name, the Greeks as ``pnl_from_delta`` and so on."""
        for spec in fields(self):
            value = getattr(self, spec.name)
            if isinstance(value, Metric):
                yield spec.name, value
        for name, metric in self.pnl_by_greek.items():
            yield f"pnl_from_{name}", metric
