"""Text of a metric: its value with the unit, its interval, its notes. Report and screens both use this module.

A metric is an aggregate over trades (`core.performance.Metric`). Amounts in dollars are written by `fmt.money`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from core.execution_band import ExecutionBand
from tui import fmt

if TYPE_CHECKING:
    # A metric exists only after the performance code, and with it numpy, is loaded; this module must not load it.
    from core.performance import Metric, Metrics

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
"""Title of each metric, in the order in which the report shows them."""

GREEKS: Mapping[str, str] = {
    "delta": "delta",
    "gamma": "gamma",
    "theta": "theta",
    "iv": "volatility",
    "unexplained": "unexplained",
    "costs": "costs",
}
"""Title of each part of the P&L by Greek."""

LEGEND = (
    "* fewer than 30 trades or 10 sessions: not enough to act on.",
    "Intervals are 95 % by sessions: Wilson's for rates, otherwise a block bootstrap.",
    "mid, exp, far: fills at the mid, as expected, at the far side (guide feeds).",
)

_SIGNED = frozenset({"net_pnl", "expectancy", "average_r", "average_mae", "average_mfe", "sharpe", "sortino"})
_INSUFFICIENT = "INSUFFICIENT_DATA"
_ZERO_WITHOUT_SIGN = frozenset({"$", "R", "ratio", "%", "points", "days"})
"""Units in which a value that rounds to 0.00 is written without a minus sign."""


def is_signed(name: str) -> bool:
    """Return whether a metric is written with a plus sign when it is positive."""
    return name in _SIGNED


def format_value(value: float | None, unit: str, *, sign: bool = True) -> str:
    """Return a value with its unit, or – for None; ``sign`` puts a plus before positive $, R, ratio and points."""
    if value is None:
        return fmt.NONE
    if unit in _ZERO_WITHOUT_SIGN and abs(value) < 0.005:
        value = 0.0
    plus = "+" if sign and value > 0 else ""
    match unit:
        case "$":
            return fmt.money(value, sign=sign)
        case "R":
            return fmt.local(f"{plus}{value:.2f}") + " R"
        case "fraction":
            return fmt.local(f"{100 * value:.1f}") + " %"
        case "%":
            return fmt.local(f"{value:.1f}") + " %"
        case "points":
            return fmt.local(f"{plus}{value:.1f}") + " points"
        case "days" if 0 < value < 1:
            return fmt.age(value * 86_400)
        case "days":
            return fmt.local(f"{value:.1f}") + " days"
        case "seconds":
            return fmt.age(value)
        case "trades":
            return f"{value:.0f} trade{'' if round(value) == 1 else 's'}"
    return plus + fmt.number(value, 2 if abs(value) < 1000 else 0)


def format_metric(metric: Metric, *, sign: bool = True) -> str:
    """Return a metric's value with its unit, or – when it has none."""
    return format_value(metric.value, metric.unit, sign=sign)


def named_metric(metrics: Metrics, name: str) -> tuple[Metric, str]:
    """Return the metric of that name and its text, with a plus sign where ``is_signed`` says so."""
    metric: Metric = getattr(metrics, name)
    return metric, format_metric(metric, sign=is_signed(name))


def table_dollars(value: float | None, *, sign: bool = True) -> str:
    """Return dollars for a narrow column: without $, whole dollars from one thousand up, 0 for less than a cent."""
    if value is None:
        return fmt.NONE
    if abs(value) < 0.005:
        return "0"
    digits = 2 if abs(value) < 999.995 else 0
    return fmt.signed(value, digits) if sign else fmt.number(value, digits)


def format_band(band: ExecutionBand, *, digits: int | None = None) -> str:
    """Return dollars by execution: at the mid, as expected, and at the far side with slippage."""

    def dollars(value: float) -> str:
        places = (2 if abs(value) < 99.995 else 0) if digits is None else digits
        value = 0.0 if abs(value) < 0.5 * 10**-places else value
        return fmt.signed(value, places)

    return f"mid {dollars(band.best)} · exp {dollars(band.expected)} · far {dollars(band.worst)}"


def band_note(metric: Metric) -> str:
    """Return a metric's execution band, or why it has none, or "" where none is asked for."""
    return metric.band_reason or "" if metric.band is None else format_band(metric.band)


