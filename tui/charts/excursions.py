"""The scatter of excursions: how far trades went against and for their holder before they ended."""

from __future__ import annotations

from dataclasses import dataclass

from tui.charts import axis
from tui.charts.canvas import Canvas, Point

_MARKS = {frozenset({True}): ("▲", "good"), frozenset({False}): ("▼", "bad")}
_BOTH = ("◆", "warn")
_LEAST = 1.0
"""Dollars that an axis spans at least."""


@dataclass(frozen=True, slots=True)
class ExcursionsChart:
    """Trades as (worst, best, net) in $: worst gross P&L to the left, best upwards; ▲ won, ▼ lost, ◆ both."""

    trades: tuple[tuple[float, float, float], ...]

    def plot(self, canvas: Canvas) -> None:
        canvas.name_axes(("worst (MAE) →", "MAE"), ("best (MFE) ↑", "MFE"))
        canvas.y_axis(0.0, max(_LEAST, *(best for _, best, _ in self.trades)), axis.signed_dollars)
        canvas.x_axis(min(-_LEAST, *(worst for worst, _, _ in self.trades)), 0.0, axis.dollars_across)
        cells: dict[tuple[int, int], set[bool]] = {}
        for worst, best, net in self.trades:
            cell = canvas.column(min(0.0, worst)), canvas.row(max(0.0, best))
            cells.setdefault(cell, set()).add(net > 0)
        places: dict[tuple[str, str], list[Point]] = {}
        for (column, row), results in cells.items():
            mark = _MARKS.get(frozenset(results), _BOTH)
            places.setdefault(mark, []).append((canvas.at_column(column), canvas.at_row(row)))
        for (marker, role), points in places.items():
            canvas.marks(points, marker, role)
