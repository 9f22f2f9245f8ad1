"""The day's profit and loss: totals and a sparkline around zero."""

from __future__ import annotations

from server.deck import PnlView
from tui import fmt
from tui.widgets.line import Line, heading, signed_role, width_of
from tui.widgets.line_widget import Pane
from tui.widgets.sparkline import signed_sparkline, split_rows

_LABEL = 9


class PnlPane(Pane):
    data: PnlView | None = None

    def lines(self, width: int, height: int) -> list[Line]:
        pnl = self.data
        if pnl is None:
            return [heading("P&L today", width)]
        total: Line = [(f"{fmt.arrow(pnl.total)} {fmt.money(pnl.total)} net", signed_role(pnl.total))]
        if pnl.assumed:
            total.append((" assumed", "warn"))
        out = [heading("P&L today", width, total)]
        room = height - 1
        if room >= 3:
            out.append(_totals(pnl, width))
            room -= 1
        if len(pnl.series) < 2:
            return [*out, [(" the path starts with the first marks", "dim")]]
        return out + _labelled(pnl.series, width, room)


def _totals(pnl: PnlView, width: int) -> Line:
    line: Line = []
    for part in (
        [(" open ", "dim"), (fmt.money(pnl.open), signed_role(pnl.open))],
        [("  realised ", "dim"), (fmt.money(pnl.realized), signed_role(pnl.realized))],
        [("  costs ", "dim"), (fmt.money(pnl.costs, sign=False), "text")],
        [("  closed ", "dim"), (f"{pnl.closed}, {pnl.wins} won", "text")],
    ):
        if width_of(line) + width_of(part) <= width:
            line += part
    return line


def _labelled(series: tuple[float, ...], width: int, height: int) -> list[Line]:
    chart = signed_sparkline(series, max(1, width - _LABEL - 1), height)
    up, down = split_rows(series, height)
    labels = [" " * _LABEL] * height
    labels[up - 1] = fmt.fit("0", _LABEL - 1, "right") + " "
    if up > 1:
        labels[0] = fmt.fit(fmt.signed(max(series), 0), _LABEL - 1, "right") + " "
    if down > 0:
        labels[-1] = fmt.fit(fmt.signed(min(series), 0), _LABEL - 1, "right") + " "
    return [[(label, "dim"), *line] for label, line in zip(labels, chart, strict=True)]
