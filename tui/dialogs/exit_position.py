"""The dialogs that sell a position, or half of one."""

from __future__ import annotations

from server.deck import PositionRow
from tui import fmt
from tui.dialogs.position_question import PositionQuestion, closed_warning
from tui.widgets.line import Line


class ExitDialog(PositionQuestion):
    """Asks whether to sell all contracts."""

    asks = "Exit this position?"

    @property
    def contracts(self) -> int:
        """Number of contracts that confirming sells."""
        return self.row.remaining

    def confirm_label(self) -> str:
        return f"Exit {fmt.plural(self.contracts, 'contract')}"

    def action_line(self, row: PositionRow) -> Line:
        count = fmt.plural(self.contracts, "contract")
        what = f" of {row.contracts}" if row.remaining == row.contracts else f" of {row.remaining} held"
        return [("sells ", "dim"), (count, "strong"), (what, "dim")]

    def warning(self, row: PositionRow, now: PositionRow) -> str:
        if closed := closed_warning(self.exchange):
            return closed
        if now.stale or now.mark is None:
            return "The price is stale: the exit fills at the model price and is flagged."
        return ""


class HalfDialog(ExitDialog):
    """Asks whether to sell half of the contracts, rounded up."""

    asks = "Exit half of this position?"

    @property
    def contracts(self) -> int:
        return self.row.half

    def warning(self, row: PositionRow, now: PositionRow) -> str:
        if self.contracts == row.remaining:
            return f"One contract cannot be halved: this sells it all. {super().warning(row, now)}".rstrip()
        return super().warning(row, now)
