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
        return self.asked.remaining

    def confirm_words(self) -> str:
        return f"Exit {fmt.plural(self.contracts, 'contract')}"

    def deed(self, asked: PositionRow) -> Line:
        count = fmt.plural(self.contracts, "contract")
        what = (
            f" of {asked.contracts}" if asked.remaining == asked.contracts else f" of {asked.remaining} held"
        )
        return [("sells ", "dim"), (count, "strong"), (what, "dim")]

    def warning(self, asked: PositionRow, now: PositionRow) -> str:
        if now.stale or now.mark is None:
            return "The price is stale: it fills at the model, flagged."
        return ""


class HalfDialog(ExitDialog):
    """Sells half of what is held, rounded up."""

    asks = "Exit half of this position?"

    @property
    def contracts(self) -> int:
        return self.asked.half

    def warning(self, asked: PositionRow, now: PositionRow) -> str:
        if self.contracts == asked.remaining:
            return "One contract cannot be halved: this sells it all."
        return super().warning(asked, now)
