"""Results of signals by group: executed and shadow trades together, at one size."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from server.deck import LearningView
from tui import fmt
from tui.commands.registry import hint
from tui.metric_format import format_value, has_enough_trades, role_of, short_interval, table_dollars
from tui.widgets.columns import Cell, Column, Row
from tui.widgets.line import Line
from tui.widgets.table import LiveTable

if TYPE_CHECKING:
    from core.learning import Row as LearnedRow

COLUMNS = (
    Column("setup", 18, name="group"),
    Column("signals", 7, "right"),
    Column("traded", 6, "right"),
    Column("win %", 6, "right"),
    Column("avg R", 6, "right"),
    Column("R against the rest", 20),
    Column("net $", 11, "right"),
    Column("R down", 6, "right"),
)


class LearnedCutsPane(LiveTable):
    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("Signals by setup", COLUMNS, id=id, empty=("reading the ledger",))

    def show(self, view: LearningView | str, name: str) -> None:
        self.title = f"Signals by {name}"
        self.columns = (replace(COLUMNS[0], title=name), *COLUMNS[1:])
        if isinstance(view, str):
            self.empty = (view,)
            self.show_rows((), [])
        else:
            self.empty = ("no signal has an outcome yet",)
            rows = view.learning.tables.get(name, ())
            note: Line = [(hint("NextTable"), "info"), ("  with shadows, at ×1", "dim")]
            self.show_rows(tuple(Row(row.label, row, row_cells) for row in rows), note)
        self.repaint()


def row_cells(row: LearnedRow) -> tuple[Cell, ...]:
    group = row.group
    plain = "text" if has_enough_trades(group.win_rate) else "dim"
    rest = row.against_rest
    text = format_value(rest.value, "R").removesuffix(" R")
    if short_interval(rest):
        text += f" ({short_interval(rest)})"
    clear = rest.low is not None and rest.high is not None and not rest.low <= 0 <= rest.high
    net = group.net.value
    return (
        (fmt.words(row.label), "strong" if has_enough_trades(group.win_rate) else "dim"),
        (str(group.n), plain),
        (str(group.executed), plain),
        (format_value(group.win_rate.value, "fraction").removesuffix(" %"), plain),
        (format_value(group.average_r.value, "R").removesuffix(" R"), role_of(group.average_r, signed=True)),
        (f"{fmt.arrow(rest.value)}{text}", role_of(rest, signed=True) if clear else "dim"),
        (f"{fmt.arrow(net)}{table_dollars(net)}", role_of(group.net, signed=True)),
        (format_value(row.drawdown_r.value, "R", sign=False).removesuffix(" R"), plain),
    )
