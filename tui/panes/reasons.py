"""All reasons of the decision, negative ones first."""

from __future__ import annotations

from core.model import DecisionRecord, Reason, Tone
from tui.engine_text import told
from tui.widgets.line import TONE_MARK, TONE_ROLE, Line, clip_line, heading, pad_line
from tui.widgets.line_widget import Pane

_TWO_COLUMNS = 70
_ORDER = {Tone.NEGATIVE: 0, Tone.NEUTRAL: 1, Tone.POSITIVE: 2}


def sorted_reasons(record: DecisionRecord) -> list[Reason]:
    return sorted(record.reasons, key=lambda reason: _ORDER[reason.tone])


def reason_line(reason: Reason, width: int) -> Line:
    role = TONE_ROLE[reason.tone]
    text_role = "text" if role == "good" else role
    return clip_line([(f" {TONE_MARK[reason.tone]} ", role), (told(reason.text), text_role)], width)


class ReasonsPane(Pane):
    data: DecisionRecord | None = None

    def lines(self, width: int, height: int) -> list[Line]:
        if self.data is None:
            return [heading("Reasons", width), [(" no decision yet", "dim")]]
        reasons = sorted_reasons(self.data)
        counts: Line = []
        for tone in (Tone.NEGATIVE, Tone.NEUTRAL, Tone.POSITIVE):
            n = sum(reason.tone is tone for reason in reasons)
            if n:
                counts.append((f" {TONE_MARK[tone]}{n}", TONE_ROLE[tone]))
        room = max(0, height - 1)
        columns = 2 if width >= _TWO_COLUMNS and len(reasons) > room else 1
        if len(reasons) > room * columns:
            counts = [("d all ", "info"), *counts]
        each = width // columns
        rows = min(room, -(-len(reasons) // columns))
        lines: list[Line] = []
        for y in range(rows):
            line = pad_line(reason_line(reasons[y], each - 1), each)
            if columns == 2 and y + rows < len(reasons):
                line += reason_line(reasons[y + rows], each)
            lines.append(line)
        return [heading("Reasons", width, counts), *lines]
