"""Calculate the metrics of a set of trades, from their columns or from sums kept exit by exit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from core.execution_band import UNKNOWN, ExecutionBand
from core.performance.accounts import Accounts
from core.performance.columns import Trades
from core.performance.days import UNKNOWN_AT, day_number, session_days, to_date
from core.performance.equity_curve import EquityStats, equity_stats
from core.performance.intervals import BOOTSTRAP_TRADES, SEED, Interval, Sampler
from core.performance.metric import Metric, Metrics, Status, WithStale
from core.performance.ratios import session_ratios
from core.performance.session_sums import INDEX, SessionSums, sum_by_session
from core.performance.trade import Trade

ACCOUNT = 25_000.0
LEAST_TRADES = 30
LEAST_SESSIONS = 10
_MICROS_A_DAY = 86_400_000_000
_NOT_RECOVERED = "not recovered yet"
_ORDER = "no interval: it depends on the order of exits"
GREEKS = ("delta", "gamma", "theta", "iv", "unexplained")


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSpan:
    """Sessions that count for the Sharpe and Sortino ratios.

    From ``first`` to ``last``, by default the days of the first and the last exit; ``sessions`` are the dates
    on which the exchange is open, by default its calendar. A day with an exit always counts.
    """

    first: date | None = None
    last: date | None = None
    sessions: tuple[date, ...] | None = None


def metrics(
    trades: Trades | Iterable[Trade | Mapping[str, Any]],
    *,
    account: float | Accounts = ACCOUNT,
    sessions: Iterable[date] | None = None,
    first: date | None = None,
    last: date | None = None,
    include_stale: bool = False,
    seed: int = SEED,
) -> Metrics:
    """Return every metric with n, 95 % interval, status and reason; ``Metrics`` defines each of them.

    ``trades`` in columns, as ``Trade`` or as ledger entries, of which entries that are not closed trades are
    skipped; ``account`` in $, one size or its history. ``first``, ``last`` and ``sessions`` are those of
    ``SessionSpan``. Trades with an exit filled without a fresh price are left out and counted, unless
    ``include_stale``. Raises ValueError for a net P&L that is not a number.
    """
    columns = trades if isinstance(trades, Trades) else Trades.from_trades(trades, cuts=())
    counted = columns if include_stale else columns.fresh()
    span = SessionSpan(first=first, last=last, sessions=None if sessions is None else tuple(sessions))
    left_out = len(columns) - len(counted)
    found = assemble(
        sum_by_session(counted), equity_stats(counted, account), span, stale_left_out=left_out, seed=seed
    )
    return replace(
        found,
        with_stale=_with_stale(columns) if left_out else None,
        without_feed=int(counted.without_feed.sum()),
        settled_estimate=int(counted.settled_estimate.sum()),
    )


def _with_stale(trades: Trades) -> WithStale:
    return WithStale(
        trades=len(trades), win_rate=float((trades.net > 0).mean()), net_pnl=float(trades.net.sum())
    )


def assemble(
    sums: SessionSums, equity: EquityStats, span: SessionSpan, *, stale_left_out: int = 0, seed: int = SEED
) -> Metrics:
    """Return the metrics of trades that are known by their sums per session and their equity statistics."""
    build = _MetricBuilder(sums, equity, seed)
    wins, losses = round(sums.total("wins")), round(sums.total("losses"))
    known = sums.days[sums.days != UNKNOWN_AT]
    sharpe, sortino = session_ratios(_series(sums, span), bootstrap=build.bootstrap, seed=seed)
    return Metrics(
        trades=build.count,
        wins=wins,
        losses=losses,
        scratches=build.count - wins - losses,
        stale_left_out=stale_left_out,
        account=equity.account,
        first=to_date(int(known[0])) if len(known) else None,
        last=to_date(int(known[-1])) if len(known) else None,
        net_pnl=build.with_band(build.total("net", build.count)),
        win_rate=build.win_rate(wins),
        average_win=build.ratio("gain", "wins", "$", of="wins", missing="no winning trade"),
        average_loss=build.ratio("loss", "losses", "$", of="losses", missing="no losing trade"),
        average_r=build.ratio("r", "#r", "R", missing="no trade with a planned loss"),
        expectancy=build.with_band(build.ratio("net", "n", "$"), build.count),
        profit_factor=build.ratio("gain", "loss", "ratio", n=wins + losses, missing="no losing trade"),
        max_drawdown=build.path_dependent(equity.depth, "$"),
        max_drawdown_pct=build.path_dependent(equity.depth_pct, "%"),
        drawdown_duration=build.duration(),
        drawdown_recovery=build.recovery(),
        sharpe=build.with_trade_status(sharpe),
        sortino=build.with_trade_status(sortino),
        longest_win_streak=build.path_dependent(equity.longest_wins, "trades"),
        longest_loss_streak=build.path_dependent(equity.longest_losses, "trades"),
        average_hold=build.ratio("hold", "#hold", "seconds", missing="no hold time known"),
        average_mae=build.ratio("mae", "#mae", "$", missing="no excursion known"),
        average_mfe=build.ratio("mfe", "#mfe", "$", missing="no excursion known"),
        pnl_by_greek={
            **{name: build.total(name) for name in GREEKS},
            "costs": build.total("costs", sign=-1),
        },
    )


class _MetricBuilder:
    """Builder of metrics from sums, equity statistics and sampled intervals."""

    def __init__(self, sums: SessionSums, equity: EquityStats, seed: int) -> None:
        self.sums, self.equity = sums, equity
        self.count = round(sums.total("n"))
        self.bootstrap = self.count <= BOOTSTRAP_TRADES
        self._sampler = Sampler(sums.values, bootstrap=self.bootstrap, seed=seed)

    def win_rate(self, wins: int) -> Metric:
        if self.count == 0:
            return self._undefined(0, "fraction", "no trades")
        interval = self._sampler.rate(INDEX["wins"], INDEX["n"])
        return self._metric(wins / self.count, self.count, "fraction", interval)

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
        sessions = self.sums.sessions(below)
        return self._metric(self.sums.total(above) / total, n, unit, interval, of, sessions)

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

    def path_dependent(self, value: float, unit: str) -> Metric:
        if self.count == 0:
            return self._undefined(0, unit, "no trades")
        return self._metric(float(value), self.count, unit, Interval(None, None, _ORDER))

    def duration(self) -> Metric:
        until = self.equity.recovered_at
        return self._days(self.equity.fell_at, until, _NOT_RECOVERED if until is None else None)

    def recovery(self) -> Metric:
        until = self.equity.recovered_at
        return self._days(self.equity.trough_at, until, _NOT_RECOVERED if until is None else None)

    def with_trade_status(self, metric: Metric) -> Metric:
        """Return a metric of sessions, marked INSUFFICIENT_DATA when too few trades or sessions have exits."""
        enough = status_of(self.count, len(self.sums.days)) is Status.OK
        status = metric.status if enough else Status.INSUFFICIENT_DATA
        return replace(metric, status=status, sessions=metric.n)

    def with_band(self, metric: Metric, trades: int = 1) -> Metric:
        """Return a metric of net P&L with its sums by execution, each divided by ``trades``."""
        if self.count == 0:
            return metric
        known = round(self.sums.total("#worst"))
        if known < self.count:
            return replace(
                metric, band_reason=f"{UNKNOWN} for {self.count - known:,} of {self.count:,} trades"
            )
        best, expected, worst = (self.sums.total(name) / trades for name in ("best", "expected", "worst"))
        return replace(metric, band=ExecutionBand(best=best, expected=expected, worst=worst))

    def _days(self, start: int, end: int | None, missing: str | None) -> Metric:
        if self.count == 0:
            missing = "no trades"
        elif self.equity.depth == 0:
            missing = "no drawdown"
        elif not self.equity.timed:
            missing = "exit times are not known"
        if missing is not None or end is None:
            return self._undefined(self.count, "days", missing or "")
        return self._metric((end - start) / _MICROS_A_DAY, self.count, "days", Interval(None, None, _ORDER))

    def _metric(
        self,
        value: float,
        n: int,
        unit: str,
        interval: Interval,
        of: str = "trades",
        sessions: int | None = None,
    ) -> Metric:
        sessions = len(self.sums.days) if sessions is None else sessions
        return Metric(
            value=value, n=n, low=interval.low, high=interval.high, reason=interval.reason, unit=unit, of=of,
            status=status_of(n, sessions), sessions=sessions,
        )  # fmt: skip

    def _undefined(self, n: int, unit: str, reason: str, of: str = "trades") -> Metric:
        sessions = len(self.sums.days)
        return Metric(
            value=None, n=n, status=status_of(n, sessions), reason=reason, unit=unit, of=of, sessions=sessions
        )


def status_of(n: int, sessions: int) -> Status:
    """Return OK for a sample large enough to act on, in items and in sessions, else INSUFFICIENT_DATA."""
    return Status.OK if n >= LEAST_TRADES and sessions >= LEAST_SESSIONS else Status.INSUFFICIENT_DATA


def _series(sums: SessionSums, span: SessionSpan) -> np.ndarray[Any, np.dtype[np.float64]] | str:
    """Return the net P&L per session, 0 for sessions without an exit; or the reason why there is none."""
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
