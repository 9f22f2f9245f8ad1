"""The line above History: the filters in force, the order, and their keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tui import fmt
from tui.commands.registry import key_of
from tui.widgets.line import Line, clip_line, width_of
from tui.widgets.line_widget import Pane


@dataclass(frozen=True, slots=True)
class FilterView:
    filters: Mapping[str, str]
    order: str


class FilterPane(Pane):
    data: FilterView | None = None

    def lines(self, width: int, height: int) -> list[Line]:
        view = self.data
        if view is None:
            return []
        frame = view.filters.get("timeframe", "")
        values = (
            ("FilterAction", "decision", view.filters.get("decision", "")),
            ("FilterTimeframe", "timeframe", fmt.timeframe(int(frame)) if frame.isdigit() else frame),
            ("FilterQuality", "quality", view.filters.get("quality", "")),
            ("FilterSymbol", "symbol", view.filters.get("symbol", "")),
        )
        line: Line = [(" ", "text")]
        for command, name, value in values:
            role = "strong" if value else "text"
            line += [
                (key_of(command), "key"),
                (f" {name} ", "dim"),
                (value or "all", role),
                ("   ", "text"),
            ]
        order: Line = [(key_of("SortOrder"), "key"), (" by ", "dim"),
                       (view.order, "text" if view.order == "time" else "strong")]  # fmt: skip
        if width_of(line) + width_of(order) <= width:
            line += order
        return [clip_line(line, width)]
