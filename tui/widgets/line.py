"""A line of the screen as data: pairs of text and role; a role is the name of a colour in the theme."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rich.cells import cell_len

from tui.fmt import clip, safe

Piece = tuple[str, str]
Line = list[Piece]

TONE_ROLE = {"positive": "good", "neutral": "warn", "negative": "bad"}
TONE_MARK = {"positive": "✓", "neutral": "!", "negative": "✗"}
ACTION_ROLE = {"EXECUTE": "execute", "WAIT": "wait", "SKIP": "skip"}
DIRECTION_MARK = {"LONG": "▲", "SHORT": "▼"}
DIRECTION_ROLE = {"LONG": "good", "SHORT": "bad"}


def width_of(line: Iterable[Piece]) -> int:
    return sum(cell_len(safe(text)) for text, _ in line)


def clip_line(line: Line, width: int) -> Line:
    """Return the line cut to ``width`` cells, with … at the cut."""
    out: Line = []
    left = width
    for text, role in line:
        if left <= 0:
            break
        size = cell_len(safe(text))
        if size > left:
            out.append((clip(text, left), role))
            left = 0
        else:
            out.append((text, role))
            left -= size
    return out


def pad_line(line: Line, width: int) -> Line:
    line = clip_line(line, width)
    gap = width - width_of(line)
    return [*line, (" " * gap, "text")] if gap > 0 else line


def spread(left: Line, right: Line, width: int, fill: Piece = (" ", "text")) -> Line:
    """Return a line with ``left`` and ``right`` at its ends; ``right`` is dropped if both do not fit."""
    left = clip_line(left, width)
    room = width - width_of(left) - 1
    right = clip_line(right, room) if room >= 4 else []
    gap = width - width_of(left) - width_of(right)
    return [*left, (fill[0] * gap, fill[1]), *right]


def heading(title: str, width: int, right: Line | None = None, *, focus: bool = False) -> Line:
    """Return a pane's first line: its title, a rule, and a note at the right end."""
    mark = "▌" if focus else " "
    left: Line = [(mark, "title-focus"), (title + " ", "title-focus" if focus else "title")]
    note = list(right or ())
    while len(note) > 1 and width_of(note) > width - width_of(left) - 3:
        note.pop()
    tail: Line = [(" ", "text"), *note, (" ", "text")] if note else []
    return spread(left, tail, width, fill=("─", "rule"))


def signed_role(value: float | None) -> str:
    if value is None or value == 0:
        return "dim" if value is None else "text"
    return "good" if value > 0 else "bad"


def wrap(pieces: Iterable[Line], width: int, joint: str = "  ") -> list[Line]:
    """Return short pieces side by side, wrapped between pieces."""
    lines: list[Line] = []
    current: Line = []
    used = 0
    for piece in pieces:
        size = width_of(piece)
        if current and used + len(joint) + size > width:
            lines.append(current)
            current, used = [], 0
        if current:
            current.append((joint, "dim"))
            used += len(joint)
        current.extend(piece)
        used += size
    if current:
        lines.append(current)
    return lines


def first_fitting(pieces: Iterable[Line], width: int, joint: str = "  ") -> Line:
    """Return as many whole pieces as fit on one line."""
    lines = wrap(pieces, width, joint)
    return clip_line(lines[0], width) if lines else []


def fold_or_cut(lines: Sequence[Line], width: int, rows: int) -> list[Line]:
    """Return the lines folded at their blanks where all of that fits into the rows, else each cut at the width."""
    folded = [part for line in lines for part in fold(line, width)]
    return folded if len(folded) <= rows else [clip_line(line, width) for line in lines[:rows]]


def fold(line: Line, width: int) -> list[Line]:
    """Return the line wrapped at its blanks if it is wider than ``width``; pieces without a blank stay together.

    Later lines of a warning, which begins with " ! ", are indented below its words.
    """
    if width_of(line) <= width:
        return [line]
    indent = "   " if line[0][0].startswith(" ! ") else " "
    words: list[Line] = []
    joined = False
    for text, role in line:
        for part in re.split(r"(\s+)", text):
            if not part or part.isspace():
                joined = joined and not part
            elif joined:
                words[-1].append((part, role))
            else:
                words.append([(part, role)])
                joined = True
    lines = wrap(words, width - len(indent), " ")
    return [[(indent if n else " ", "text"), *part] for n, part in enumerate(lines)]


def wrap_text(text: str, role: str, width: int, indent: str = "") -> list[Line]:
    """Return a sentence wrapped at spaces; later lines start with ``indent``."""
    words: list[Line] = [[(word, role)] for word in text.split(" ") if word]
    lines = wrap(words, max(8, width - len(indent)), " ")
    return [line if n == 0 else [(indent, role), *line] for n, line in enumerate(lines)]


def two_columns(left: Sequence[Line], right: Sequence[Line], width: int, gap: int = 3) -> list[Line]:
    """Two blocks of lines side by side, the left one ``width`` cells wide."""
    out: list[Line] = []
    for n in range(max(len(left), len(right))):
        line = pad_line(left[n] if n < len(left) else [], width)
        out.append([*line, (" " * gap, "text"), *(right[n] if n < len(right) else [])])
    return out
