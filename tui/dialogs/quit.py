"""The dialog that asks before the engine ends while positions are open or trades wait."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container

from server.deck import DeckSnapshot
from server.deck.left_open import left_open
from tui.dialogs.base import YesOrNo
from tui.dialogs.question_pane import QuestionPane
from tui.widgets.line import Line, heading, wrap_text
from tui.widgets.yes_no import Answers

_STAYS = "To leave it running: `gatedeck service install`, or a terminal in tmux that you leave open."


class QuitText(QuestionPane):
    """The positions that stay open, that nobody watches them, and how the engine goes on without this terminal."""

    usual_height = 7
    data: str = ""

    def text(self, width: int, *, short: bool) -> list[Line]:
        left = f" {self.data[:1].upper()}{self.data[1:]}. Webhooks are lost meanwhile."
        lines = [heading("Stop the engine?", width), *wrap_text(left, "warn", width)]
        return lines if short else [*lines, [], *wrap_text(f" {_STAYS}", "dim", width)]


class QuitDialog(YesOrNo):
    """Returns True when the engine is to end."""

    def __init__(self, snapshot: DeckSnapshot) -> None:
        super().__init__()
        self._left = left_open(snapshot)

    def compose(self) -> ComposeResult:
        with Container(classes="box question"):
            text = QuitText(id="question")
            text.data = self._left
            yield text
            yield Answers("Stop the engine")

    def show(self, snapshot: DeckSnapshot) -> None:
        self._left = left_open(snapshot)
        self.query_one(QuitText).show(self._left)

    def answer(self) -> bool | None:
        return True
