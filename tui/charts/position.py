"""The charts of one position: the option's value with its time decay, and the underlying with its levels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tui.charts import axis
from tui.charts.canvas import Canvas, LevelLabel, Point, Ticks
from tui.charts.time_axis import KnotScale, day_step, exchange_time, label_of_days

_MARGIN = 0.04


@dataclass(frozen=True, slots=True)
class TimeLine:
    """An instant that is drawn as a vertical line, at a place on the axis from 0 to 1."""

    x: float
    role: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class PriceChart:
    """Prices in $ over time, with named levels; ``ahead`` are values to come, drawn as single dots.

    ``path`` holds (instant, place on the axis from 0 to 1, price), ``ticks`` those that come first, and
    ``sessions`` the openings with their places: they become ticks of days where there is room.
    """

    path: tuple[tuple[datetime, float, float], ...]
    levels: tuple[LevelLabel, ...]
    ticks: tuple[tuple[float, str], ...]
    sessions: tuple[tuple[datetime, float], ...]
    lines: tuple[TimeLine, ...] = ()
    ahead: tuple[Point, ...] = ()
    role: str = "strong"

    def plot(self, canvas: Canvas) -> None:
        prices = (
            [price for *_, price in self.path] + [y for _, y in self.ahead] + [each.y for each in self.levels]
        )
        low, high = min(prices), max(prices)
        pad = (high - low) * _MARGIN
        canvas.y_axis(low - pad, high + pad, axis.plain_dollars)
        right = max((len(each.name) for each in self.levels), default=-1) + 1
        canvas.x_axis(0.0, 1.0, self._ticks, right=right)
        for line in self.lines:
            canvas.vertical(line.x, line.role, line.name)
        canvas.levels(self.levels, right)
        canvas.single_dots(self.ahead, "warn")
        canvas.line([(x, price) for _, x, price in self.path], self.role)

    def _ticks(self, low: float, high: float, cells: int) -> Ticks:
        named = list(self.ticks)
        if self.sessions:
            step = day_step(len(self.sessions), cells)
            label = label_of_days(self.sessions[0][0], self.sessions[-1][0])
            return named + [(x, label(exchange_time(at))) for at, x in self.sessions[::step]]
        scale = KnotScale(tuple((at, x) for at, x, _ in self.path))
        return named + list(scale.clock_ticks(cells))
