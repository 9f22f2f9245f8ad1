"""The notes on a trade or a day as lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tui import fmt
from tui.widgets.line import Line, heading, wrap_text


def notes_block(notes: Sequence[Mapping[str, Any]], width: int) -> list[Line]:
    """Return the notes below a heading; nothing where there are none."""
    if not notes:
        return []
    return [heading("Notes", width), *(line for note in notes for line in note_lines(note, width))]


def note_lines(note: Mapping[str, Any], width: int) -> list[Line]:
    """Return a note as lines: when it was written, and its text."""
    at = datetime.fromisoformat(str(note["at"]))
    text = wrap_text(str(note["text"]), "text", width - 15)
    when = f"{fmt.date(at)} {fmt.clock(at)[:5]}  "
    return indented([[(when if n == 0 else " " * len(when), "dim"), *line] for n, line in enumerate(text)])


def indented(lines: list[Line]) -> list[Line]:
    """Return lines one cell to the right, as below a heading."""
    return [[(" ", "text"), *line] for line in lines]
