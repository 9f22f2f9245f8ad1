"""The base of questions to which a note can be added while they are open."""

from __future__ import annotations

from textual.binding import Binding

from tui.dialogs.base import YesOrNo
from tui.dialogs.note import NoteDialog
from tui.dialogs.question_pane import QuestionPane
from tui.interfaces import NoteSubject
from tui.widgets.line import Line


class NotedQuestion(YesOrNo):
    """Asks whether to do something about a trade; its ``note`` goes with the command."""

    BINDINGS = [Binding("w", "write_note", show=False)]

    def __init__(self) -> None:
        super().__init__()
        self.note: str | None = None
        """A note to add to the trade, written while the question is open."""

    def note_subject(self) -> NoteSubject:
        """Return what the note is about."""
        raise LookupError("a question overrides note_subject")

    def note_lines(self, *, short: bool) -> list[Line]:
        """Return the note, or how one is written; nothing without a note where there is little room."""
        if self.note:
            return [[(" note  ", "dim"), (self.note, "text")]]
        return [] if short else [[(" w", "key"), (" adds a note", "dim")]]

    def action_write_note(self) -> None:
        """Ask for the note; the question stays open below."""
        if self.too_soon:
            return

        def written(text: str | None) -> None:
            self.note = text or self.note
            for pane in self.query(QuestionPane):
                pane.repaint()
            self.fit_question()

        self.app.push_screen(NoteDialog(self.note_subject(), keeps=True), written)
