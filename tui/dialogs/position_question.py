"""The base of dialogs about one position: the position is named, and only the dialog's own key confirms."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Container

from server.deck import DeckSnapshot, PositionRow
from tui import fmt
from tui.dialogs.base import YesOrNo
from tui.widgets.line import DIRECTION_MARK, DIRECTION_ROLE, Line, heading, signed_role
from tui.widgets.line_widget import Pane
from tui.widgets.yes_no import Answers

Now = PositionRow | None


class QuestionText(Pane):
    """The position as it was when the dialog opened; its mark is updated."""

    data: tuple[PositionQuestion, PositionRow, Now] | None = None

    def lines(self, width: int, height: int) -> list[Line]:
        if self.data is None:
            return []
        question, row, now = self.data
        return question.lines(row, now, width)


class PositionQuestion(YesOrNo):
    """Asks whether to do something to a position; subclasses define the action."""

    asks: ClassVar[str] = ""

    def __init__(self, row: PositionRow) -> None:
        """``row`` is the position as painted when the key was pressed; it is never replaced by another."""
        super().__init__()
        self.row = row
        self._now: Now = row

    def compose(self) -> ComposeResult:
        with Container(classes="box question"):
            text = QuestionText(id="question")
            text.data = (self, self.row, self.row)
            yield text
            yield Answers(self.confirm_label())

    # --- overridden by subclasses ---------------------------------------------------------------------------

    def confirm_label(self) -> str:
        """Return the label of the confirming answer."""
        return ""

    def action_line(self, row: PositionRow) -> Line:
        """Return what confirming does, with the number of contracts."""
        return []

    def warning(self, row: PositionRow, now: PositionRow) -> str:
        """Return a warning to read before confirming, or an empty string."""
        return ""

    def refusal(self, row: PositionRow, now: Now) -> str:
        """Return why the action is not possible now, or an empty string."""
        if now is None:
            return "This position is no longer open."
        if now.remaining != row.remaining:
            return f"{now.remaining} contracts are held now: cancel and ask again."
        return ""

    # --- what is shown ----------------------------------------------------------------------------------

    def lines(self, row: PositionRow, now: Now, width: int) -> list[Line]:
        out: list[Line] = [
            heading(self.asks, width),
            [],
            [(f" {DIRECTION_MARK[row.direction]} {row.direction}  ", DIRECTION_ROLE[row.direction]),
             (row.contract, "strong"), (f"   {row.occ}", "dim")],
            [(" ", "text"), *self.action_line(row)],
        ]  # fmt: skip
        refusal = self.refusal(row, now)
        if now is None:
            return [*out, [], [(f" ! {refusal}", "warn")]]
        stale = now.stale or now.mark is None
        old = "not marked yet" if now.mark is None else f"{fmt.age(now.mark_age)} old"
        out.append([(" mark  ", "dim"), (fmt.number(now.mark), "strong"), (f", {old}", "warn" if stale else "text"),
                    ("   entry ", "dim"), (fmt.number(now.entry_price), "text"),
                    ("   underlying ", "dim"), (fmt.number(now.underlying), "text")])  # fmt: skip
        gain = f"{fmt.arrow(now.pnl)} {fmt.money(now.pnl)}   {fmt.signed(now.pnl_pct, 1, ' %')}"
        out.append([(" P&L   ", "dim"), (f"{gain}   {fmt.signed(now.r, 2, ' R')}", signed_role(now.pnl))])
        said = refusal or self.warning(row, now)
        return [*out, [], [(f" ! {said}", "warn")]] if said else out

    def show(self, snapshot: DeckSnapshot) -> None:
        self._now = next((row for row in snapshot.positions if row.id == self.row.id), None)
        self.query_one(QuestionText).show((self, self.row, self._now))

    # --- the answer -------------------------------------------------------------------------------------

    def answer(self) -> bool | None:
        return None if self.refusal(self.row, self._now) else True
