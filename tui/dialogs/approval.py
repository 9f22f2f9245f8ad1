"""The dialog before a waiting trade is approved or rejected: it names what, and only its own key confirms."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container

from server.deck import ApprovalRow, DeckSnapshot
from tui import fmt
from tui.dialogs.base import YesOrNo
from tui.panes.approvals import dollars, left_words
from tui.widgets.line import DIRECTION_MARK, DIRECTION_ROLE, Line, heading, wrap_text
from tui.widgets.line_widget import Pane
from tui.widgets.yes_no import Answers

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
         (fmt.number(asked.confidence, 1), "text"), (f"   {fmt.timeframe(asked.timeframe)} signal", "dim")],
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


class ApprovalDialog(YesOrNo):
    """Whether a waiting trade is approved, or rejected; what it names never changes."""

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
            yield Answers("Approve" if self.yes else "Reject")

    def show(self, snapshot: DeckSnapshot) -> None:
        self._now = next((row for row in snapshot.approvals if row.id == self.asked.id), None)
        self.query_one(ApprovalText).show((self.asked, self._now, self.yes))

    def answer(self) -> bool | None:
        return None if self._now is None else True
