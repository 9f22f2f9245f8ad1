"""The dialog about a position that a split, or what looked like one, has suspended: accept, or adjust."""

from __future__ import annotations

import re

from server.deck import PositionRow
from tui import fmt
from tui.dialogs.typed_answer import PositionText, TypedAnswerDialog
from tui.widgets.line import DIRECTION_MARK, DIRECTION_ROLE, Line, heading, wrap_text

ACCEPT = "ok"
_RATIO = re.compile(r"[1-9]\d{0,3}:[1-9]\d{0,3}")


class SuspendedText(PositionText):
    """The position, why it is suspended, and what can be typed."""

    usual_height = 6
    box_width = 68

    def text(self, width: int, *, short: bool) -> list[Line]:
        if self.data is None:
            return []
        row, _, refusal = self.data
        out: list[Line] = [
            heading("Go on with this position?", width),
            [(f" {DIRECTION_MARK[row.direction]} {row.direction}  ", DIRECTION_ROLE[row.direction]),
             (row.contract, "strong"), (f"   {fmt.plural(row.remaining, 'contract')}", "dim")],
            *wrap_text(f" {row.suspended}", "warn", width)[:2],
        ]  # fmt: skip
        if refusal:
            return [*out, [(f" {refusal}", "warn")]]
        return [
            *out,
            [(f" {ACCEPT}", "strong"), ("   nothing was split: its contract is unchanged", "dim")],
            [(" 4:1", "strong"), ("  4 new shares for an old one; 1:10 is a reverse split", "dim")],
            [(" Type one and Enter; Esc cancels.", "dim")],
        ]


class SuspendedDialog(TypedAnswerDialog[str]):
    """Returns ``ACCEPT``, or a split as 4:1; ``None`` when cancelled."""

    text_type = SuspendedText
    max_length = 12

    def refusal(self, now: PositionRow | None) -> str:
        return "" if now is not None and now.suspended else "This position is not suspended by now."

    def answer(self, typed: str) -> str | None:
        word = typed.strip().lower()
        return word if word == ACCEPT or _RATIO.fullmatch(word) else None
