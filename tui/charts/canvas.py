"""One plotext figure: its axes, lines, points and labels, coloured by the roles of the theme.

plotext keeps one figure as global state, so a lock lets one chart be built at a time. plotext writes colours
as escape sequences. Each role gets a colour number of its own here, and the escape sequences are read back
into (text, role) pairs: no escape sequence of plotext reaches the terminal, and the theme decides the colour.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from threading import Lock
from typing import Any, Protocol

from tui.themes import ROLES

Piece = tuple[str, str]
Line = list[Piece]
"""(text, role) pairs, as in ``tui.widgets.line``, which lies in a higher layer."""
Ticks = Sequence[tuple[float, str]]
"""Positions on an axis with their labels, the most important first: plotext leaves out labels without room."""
Point = tuple[float, float]

_LOCK = Lock()
_FIRST_COLOUR = 16
"""plotext writes the colours 0 to 15 in a shorter form; the numbers of the roles start after them."""
_CODE = {role: _FIRST_COLOUR + n for n, role in enumerate(ROLES)}
_ROLE = {str(code): role for role, code in _CODE.items()}
_ESCAPE = re.compile(r"\x1b\[([0-9;]*)m")
_LEAST_COLUMNS, _LEAST_ROWS = 6, 2
_NO_WIDTH = 1e-9
"""Part of its values up to which a range counts as a single value."""
_WITH_AXIS_LINE = 7
_WITH_AXIS_NAMES = 8
"""Heights in lines from which an axis line, and a line with the names of the axes, are drawn."""


DrawChart = Callable[["Chart", int, int], list[Line]]
"""Returns the lines of a chart for a width and a height."""


class Chart(Protocol):
    """A frozen, hashable value that holds the data of a chart and draws them on a canvas."""

    def plot(self, canvas: Canvas) -> None: ...


def draw_chart(chart: Chart, width: int, height: int) -> list[Line]:
    """Return the chart in ``height`` lines of ``width`` cells; blocks while another chart is built.

    If there is no space for axes, return one line that reports it.
    """
    with _LOCK:
        canvas = Canvas(import_module("plotext"), width, height)
        try:
            chart.plot(canvas)
        except NoRoom:
            return [[(" too small for a chart"[:width], "dim")]]
        return canvas.lines()


class NoRoom(Exception):
    """The axes leave too little room for the data."""


@dataclass(frozen=True, slots=True)
class LevelLabel:
    """A horizontal level with its name at the right end; ``line`` draws the level through the chart."""

    y: float
    name: str
    role: str
    line: bool = True


class Canvas:
    """A figure of ``width`` by ``height`` cells; ``columns`` and ``rows`` are the room inside the axes.

    Set the y axis first, because its labels decide the room for the x axis.
    """

    def __init__(self, plt: Any, width: int, height: int) -> None:
        self._plt = plt
        self.width, self.height = width, height
        plt.clear_figure()
        plt.limit_size(False, False)
        plt.plot_size(width, height)
        plt.theme("clear")
        plt.ticks_color(_CODE["dim"])
        self._axis_line = height >= _WITH_AXIS_LINE
        plt.xaxes(self._axis_line, False)
        plt.yaxes(True, False)
        self.columns = width - 1
        self.rows = height - 1 - self._axis_line
        self._x = self._y = (0.0, 1.0)
        self._first_label = "", ""
        self._has_data = False

    # --- axes -------------------------------------------------------------------------------------------

    def name_axes(self, x: tuple[str, str], y: tuple[str, str]) -> None:
        """Write the names of the axes in the last line; in a low figure, their short forms at the first tick."""
        if self.height >= _WITH_AXIS_NAMES:
            self._plt.xlabel(x[0])
            self._plt.ylabel(y[0])
            self.rows -= 1
        else:
            self._first_label = f"{x[1]} ", f"{y[1]} "

    def y_axis(self, low: float, high: float, ticks: Callable[[float, float, int], Ticks]) -> None:
        """Set the range of the y axis; ``ticks`` is called with the range and the number of rows."""
        if self.rows < _LEAST_ROWS:
            raise NoRoom
        low, high = _widened(low, high)
        marks = _named(ticks(low, high, self.rows), -1, self._first_label[1])
        self._y = (low, high)
        self._plt.ylim(low, high)
        self._plt.yticks([at for at, _ in marks], [label for _, label in marks])
        self.columns = self.width - 1 - max((len(label) for _, label in marks), default=0)
        if self.columns < _LEAST_COLUMNS:
            raise NoRoom

    def x_axis(
        self, low: float, high: float, ticks: Callable[[float, float, int], Ticks], *, right: int = 0
    ) -> None:
        """Set the range of the x axis; ``right`` cells stay free at its end, for the names of levels."""
        low, high = _widened(low, high)
        cells = self.columns - right
        if cells < _LEAST_COLUMNS:
            raise NoRoom
        marks = _named(ticks(low, high, cells), 0, self._first_label[0])
        high = low + (high - low) * (self.columns - 1) / (cells - 1)
        self._x = (low, high)
        self._plt.xlim(low, high)
        marks = self._with_room(marks)
        self._plt.xticks([at for at, _ in marks], [label for _, label in marks])

    def _with_room(self, marks: Ticks) -> Ticks:
        """Return the ticks whose labels have room, by importance.

        plotext places labels in random order and moves a label that meets another one. So each label here
        keeps out of the stretch within which plotext would look for a place for its neighbour.
        """
        start = self.width - self.columns
        chosen: list[tuple[tuple[int, int], tuple[int, int]]] = []
        out: list[tuple[float, str]] = []
        for at, label in marks:
            size = len(label)
            middle = start + self.column(at)
            stretch = max(middle - size + 1, 0), min(middle + size, self.width - 1)
            first = (stretch[1] - size + stretch[0]) // 2
            taken = first - 1, first + size + 1
            inside = start <= middle < self.width and first >= 0
            if inside and not any(_overlap(taken, b) or _overlap(stretch, a) for a, b in chosen):
                chosen.append((taken, stretch))
                out.append((at, label))
        return out

    def column(self, x: float, dots: int = 1) -> int:
        """Return the column in which plotext draws ``x``; ``dots`` is the number of dots in a cell's width."""
        return _place(x, self._x, self.columns * dots)

    def row(self, y: float) -> int:
        """Return the row in which plotext draws ``y``, counted from the bottom."""
        return _place(y, self._y, self.rows)

    def at_column(self, column: int, dots: int = 1) -> float:
        low, high = self._x
        return low + (high - low) * column / max(1, self.columns * dots - 1)

    def at_row(self, row: int) -> float:
        low, high = self._y
        return low + (high - low) * row / max(1, self.rows - 1)

    # --- data -------------------------------------------------------------------------------------------

    def line(self, points: Iterable[Point], role: str) -> None:
        """Draw a line of braille dots; a point that is not a number interrupts the line."""
        xs, ys = _coordinates(points)
        if xs:
            self._has_data = True
            self._plt.plot(xs, ys, marker="braille", color=_CODE[role])

    def single_dots(self, points: Iterable[Point], role: str) -> None:
        """Draw one braille dot at each point, without lines between the points."""
        self.marks(points, "braille", role)

    def marks(self, points: Iterable[Point], marker: str, role: str) -> None:
        """Draw a character at each point."""
        xs, ys = _coordinates(points)
        if xs:
            self._has_data = True
            self._plt.scatter(xs, ys, marker=marker, color=_CODE[role])

    def columns_to_zero(self, points: Iterable[Point], marker: str, role: str) -> None:
        """Fill the column of each point from the point to zero; ``marker`` is "hd" (blocks) or "braille"."""
        xs, ys = _coordinates(points)
        if xs:
            self._has_data = True
            self._plt.scatter(xs, ys, marker=marker, color=_CODE[role], fillx=True)

    def horizontal(self, y: float, role: str = "rule") -> None:
        self._plt.hline(y, color=_CODE[role])

    def vertical(self, x: float, role: str = "rule", name: str = "") -> None:
        """Draw a vertical line; its name is written to the left of its upper end."""
        self._plt.vline(x, color=_CODE[role])
        start = self.column(x) - len(name)
        if name and start >= 0:
            self._text(name, start, self.rows - 1, "dim")

    def levels(self, levels: Iterable[LevelLabel], right: int) -> None:
        """Draw the levels, each with its name in the last ``right`` cells, at its row or the nearest free one."""
        used: set[int] = set()
        start = self.columns - right
        for level in sorted(levels, key=lambda each: -each.y):
            if level.line:
                self.horizontal(level.y, level.role)
            wanted = self.row(level.y)
            free = [row for row in range(self.rows) if row not in used]
            if not free:
                continue
            row = min(free, key=lambda each: (abs(each - wanted), each))
            used.add(row)
            text = f" {level.name}".ljust(right)[:right]
            self._text(text, start, row, level.role)

    def note(self, text: str, *, right: bool, top: bool, role: str = "dim") -> None:
        """Write a short text into a corner of the room inside the axes."""
        column = self.columns - len(text) if right else 0
        self._text(text, column, self.rows - 1 if top else 0, role)

    def _text(self, text: str, column: int, row: int, role: str) -> None:
        x, y = self.at_column(column), self.at_row(row)
        self._plt.text(text, x, y, color=_CODE[role], alignment="left")

    def lines(self) -> list[Line]:
        """Build the figure and return its lines."""
        if not self._has_data:
            # plotext draws no axes without data.
            self.marks([(self._x[0], self._y[0])], " ", "text")
        return parse_figure(self._plt.build())[: self.height]


