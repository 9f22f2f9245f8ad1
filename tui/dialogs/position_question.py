"""The base of dialogs about one position: the position is named, and only the dialog's own key confirms."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Container

from server.deck import DeckSnapshot, ExchangeStatus, PositionRow
from tui import fmt
from tui.dialogs.noted_question import NotedQuestion
from tui.dialogs.question_pane import QuestionPane
from tui.interfaces import NoteSubject, deck_ui
from tui.widgets.line import DIRECTION_MARK, DIRECTION_ROLE, Line, heading, signed_role
from tui.widgets.yes_no import Answers

Now = PositionRow | None


def closed_warning(exchange: ExchangeStatus | None) -> str:
    """Return that an exit now is not at a market's price because the exchange is closed, else an empty string."""
    if exchange is None or exchange.is_open:
        return ""
    opens = "" if exchange.opens_in is None else f", it opens in {fmt.age(exchange.opens_in)}"
    return f"The exchange is closed{opens}: the exit fills at the model price and is flagged."


class QuestionText(QuestionPane):
    """The position as it was when the dialog opened; its mark is updated."""

    data: tuple[PositionQuestion, PositionRow, Now, ExchangeStatus | None] | None = None

    def text(self, width: int, *, short: bool) -> list[Line]:
        if self.data is None:
            return []
        question, row, now, _ = self.data
        return question.lines(row, now, width, short=short)


class PositionQuestion(NotedQuestion):
    """Asks whether to do something to a position; subclasses define the action."""

    asks: ClassVar[str] = ""

    def __init__(self, row: PositionRow) -> None:
        """``row`` is the position as painted when the key was pressed; it is never replaced by another."""
        super().__init__()
        self.row = row
        self._now: Now = row
        self.exchange: ExchangeStatus | None = None

    def compose(self) -> ComposeResult:
        latest = deck_ui(self).latest
        self.exchange = latest.exchange if latest is not None else None
        with Container(classes="box question"):
            text = QuestionText(id="question")
            text.data = (self, self.row, self.row, self.exchange)
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

    def lines(self, row: PositionRow, now: Now, width: int, *, short: bool = False) -> list[Line]:
        """Return the question; ``short`` leaves out the OCC symbol and puts a warning before the prices."""
        out: list[Line] = [
            heading(self.asks, width),
            [],
            [(f" {DIRECTION_MARK[row.direction]} {row.direction}  ", DIRECTION_ROLE[row.direction]),
             (row.contract, "strong"), ("" if short else f"   {row.occ}", "dim")],
            [(" ", "text"), *self.action_line(row)],
        ]  # fmt: skip
        refusal = self.refusal(row, now)
        if now is None:
            return [*out, [], [(f" ! {refusal}", "warn")]]
        noted = self.note_lines(short=short)
        said = refusal or self.warning(row, now)
        warned: list[Line] = [[], [(f" ! {said}", "warn")]] if said else []
        if short:
            out += warned
        stale = now.stale or now.mark is None
        old = "not marked yet" if now.mark is None else f"{fmt.age(now.mark_age)} old"
        out.append([(" mark  ", "dim"), (fmt.number(now.mark), "strong"), (f", {old}", "warn" if stale else "text"),
                    ("   entry ", "dim"), (fmt.number(now.entry_price), "text"),
                    ("   underlying ", "dim"), (fmt.number(now.underlying), "text")])  # fmt: skip
        gain = f"{fmt.arrow(now.pnl)} {fmt.money(now.pnl)}   {fmt.signed(now.pnl_pct, 1, ' %')}"
        out.append([(" P&L   ", "dim"), (f"{gain}   {fmt.signed(now.r, 2, ' R')}", signed_role(now.pnl))])
        return [*out, *noted] if short else [*out, *noted, *warned]

    def show(self, snapshot: DeckSnapshot) -> None:
        self.exchange = snapshot.exchange
        self._now = next((row for row in snapshot.positions if row.id == self.row.id), None)
        self.query_one(QuestionText).show((self, self.row, self._now, self.exchange))

    # --- the answer -------------------------------------------------------------------------------------

    def note_subject(self) -> NoteSubject:
        return NoteSubject(title=self.row.contract, position_id=self.row.id)

    def answer(self) -> bool | None:
        return None if self.refusal(self.row, self._now) else True
