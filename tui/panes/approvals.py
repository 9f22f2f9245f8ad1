"""Trades waiting for approval, above all other panes; hidden while there are none."""

from __future__ import annotations

from server.deck import ApprovalRow
from tui import fmt
from tui.commands.registry import key_of
from tui.widgets.line import DIRECTION_MARK, DIRECTION_ROLE, Line, clip_line
from tui.widgets.line_widget import Pane

_SHORT = 32
"""On a screen with fewer rows only the trade that expires first is shown."""
_MOST = 3


class ApprovalsPane(Pane):
    """Shows the trades; the keys act on the first line."""

    data: tuple[ApprovalRow, ...] = ()

    def show(self, data: object) -> None:
        super().show(data)
        self.display = bool(self.data)
        most = _MOST if self.app.size.height >= _SHORT else 1
        height = max(1, min(most, len(self.data)))
        if self.styles.height is None or self.styles.height.value != height:
            self.styles.height = height

    def lines(self, width: int, height: int) -> list[Line]:
        shown = self.data[:height]
        more = len(self.data) - len(shown)
        return [
            clip_line(approval_line(row, first=n == 0, more=more if n == len(shown) - 1 else 0), width)
            for n, row in enumerate(shown)
        ]


def approval_line(row: ApprovalRow, *, first: bool, more: int) -> Line:
    """Return contract, quantity, time left, dollars and confidence, most needed first."""
    line: Line = [
        (" APPROVED " if row.approved else " APPROVE? ", "badge-info" if row.approved else "badge-warn")
    ]
    keys: Line = [(key_of("ApproveTrade"), "key"), ("/", "dim"), (key_of("RejectTrade"), "key")]
    line += [(" ", "text"), *(keys if first else [("   ", "text")])]
    line += [
        (f" {DIRECTION_MARK[row.direction]} ", DIRECTION_ROLE[row.direction]),
        (f"{row.contract} × {row.contracts}", "strong"),
        (f"  {format_time_left(row)}", "warn"),
        (f"  {fmt.whole_dollars(row.premium)}", "text"),
        (f"  loss {fmt.whole_dollars(row.planned_loss)}", "text"),
        (f"  conf {fmt.score(row.confidence)}", "text"),
    ]
    return [*line, (f"  +{more}", "warn")] if more else line


def format_time_left(row: ApprovalRow) -> str:
    """Return minutes and seconds until the approval expires."""
    minutes, seconds = divmod(max(0, int(row.left)), 60)
    return f"{minutes}:{seconds:02d}"
