"""The dialog in which a note on a trade or a day is typed, below the notes that there are."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.widgets import Input

from core.notes import MAX_TEXT, NoteError, note_text
from server.deck import PageQuery
from tui.dialogs.base import Dialog
from tui.dialogs.question_pane import QuestionPane
from tui.interfaces import NoteSubject, deck_ui, run_in_background
from tui.panes.notes import indented, note_lines
from tui.widgets.line import Line, heading, wrap, wrap_text

log = logging.getLogger("gatedeck.tui")

_MOST_NOTES = 6
_MOST_TAGS = 12


@dataclass(frozen=True, slots=True)
class NoteView:
    """The subject's title, its notes and the tags in use (``None`` while they are read), and why no note is taken."""

    title: str
    notes: Sequence[Mapping[str, Any]] | None = None
    tags: Sequence[str] | None = None
    problem: str = ""
    keeps: bool = False
    """The note goes with another command that is asked about below."""


class NoteText(QuestionPane):
    """The notes so far, the tags in use, and how a note is written."""

    usual_height = 6
    box_width = 74
    data: NoteView

    def text(self, width: int, *, short: bool) -> list[Line]:
        view = self.data
        lines = [heading(f"Note on {view.title}", width)]
        if view.notes is None:
            lines.append([(" reading the notes", "dim")])
        for note in (view.notes or ())[-(1 if short else _MOST_NOTES) :]:
            lines += note_lines(note, width)
        if view.tags and not short:
            lines += indented(
                wrap([[("tags in use", "dim")], *([(f"#{tag}", "info")] for tag in view.tags)], width - 1)
            )
        adds = "keeps the note for the answer" if view.keeps else "adds the note"
        last = view.problem or f"Enter {adds}, Esc cancels. A word with # before it is a tag."
        return [*lines, *indented(wrap_text(last, "warn" if view.problem else "dim", width - 1))]


class NoteDialog(Dialog[str]):
    """Returns the text of the note, ``None`` when cancelled."""

    BINDINGS = [Binding("escape", "cancel", "cancel")]
    AUTO_FOCUS = "Input"

    def __init__(self, about: NoteSubject, *, keeps: bool = False) -> None:
        """``keeps``: the note is kept for a question that is open below."""
        super().__init__()
        self._about = about
        self._view = NoteView(about.title, keeps=keeps)

    def compose(self) -> ComposeResult:
        with Container(classes="box question note"):
            text = NoteText(id="question")
            text.data = self._view
            yield text
            yield Input(id="word", max_length=MAX_TEXT, compact=True)

    def on_mount(self) -> None:
        super().on_mount()
        run_in_background(self, self._read, group="notes", exclusive=True)

    async def _read(self) -> None:
        about, deck = self._about, deck_ui(self).deck
        given = {"position": about.position_id, "day": about.day}
        filters = {name: value for name, value in given.items() if value}
        problem, notes, tags = "", [], []
        try:
            if filters:  # a trade that is not made yet has none
                query = PageQuery(what="notes", limit=_MOST_NOTES, filters=filters)
                notes = list((await deck.page(query)).items)
            tags = [
                item["value"] for item in (await deck.page(PageQuery(what="tags", limit=_MOST_TAGS))).items
            ]
        except Exception as error:
            log.exception("the notes could not be read")
            problem = f"the notes could not be read: {error}"
        if self.is_mounted:
            self._view = replace(self._view, notes=notes[::-1], tags=tags, problem=problem)
            self.query_one(NoteText).show(self._view)
            self.fit_question()

    def on_input_changed(self, event: Input.Changed) -> None:
        if self._view.problem:
            self._show_problem("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if self.too_soon:
            return
        try:
            self.dismiss(note_text(event.value).text)
        except NoteError as error:
            self._show_problem(str(error).partition(": ")[2])
            self.app.bell()

    def _show_problem(self, problem: str) -> None:
        self._view = replace(self._view, problem=problem)
        self.query_one(NoteText).show(self._view)

    def action_cancel(self) -> None:
        if not self.too_soon:
            self.dismiss(None)
