"""The line above History: the filters in force, the order, and their keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tui import fmt
from tui.commands.registry import key_of
from tui.widgets.line import Line, first_fitting
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
        pieces: list[Line] = [
            [(key_of(command), "key"), (f" {name} ", "dim"), (value or "all", "strong" if value else "text")]
            for command, name, value in sorted(values, key=lambda each: not each[2])
        ]
        order: Line = [(key_of("SortOrder"), "key"), (" by ", "dim"),
                       (view.order, "text" if view.order == "time" else "strong")]  # fmt: skip
        return [[(" ", "text"), *first_fitting([*pieces, order], width - 1, "   ")]]
