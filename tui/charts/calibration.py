"""The reliability diagram: the confidence that signals stated, and the share of them that won."""

from __future__ import annotations

from dataclasses import dataclass

from tui.charts import axis
from tui.charts.canvas import Canvas

FAR = 0.10
"""Difference between stated and won from which a bin is marked."""


@dataclass(frozen=True, slots=True)
class CalibrationPoint:
    """One bin: stated and won as fractions, the ends of the 95 % interval, and whether it has enough signals."""

    stated: float
    won: float
    low: float | None
    high: float | None
    enough: bool

    @property
    def mark(self) -> tuple[str, str]:
        """The character and the role of the bin."""
        if not self.enough:
            return ("○", "dim")
        if abs(self.won - self.stated) < FAR:
            return ("●", "info")
        return ("▲" if self.won > self.stated else "▼", "warn")


@dataclass(frozen=True, slots=True)
class CalibrationChart:
    """Bins against the diagonal, on which as many signals win as the confidence says."""

    points: tuple[CalibrationPoint, ...]
    start: float
    """The lowest confidence that is shown, as a fraction."""

    def plot(self, canvas: Canvas) -> None:
        canvas.y_axis(0.0, 1.0, axis.percent)
        canvas.x_axis(self.start, 1.0, axis.percent_across)
        canvas.line([(self.start, self.start), (1.0, 1.0)], "track")
        for point in self.points:
            if point.low is not None and point.high is not None:
                canvas.line([(point.stated, point.low), (point.stated, point.high)], "dim")
        for point in self.points:
            marker, role = point.mark
            canvas.marks([(point.stated, point.won)], marker, role)
        canvas.note("won", right=False, top=True)
        canvas.note("said", right=True, top=False)
