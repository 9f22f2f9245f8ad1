"""Performance report: everything that the Performance screen, ``gatedeck report`` and the API show of trades."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from core.performance.accounts import Accounts
from core.performance.breakdown import Bucket, breakdown
from core.performance.columns import Trades
from core.performance.cuts import CUTS
from core.performance.days import UNKNOWN_AT, to_date
from core.performance.distribution import Histogram, histogram
from core.performance.equity_curve import curve
from core.performance.metric import Metrics
from core.performance.metrics import ACCOUNT, metrics
from core.performance.trade import exchange_date

WINDOWS = (30, 60, 90)
"""Windows a reader can choose, in days."""
MOST_POINTS = 500


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Equity after the exits of one instant: cumulative net P&L, and distance below its peak (at most 0), in $."""

    at: datetime | None
    cumulative: float
    underwater: float


@dataclass(frozen=True, slots=True)
class Excursion:
    """One trade's worst and best gross P&L at any mark, and its net P&L, in $."""

    mae: float
    mfe: float
    net: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report of all trades (``window_days`` is ``None``) or of a window of days.

    ``curve`` holds about MOST_POINTS points at most, among them the deepest of every stretch; ``excursions``
    are those of the newest trades.
    """

    as_of: datetime
    window_days: int | None
    metrics: Metrics
    cuts: Mapping[str, tuple[Bucket, ...]]
    curve: tuple[CurvePoint, ...]
    distribution: Histogram
    excursions: tuple[Excursion, ...]


def report(
    trades: Trades,
    *,
    as_of: datetime,
    account: float | Accounts = ACCOUNT,
    window_days: int | None = None,
    cuts: Iterable[str] = CUTS,
    sessions: Iterable[date] | None = None,
    include_stale: bool = False,
) -> Report:
    """Return the report of the trades that exited before an instant, all of them or within a window of days.

    Sessions without a trade count up to the day before ``as_of``, from the window's first day or the first
    exit of all, whichever is later. Raises ValueError naming an unknown cut.
    """
    known = trades.day[trades.day != UNKNOWN_AT]
    first = to_date(int(known[0])) if len(known) else None
    if window_days is not None:
        trades = trades.window(window_days, as_of)
        start = exchange_date(as_of - timedelta(days=window_days))
        first = None if first is None or start is None else max(first, start + timedelta(days=1))
    today = exchange_date(as_of)
    last = None if today is None else today - timedelta(days=1)
    dates = None if sessions is None else tuple(sessions)
    shown = trades if include_stale else trades.fresh()
    return Report(
        as_of=as_of,
        window_days=window_days,
        metrics=metrics(
            trades, account=account, sessions=dates, first=first, last=last, include_stale=include_stale
        ),
        cuts={
            name: breakdown(
                shown, name, account=account, sessions=dates, first=first, last=last, include_stale=True
            )
            for name in cuts
        },
        curve=_points(shown),
        distribution=histogram(shown.net),
        excursions=_excursions(shown),
    )


def _points(trades: Trades) -> tuple[CurvePoint, ...]:
    drawn = curve(trades)
    return tuple(
        CurvePoint(
            None if drawn.at[i] == UNKNOWN_AT else datetime.fromtimestamp(int(drawn.at[i]) / 1e6, UTC),
            float(drawn.cumulative[i]),
            float(drawn.underwater[i]),
        )
        for i in _points_to_draw(drawn.underwater)
    )


def _points_to_draw(underwater: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[int]:
    """Return the points to draw: all of them, or the deepest and the last of each stretch."""
    count = len(underwater)
    if count <= MOST_POINTS:
        return list(range(count))
    ends = np.linspace(0, count, MOST_POINTS // 2 + 1).astype(int)
    places: set[int] = set()
    for start, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
        places |= {end - 1, start + int(np.argmin(underwater[start:end]))}
    return sorted(places)


def _excursions(trades: Trades) -> tuple[Excursion, ...]:
    known = np.flatnonzero(~(np.isnan(trades.mae) | np.isnan(trades.mfe)))[-MOST_POINTS:]
    return tuple(Excursion(float(trades.mae[i]), float(trades.mfe[i]), float(trades.net[i])) for i in known)
