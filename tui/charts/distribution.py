"""The histogram of net results: how many trades made how many dollars."""

from __future__ import annotations

from dataclasses import dataclass

from tui.charts import axis
from tui.charts.canvas import Canvas


@dataclass(frozen=True, slots=True)
class HistogramChart:
    """Trades per range of $: ``counts[i]`` of them from ``edges[i]`` on; zero is an edge."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]

    def plot(self, canvas: Canvas) -> None:
        canvas.y_axis(0.0, max(self.counts), axis.counts)
        canvas.x_axis(self.edges[0], self.edges[-1], axis.dollars_across)
        heights: dict[int, tuple[int, bool]] = {}
        for start, end, count in zip(self.edges, self.edges[1:], self.counts, strict=False):
            if count:
                first = canvas.column(start, 2)
                for column in range(first, max(first + 1, canvas.column(end, 2))):
                    heights[column] = max(heights.get(column, (0, False)), (count, start >= 0))
        for gain, role in ((False, "bad"), (True, "good")):
            canvas.columns_to_zero(
                [
                    (canvas.at_column(column, 2), float(count))
                    for column, (count, is_gain) in heights.items()
                    if is_gain == gain
                ],
                "hd",
                role,
            )
