"""The dialog that settles an expired position at a close of its underlying that the user types."""

from __future__ import annotations

import math

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.widgets import Input

from core.positions import settlement_value
from server.deck import DeckSnapshot, PositionRow
from tui import fmt
from tui.dialogs.base import Dialog
from tui.dialogs.question_pane import QuestionPane
from tui.widgets.line import DIRECTION_MARK, DIRECTION_ROLE, Line, heading, wrap_text

FAR = 0.4
"""Share of the last known price from which the typed one is shown as a warning; the engine has a rule of its own."""


class SettleText(QuestionPane):
    """The position, what it waits for, and what the typed close pays."""

    usual_height = 7
    box_width = 68

    data: tuple[PositionRow, str, str] | None = None

    def text(self, width: int, *, short: bool) -> list[Line]:
        if self.data is None:
            return []
        row, typed, refusal = self.data
        since = "" if row.expired_at is None else fmt.day_clock(row.expired_at)
        out: list[Line] = [
            heading("Settle this expired position?", width),
            [(f" {DIRECTION_MARK[row.direction]} {row.direction}  ", DIRECTION_ROLE[row.direction]),
             (row.contract, "strong"), (f"   {fmt.plural(row.remaining, 'contract')}", "dim")],
            [(f" expired {since}", "dim")],
            *wrap_text(f" waits for {row.missing}", "dim", width)[:2],
            [(f" last known price of {row.symbol}  ", "dim"), (fmt.number(row.settles_on), "text")],
        ]  # fmt: skip
        out.append([(f" {refusal}", "warn")] if refusal else _pays(row, close_of(typed)))
        ask = f" Type the close of {row.symbol} on that day and Enter; Esc cancels."
        return [*out, [(ask, "dim")]]


def _pays(row: PositionRow, close: float | None) -> Line:
    if close is None:
        return [(" pays its intrinsic value at the close", "dim")]
    value = settlement_value(row.execution, close)
    total = value * row.execution.multiplier * row.remaining
    line: Line = [
        (" pays ", "dim"), (fmt.number(value), "strong"), (" a share, ", "dim"),
        (fmt.money(total, sign=False), "strong"), (" in all", "dim"),
    ]  # fmt: skip
    last = row.settles_on
    if last and abs(close / last - 1) > FAR:
        line.append((f"   ! {fmt.signed((close / last - 1) * 100, 0, ' %')} from the last known", "warn"))
    return line


def close_of(typed: str) -> float | None:
    """Return the typed price, ``None`` if it is not a number above 0."""
    try:
        price = float(typed.strip().lstrip("$").replace(",", ""))
    except ValueError:
        return None
    return price if math.isfinite(price) and price > 0 else None


class SettleDialog(Dialog[float]):
    """Returns the close of the underlying, ``None`` when cancelled."""

    BINDINGS = [Binding("escape", "cancel", "cancel")]
    AUTO_FOCUS = "Input"

    def __init__(self, row: PositionRow) -> None:
        """``row`` is the position as painted when the key was pressed; it is never replaced by another."""
        super().__init__()
        self.row = row
        self._refusal = ""

    def compose(self) -> ComposeResult:
        with Container(classes="box question all"):
            text = SettleText(id="question")
            text.data = (self.row, "", "")
            yield text
            yield Input(id="word", max_length=14, compact=True)

    def show(self, snapshot: DeckSnapshot) -> None:
        now = next((row for row in snapshot.positions if row.id == self.row.id), None)
        self._refusal = "" if now is not None else "This position is settled by now."
        self._repaint()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._repaint()

    def _repaint(self) -> None:
        self.query_one(SettleText).show((self.row, self.query_one(Input).value, self._refusal))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if self.too_soon:
            return
        close = close_of(event.value)
        if close is None or self._refusal:
            self.app.bell()
            return
        self.dismiss(close)

    def action_cancel(self) -> None:
        if not self.too_soon:
            self.dismiss(None)
