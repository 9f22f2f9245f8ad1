"""The dialog before a waiting trade is approved or rejected: it names what, and only its own key confirms."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.widgets import Button

from server.deck import ApprovalRow, DeckSnapshot
from tui import fmt
from tui.dialogs.base import Dialog
from tui.panes.approvals import dollars, left_words
from tui.widgets.line import DIRECTION_MARK, DIRECTION_ROLE, Line, heading, wrap_text
from tui.widgets.painted import Pane

Now = ApprovalRow | None


class ApprovalText(Pane):
    """The captured trade, with its mark and the time left kept up to date."""

    data: tuple[ApprovalRow, Now, bool] | None = None

    def lines(self, width: int, height: int) -> list[Line]:
        return approval_lines(*self.data, width) if self.data else []


def approval_lines(asked: ApprovalRow, now: Now, yes: bool, width: int) -> list[Line]:
    count = fmt.plural(asked.contracts, "contract")
    out: list[Line] = [
        heading("Approve this trade?" if yes else "Reject this trade?", width),
        [],
        [(f" {DIRECTION_MARK[asked.direction]} {asked.direction}  ", DIRECTION_ROLE[asked.direction]),
         (asked.contract, "strong"), (f"   {asked.occ}", "dim")],
        [(" buys  ", "dim"), (count, "strong"), (f", premium {dollars(asked.premium)}", "text"),
         (f"   planned loss {dollars(asked.planned_loss)}", "text")],
    ]  # fmt: skip
    if now is None:
        return [*out, [], [(" ! This trade does not wait any more.", "warn")]]
    old = "no price known" if now.mark is None else f"{fmt.age(now.mark_age)} old"
    out += [
        [(" mark  ", "dim"), (fmt.number(now.mark), "strong"), (f", {old}", "warn" if now.stale else "text"),
         ("   asked at ", "dim"), (fmt.number(asked.price), "text"),
         ("   underlying ", "dim"), (fmt.number(now.underlying), "text")],
        [(" left  ", "dim"), (left_words(now), "strong"), ("   confidence ", "dim"),
         (f"{asked.confidence:.1f}", "text"), (f"   {fmt.timeframe(asked.timeframe)} signal", "dim")],
        [],
    ]  # fmt: skip
    if yes and now.stale:
        said, role = "The price is stale: it is bought at the next one, if it still stands.", "warn"
    elif yes:
        said, role = "Bought at the market of that moment, if levels and limits still allow it.", "dim"
    else:
        said, role = "The signal is over; it is not asked for again.", "dim"
    said = f"! {said}" if role == "warn" else said
    return [*out, *([(" ", role), *line] for line in wrap_text(said, role, width - 2))]


class ApprovalDialog(Dialog[bool]):
    """Answers True once, by y or its button; Cancel has the focus. What it names never changes."""

    BINDINGS = [
        Binding("y", "confirm", "confirm"),
        Binding("escape,n", "cancel", "cancel"),
        Binding("left,right", "other_button", show=False),
    ]
    AUTO_FOCUS = "#cancel"

    def __init__(self, asked: ApprovalRow, *, yes: bool) -> None:
        """``asked`` is the row as it was when the key was pressed; ``yes`` to approve it."""
        super().__init__()
        self.asked = asked
        self.yes = yes
        self._now: Now = asked

    def compose(self) -> ComposeResult:
        with Container(classes="box question approval"):
            text = ApprovalText(id="question")
            text.data = (self.asked, self._now, self.yes)
            yield text
            with Horizontal(classes="buttons"):
                yield Button(Content("Cancel  Esc"), id="cancel", compact=True)
                words = "Approve" if self.yes else "Reject"
                yield Button(Content(f"{words}  y"), id="confirm", classes="danger", compact=True)

    def show(self, snapshot: DeckSnapshot) -> None:
        self._now = next((row for row in snapshot.approvals if row.id == self.asked.id), None)
        self.query_one(ApprovalText).show((self.asked, self._now, self.yes))

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "confirm":
            self.action_confirm()
        else:
            self.action_cancel()

    def action_confirm(self) -> None:
        if self.too_soon:
            return
        if self._now is None:
            self.app.bell()
            return
        self.dismiss(True)

    def action_cancel(self) -> None:
        if not self.too_soon:
            self.dismiss(False)

    def action_other_button(self) -> None:
        self.focus_next("Button")
