"""Bars, scales and large words made of characters that every terminal font has."""

from __future__ import annotations

from collections.abc import Iterable

from tui.widgets.line import Line

_HEAVY, _HALF, _LIGHT = "━", "╾", "─"
_RIGHT = " ▏▎▍▌▋▊▉█"


def bar(value: float | None, width: int, role: str, *, full: float = 100.0) -> Line:
    """Return a bar for ``value`` out of ``full``: a heavy line on a light one, readable without colour."""
    if width <= 0:
        return []
    share = 0.0 if value is None else min(1.0, max(0.0, value / full))
    halves = round(share * width * 2)
    heavy, half = divmod(halves, 2)
    return [
        (_HEAVY * heavy, role),
        (_HALF * half, role),
        (_LIGHT * (width - heavy - half), "track"),
    ]


def marked_bar(value: float, width: int, role: str, marks: Iterable[float], *, full: float = 100.0) -> Line:
    """Return a bar with a tick at each of ``marks``."""
    cells = [(c, r) for text, r in bar(value, width, role, full=full) for c in text]
    for mark in marks:
        x = min(width - 1, max(0, round(mark / full * width)))
        cells[x] = ("┿" if cells[x][0] == _HEAVY else "┼", "strong")
    return [(c, r) for c, r in cells]


def signed_bar(value: float, largest: float, width: int) -> Line:
    """Return a bar from the middle: gains to the right in green, losses to the left in red."""
    half = max(1, (width - 1) // 2)
    share = 0.0 if largest <= 0 else min(1.0, abs(value) / largest)
    if value < 0:
        halves = max(1, round(share * half * 2))
        full, rest = divmod(halves, 2)
        text = "▐" * rest + "█" * full
        return [(text.rjust(half), "bad"), ("│", "dim"), (" " * half, "text")]
    eighths = max(1, round(share * half * 8)) if value > 0 else 0
    full, rest = divmod(eighths, 8)
    text = "█" * full + (_RIGHT[rest] if rest else "")
    return [(" " * half, "text"), ("│", "dim"), (text.ljust(half), "good")]


def scale(width: int, low: tuple[float, str], high: tuple[float, str], *, full: float = 100.0) -> str:
    """Return the line of labels under a bar: ``low`` ends at its mark, ``high`` begins at its mark or after it."""
    end = min(width, round(low[0] / full * width) + 1)
    start = round(high[0] / full * width)
    text = low[1].rjust(end)[-max(end, len(low[1])) :]
    start = max(len(text) + 1, min(start, width - len(high[1])))
    return (text.ljust(start) + high[1])[:width]


_FONT = {
    "A": ("###", "# #", "###", "# #", "# #"),
    "C": ("###", "#  ", "#  ", "#  ", "###"),
    "E": ("###", "#  ", "###", "#  ", "###"),
    "I": ("###", " # ", " # ", " # ", "###"),
    "K": ("# #", "# #", "## ", "# #", "# #"),
    "P": ("###", "# #", "###", "#  ", "#  "),
    "S": ("###", "#  ", "###", "  #", "###"),
    "T": ("###", " # ", " # ", " # ", " # "),
    "U": ("# #", "# #", "# #", "# #", "###"),
    "W": ("#   #", "#   #", "# # #", "# # #", "#####"),
    "X": ("# #", "# #", " # ", "# #", "# #"),
}
_HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def large(word: str) -> list[str]:
    """Return the word in letters three lines high; empty when a letter has no large form."""
    if any(letter not in _FONT for letter in word):
        return []
    dots = [" ".join(_FONT[letter][y] for letter in word) for y in range(5)]
    dots.append(" " * len(dots[0]))
    return [
        "".join(_HALVES[a == "#", b == "#"] for a, b in zip(dots[y], dots[y + 1], strict=True))
        for y in range(0, 6, 2)
    ]
