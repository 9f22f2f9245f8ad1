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
    if unit == "days" and 0 < value < 1:
        return fmt.age(value * 86_400)
    if abs(value) < 0.005 and unit not in ("seconds", "fraction"):
        value = 0.0  # no sign on what rounds to nothing
    plus = "+" if sign and value > 0 else ""
    if unit == "fraction":
        return fmt.local(f"{value * 100:.1f}") + " %"
    if unit == "$":
        return dollars(value, sign=sign)
    if unit == "R":
        return fmt.local(f"{plus}{value:.2f}") + " R"
    if unit == "%":
        return fmt.local(f"{value:.1f}") + " %"
    if unit == "points":
        return fmt.local(f"{plus}{value:.1f}") + " points"
    if unit == "days":
        return fmt.local(f"{value:.1f}") + " days"
    if unit == "seconds":
        return fmt.age(value)
    if unit == "trades":
        return f"{value:.0f}"
    return fmt.number(value, 2 if abs(value) < 1000 else 0)


def dollars(value: float | None, *, sign: bool = True) -> str:
    """Money on a card: whole dollars from a thousand up."""
    if value is None or abs(value) < 1000:
        return fmt.money(value, sign=sign)
    mark = "-" if value < 0 else "+" if sign else ""
    return f"{mark}${fmt.number(abs(value), 0)}"


def interval_words(metric: Metric) -> str:
    """The 95 % interval, as short as it can be read, or "" where there is none."""
    if metric.low is None or metric.high is None:
        return ""
    if metric.unit == "seconds":
        scale, unit = (3600, "h") if metric.high >= 3600 else (60, "m")
        return f"{_short(metric.low / scale)} to {_short(metric.high / scale)}{unit}"
    scale = 100 if metric.unit == "fraction" else 1
    return f"{_short(metric.low * scale)} to {_short(metric.high * scale)}"


def _short(value: float) -> str:
    """Two digits or more, without the zero before the decimals."""
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


def role_of(metric: Metric, *, signed: bool) -> str:
    """The colour of a metric: dim when it rests on too little, by its sign where the sign matters."""
    if not enough(metric) or metric.value is None:
        return "dim"
    return signed_role(metric.value) if signed else "strong"
