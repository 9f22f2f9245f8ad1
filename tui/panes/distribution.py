"""The distribution of results, and maximum favourable and adverse excursions (MFE, MAE)."""

from __future__ import annotations

from server.deck import PerformanceView
from tui.panes.reports import ReportPane
from tui.widgets.line import Line, heading
from tui.widgets.plots import histogram_lines, scatter_lines


class DistributionPane(ReportPane):
    title = "Net per trade"

    def report(self, view: PerformanceView, width: int, height: int) -> list[Line]:
        spread, measured = view.report.distribution, view.report.metrics
        if not spread.counts:
            return self.nothing(width, "drawn from the first closed trade on")
        right: Line = [(f"▼ {measured.losses}", "bad"), (f"  ▲ {measured.wins}", "good")]
        return [
            heading(self.title, width, right),
            *histogram_lines(spread.edges, spread.counts, width, height - 1),
        ]


class ExcursionsPane(ReportPane):
    title = "Excursions"

    def report(self, view: PerformanceView, width: int, height: int) -> list[Line]:
        points = view.report.excursions
        if not points:
            return self.nothing(width, "no trade with its best and worst mark known")
        right: Line = [("▲ won", "good"), ("  ▼ lost", "bad"), ("  ◆ both", "warn")]
        drawn = [(point.mae, point.mfe, point.net) for point in points]
        return [
            heading(self.title, width, right),
            *scatter_lines(drawn, width, height - 1, ("worst mark (MAE)", "MFE")),
        ]
