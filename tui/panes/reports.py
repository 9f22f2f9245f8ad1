"""The base of report panes: shows one part of a view, or why there is none yet."""

from __future__ import annotations

from typing import Any

from tui.charts import Chart, ChartFrame
from tui.interfaces import deck_ui
from tui.widgets.line import Line, heading, wrap_text
from tui.widgets.line_widget import Pane

READING = "reading the ledger"


class ReportPane(Pane):
    """``data`` is the view, or a message while there is none."""

    title = ""
    data: Any = READING

    def lines(self, width: int, height: int) -> list[Line]:
        if self.data is None or isinstance(self.data, str):
            sentence = wrap_text(self.data or READING, "dim", width - 2)
            return [heading(self.title, width), *([(" ", "text"), *line] for line in sentence)]
        return self.report(self.data, width, height)

    def report(self, view: Any, width: int, height: int) -> list[Line]:
        """Return the pane's lines from its view."""
        return []

    def nothing(self, width: int, text: str, right: Line | None = None) -> list[Line]:
        """Return the heading, and below it that there is nothing to show."""
        return [
            heading(self.title, width, right),
            *([(" ", "text"), *line] for line in wrap_text(text, "dim", width - 2)),
        ]


class ChartPane(ReportPane):
    """A pane of a report with one chart, which is drawn in the worker and shown when it is ready."""

    _frame: ChartFrame | None = None

    def chart(self, chart: Chart, width: int, height: int) -> list[Line]:
        """Return the chart's lines, or those of the chart before while it is being drawn."""
        if self._frame is None:
            self._frame = ChartFrame(deck_ui(self).charts, self.repaint)
        return self._frame.lines(chart, width, height)
