"""Curves on a grid of dots, two by four to a cell, with levels and upright marks named beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from tui.widgets.line import Line, pad_line

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each dot of a braille cell, by row and column."""
_LEVEL, _UPRIGHT = "╌", "┆"
_MARGIN = 0.04
"""Part of the range left free above and below, so that no curve runs along the edge."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Points (x from 0 to 1, y), left to right; a dotted one stands for what has not happened."""

    points: tuple[tuple[float, float], ...]
    role: str
    dotted: bool = False


@dataclass(frozen=True, slots=True)
class Level:
    """A horizontal line with its name at the right end; ``quiet`` draws no line, only the name."""

    y: float
    name: str
    role: str
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Upright:
    """A vertical line, and the word under its foot."""

    x: float
    name: str
    role: str = "rule"
    line: bool = True


def plot(
    curves: Sequence[Curve], levels: Sequence[Level], uprights: Sequence[Upright], width: int, height: int
) -> list[Line]:
    """``height`` lines, the last one the feet of the uprights; nothing where there is no room."""
    names = max((cell_len(level.name) for level in levels), default=0) + 1
    room, rows = width - names, height - 1
    ys = [y for curve in curves for _, y in curve.points] + [level.y for level in levels]
    if room < 8 or rows < 2 or not ys:
        return []
    low, high = min(ys), max(ys)
    pad = (high - low) * _MARGIN or max(abs(high), 1.0) * 0.01
    grid = _Grid(room, rows, low - pad, high + pad)
    for upright in uprights:
        if upright.line:
            grid.upright(upright)
    for level in levels:
        if not level.quiet:
            grid.level(level)
    for curve in curves:
        grid.curve(curve)
    labels = _labels(levels, grid)
    lines = [[*grid.line(y), *labels[y]] for y in range(rows)]
    return [*lines, [(_feet(uprights, room), "dim")]]


class _Grid:
    def __init__(self, width: int, height: int, low: float, high: float) -> None:
        self.width, self.height = width, height
        self._low, self._span = low, high - low
        self._dots = [[0] * width for _ in range(height)]
        self._cells: list[list[tuple[str, str]]] = [[(" ", "text")] * width for _ in range(height)]

    def row(self, y: float) -> int:
        return self._dot_row(y) // 4

    def _dot_row(self, y: float) -> int:
        share = (y - self._low) / self._span
        return min(self.height * 4 - 1, max(0, round((1 - share) * (self.height * 4 - 1))))

    def _dot_column(self, x: float) -> int:
        return min(self.width * 2 - 1, max(0, round(x * (self.width * 2 - 1))))

    def upright(self, upright: Upright) -> None:
        column = self._dot_column(upright.x) // 2
        for cells in self._cells:
            cells[column] = (_UPRIGHT, upright.role)

    def level(self, level: Level) -> None:
        row = self.row(level.y)
        self._cells[row] = [(_LEVEL, level.role)] * self.width

    def curve(self, curve: Curve) -> None:
        last: tuple[int, int] | None = None
        for x, y in curve.points:
            here = (self._dot_column(x), self._dot_row(y))
            for column, row in _between(last or here, here):
                if not curve.dotted or column % 3 == 0:
                    self._set(column, row, curve.role)
            last = here

    def _set(self, column: int, row: int, role: str) -> None:
        x, y = column // 2, row // 4
        self._dots[y][x] |= _DOTS[row % 4][column % 2]
        self._cells[y][x] = (chr(0x2800 + self._dots[y][x]), role)

    def line(self, y: int) -> Line:
        """The cells of a row, neighbours of one role joined."""
        out: Line = []
        for text, role in self._cells[y]:
            if out and out[-1][1] == role:
                out[-1] = (out[-1][0] + text, role)
            else:
                out.append((text, role))
        return out


def _between(a: tuple[int, int], b: tuple[int, int]) -> Iterable[tuple[int, int]]:
    steps = max(abs(b[0] - a[0]), abs(b[1] - a[1]), 1)
    for n in range(steps + 1):
        yield round(a[0] + (b[0] - a[0]) * n / steps), round(a[1] + (b[1] - a[1]) * n / steps)


def _labels(levels: Sequence[Level], grid: _Grid) -> list[Line]:
    """Each level's name at its row, or at the free one nearest to it."""
    out: list[Line] = [[] for _ in range(grid.height)]
    taken: set[int] = set()
    for level in sorted(levels, key=lambda each: -each.y):
        wanted = grid.row(level.y)
        free = [row for row in range(grid.height) if row not in taken]
        if not free:
            break
        row = min(free, key=lambda each: (abs(each - wanted), each))
        taken.add(row)
        out[row] = [(" " + level.name, level.role)]
    return out


def _feet(uprights: Sequence[Upright], width: int) -> str:
    """The names under their lines or a little beside them; one that finds no room is left out."""
    foot = [" "] * width
    for upright in uprights:
        size = cell_len(upright.name)
        if not size or size > width:
            continue
        wanted = round(upright.x * (width - 1)) - size // 2
        for aside in sorted(range(-size - 4, size + 5), key=abs):
            start = min(width - size, max(0, wanted)) + aside
            around = foot[max(0, start - 1) : start + size + 1]
            if 0 <= start <= width - size and all(cell == " " for cell in around):
                foot[start : start + size] = list(upright.name)
                break
    return "".join(foot)


def two_columns(left: Sequence[Line], right: Sequence[Line], width: int, gap: int = 3) -> list[Line]:
    """Two blocks of lines side by side, the left one ``width`` cells wide."""
    out: list[Line] = []
    for n in range(max(len(left), len(right))):
        line = pad_line(left[n] if n < len(left) else [], width)
        out.append([*line, (" " * gap, "text"), *(right[n] if n < len(right) else [])])
    return out
