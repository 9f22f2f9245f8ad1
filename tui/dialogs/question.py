"""The dialog before anything is done to a position: it names what, and only its own key confirms."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.widgets import Button

from server.deck import DeckSnapshot, PositionRow
from tui import fmt
from tui.dialogs.base import Dialog
from tui.widgets.line import DIRECTION_MARK, DIRECTION_ROLE, Line, heading, signed_role
from tui.widgets.painted import Pane

Now = PositionRow | None


class QuestionText(Pane):
    """The captured position, with its mark kept up to date."""

    data: tuple[PositionQuestion, PositionRow, Now] | None = None

    def lines(self, width: int, height: int) -> list[Line]:
        if self.data is None:
            return []
        question, asked, now = self.data
        return question.lines(asked, now, width)


class PositionQuestion(Dialog[bool]):
    """Answers True once, by y or its button; Cancel has the focus. Subclasses say what is to be done."""

    BINDINGS = [
        Binding("y", "confirm", "confirm"),
        Binding("escape,n", "cancel", "cancel"),
        Binding("left,right", "other_button", show=False),
    ]
    AUTO_FOCUS = "#cancel"
    asks: ClassVar[str] = ""

    def __init__(self, asked: PositionRow) -> None:
        """``asked`` is the row as it was when the key was pressed; nothing replaces it."""
        super().__init__()
        self.asked = asked
        self._now: Now = asked

    def compose(self) -> ComposeResult:
        with Container(classes="box question"):
            text = QuestionText(id="question")
            text.data = (self, self.asked, self.asked)
            yield text
            with Horizontal(classes="buttons"):
                yield Button(Content("Cancel  Esc"), id="cancel", compact=True)
                yield Button(
                    Content(f"{self.confirm_words()}  y"), id="confirm", classes="danger", compact=True
                )

    # --- what a subclass says ---------------------------------------------------------------------------

    def confirm_words(self) -> str:
        """What the button says."""
        return ""

    def deed(self, asked: PositionRow) -> Line:
        """What will be done, with its quantity."""
        return []

    def warning(self, asked: PositionRow, now: PositionRow) -> str:
        """What a person should know before, if anything."""
        return ""

    def refusal(self, asked: PositionRow, now: Now) -> str:
        """Why it cannot be confirmed as things are now, "" when it can."""
        if now is None:
            return "This position is no longer open."
        if now.remaining != asked.remaining:
            return f"{now.remaining} are left now: cancel and ask again."
        return ""

    # --- what is shown ----------------------------------------------------------------------------------

    def lines(self, asked: PositionRow, now: Now, width: int) -> list[Line]:
        out: list[Line] = [
            heading(self.asks, width),
            [],
            [(f" {DIRECTION_MARK[asked.direction]} {asked.direction}  ", DIRECTION_ROLE[asked.direction]),
             (asked.contract, "strong"), (f"   {asked.occ}", "dim")],
            [(" ", "text"), *self.deed(asked)],
        ]  # fmt: skip
        refusal = self.refusal(asked, now)
        if now is None:
            return [*out, [], [(f" ! {refusal}", "warn")]]
        stale = now.stale or now.mark is None
        old = "not marked yet" if now.mark is None else f"{fmt.age(now.mark_age)} old"
        out.append([(" mark  ", "dim"), (fmt.number(now.mark), "strong"), (f", {old}", "warn" if stale else "text"),
                    ("   entry ", "dim"), (fmt.number(now.entry_price), "text"),
                    ("   underlying ", "dim"), (fmt.number(now.underlying), "text")])  # fmt: skip
        gain = f"{fmt.arrow(now.pnl)} {fmt.money(now.pnl)}   {fmt.signed(now.pnl_pct, 1, ' %')}"
        out.append([(" P&L   ", "dim"), (f"{gain}   {fmt.signed(now.r, 2, ' R')}", signed_role(now.pnl))])
        said = refusal or self.warning(asked, now)
        return [*out, [], [(f" ! {said}", "warn")]] if said else out

    def show(self, snapshot: DeckSnapshot) -> None:
        self._now = next((row for row in snapshot.positions if row.id == self.asked.id), None)
        self.query_one(QuestionText).show((self, self.asked, self._now))

    # --- the answer -------------------------------------------------------------------------------------

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "confirm":
            self.action_confirm()
        else:
            self.action_cancel()

    def action_confirm(self) -> None:
        if self.too_soon:
            return
        if self.refusal(self.asked, self._now):
            self.app.bell()
            return
        self.dismiss(True)

    def action_cancel(self) -> None:
        if not self.too_soon:
            self.dismiss(False)

    def action_other_button(self) -> None:
        self.focus_next("Button")
