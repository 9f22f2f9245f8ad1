"""How a metric is written: its value by its unit, its interval, and what it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui import fmt
from tui.widgets.line import signed_role

if TYPE_CHECKING:
    from core.performance import Metric

INSUFFICIENT = "INSUFFICIENT_DATA"


def enough(metric: Metric) -> bool:
    return metric.status != INSUFFICIENT


def value_words(metric: Metric, *, sign: bool = True) -> str:
    """The value with its unit; "–" where there is none."""
    return number_words(metric.value, metric.unit, sign=sign)


def number_words(value: float | None, unit: str, *, sign: bool = True) -> str:
    if value is None:
        return fmt.NONE
    plus = "+" if sign and value > 0 else ""
    if unit == "fraction":
        return f"{value * 100:.1f} %"
    if unit == "$":
        return fmt.money(value, sign=sign)
    if unit == "R":
        return f"{plus}{value:.2f} R"
    if unit == "%":
        return f"{value:.1f} %"
    if unit == "points":
        return f"{plus}{value:.1f} points"
    if unit == "days":
        return f"{value:.1f} days"
    if unit == "seconds":
        return fmt.age(value)
    if unit == "trades":
        return f"{value:.0f}"
    return f"{value:.2f}" if abs(value) < 1000 else f"{value:,.0f}"


def interval_words(metric: Metric) -> str:
    """The 95 % interval without its unit, or "" where there is none."""
    if metric.low is None or metric.high is None:
        return ""
    return f"{_short(metric.low, metric.unit)} to {_short(metric.high, metric.unit)}"


def _short(value: float, unit: str) -> str:
    if unit == "fraction":
        return f"{value * 100:.0f}"
    if unit == "seconds":
        return fmt.age(value)
    if abs(value) >= 10_000:
        return f"{value / 1000:.0f}k"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def role_of(metric: Metric, *, signed: bool) -> str:
    """The colour of a metric: dim when it rests on too little, by its sign where the sign matters."""
    if not enough(metric) or metric.value is None:
        return "dim"
    return signed_role(metric.value) if signed else "strong"
