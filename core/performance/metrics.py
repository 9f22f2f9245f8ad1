"""The metrics of a set of trades, from their columns or from sums that were kept along the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from core.performance.columns import Trades
from core.performance.days import UNKNOWN_AT, day_number, session_days, to_date
from core.performance.equity_curve import Path, path_of
from core.performance.intervals import BOOTSTRAP_TRADES, SEED, Interval, Sampler, wilson
from core.performance.metric import Metric, Metrics, Status
from core.performance.ratios import session_ratios
from core.performance.session_sums import INDEX, Sums, sums_of
from core.performance.trade import Trade

ACCOUNT = 25_000.0
LEAST_TRADES = 30
_MICROS_A_DAY = 86_400_000_000
_ORDER = "no interval: it depends on the order of exits"
GREEKS = ("delta", "gamma", "theta", "iv", "unexplained")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which sessions count for the Sharpe and Sortino ratios.

    From ``first`` to ``last``, by default the first and the last exit's day; ``sessions`` are the dates on
    which the exchange is open, by default its calendar. A day with an exit always counts.
    """

    first: date | None = None
    last: date | None = None
    sessions: tuple[date, ...] | None = None


def metrics(
    trades: Trades | Iterable[Trade | Mapping[str, Any]],
    *,
    account: float = ACCOUNT,
    sessions: Iterable[date] | None = None,
    first: date | None = None,
    last: date | None = None,
    include_stale: bool = False,
    seed: int = SEED,
) -> Metrics:
    """Every metric with n, 95 % interval, status and reason.

    ``trades`` in columns, as facts, or as ledger entries, of which those that are no closed trade are passed
    over; ``account`` in $. ``first``, ``last`` and ``sessions`` are those of Span. Trades with a leg sold
    without a fresh price are left out and counted, unless ``include_stale``. Definitions: SPEC §12. Raises
    ValueError for a net P&L that is not a number.
    """
    columns = trades if isinstance(trades, Trades) else Trades.of(trades, cuts=())
    counted = columns if include_stale else columns.fresh()
    span = Span(first=first, last=last, sessions=None if sessions is None else tuple(sessions))
    return assemble(
        sums_of(counted),
        path_of(counted, account),
        span,
        stale_left_out=len(columns) - len(counted),
        seed=seed,
    )


def assemble(sums: Sums, path: Path, span: Span, *, stale_left_out: int = 0, seed: int = SEED) -> Metrics:
    """The metrics of trades known by their sums over sessions and their path."""
    made = _Maker(sums, path, seed)
    wins, losses = round(sums.total("wins")), round(sums.total("losses"))
    known = sums.days[sums.days != UNKNOWN_AT]
    sharpe, sortino = session_ratios(_series(sums, span), bootstrap=made.bootstrap, seed=seed)
    return Metrics(
        trades=made.count,
        wins=wins,
        losses=losses,
        scratches=made.count - wins - losses,
        stale_left_out=stale_left_out,
        account=path.account,
        first=to_date(int(known[0])) if len(known) else None,
        last=to_date(int(known[-1])) if len(known) else None,
        net_pnl=made.total("net", made.count),
        win_rate=made.win_rate(wins),
        average_win=made.ratio("gain", "wins", "$", of="wins", missing="no winning trade"),
        average_loss=made.ratio("loss", "losses", "$", of="losses", missing="no losing trade"),
        average_r=made.ratio("r", "#r", "R", missing="no trade with a planned loss"),
        expectancy=made.ratio("net", "n", "$"),
        profit_factor=made.ratio("gain", "loss", "ratio", n=wins + losses, missing="no losing trade"),
        max_drawdown=made.ordered(path.depth, "$"),
        max_drawdown_pct=made.ordered(path.depth_pct, "%"),
        drawdown_duration=made.duration(),
        drawdown_recovery=made.recovery(),
        sharpe=made.rated(sharpe),
        sortino=made.rated(sortino),
        longest_win_streak=made.ordered(path.longest_wins, "trades"),
        longest_loss_streak=made.ordered(path.longest_losses, "trades"),
        average_hold=made.ratio("hold", "#hold", "seconds", missing="no hold time known"),
        average_mae=made.ratio("mae", "#mae", "$", missing="no excursion known"),
        average_mfe=made.ratio("mfe", "#mfe", "$", missing="no excursion known"),
        pnl_by_greek={
            **{name: made.total(name) for name in GREEKS},
            "costs": made.total("costs", sign=-1),
        },
    )


