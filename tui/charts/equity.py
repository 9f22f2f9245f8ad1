"""Cumulative P&L, and how far it lies below its peak, over the time of the exits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tui.charts import axis
from tui.charts.canvas import Canvas, Point
from tui.charts.time_axis import scale_of

_MARGIN = 0.04


@dataclass(frozen=True, slots=True)
class CumulativeChart:
    """Net P&L in $ after each exit, as steps: green above zero, red below, with a line at zero."""

    at: tuple[datetime | None, ...]
    values: tuple[float, ...]

    def plot(self, canvas: Canvas) -> None:
        xs, scale = scale_of(self.at)
        low, high = min(0.0, *self.values), max(0.0, *self.values)
        pad = (high - low) * _MARGIN
        canvas.y_axis(low - (pad if low < 0 else 0), high + (pad if high > 0 else 0), axis.signed_dollars)
        canvas.x_axis(0.0, scale.end, scale.ticks)
        canvas.horizontal(0.0)
        corners = step_corners(xs, self.values)
        canvas.line([(x, y if y >= 0 else float("nan")) for x, y in corners], "good")
        canvas.line([(x, y if y <= 0 else float("nan")) for x, y in corners], "bad")


@dataclass(frozen=True, slots=True)
class DrawdownChart:
    """Dollars below the peak after each exit (zero or less), hanging from zero."""

    at: tuple[datetime | None, ...]
    values: tuple[float, ...]

    def plot(self, canvas: Canvas) -> None:
        xs, scale = scale_of(self.at)
        canvas.y_axis(min(self.values), 0.0, axis.signed_dollars)
        canvas.x_axis(0.0, scale.end, scale.ticks)
        canvas.columns_to_zero(_deepest(canvas, xs, self.values), "braille", "bad")


def step_corners(xs: list[float], values: tuple[float, ...]) -> list[Point]:
    """Return the corners of steps from zero through the values, and each place where they cross zero."""
    corners: list[Point] = []
    before = 0.0
    for x, value in zip(xs, values, strict=True):
        corners.append((x, before))
        if before * value < 0:
            corners.append((x, 0.0))
        corners.append((x, value))
        before = value
    return corners


def _deepest(canvas: Canvas, xs: list[float], values: tuple[float, ...]) -> list[Point]:
    """Return for each column of dots the deepest value in it; without a value, the last one before it."""
    dots = canvas.columns * 2
    lowest: list[float | None] = [None] * dots
    last: list[float] = [0.0] * dots
    for x, value in zip(xs, values, strict=True):
        column = min(dots - 1, max(0, canvas.column(x, 2)))
        known = lowest[column]
        lowest[column] = value if known is None else min(known, value)
        last[column] = value
    out: list[Point] = []
    before = 0.0
    for column, found in enumerate(lowest):
        value = before if found is None else min(before, found)
        before = before if found is None else last[column]
        if value < 0:
            out.append((canvas.at_column(column, 2), value))
    return out
