"""Charts of the cumulative net P&L and of the drawdown, over the time of the exits."""

from __future__ import annotations

from server.deck import PerformanceView
from tui import fmt
from tui.charts.equity import CumulativeChart, DrawdownChart
from tui.metric_format import format_value
from tui.panes.reports import ChartPane
from tui.widgets.line import Line, heading, signed_role

_LEAST = 2


class EquityPane(ChartPane):
    title = "Cumulative P&L"

    def report(self, view: PerformanceView, width: int, height: int) -> list[Line]:
        values = tuple(point.cumulative for point in view.report.curve)
        if len(values) < _LEAST:
            return self.nothing(width, "drawn from two closed trades on")
        last = values[-1]
        right: Line = [(f"{fmt.arrow(last)} {fmt.money(last)}", signed_role(last))]
        chart = CumulativeChart(tuple(point.at for point in view.report.curve), values)
        return [heading(self.title, width, right), *self.chart(chart, width, height - 1)]


class DrawdownPane(ChartPane):
    title = "Drawdown"

    def report(self, view: PerformanceView, width: int, height: int) -> list[Line]:
        values = tuple(point.underwater for point in view.report.curve)
        measured = view.report.metrics
        if len(values) < _LEAST:
            return self.nothing(width, "drawn from two closed trades on")
        depth = measured.max_drawdown.value
        if not depth:
            return self.nothing(width, "no drawdown: never below the peak before")
        now = values[-1]
        state = "at its peak now" if now == 0 else f"{fmt.money(now)} now"
        share = format_value(measured.max_drawdown_pct.value, "%")
        right: Line = [
            (f"▼ {fmt.money(depth, sign=False)}", "bad"),
            (f" {share}", "bad") if width >= 50 else ("", "text"),
            (f"  {state}", "text"),
        ]
        chart = DrawdownChart(tuple(point.at for point in view.report.curve), values)
        return [heading(self.title, width, right), *self.chart(chart, width, height - 1)]
