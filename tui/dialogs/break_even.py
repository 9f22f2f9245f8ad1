"""The dialog that moves a stop to break-even."""

from __future__ import annotations

from server.deck import PositionRow
from tui import fmt
from tui.dialogs.position_question import Now, PositionQuestion
from tui.widgets.line import Line


class BreakEvenDialog(PositionQuestion):
    """Asks whether to move the stop to the underlying's price at the entry; nothing is sold at once."""

    asks = "Move the stop to break-even?"

    def confirm_label(self) -> str:
        return "Move the stop"

    def action_line(self, row: PositionRow) -> Line:
        now = row.to_stop.level if row.to_stop is not None else None
        return [
            ("moves the stop of ", "dim"),
            (fmt.plural(row.remaining, "contract"), "strong"),
            (f"  {fmt.number(now)} → ", "text"),
            (fmt.number(row.break_even), "strong"),
        ]

    def warning(self, row: PositionRow, now: PositionRow) -> str:
        return "The price is past that stop: the next price sells." if now.break_even_sells else ""

    def refusal(self, row: PositionRow, now: Now) -> str:
        refused = super().refusal(row, now)
        if not refused and now is not None and now.break_even is None:
            return "The stop is at break-even or closer now."
        return refused
