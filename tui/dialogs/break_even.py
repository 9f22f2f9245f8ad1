"""The dialog before a stop is moved to break-even."""

from __future__ import annotations

from server.deck import PositionRow
from tui import fmt
from tui.dialogs.position_question import Now, PositionQuestion
from tui.widgets.line import Line


class BreakEvenDialog(PositionQuestion):
    """Moves the stop to the underlying's price at the entry; sells nothing by itself."""

    asks = "Move the stop to break-even?"

    def confirm_words(self) -> str:
        return "Move the stop"

    def deed(self, asked: PositionRow) -> Line:
        now = asked.to_stop.level if asked.to_stop is not None else None
        return [
            ("moves the stop of ", "dim"),
            (fmt.plural(asked.remaining, "contract"), "strong"),
            (f"  {fmt.number(now)} → ", "text"),
            (fmt.number(asked.break_even), "strong"),
        ]

    def warning(self, asked: PositionRow, now: PositionRow) -> str:
        return "The price is beyond it already: the next one sells." if now.break_even_sells else ""

    def refusal(self, asked: PositionRow, now: Now) -> str:
        refused = super().refusal(asked, now)
        if not refused and now is not None and now.break_even is None:
            return "The stop is at break-even or closer now."
        return refused
