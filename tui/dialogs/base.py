"""Dialogs: the panes behind one are not updated while it is open, and keys are ignored in its first moment."""

from __future__ import annotations

from time import monotonic
from typing import TypeVar

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding
from textual.containers import Container

from server.deck import DeckSnapshot
from tui.dialogs.question_pane import FRAME, QuestionPane
from tui.interfaces import deck_ui
from tui.textual_patches.dimmed_backdrop import BackdropScreen
from tui.widgets.document import Document
from tui.widgets.line import Line
from tui.widgets.yes_no import Answers

Answer = TypeVar("Answer")

DEBOUNCE = 0.15
"""Seconds after opening during which keys do nothing: they were meant for the screen below."""

TIGHT = 16
"""Rows of a terminal below which a dialog has no blank rows."""


class Dialog(BackdropScreen[Answer]):
    """A box in the middle of the screen, over the dimmed screen below."""

    # Textual asks no binding of the app while a modal screen is open.
    BINDINGS = [
        Binding("ctrl+c", "app.help_quit", show=False),
        Binding("up", "scroll_question(-1)", show=False),
        Binding("down", "scroll_question(1)", show=False),
        Binding("pageup", "scroll_question(-5)", show=False),
        Binding("pagedown", "scroll_question(5)", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._opened_at = monotonic()
        self._answered = False
        self._connection_note = ""

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        """Close with the first answer; one that arrives while the dialog closes is ignored, not asked of the next."""
        if self._answered:
            return AwaitComplete()
        self._answered = True
        return super().dismiss(result)

    def on_mount(self) -> None:
        self._opened_at = monotonic()
        self.fit_question()
        self.call_after_refresh(self._clear_the_last_row)

    def _clear_the_last_row(self) -> None:
        """Remove a toast that would hide what is asked, or the keys of a dialog as high as the screen."""
        if self.size.height < TIGHT or any(
            box.region.bottom == self.size.height for box in self.query(".box")
        ):
            self.app.clear_notifications()

    def on_resize(self) -> None:
        self.fit_question()

    def fit_question(self) -> None:
        """Leave the answers or the input below a question on the screen, whatever its size."""
        self.set_class(self.size.height < TIGHT, "-tight")
        below = 0
        for widget in self.query("#answers, #word"):
            below += 1 if self.size.height < TIGHT or widget.id == "word" else 2
        for question in self.query(QuestionPane):
            question.fit(self.size.height - FRAME - below)

    def action_scroll_question(self, step: int) -> None:
        for question in self.query(QuestionPane):
            question.scroll(step)

    @property
    def too_soon(self) -> bool:
        return monotonic() - self._opened_at < DEBOUNCE

    def show_connection(self, note: str) -> None:
        """Say in the border for how long the engine has not been heard; nothing with an empty note."""
        if note == self._connection_note:
            return
        self._connection_note = note
        for box in self.query(".box"):
            box.border_title = note.partition(":")[0]
            box.set_class(bool(note), "-lost")

    def show(self, snapshot: DeckSnapshot) -> None:
        """Show a newer snapshot while the dialog is open; most dialogs ignore it."""


class Confirming(Dialog[Answer]):
    """A question answered by y, or by choosing an answer; Cancel is selected at first."""

    BINDINGS = [
        Binding("y", "confirm", "confirm"),
        Binding("escape,n", "cancel", "cancel"),
    ]
    AUTO_FOCUS = "Answers"

    def answer(self) -> Answer | None:
        """Return the answer that confirming gives now, or ``None`` while confirming is not possible."""
        raise LookupError("a question overrides answer")

    def no(self) -> Answer | None:
        """Return the answer that Cancel gives."""
        return None

    def on_answers_given(self, event: Answers.Given) -> None:
        if event.yes:
            self.action_confirm()
        else:
            self.action_cancel()

    def action_confirm(self) -> None:
        if self.too_soon:
            return
        answer = self.answer()
        if answer is None:
            self.app.bell()
            return
        self.dismiss(answer)

    def action_cancel(self) -> None:
        if not self.too_soon:
            self.dismiss(self.no())


class YesOrNo(Confirming[bool]):
    """A question whose answer is True or False."""

    def no(self) -> bool:
        return False


class Reading(Dialog[None]):
    """A dialog with one document to read; Escape, q or Enter closes it."""

    BINDINGS = [
        Binding("escape,q,enter", "close", "close"),
        Binding("c", "copy(False)", "copy", show=False, id="CopyText"),
        Binding("C", "copy(True)", "copy JSON", show=False, id="CopyJson"),
    ]

    def compose(self) -> ComposeResult:
        with Container(classes="box reading"):
            yield Document(self.write, id="document")

    def write(self, width: int) -> list[Line]:
        """Return the whole document as lines of ``width`` cells."""
        return []

    def on_mount(self) -> None:
        self._fit()

    def on_resize(self) -> None:
        self._fit()

    def _fit(self) -> None:
        """Make the box as tall as its text, or as the screen allows."""
        document = self.query_one(Document)
        box = document.parent
        width = min(100, max(20, self.size.width - 4)) - 6
        tall = document.needed_height(width) + FRAME
        room = self.size.height if self.size.height < TIGHT else self.size.height - 2
        if box is not None:
            box.styles.height = max(3, min(tall, room))

    def action_close(self) -> None:
        if not self.too_soon:
            self.dismiss(None)

    @property
    def value(self) -> object:
        """The position or decision shown here, for copying; ``None`` if it is neither."""
        return None

    def action_copy(self, json: bool) -> None:
        deck_ui(self).copy_value(self.value, json=json)