def parse_figure(text: str) -> list[Line]:
    """Turn plotext's text with colour sequences into lines of (text, role) pairs."""
    return [_parse_line(line) for line in text.removesuffix("\n").split("\n")]


def _parse_line(text: str) -> Line:
    pieces: list[Piece] = []
    role = "text"
    parts = _ESCAPE.split(text)
    for n, part in enumerate(parts):
        if n % 2:
            role = _ROLE.get(part.rpartition(";")[2], "text")
        elif part and pieces and (pieces[-1][1] == role or not part.strip()):
            # Spaces have no colour, so they join the piece before them.
            pieces[-1] = (pieces[-1][0] + part, pieces[-1][1])
        elif part:
            pieces.append((part, role))
    return pieces


def _named(marks: Ticks, index: int, name: str) -> Ticks:
    """Put a name before the label of one of the ticks."""
    if not name or not marks:
        return marks
    out = list(marks)
    out[index] = (out[index][0], name + out[index][1])
    return out


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Return whether two half-open ranges of cells have a cell in common."""
    return one[0] < other[1] and other[0] < one[1]


def _widened(low: float, high: float) -> tuple[float, float]:
    """Widen a range of no width, so that a single value lies in its middle."""
    if high - low > _NO_WIDTH * max(abs(low), abs(high), 1.0):
        return low, high
    pad = abs(low) * 0.01 or 1.0
    return low - pad, low + pad


def _place(value: float, ends: tuple[float, float], cells: int) -> int:
    low, high = ends
    return math.floor(0.5 + (cells - 1) * (value - low) / (high - low))


def _coordinates(points: Iterable[Point]) -> tuple[list[float], list[float]]:
    """Separate the coordinates; an infinite one becomes a gap."""
    xs, ys = [], []
    for x, y in points:
        known = math.isfinite(x) and math.isfinite(y)
        xs.append(x if known else math.nan)
        ys.append(y if known else math.nan)
    return xs, ys
