"""The reliability diagram: win rate by stated confidence, as a chart and in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.deck import LearningView
from tui import fmt
from tui.charts.calibration import CalibrationChart, CalibrationPoint
from tui.metric_format import has_enough_trades, short_interval
from tui.panes.reports import ChartPane
from tui.widgets.line import Line, clip_line, heading, two_columns

if TYPE_CHECKING:
    from core.learning import CalibrationBin

_TABLE, _SAID, _INTERVAL = 17, 5, 9
"""Cells of the table beside the chart, and of its columns that only a wide pane has."""
_LEAST_CHART = 18
_WITH_SAID, _WITH_INTERVAL = 46, 56
_LEAST_ROWS = 4
_GAP = 1


class CalibrationPane(ChartPane):
    title = "Calibration"

    def report(self, view: LearningView, width: int, height: int) -> list[Line]:
        found = view.learning.calibration
        if found.n == 0:
            return self.nothing(width, "drawn from the first signal with an outcome on")
        right: Line = []
        if found.brier.value is not None:
            right = [
                (
                    f"Brier {fmt.number(found.brier.value, 3)}",
                    "strong" if has_enough_trades(found.brier) else "dim",
                )
            ]
            if found.skill.value is not None and width >= 50:
                word = "better" if found.skill.value > 0 else "worse"
                right.append((f"  {word} than the mean ({fmt.signed(found.skill.value)})", "dim"))
        return [heading(self.title, width, right), *self._body(found.bins, width, height - 1)]

    def _body(self, bins: tuple[CalibrationBin, ...], width: int, height: int) -> list[Line]:
        """The chart with its numbers beside it; the numbers alone where both have no room."""
        said, interval = width >= _WITH_SAID, width >= _WITH_INTERVAL
        size = _TABLE + said * _SAID + interval * _INTERVAL
        table = _table(bins, size, height, said=said, interval=interval)
        room = width - size - _GAP
        if room < _LEAST_CHART or height < _LEAST_ROWS:
            return table
        chart = CalibrationChart(tuple(_point(each) for each in bins), bins[0].low / 100)
        return two_columns(self.chart(chart, room, height), table, room, _GAP)


def _point(each: CalibrationBin) -> CalibrationPoint:
    won = each.won
    return CalibrationPoint(each.said, won.value or 0.0, won.low, won.high, has_enough_trades(won))


def _table(
    bins: tuple[CalibrationBin, ...], width: int, height: int, *, said: bool, interval: bool
) -> list[Line]:
    """One line for each bin, the highest confidence last; the lowest bins are left out without room."""
    head = " conf.     n" + (" said" if said else "") + "  won" + ("  95 %" if interval else "")
    out: list[Line] = [[(head, "head")]] if height >= _LEAST_ROWS else []
    shown = bins[-max(1, height - len(out)) :]
    return out + [_line(each, width, said=said, interval=interval) for each in shown]


def _line(each: CalibrationBin, width: int, *, said: bool, interval: bool) -> Line:
    mark, role = _point(each).mark
    line: Line = [
        (f" {each.low:.0f}–{each.high:.0f}".ljust(7), "text" if has_enough_trades(each.won) else "dim"),
        (f"{each.n:>5}", "dim"),
    ]
    if said:
        line.append((f"{each.said * 100:>5.0f}", "text"))
    line.append((f"{(each.won.value or 0.0) * 100:>4.0f}{mark}", role))
    if interval:
        line.append((f" {short_interval(each.won)}", "dim"))
    return clip_line(line, width)
