"""The dialog with one symbol: its prices, what senders say of it, and what happened with it today."""

from __future__ import annotations

import logging

from textual.app import ComposeResult
from textual.containers import Container

from server.deck import DeckSnapshot, SymbolView
from tui.charts import ChartFrame
from tui.dialogs.base import Reading
from tui.documents.symbol import symbol_lines
from tui.interfaces import deck_ui, run_in_background
from tui.widgets.document import Document
from tui.widgets.line import Line, heading

log = logging.getLogger("gatedeck.tui")


class SymbolDetail(Reading):
    """Shows a symbol; read again with every input of the engine, at most once a snapshot."""

    def __init__(self, symbol: str) -> None:
        super().__init__()
        self.symbol = symbol
        self.view: SymbolView | None = None
        self.problem = "reading the ledger"
        self._seq = -1

    def compose(self) -> ComposeResult:
        with Container(classes="box reading full"):
            document = Document(self.write, id="document")
            self._chart = ChartFrame(deck_ui(self).charts, document.repaint)
            yield document

    def on_mount(self) -> None:
        super().on_mount()
        self.read()

    @property
    def value(self) -> SymbolView | None:
        return self.view

    def show(self, snapshot: DeckSnapshot) -> None:
        if snapshot.seq != self._seq:
            self._seq = snapshot.seq
            self.read()

    def read(self) -> None:
        run_in_background(self, self._read, exclusive=True, group="symbol")

    async def _read(self) -> None:
        try:
            found = await deck_ui(self).deck.symbol(self.symbol)
        except Exception as error:
            log.exception("symbol %s could not be read", self.symbol)
            self.problem = f"it could not be read: {error!r}"
        else:
            self.view = found or self.view
            self.problem = "" if found else f"nothing is known of {self.symbol}"
        if self.is_mounted:
            self._fit()
            self.query_one(Document).repaint()

    def write(self, width: int) -> list[Line]:
        problem: list[Line] = [[("  " + self.problem, "warn")]] if self.problem else []
        if self.view is None:
            return [heading(self.symbol, width), *problem]
        return [*symbol_lines(self.view, width, self._chart.lines), *problem]
