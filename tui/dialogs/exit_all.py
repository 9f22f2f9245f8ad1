"""The dialog that closes every position: it lists them and requires a typed word."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.widgets import Input

from server.deck import DeckSnapshot, ExchangeStatus, PositionRow
from tui import fmt
from tui.dialogs.base import Dialog
from tui.dialogs.position_question import closed_warning
from tui.dialogs.question_pane import QuestionPane
from tui.widgets.line import DIRECTION_MARK, DIRECTION_ROLE, Line, heading, signed_role

WORD = "exit"
_NAMED = 8


class ExitAllText(QuestionPane):
    usual_height = 5
    box_width = 68
    data: tuple[tuple[PositionRow, ...], str] = ((), "")
    """The positions, and a warning."""

    def text(self, width: int, *, short: bool) -> list[Line]:
        rows, warning = self.data
        contracts = sum(row.remaining for row in rows)
        title = f"Exit all: {fmt.plural(len(rows), 'position')}, {fmt.plural(contracts, 'contract')}"
        out: list[Line] = [heading(title, width), []]
        word: Line = [(" Type ", "dim"), (WORD, "strong"), (" and Enter; Esc cancels.", "dim")]
        warned: list[Line] = [[], [(f" ! {warning}", "warn")]] if warning else []
        if short:
            out += [word, *warned]
        for row in rows if short else rows[:_NAMED]:
            if short:
                out.append([(f" {DIRECTION_MARK[row.direction]} ", DIRECTION_ROLE[row.direction]),
                            (row.contract, "strong"), (f" {row.remaining} × ", "dim"),
                            (fmt.money(row.pnl), signed_role(row.pnl))])  # fmt: skip
                continue
            out.append([(f" {DIRECTION_MARK[row.direction]} ", DIRECTION_ROLE[row.direction]),
                        (fmt.fit(row.contract, 20), "strong"), (f" {row.remaining:>3} ×", "dim"),
                        (fmt.fit(fmt.number(row.mark), 8, "right"), "text"),
                        (f" {fmt.fit(fmt.age(row.mark_age), 6, 'right')} old", "warn" if row.stale else "dim"),
                        (fmt.fit(fmt.money(row.pnl), 13, "right"), signed_role(row.pnl))])  # fmt: skip
        if short:
            return out
        if len(rows) > _NAMED:
            out.append([(f"   and {len(rows) - _NAMED} more", "dim")])
        return [*out, *warned, [], word]


class ExitAllDialog(Dialog[bool]):
    """Returns True only after the word was typed."""

    BINDINGS = [Binding("escape", "cancel", "cancel")]
    AUTO_FOCUS = "Input"

    def __init__(self, rows: tuple[PositionRow, ...], exchange: ExchangeStatus) -> None:
        super().__init__()
        self.rows = rows
        self._exchange = exchange

    def compose(self) -> ComposeResult:
        with Container(classes="box question all"):
            text = ExitAllText(id="question")
            text.data = (self.rows, closed_warning(self._exchange))
            yield text
            yield Input(id="word", max_length=12, compact=True, select_on_focus=False)

    def show(self, snapshot: DeckSnapshot) -> None:
        """Update the list: the positions listed when the word is entered are the ones that are closed."""
        rows = tuple(row for row in snapshot.positions if row.state == "OPEN")
        self.rows = rows
        self.query_one(ExitAllText).show((rows, closed_warning(snapshot.exchange)))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if self.too_soon:
            return
        if event.value.strip().lower() == WORD and self.rows:
            self.dismiss(True)
        else:
            self.app.bell()
            event.input.value = ""

    def action_cancel(self) -> None:
        if not self.too_soon:
            self.dismiss(False)
