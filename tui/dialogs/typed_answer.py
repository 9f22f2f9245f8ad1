"""A dialog about one position in which the user types an answer: a price, a split, or a word."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.widgets import Input

from server.deck import DeckSnapshot, PositionRow
from tui.dialogs.base import Dialog
from tui.dialogs.question_pane import QuestionPane

Answer = TypeVar("Answer")


class PositionText(QuestionPane):
    """The text above the answer: of the position, what is typed so far, and why no answer is taken ("" if one is)."""

    data: tuple[PositionRow, str, str] | None = None


class TypedAnswerDialog(Dialog[Answer], Generic[Answer]):
    """Returns the answer, ``None`` when cancelled; what is no answer rings the bell."""

    BINDINGS = [Binding("escape", "cancel", "cancel")]
    AUTO_FOCUS = "Input"
    text_type: ClassVar[type[PositionText]]
    max_length: ClassVar[int]

    def __init__(self, row: PositionRow) -> None:
        """``row`` is the position as painted when the key was pressed; it is never replaced by another."""
        super().__init__()
        self.row = row
        self._refusal = ""

    @abstractmethod
    def refusal(self, now: PositionRow | None) -> str:
        """Return why no answer is taken any longer, "" while one is; ``now`` is the position at this moment."""

    @abstractmethod
    def answer(self, typed: str) -> Answer | None:
        """Return the answer that a text means, ``None`` if it means none."""

    def compose(self) -> ComposeResult:
        with Container(classes="box question all"):
            text = self.text_type(id="question")
            text.data = (self.row, "", "")
            yield text
            yield Input(id="word", max_length=self.max_length, compact=True)

    def show(self, snapshot: DeckSnapshot) -> None:
        self._refusal = self.refusal(next((row for row in snapshot.positions if row.id == self.row.id), None))
        self._repaint()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._repaint()

    def _repaint(self) -> None:
        self.query_one(self.text_type).show((self.row, self.query_one(Input).value, self._refusal))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if self.too_soon:
            return
        answer = self.answer(event.value)
        if answer is None or self._refusal:
            self.app.bell()
            return
        self.dismiss(answer)

    def action_cancel(self) -> None:
        if not self.too_soon:
            self.dismiss(None)
