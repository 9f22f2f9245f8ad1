"""The size breakdown: each factor, their product, and the final multiplier."""

from __future__ import annotations

from core.model import DecisionRecord, PositionSize
from tui import fmt
from tui.widgets.line import Line, Piece, heading, wrap
from tui.widgets.line_widget import Pane

_NEUTRAL = 0.005
"""A factor closer to 1 than this is shown as neutral."""
_SHORT = {
    "htf_alignment": "htf",
    "phase_confidence_boost": "phase conf.",
    "phase_position_boost": "phase pos.",
    "trend_boost": "trend+",
    "volatility": "vol.",
}


def factor_role(value: float) -> str:
    if abs(value - 1) < _NEUTRAL:
        return "dim"
    return "good" if value > 1 else "bad"


def _mark(value: float) -> str:
    if abs(value - 1) < _NEUTRAL:
        return " "
    return "▲" if value > 1 else "▼"


def factor_rows(size: PositionSize, width: int) -> list[Line]:
    """Return one line per factor, in the order of multiplication."""
    rows: list[Line] = []
    for name, value in size.factors.items():
        note = ""
        if name == "confluence":
            note = " unknown" if size.confluence is None else f" {size.confluence:.0f} %"
        room = min(24, width - 12)
        label = fmt.clip(fmt.words(name), room - len(note))
        role = factor_role(value)
        rows.append([("   " + label, "text"), (fmt.fit(note, room - len(label)), "dim"),
                     (f"{fmt.factor(value):>6} ", role), (_mark(value), role)])  # fmt: skip
    return rows


def total_row(size: PositionSize) -> Line:
    limited = not size.skip and abs(size.raw - size.final) >= _NEUTRAL
    line: Line = [("   product ", "dim"), (fmt.factor(size.raw), "text"),
                  (" kept at " if limited else "  size ", "warn" if limited else "dim"),
                  (fmt.factor(size.final), "strong")]  # fmt: skip
    if size.skip:
        line.append(("  too small to trade", "bad"))
    return line


class SizePane(Pane):
    data: DecisionRecord | None = None

    def lines(self, width: int, height: int) -> list[Line]:
        size = self.data.size if self.data else None
        if size is None:
            why = "no decision yet" if self.data is None else "no size: nothing to execute"
            return [heading("Size", width), [(f" {why}", "dim")]]
        final: list[Piece] = [(fmt.factor(size.final), "strong")]
        out = [heading("Size", width, final)]
        rows = factor_rows(size, width)
        if height >= len(rows) + 2:
            return [*out, *rows, [("   " + "─" * min(31, width - 6), "rule")], total_row(size)][:height]
        compact = _compact(size, width - 1)
        room = max(0, height - 1)
        if len(compact) > room:
            out = [heading("Size", width, [("d all  ", "info"), *final])]
        return out + compact[:room]


def _compact(size: PositionSize, width: int) -> list[Line]:
    """Return the factors that change the size, strongest first, and the number of neutral ones."""
    moving = [(n, v) for n, v in size.factors.items() if abs(v - 1) >= _NEUTRAL]
    moving.sort(key=lambda item: -max(item[1], 1 / item[1] if item[1] else 99.0))
    pieces: list[Line] = [
        [(f"{_SHORT.get(n, fmt.words(n))} ", "dim"), (fmt.number(v), factor_role(v))] for n, v in moving
    ]
    return [[(" ", "text"), *line] for line in wrap(pieces, width, "  ")]
