"""The dialog that approves or rejects a trade: it names the trade, and only its own key confirms."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container

from server.deck import ApprovalRow, DeckSnapshot
from tui import fmt
from tui.dialogs.base import YesOrNo
from tui.dialogs.question_pane import QuestionPane
from tui.panes.approvals import format_time_left
from tui.widgets.line import DIRECTION_MARK, DIRECTION_ROLE, Line, heading, wrap_text
from tui.widgets.yes_no import Answers

Now = ApprovalRow | None


class ApprovalText(QuestionPane):
    """The trade as it was when the dialog opened; mark and time left are updated."""

    usual_height = 9
    box_width = 70
    data: tuple[ApprovalRow, Now, bool] | None = None

    def text(self, width: int, *, short: bool) -> list[Line]:
        return approval_lines(*self.data, width, short=short) if self.data else []


def approval_lines(
    row: ApprovalRow, now: Now, approve: bool, width: int, *, short: bool = False
) -> list[Line]:
    """Return the question; ``short`` leaves out the OCC symbol."""
    count = fmt.plural(row.contracts, "contract")
    out: list[Line] = [
        heading("Approve this trade?" if approve else "Reject this trade?", width),
        [],
        [(f" {DIRECTION_MARK[row.direction]} {row.direction}  ", DIRECTION_ROLE[row.direction]),
         (row.contract, "strong"), ("" if short else f"   {row.occ}", "dim")],
        [(" buys  ", "dim"), (count, "strong"), (f", premium {fmt.whole_dollars(row.premium)}", "text"),
         (f"   planned loss {fmt.whole_dollars(row.planned_loss)}", "text")],
    ]  # fmt: skip
    if now is None:
        return [*out, [], [(" ! This trade no longer waits for approval.", "warn")]]
    old = "no price known" if now.mark is None else f"{fmt.age(now.mark_age)} old"
    out += [
        [(" mark  ", "dim"), (fmt.number(now.mark), "strong"), (f", {old}", "warn" if now.stale else "text"),
         ("   asked at ", "dim"), (fmt.number(row.price), "text"),
         ("   underlying ", "dim"), (fmt.number(now.underlying), "text")],
        [(" left  ", "dim"), (format_time_left(now), "strong"), ("   confidence ", "dim"),
         (fmt.number(row.confidence, 1), "text"), (f"   {fmt.timeframe(row.timeframe)} signal", "dim")],
        [],
    ]  # fmt: skip
    if approve and now.stale:
        said, role = (
            "The price is stale: the trade is bought at the next price, if it is still allowed.",
            "warn",
        )
    elif approve:
        said, role = "Bought at the market price of that moment, if levels and limits still allow it.", "dim"
    else:
        said, role = "The signal is over; it is not offered again.", "dim"
    said = f"! {said}" if role == "warn" else said
    return [*out, *([(" ", role), *line] for line in wrap_text(said, role, width - 2))]


class ApprovalDialog(YesOrNo):
    """Asks whether to approve (or reject) one trade; the trade it names never changes."""

    def __init__(self, row: ApprovalRow, *, approve: bool) -> None:
        """``row`` is the trade as painted when the key was pressed; ``approve=False`` asks to reject it."""
        super().__init__()
        self.row = row
        self.approve = approve
        self._now: Now = row

    def compose(self) -> ComposeResult:
        with Container(classes="box question approval"):
            text = ApprovalText(id="question")
            text.data = (self.row, self._now, self.approve)
            yield text
            yield Answers("Approve" if self.approve else "Reject")

    def show(self, snapshot: DeckSnapshot) -> None:
        self._now = next((row for row in snapshot.approvals if row.id == self.row.id), None)
        self.query_one(ApprovalText).show((self.row, self._now, self.approve))

    def answer(self) -> bool | None:
        return None if self._now is None else True
