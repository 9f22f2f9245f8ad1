"""Limits that work to buy or to sell, below the trades that wait for approval; hidden while there are none."""

from __future__ import annotations

from server.deck import OrderRow
from tui import fmt
from tui.widgets.line import DIRECTION_MARK, DIRECTION_ROLE, Line, clip_line
from tui.widgets.line_widget import Pane

_MOST = 2


class OrdersPane(Pane):
    data: tuple[OrderRow, ...] = ()

    def show(self, data: object) -> None:
        super().show(data)
        self.display = bool(self.data)
        height = max(1, min(_MOST, len(self.data)))
        if self.styles.height is None or self.styles.height.value != height:
            self.styles.height = height

    def lines(self, width: int, height: int) -> list[Line]:
        shown = self.data[:height]
        more = len(self.data) - len(shown)
        lines = [order_line(row) for row in shown]
        if more:
            lines[-1].append((f"  +{more}", "warn"))
        return [clip_line(line, width) for line in lines]


def order_line(row: OrderRow) -> Line:
    """Return contract, quantity, the present limit on its way to the far side, and the time left."""
    return [
        (" WORKING " if row.exit is None else f" {row.exit} ", "badge-info"),
        (f" {DIRECTION_MARK[row.direction]} ", DIRECTION_ROLE[row.direction]),
        (f"{row.contract} × {row.contracts}", "strong"),
        (f"  limit {fmt.number(row.limit)}", "text"),
        (f" to {fmt.number(row.last)}", "dim"),
        (f"  step {row.step} of {row.steps}", "text"),
        (f"  {row.left:.0f} s left", "warn"),
    ]
