"""A dialog in which one value of a list is chosen: a setup, a symbol or a tag to filter by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container

from tui.dialogs.base import Dialog
from tui.widgets.columns import Cell, Column, Row
from tui.widgets.table import LiveTable

_ALL = ""
_MOST_ROWS = 16
_AROUND = 4
"""Rows of the frame, the title and the heads of the columns."""


class ChoiceDialog(Dialog[str]):
    """Returns the chosen value, an empty string for all, or ``None`` when cancelled."""

    BINDINGS = [Binding("escape,q", "cancel", "cancel")]
    AUTO_FOCUS = "LiveTable"

    def __init__(self, name: str, values: Sequence[Mapping[str, Any]], now: str, every: str = "all") -> None:
        """``values`` are rows of the deck's list of values, the most used first; ``now`` is the one in force.

        ``every`` names the row above them, which chooses none.
        """
        super().__init__()
        self._title = name
        self._values = values
        self._now = now
        self._every = every

    def compose(self) -> ComposeResult:
        columns = (Column(self._title, 34), Column("trades", 7, "right"))
        with Container(classes="box choice"):
            table = LiveTable(f"Trades by {self._title}", columns, id="choice")
            rows = [Row(_ALL, (self._every, None), _cells)]
            rows += [Row(str(v["value"]), (str(v["value"]), v["trades"]), _cells) for v in self._values]
            table.cursor = self._now
            table.show_rows(tuple(rows), [("Enter shows them", "dim")])
            yield table

    def on_mount(self) -> None:
        super().on_mount()
        self._fit()

    def on_resize(self) -> None:
        super().on_resize()
        self._fit()

    def _fit(self) -> None:
        rows = min(len(self._values) + 1, _MOST_ROWS) + _AROUND
        self.query_one(".box").styles.height = min(rows, self.size.height)

    def on_live_table_opened(self, message: LiveTable.Opened) -> None:
        if not self.too_soon:
            self.dismiss(message.key)

    def action_cancel(self) -> None:
        if not self.too_soon:
            self.dismiss(None)


def _cells(value: tuple[str, int | None]) -> tuple[Cell, ...]:
    text, trades = value
    return (text, "strong" if trades is None else "text"), ("" if trades is None else str(trades), "dim")
