"""The reliability diagram: win rate by stated confidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.deck import LearningView
from tui import fmt
from tui.metric_format import has_enough_trades, short_interval
from tui.panes.reports import ReportPane
from tui.widgets.bars import marked_bar
from tui.widgets.line import Line, clip_line, heading

if TYPE_CHECKING:
    from core.learning import CalibrationBin

_FAR = 10.0
"""Percentage points between stated and actual win rate from which a bin is coloured."""


class CalibrationPane(ReportPane):
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
                right.append((f"  {word} than the mean ({found.skill.value:+.2f})", "dim"))
        out = [heading(self.title, width, right)]
        if height >= 4:
            out.append(clip_line([(" conf.     n   said  won ", "head"), ("┿ said", "head")], width))
        bins = found.bins[-max(1, height - len(out)) :]
        return out + [bin_line(each, width) for each in bins]


def bin_line(each: CalibrationBin, width: int) -> Line:
    won = (each.won.value or 0.0) * 100
    said = each.said * 100
    judged = has_enough_trades(each.won)
    role = "dim" if not judged else "warn" if abs(won - said) >= _FAR else "info"
    low, high = f"{each.low:.0f}", f"{each.high:.0f}"
    interval = f" {short_interval(each.won)}" if width >= 56 else ""
    size = max(8, width - 26 - (12 if interval else 0))
    apart = "▲" if won - said >= _FAR else "▼" if said - won >= _FAR else " "
    return clip_line(
        [
            (f" {low}–{high}".ljust(8), "text" if judged else "dim"),
            (f"{each.n:>4}", "dim"),
            (f"{said:>6.0f}", "text"),
            (f"{won:>5.0f}{apart}", role),
            *marked_bar(won, size, role, (said,)),
            (interval, "dim"),
        ],
        width,
    )
