"""The dialog in which a symbol is typed as a filter."""

from __future__ import annotations

import re

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.widgets import Input

from core.model import SYMBOL_PATTERN
from tui.dialogs.base import Dialog
from tui.widgets.line import Line, heading
from tui.widgets.line_widget import LineWidget

_SYMBOL = re.compile(f"(?:{SYMBOL_PATTERN})?")


class SymbolText(LineWidget):
    def lines(self, width: int, height: int) -> list[Line]:
        words: Line = [(" Enter shows its decisions; nothing typed shows all.", "dim")]
        return [heading("Symbol", width), words]


class SymbolDialog(Dialog[str]):
    """Returns the symbol in capitals, an empty string for all symbols, or ``None`` when cancelled."""

    BINDINGS = [Binding("escape", "cancel", "cancel")]
    AUTO_FOCUS = "Input"

    def __init__(self, now: str) -> None:
        super().__init__()
        self._now = now

    def compose(self) -> ComposeResult:
        with Container(classes="box symbol"):
            yield SymbolText(id="question")
            yield Input(self._now, id="word", max_length=24, compact=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        symbol = event.value.strip().upper().rpartition(":")[2]
        if _SYMBOL.fullmatch(symbol):
            self.dismiss(symbol)
        else:
            self.app.bell()

    def action_cancel(self) -> None:
        self.dismiss(None)
