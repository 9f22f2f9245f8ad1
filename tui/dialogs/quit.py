"""The dialog that asks before the engine ends while positions are open or trades wait."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container

from server.deck import DeckSnapshot
from server.deck.left_open import left_open
from tui.dialogs.base import Confirming
from tui.dialogs.question_pane import QuestionPane
from tui.exit_guard import LEAVE_RUNNING
from tui.widgets.line import Line, heading, wrap_text
from tui.widgets.yes_no import Answers

_STAYS = "Left running, it goes on without this terminal, and `gatedeck attach` shows the deck again."
_CANNOT_STAY = "To leave it running: `gatedeck run --detach`, or `gatedeck service install`."
QUIT = "quit"


class QuitText(QuestionPane):
    """The positions that stay open, that nobody watches them, and how the engine goes on without this terminal."""

    usual_height = 7
    data: str = ""
    hint = _CANNOT_STAY

    def text(self, width: int, *, short: bool) -> list[Line]:
        left = f" {self.data[:1].upper()}{self.data[1:]}. Webhooks are lost meanwhile."
        lines = [heading("Stop the engine?", width), *wrap_text(left, "warn", width)]
        return lines if short else [*lines, [], *wrap_text(f" {self.hint}", "dim", width)]


class QuitDialog(Confirming[str]):
    """Returns QUIT when the engine is to end, LEAVE_RUNNING when it is to go on without the terminal, else None."""

    BINDINGS = [Binding("l", "leave_running", show=False)]

    def __init__(self, snapshot: DeckSnapshot, *, can_leave_running: bool = False) -> None:
        super().__init__()
        self._left = left_open(snapshot)
        self._can_leave = can_leave_running

    def compose(self) -> ComposeResult:
        with Container(classes="box question"):
            text = QuitText(id="question")
            text.data = self._left
            if self._can_leave:
                text.hint = _STAYS
            yield text
            yield Answers("Stop the engine", ("Leave it running", "l") if self._can_leave else None)

    def show(self, snapshot: DeckSnapshot) -> None:
        self._left = left_open(snapshot)
        self.query_one(QuitText).show(self._left)

    def answer(self) -> str | None:
        return QUIT

    def on_answers_given(self, event: Answers.Given) -> None:
        if event.between:
            event.prevent_default()
            self.action_leave_running()

    def action_leave_running(self) -> None:
        if self._can_leave and not self.too_soon:
            self.dismiss(LEAVE_RUNNING)
