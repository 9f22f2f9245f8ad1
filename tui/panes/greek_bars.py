"""P&L by Greek, as bars from zero."""

from __future__ import annotations

from server.deck import PerformanceView
from tui import fmt
from tui.metric_format import has_enough_trades, short_interval
from tui.panes.reports import ReportPane
from tui.widgets.bars import signed_bar
from tui.widgets.line import Line, clip_line, heading, signed_role

_NAMES = {"iv": "volatility"}
_NAME, _MONEY, _INTERVAL = 12, 12, 15
_WITH_INTERVAL = 62


class GreeksPane(ReportPane):
    title = "P&L by Greek"

    def report(self, view: PerformanceView, width: int, height: int) -> list[Line]:
        parts = view.report.metrics.pnl_by_greek
        known = {name: _cents(metric.value) for name, metric in parts.items() if metric.value is not None}
        if not known:
            return self.nothing(width, "no closed trade of which the parts are known")
        largest = max(abs(value) for value in known.values())
        earns, costs = max(known, key=lambda n: known[n]), min(known, key=lambda n: known[n])
        right: Line = []
        if known[earns] > 0:
            right.append((f"▲ {_NAMES.get(earns, earns)} earns", "good"))
        if known[costs] < 0:
            right.append((f"  ▼ {_NAMES.get(costs, costs)}", "bad"))
        out = [heading(self.title, width, right)]
        shown = width >= _WITH_INTERVAL
        size = max(9, width - _NAME - _MONEY - 3 - (_INTERVAL if shown else 0))
        for name, metric in parts.items():
            line: Line = [(f" {fmt.fit(_NAMES.get(name, name), _NAME - 1)}", "text")]
            if metric.value is None:
                out.append(clip_line([*line, (f" {metric.reason}", "dim")], width))
                continue
            value = known[name]
            role = signed_role(value) if has_enough_trades(metric) else "dim"
            text = f"{fmt.arrow(value)} {fmt.fit(fmt.money(value), _MONEY - 2, 'right')} "
            line += [(text, role), *signed_bar(value, largest, size)]
            if shown:
                line.append((f" {short_interval(metric)}", "dim"))
            out.append(clip_line(line, width))
        return out[:height]


def _cents(value: float) -> float:
    """Return 0 for a value that rounds to 0.00, so that it gets neither sign nor bar."""
    return value if abs(value) >= 0.005 else 0.0
