"""The column chooser: which columns of a list are shown, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container

from tui.dialogs.base import Dialog
from tui.widgets.columns import Cell, Column, ColumnChoice, Row, cells_by
from tui.widgets.table import LiveTable

_AROUND = 4
"""Rows of the frame, the title and the heads of the columns."""
_KEYS = " Space shows or hides   < > moves   s standard   Enter keeps   Esc "
_SHORT_KEYS = " Space  < >  s  Enter  Esc "


@dataclass(frozen=True, slots=True)
class Choice:
    """One column of the list, and whether it is shown."""

    key: str
    shown: bool
    fixed: bool
    width: int


def _mark(choice: Choice) -> Cell:
    if choice.fixed:
        return ("always", "dim")
    return ("✓", "good") if choice.shown else ("hidden", "dim")


COLUMNS = (
    Column("column", 24, weight=1, cell=lambda c: (c.key, "strong" if c.shown else "dim")),
    Column("shown", 6, cell=_mark),
    Column("cells", 5, "right", cell=lambda c: (str(c.width), "dim")),
)
_cells = cells_by(COLUMNS)


class ColumnsDialog(Dialog[ColumnChoice]):
    """Returns the columns to show, or ``None`` when cancelled. The first column of a list is always shown."""

    BINDINGS = [
        Binding("escape,q", "cancel", "cancel"),
        Binding("space", "show_or_hide", "show or hide"),
        Binding("less_than_sign,comma", "move(-1)", "earlier"),
        Binding("greater_than_sign,full_stop", "move(1)", "later"),
        Binding("s", "standard", "standard"),
    ]
    AUTO_FOCUS = "#columns"

    def __init__(self, table: LiveTable) -> None:
        super().__init__()
        self._name = table.title
        self._columns = {column.key: column for column in table.columns}
        self._first = table.columns[0].key
        self._shown = list(table.shown_columns)
        self._order = [*self._shown, *(key for key in self._columns if key not in self._shown)]

    def compose(self) -> ComposeResult:
        with Container(classes="box columns"):
            yield LiveTable(f"Columns of {self._name}", COLUMNS, id="columns")

    def on_mount(self) -> None:
        super().on_mount()
        self._show()
        self._fit()

    def on_resize(self) -> None:
        super().on_resize()
        self._fit()

    def _fit(self) -> None:
        box = self.query_one(".box")
        box.styles.height = min(len(self._order) + _AROUND, self.size.height)
        box.border_subtitle = _KEYS if self.size.width > len(_KEYS) + 6 else _SHORT_KEYS

    @property
    def _table(self) -> LiveTable:
        return self.query_one("#columns", LiveTable)

    def _show(self) -> None:
        rows = (
            Choice(key, key in self._shown, key == self._first, self._columns[key].width)
            for key in self._order
        )
        self._table.show_rows(tuple(Row(each.key, each, _cells) for each in rows))

    def _chosen(self) -> tuple[str, ...]:
        return tuple(key for key in self._order if key in self._shown)

    def action_show_or_hide(self) -> None:
        key = self._table.cursor
        if self.too_soon or key is None or key == self._first:
            return
        if key in self._shown:
            self._shown.remove(key)
        else:
            self._shown.append(key)
        self._show()

    def action_move(self, step: int) -> None:
        """Move the selected column; the first one stays where it is."""
        key = self._table.cursor
        if self.too_soon or key is None or key == self._first:
            return
        place = self._order.index(key)
        there = max(1, min(len(self._order) - 1, place + step))
        self._order.insert(there, self._order.pop(place))
        self._show()

    def action_standard(self) -> None:
        """Choose the columns that the list begins with."""
        if self.too_soon:
            return
        self._order = list(self._columns)
        self._shown = [key for key, column in self._columns.items() if column.standard or key == self._first]
        self._show()

    def on_live_table_opened(self, message: LiveTable.Opened) -> None:
        if not self.too_soon:
            self.dismiss(ColumnChoice(None if self._is_standard() else self._chosen()))

    def _is_standard(self) -> bool:
        columns: Sequence[Column] = tuple(self._columns.values())
        return self._chosen() == tuple(c.key for c in columns if c.standard or c.key == self._first)

    def action_cancel(self) -> None:
        if not self.too_soon:
            self.dismiss(None)
