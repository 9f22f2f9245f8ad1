"""The dialog about a position that a split, or what looked like one, has suspended: accept, or adjust."""

from __future__ import annotations

import re

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.widgets import Input

from server.deck import DeckSnapshot, PositionRow
from tui import fmt
from tui.dialogs.base import Dialog
from tui.dialogs.question_pane import QuestionPane
from tui.widgets.line import DIRECTION_MARK, DIRECTION_ROLE, Line, heading, wrap_text

ACCEPT = "ok"
_RATIO = re.compile(r"[1-9]\d{0,3}:[1-9]\d{0,3}")


class SuspendedText(QuestionPane):
    """The position, why it is suspended, and what can be typed."""

    usual_height = 6
    box_width = 68

    data: tuple[PositionRow, str] | None = None

    def text(self, width: int, *, short: bool) -> list[Line]:
        if self.data is None:
            return []
        row, refusal = self.data
        out: list[Line] = [
            heading("Go on with this position?", width),
            [(f" {DIRECTION_MARK[row.direction]} {row.direction}  ", DIRECTION_ROLE[row.direction]),
             (row.contract, "strong"), (f"   {fmt.plural(row.remaining, 'contract')}", "dim")],
            *wrap_text(f" {row.suspended}", "warn", width)[:2],
        ]  # fmt: skip
        if refusal:
            return [*out, [(f" {refusal}", "warn")]]
        return [
            *out,
            [(f" {ACCEPT}", "strong"), ("   nothing was split: its contract is unchanged", "dim")],
            [(" 4:1", "strong"), ("  4 new shares for an old one; 1:10 is a reverse split", "dim")],
            [(" Type one and Enter; Esc cancels.", "dim")],
        ]


class SuspendedDialog(Dialog[str]):
    """Returns ``ACCEPT``, or a split as 4:1; ``None`` when cancelled."""

    BINDINGS = [Binding("escape", "cancel", "cancel")]
    AUTO_FOCUS = "Input"

    def __init__(self, row: PositionRow) -> None:
        """``row`` is the position as painted when the key was pressed; it is never replaced by another."""
        super().__init__()
        self.row = row
        self._refusal = ""

    def compose(self) -> ComposeResult:
        with Container(classes="box question all"):
            text = SuspendedText(id="question")
            text.data = (self.row, "")
            yield text
            yield Input(id="word", max_length=12, compact=True)

    def show(self, snapshot: DeckSnapshot) -> None:
        now = next((row for row in snapshot.positions if row.id == self.row.id), None)
        self._refusal = "" if now is not None and now.suspended else "This position is not suspended by now."
        self.query_one(SuspendedText).show((self.row, self._refusal))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if self.too_soon:
            return
        typed = event.value.strip().lower()
        if self._refusal or not (typed == ACCEPT or _RATIO.fullmatch(typed)):
            self.app.bell()
            return
        self.dismiss(typed)

    def action_cancel(self) -> None:
        if not self.too_soon:
            self.dismiss(None)