class _Maker:
    """Turns sums and intervals into metrics."""

    def __init__(self, sums: Sums, path: Path, seed: int) -> None:
        self.sums, self.path = sums, path
        self.count = round(sums.total("n"))
        self.bootstrap = self.count <= BOOTSTRAP_TRADES
        self._sampler = Sampler(sums.values, bootstrap=self.bootstrap, seed=seed)

    def win_rate(self, wins: int) -> Metric:
        if self.count == 0:
            return self._undefined(0, "fraction", "no trades")
        return self._metric(wins / self.count, self.count, "fraction", wilson(wins, self.count))

    def ratio(
        self,
        above: str,
        below: str,
        unit: str,
        *,
        of: str = "trades",
        n: int | None = None,
        missing: str = "no trades",
    ) -> Metric:
        total = self.sums.total(below)
        n = round(total) if n is None else n
        if total == 0:
            return self._undefined(n, unit, missing if self.count else "no trades", of)
        interval = self._sampler.ratio(INDEX[above], INDEX[below])
        return self._metric(self.sums.total(above) / total, n, unit, interval, of)

    def total(self, name: str, n: int | None = None, sign: int = 1) -> Metric:
        n = round(self.sums.total(f"#{name}")) if n is None else n
        if n == 0:
            return self._undefined(0, "$", "no attribution known" if self.count else "no trades")
        interval = self._sampler.total(INDEX[name])
        if sign < 0:
            low, high = interval.low, interval.high
            interval = Interval(
                None if high is None else -high, None if low is None else -low, interval.reason
            )
        return self._metric(sign * self.sums.total(name), n, "$", interval)

    def ordered(self, value: float, unit: str) -> Metric:
        if self.count == 0:
            return self._undefined(0, unit, "no trades")
        return self._metric(float(value), self.count, unit, Interval(None, None, _ORDER))

    def duration(self) -> Metric:
        path = self.path
        until = path.last_at if path.recovered_at is None else path.recovered_at
        return self._days(path.fell_at, until, None)

    def recovery(self) -> Metric:
        until = self.path.recovered_at
        return self._days(self.path.trough_at, until, "not recovered yet" if until is None else None)

    def rated(self, metric: Metric) -> Metric:
        """A figure of sessions is insufficient too when it stands on few trades."""
        if self.count >= LEAST_TRADES or metric.status is Status.INSUFFICIENT_DATA:
            return metric
        return Metric(
            value=metric.value, n=metric.n, low=metric.low, high=metric.high, unit=metric.unit, of=metric.of,
            status=Status.INSUFFICIENT_DATA, reason=metric.reason,
        )  # fmt: skip

    def _days(self, start: int, end: int | None, missing: str | None) -> Metric:
        if self.count == 0:
            missing = "no trades"
        elif self.path.depth == 0:
            missing = "no drawdown"
        elif not self.path.timed:
            missing = "exit times are not known"
        if missing is not None or end is None:
            return self._undefined(self.count, "days", missing or "")
        return self._metric((end - start) / _MICROS_A_DAY, self.count, "days", Interval(None, None, _ORDER))

    def _metric(self, value: float, n: int, unit: str, interval: Interval, of: str = "trades") -> Metric:
        return Metric(
            value=value, n=n, low=interval.low, high=interval.high, reason=interval.reason, unit=unit, of=of,
            status=status_of(n),
        )  # fmt: skip

    def _undefined(self, n: int, unit: str, reason: str, of: str = "trades") -> Metric:
        return Metric(value=None, n=n, status=status_of(n), reason=reason, unit=unit, of=of)


def status_of(n: int) -> Status:
    """Whether so many are enough to be shown as a figure one may act on."""
    return Status.OK if n >= LEAST_TRADES else Status.INSUFFICIENT_DATA


def _series(sums: Sums, span: Span) -> np.ndarray[Any, np.dtype[np.float64]] | str:
    """Net by session from the first to the last, zero where nothing left; or why there is none."""
    if len(sums.days) == 0:
        return "no trades"
    if sums.days[0] == UNKNOWN_AT:
        return "exit times are not known"
    first = int(sums.days[0]) if span.first is None else min(day_number(span.first), int(sums.days[0]))
    last = int(sums.days[-1]) if span.last is None else max(day_number(span.last), int(sums.days[-1]))
    opened = session_days(first, last, span.sessions)
    if opened is None:
        return "exits lie outside the exchange's calendar"
    days = np.union1d(opened, sums.days)
    net = np.zeros(len(days))
    net[np.searchsorted(days, sums.days)] = sums.column("net")
    return net
