"""Peer of bench_deck: the same positions in Textual's DataTable and RichLog, used as in Textual's guide."""

from __future__ import annotations

from rich.text import Text
from textual.app import App, ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Button, DataTable, RichLog, Static

from server.deck import Deck, PositionRow

COLUMNS = ("contract", "qty", "P&L", "P&L %", "R", "mark", "age", "expires", "in trade", "stop", "T1", "T2")


def cells(row: PositionRow) -> list[Text]:
    def far(level: object) -> str:
        return "" if level is None else f"{level.dollars:+.2f}"

    values = (
        row.contract, row.remaining, row.pnl, row.pnl_pct, row.r, row.mark, row.mark_age, row.days_left,
        int(row.time_in_trade), far(row.to_stop), far(row.to_target_1), far(row.to_target_2),
    )  # fmt: skip
    return [Text(f"{value:.2f}" if isinstance(value, float) else str(value)) for value in values]


class Question(ModalScreen[None]):
    BINDINGS = [("n", "dismiss", "no")]

    def compose(self) -> ComposeResult:
        yield Static("Exit this position?")
        yield Button("Cancel")


class StockApp(App[None]):
    BINDINGS = [("x", "ask", "exit"), ("q", "quit", "quit")]

    def __init__(self, deck: Deck) -> None:
        super().__init__()
        self.deck = deck
        self._receipts = -1

    def compose(self) -> ComposeResult:
        yield Static("", id="head")
        yield Static("", id="cursor")
        yield DataTable(cursor_type="row", id="table")
        yield RichLog(id="log", max_lines=200)

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        for column in COLUMNS:
            table.add_column(column, key=column)
        for row in self.deck.snapshot().positions:
            table.add_row(*cells(row), key=row.id)
        table.focus()
        self.query_one(RichLog).styles.height = 6
        self.set_interval(0.5, self.pull)

    def pull(self) -> None:
        snapshot = self.deck.snapshot()
        table = self.query_one(DataTable)
        for row in snapshot.positions:
            for column, cell in zip(COLUMNS, cells(row), strict=True):
                table.update_cell(row.id, column, cell)
        self.query_one("#head", Static).update(f"{snapshot.at:%H:%M:%S} {snapshot.mode}")
        if snapshot.counters.receipts != self._receipts:
            self._receipts = snapshot.counters.receipts
            self.query_one(RichLog).write(f"{self._receipts} webhooks")

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        self.query_one("#cursor", Static).update(f"▸ {event.cursor_row}")

    def action_ask(self) -> None:
        self.push_screen(Question())
