"""Charts of the net results of trades (histogram) and of their excursions (MAE against MFE)."""

from __future__ import annotations

from server.deck import PerformanceView
from tui.charts.distribution import HistogramChart
from tui.charts.excursions import ExcursionsChart
from tui.panes.reports import ChartPane
from tui.widgets.line import Line, heading


class DistributionPane(ChartPane):
    title = "Net per trade"

    def report(self, view: PerformanceView, width: int, height: int) -> list[Line]:
        spread, measured = view.report.distribution, view.report.metrics
        if not spread.counts:
            return self.nothing(width, "drawn from the first closed trade on")
        right: Line = [(f"▼ {measured.losses}", "bad"), (f"  ▲ {measured.wins}", "good")]
        chart = HistogramChart(spread.edges, spread.counts)
        return [heading(self.title, width, right), *self.chart(chart, width, height - 1)]


class ExcursionsPane(ChartPane):
    title = "Excursions"

    def report(self, view: PerformanceView, width: int, height: int) -> list[Line]:
        points = view.report.excursions
        if not points:
            return self.nothing(width, "no trade with its best and worst mark known")
        right: Line = [("▲ won", "good"), ("  ▼ lost", "bad"), ("  ◆ both", "warn")]
        chart = ExcursionsChart(tuple((point.mae, point.mfe, point.net) for point in points))
        return [heading(self.title, width, right), *self.chart(chart, width, height - 1)]
