"""How metrics are written: values with their unit, intervals, and what is to be said beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from core.performance import Metric, Metrics, Status
from core.performance.intervals import RESTS_ON
from tui.fmt import NONE, age, exchange_zone, money, signed

TITLES: Mapping[str, str] = {
    "net_pnl": "Net P&L",
    "win_rate": "Win rate",
    "expectancy": "Expectancy a trade",
    "average_r": "Average R",
    "average_win": "Average win",
    "average_loss": "Average loss",
    "profit_factor": "Profit factor",
    "max_drawdown": "Max drawdown",
    "max_drawdown_pct": "  of peak equity",
    "drawdown_duration": "  peak to recovery",
    "drawdown_recovery": "  trough to recovery",
    "sharpe": "Sharpe (a year)",
    "sortino": "Sortino (a year)",
    "longest_win_streak": "Longest win streak",
    "longest_loss_streak": "Longest loss streak",
    "average_hold": "Average hold",
    "average_mae": "Average worst (MAE)",
    "average_mfe": "Average best (MFE)",
}
"""The metrics in the order in which they are shown."""

GREEKS: Mapping[str, str] = {
    "delta": "delta",
    "gamma": "gamma",
    "theta": "theta",
    "iv": "volatility",
    "unexplained": "unexplained",
    "costs": "costs",
}

_SIGNED = frozenset({"net_pnl", "expectancy", "average_r", "average_mae", "average_mfe", "sharpe", "sortino"})

_FORMS: Mapping[str, Callable[[float], str]] = {
    "fraction": lambda v: f"{100 * v:.1f} %",
    "$": lambda v: money(_cents(v), sign=False),
    "R": lambda v: f"{signed(v)} R",
    "ratio": lambda v: f"{v:,.2f}",
    "%": lambda v: f"{v:.1f} %",
    "days": lambda v: f"{v:.1f} days" if v >= 1 else age(v * 86_400),
    "seconds": age,
    "trades": lambda v: f"{v:.0f} trade{'' if v == 1 else 's'}",
}


def written(value: float | None, unit: str, *, sign: bool = False) -> str:
    """A figure with its unit; – when there is none."""
    if value is None:
        return NONE
    if sign and unit == "$":
        return money(_cents(value))
    if sign and unit == "ratio":
        return signed(value)
    return _FORMS[unit](value)


def value_of(metrics: Metrics, name: str) -> tuple[Metric, str]:
    """A metric and its value as it is written."""
    metric: Metric = getattr(metrics, name)
    return metric, written(metric.value, metric.unit, sign=name in _SIGNED)


def interval_of(metric: Metric, *, sign: bool = False) -> str:
    """Both ends of the interval, an open one as …, or nothing."""
    if metric.low is None and metric.high is None:
        return ""
    ends = ("…" if end is None else written(end, metric.unit, sign=sign) for end in (metric.low, metric.high))
    return " to ".join(ends)


def counts(made: Metrics) -> str:
    """How many trades were measured, and which were not."""
    told = f"{made.trades:,} closed trade{'' if made.trades == 1 else 's'}:"
    told += f" {made.wins:,} won, {made.losses:,} lost, {made.scratches:,} scratched"
    if made.first is not None:
        told += f", {made.first} to {made.last}"
    if made.stale_left_out:
        told += f"; {made.stale_left_out:,} left out (stale fills)"
    return told


def is_signed(name: str) -> bool:
    return name in _SIGNED


def few(metric: Metric) -> bool:
    """Whether a figure rests on too little to act on."""
    return metric.status is Status.INSUFFICIENT_DATA


def few_sessions(metric: Metric) -> bool:
    """Whether the interval was drawn from so few sessions that it is itself a guess."""
    return metric.reason is not None and metric.reason.startswith(RESTS_ON)


def mark(metric: Metric) -> str:
    """The sign beside a figure: * for too few trades, ~ for too few sessions, else a blank."""
    return "*" if few(metric) else "~" if few_sessions(metric) else " "


def missing(metric: Metric) -> str:
    """Why a value or an interval is missing, where it is worth a word on its own line."""
    reason = metric.reason or ""
    # Of what depends on the order of exits there is never an interval: no line needs to say so again.
    return "" if reason.endswith("order of exits") or few_sessions(metric) else reason


LEGEND = (
    "* rests on fewer than 30: not enough to act on.",
    "~ its interval rests on fewer than 10 sessions, and may be far too narrow.",
    "Intervals are 95 %: Wilson's for rates, else drawn by session.",
)


def window_title(days: int | None) -> str:
    return "all trades" if days is None else f"last {days} days"


def instant(at: datetime) -> str:
    """An instant on the exchange's wall, to the minute."""
    zone = exchange_zone()
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M} ET" if zone else f"{at:%Y-%m-%d %H:%M} UTC"


def _cents(value: float) -> float:
    """Without a sign on what rounds to nothing."""
    return value if abs(value) >= 0.005 else 0.0


def dollars(value: float | None) -> str:
    """Whole dollars with their sign and without the mark, for tables."""
    return NONE if value is None else f"{round(value):+,}" if round(value) else "0"
