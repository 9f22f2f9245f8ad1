"""The dialog in which words to search for are typed."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.widgets import Input

from tui.dialogs.base import Dialog
from tui.widgets.line import Line, heading
from tui.widgets.line_widget import LineWidget

_LONGEST = 80


class SearchText(LineWidget):
    def lines(self, width: int, height: int) -> list[Line]:
        words: Line = [(" In contract, setup, reason and notes; nothing typed shows all.", "dim")]
        return [heading("Search trades", width), words]


class SearchDialog(Dialog[str]):
    """Returns the words, an empty string for all trades, or ``None`` when cancelled."""

    BINDINGS = [Binding("escape", "cancel", "cancel")]
    AUTO_FOCUS = "Input"

    def __init__(self, now: str) -> None:
        super().__init__()
        self._now = now

    def compose(self) -> ComposeResult:
        with Container(classes="box symbol"):
            yield SearchText(id="question")
            yield Input(self._now, id="word", max_length=_LONGEST, compact=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip())

    def action_cancel(self) -> None:
        self.dismiss(None)
