"""The dialogs before a position, or half of one, is sold."""

from __future__ import annotations

from server.deck import PositionRow
from tui import fmt
from tui.dialogs.position_question import PositionQuestion
from tui.widgets.line import Line


class ExitDialog(PositionQuestion):
    """Sells all that is held."""

    asks = "Exit this position?"

    @property
    def contracts(self) -> int:
        """How many are named, and sold when it is confirmed."""
        return self.row.remaining

    def confirm_words(self) -> str:
        return f"Exit {fmt.plural(self.contracts, 'contract')}"

    def deed(self, row: PositionRow) -> Line:
        count = fmt.plural(self.contracts, "contract")
        what = f" of {row.contracts}" if row.remaining == row.contracts else f" of {row.remaining} held"
        return [("sells ", "dim"), (count, "strong"), (what, "dim")]

    def warning(self, row: PositionRow, now: PositionRow) -> str:
        if now.stale or now.mark is None:
            return "The price is stale: it fills at the model, flagged."
        return ""


class HalfDialog(ExitDialog):
    """Sells half of what is held, rounded up."""

    asks = "Exit half of this position?"

    @property
    def contracts(self) -> int:
        return self.row.half

    def warning(self, row: PositionRow, now: PositionRow) -> str:
        if self.contracts == row.remaining:
            return "One contract cannot be halved: this sells it all."
        return super().warning(row, now)
