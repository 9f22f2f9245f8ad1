"""The base of every pane: it draws lines of cells and repaints only the cells that changed.

A pane keeps the strips that are on the screen, builds the new ones, and marks as dirty the spans in which
they differ. Idle panes cost nothing; a price that moves costs the bytes of its digits.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from tui import themes
from tui.fmt import safe
from tui.widgets.line import Line

_JOIN_GAP = 14
"""Changed spans closer than this are sent as one: a cursor move and a colour code cost more bytes."""


def changed_spans(old: Strip, new: Strip) -> Iterator[tuple[int, int]]:
    """Return the cell ranges [start, end) in which two strips differ."""
    before, after = _cells(old), _cells(new)
    start = end = -1
    for x in range(max(len(before), len(after))):
        a = before[x] if x < len(before) else None
        b = after[x] if x < len(after) else None
        if a == b:
            continue
        if start < 0:
            start = x
        elif x - end > _JOIN_GAP:
            yield start, end
            start = x
        end = x + 1
    if start >= 0:
        yield start, end


def _cells(strip: Strip) -> list[tuple[str, Style | None]]:
    cells: list[tuple[str, Style | None]] = []
    for text, style, _ in strip:
        if text.isascii():
            cells.extend((c, style) for c in text)
            continue
        for c in text:
            size = cell_len(c)
            if size == 0 and cells:
                cells[-1] = (cells[-1][0] + c, cells[-1][1])
            else:
                cells.append((c, style))
                # A wide character has two cells: both change together.
                cells.extend([("\0" + c, style)] * (size - 1))
    return cells


class LineWidget(Widget):
    """A widget made of lines: subclasses return them from ``lines`` and call ``repaint`` after a change."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._strips: list[Strip] = []
        self._drawn: list[tuple[Line, str | None]] = []
        self._painted_size = Size(-1, -1)
        self._inks: dict[str, Style] = {}

    def lines(self, width: int, height: int) -> list[Line]:
        """Return the lines for this size; missing lines are blank."""
        return []

    def row_style(self, y: int) -> str | None:
        """Return the component class with the background of line ``y``, or ``None``."""
        return None

    def ink(self, role: str) -> Style:
        style = self._inks.get(role)
        if style is None:
            style = themes.role_style(role, self.app.theme_variables)
            self._inks[role] = style = style if role in themes.ROW_BACKGROUNDS else self._blank + style
        return style

    def notify_style_update(self) -> None:
        self._inks.clear()
        self._painted_size = Size(-1, -1)
        super().notify_style_update()

    def forget(self) -> None:
        """Repaint everything at the next refresh, because theme or number format changed."""
        self._painted_size = Size(-1, -1)
        self.refresh()

    def _build(self, size: Size) -> list[Strip]:
        """Return the strips for this size; unchanged lines reuse their previous strip."""
        width, height = size
        lines = self.lines(width, height) if width > 0 and height > 0 else []
        before = self._drawn if size == self._painted_size else []
        self._drawn = drawn = [(lines[y] if y < len(lines) else [], self.row_style(y)) for y in range(height)]
        return [
            self._strips[y] if y < len(before) and before[y] == line else self._strip(*line, width)
            for y, line in enumerate(drawn)
        ]

    def _strip(self, line: Line, under: str | None, width: int) -> Strip:
        over = self.ink(under) if under else None
        blank = self._blank
        segments = []
        for text, role in line:
            if text:
                style = self.ink(role)
                segments.append(Segment(safe(text), style + over if over else style))
        return Strip(segments).adjust_cell_length(width, blank + over if over else blank).simplify()

    @property
    def _blank(self) -> Style:
        style = self._inks.get("")
        if style is None:
            style = self._inks[""] = self.rich_style
        return style

    def repaint(self) -> None:
        """Build the lines again and send only the cells that changed."""
        if not self.is_mounted:
            return
        size = self.content_size
        if size != self._painted_size or len(self._strips) != size.height:
            self.refresh()
            self._painted_size = Size(-1, -1)
            return
        fresh = self._build(size)
        regions = [
            Region(x0, y, x1 - x0, 1)
            for y, (old, new) in enumerate(zip(self._strips, fresh, strict=True))
            if old is not new and old != new
            for x0, x1 in changed_spans(old, new)
        ]
        self._strips = fresh
        if regions:
            self.refresh(*regions)

    def render_line(self, y: int) -> Strip:
        size = self.content_size
        if size != self._painted_size:
            self._strips = self._build(size)
            self._painted_size = size
        if 0 <= y < len(self._strips):
            return self._strips[y]
        return Strip.blank(size.width, self._blank)

    def on_focus(self) -> None:
        self.repaint()

    def on_blur(self) -> None:
        self.repaint()


class Pane(LineWidget):
    """A line widget that shows one part of the snapshot and repaints only when that part changed."""

    data: object = None

    def show(self, data: object) -> None:
        if data == self.data:
            return
        self.data = data
        self.repaint()