def format_interval(metric: Metric, *, sign: bool = False) -> str:
    """Return both ends of the interval with their unit, … for an open end, or "" when there is none."""
    if metric.low is None and metric.high is None:
        return ""
    ends = (
        "…" if end is None else format_value(end, metric.unit, sign=sign) for end in (metric.low, metric.high)
    )
    return " to ".join(ends)


def short_interval(metric: Metric) -> str:
    """Return both ends of the interval in two or three digits without unit, for cards and columns.

    Returns "" unless both ends are known. A fraction is written in percent; seconds as hours or minutes.
    """
    if metric.low is None or metric.high is None:
        return ""
    if metric.unit == "seconds":
        scale, unit = (3600, "h") if metric.high >= 3600 else (60, "m")
        return f"{_two_digits(metric.low / scale)} to {_two_digits(metric.high / scale)}{unit}"
    scale = 100 if metric.unit == "fraction" else 1
    return f"{_two_digits(metric.low * scale)} to {_two_digits(metric.high * scale)}"


def _two_digits(value: float) -> str:
    """Return at least two significant digits, thousands as k, and no zero before the decimal point."""
    size = abs(value)
    if size >= 10_000:
        text = f"{value / 1000:.0f}k"
    elif size >= 1000:
        text = f"{value / 1000:.1f}k"
    elif size >= 10:
        text = f"{value:.0f}"
    elif size >= 1:
        text = f"{value:.1f}"
    else:
        text = f"{value:.2f}".replace("0.", ".", 1)
    return fmt.local("0" if text in ("-.00", ".00") else text)


def has_enough_trades(metric: Metric) -> bool:
    """Return whether a metric is based on enough trades and sessions to act on."""
    return metric.status != _INSUFFICIENT


def quality_mark(metric: Metric) -> str:
    """Return the mark beside a value: * for too few trades or sessions, else a space."""
    return " " if has_enough_trades(metric) else "*"


def missing_reason(metric: Metric) -> str:
    """Return why a value or an interval is missing, or "" where the legend or the title says it already."""
    reason = metric.reason or ""
    # A metric that depends on the order of exits never has an interval; that needs no note on every line.
    return "" if reason.endswith("order of exits") else fmt.local_numbers(reason)


def role_of(metric: Metric, *, signed: bool) -> str:
    """Return the colour role of a value: dim if it is missing or has too few trades, else by its sign."""
    if metric.value is None or not has_enough_trades(metric):
        return "dim"
    if not signed:
        return "strong"
    return "good" if metric.value > 0 else "bad" if metric.value < 0 else "text"


def trade_counts(metrics: Metrics) -> str:
    """Return a sentence with the number of trades, won, lost and scratched, their dates, and those left out."""
    text = f"{metrics.trades:,} closed trade{'' if metrics.trades == 1 else 's'}:"
    text += f" {metrics.wins:,} won, {metrics.losses:,} lost, {metrics.scratches:,} scratched"
    if metrics.first is not None:
        text += f", {metrics.first} to {metrics.last}"
    return "; ".join((text, *how_exits_were_priced(metrics)))


def how_exits_were_priced(metrics: Metrics) -> list[str]:
    """Return what is to be known of exits without a fresh price: left out and with them, counted, or estimated."""
    told = []
    if metrics.stale_left_out:
        beside = metrics.with_stale
        text = f"{metrics.stale_left_out:,} left out (stale fills)"
        if beside is not None:
            text += f": with them {beside.win_rate * 100:.1f} % won and {fmt.money(beside.net_pnl)}"
        told.append(text)
    if metrics.without_feed:
        told.append(f"{metrics.without_feed:,} closed on a sender's last price (no feed)")
    if metrics.settled_estimate:
        told.append(f"{metrics.settled_estimate:,} settled without an official close")
    return told


def window_title(days: int | None) -> str:
    return "all trades" if days is None else f"last {days} days"


def exchange_minute(at: datetime) -> str:
    """Return a time to the minute in exchange time, or in UTC on a machine without time zones."""
    zone = fmt.exchange_zone()
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M} ET" if zone else f"{at:%Y-%m-%d %H:%M} UTC"
