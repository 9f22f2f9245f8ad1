"""Markdown as lines of the deck: headings, paragraphs, lists, tables and code blocks of the guide's pages."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui import fmt
from tui.widgets.line import Line, heading, pad_line, width_of, wrap

_INLINE = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\([^)]+\)")
_ITEM = re.compile(r"(\s*)(?:[-*]|\d+\.) ")
_CELL = re.compile(r"(?<!\\)\|")
_GAP = 2
_FENCE = "```"


def markdown_lines(text: str, width: int) -> list[Line]:
    """Return a page as lines of at most ``width`` cells; code blocks are cut, everything else is wrapped."""
    lines: list[Line] = []
    source = text.splitlines()
    at = 0
    while at < len(source):
        line, end = source[at], at + 1
        if line.startswith(_FENCE):
            while end < len(source) and not source[end].startswith(_FENCE):
                end += 1
            lines += [[("  " + fmt.clip(row, width - 2), "info")] for row in source[at + 1 : end]]
            end += 1
        elif line.startswith("#"):
            lines.append(heading(line.lstrip("# "), width))
        elif line.startswith("|"):
            while end < len(source) and source[end].startswith("|"):
                end += 1
            lines += _table(source[at:end], width)
        elif not line.strip():
            lines.append([])
        else:
            while end < len(source) and _continues(source[end]):
                end += 1
            lines += _paragraph(source[at:end], width)
        at = end
    return lines


def _continues(line: str) -> bool:
    return bool(line.strip()) and not line.startswith(("#", "|", _FENCE)) and not _ITEM.match(line)


def _paragraph(source: list[str], width: int) -> list[Line]:
    item = _ITEM.match(source[0])
    mark = " " if item is None else f"  {item.group(0)}"
    text = " ".join(line.strip() for line in (source[0][item.end() if item else 0 :], *source[1:]))
    indent = " " * len(mark)
    rows = wrap(_styled_words(text), max(8, width - len(mark)), " ")
    return [[(mark if n == 0 else indent, "dim"), *row] for n, row in enumerate(rows)]


def _styled_words(text: str) -> Iterator[Line]:
    """Yield the words of a text with the roles of its inline marks; parts without a space between stay together."""
    word: Line = []
    for piece, role in _pieces(text):
        for n, part in enumerate(piece.split(" ")):
            if n and word:
                yield word
                word = []
            if part:
                word.append((part, role))
    if word:
        yield word


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    for match in _INLINE.finditer(text):
        yield text[at : match.start()], "text"
        code, strong, link = match.groups()
        yield (code, "key") if code else (strong or link, "strong")
        at = match.end()
    yield text[at:], "text"


def _table(source: list[str], width: int) -> list[Line]:
    rows = [_cells(line) for line in source if not _is_rule(line)]
    headed = len(source) > 1 and _is_rule(source[1])
    sizes = _sizes(rows, width)
    out: list[Line] = []
    for n, row in enumerate(rows):
        wrapped = [
            wrap(_styled_words(cell), size, " ") or [[]] for cell, size in zip(row, sizes, strict=False)
        ]
        for y in range(max(map(len, wrapped))):
            line: Line = []
            for cell, size in zip(wrapped, sizes, strict=False):
                part = cell[y] if y < len(cell) else []
                line += [(" " * _GAP, "text"), *pad_line(part, size)]
            out.append([(text, "head") for text, _ in line] if headed and n == 0 else line)
    return out


def _is_rule(line: str) -> bool:
    return set(line) <= set("|-: ")


def _sizes(rows: list[list[str]], width: int) -> list[int]:
    """Return the cells of each column: as wide as its text, the widest ones cut until all fit together."""
    columns = zip(*rows, strict=False)
    sizes = [max(width_of(_pieces(cell)) for cell in column) for column in columns]
    while sum(sizes) + _GAP * len(sizes) > width and max(sizes) > 1:
        sizes[sizes.index(max(sizes))] -= 1
    return sizes


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in _CELL.split(line.strip().strip("|"))]
