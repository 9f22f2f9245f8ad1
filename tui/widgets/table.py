"""A live table: the cursor follows its row's key; the first column is fixed, the others scroll."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

from textual import events
from textual.errors import NoWidget
from textual.message import Message

from tui.commands.registry import bindings
from tui.fmt import fit
from tui.widgets.line import Line, heading
from tui.widgets.line_widget import LineWidget

Cell = tuple[str, str]

_MARGIN = 2
"""Cells left of the first column: the cursor mark and a space."""
_HEAD_LINES = 2
_MOVED_GUARD = 1.0
"""Seconds after the selected row vanished during which an action needs a second key press."""


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    width: int
    align: str = "left"


class Row:
    """One row: its value, and its cells, which are made only when the row becomes visible.

    Two rows are equal when they have the same key and are of the same thing.
    """

    __slots__ = ("_cells", "_write", "key", "of")

    def __init__(self, key: str, of: Any, write: Callable[[Any], tuple[Cell, ...]]) -> None:
        """``write`` returns one cell per column: a text and its colour role."""
        self.key = key
        self.of = of
        self._write = write
        self._cells: tuple[Cell, ...] | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Row) and self.key == other.key and self.of == other.of

    __hash__ = None  # type: ignore[assignment]

    @property
    def cells(self) -> tuple[Cell, ...]:
        if self._cells is None:
            self._cells = self._write(self.of)
        return self._cells

    def forget(self) -> None:
        """Make the cells again when the row becomes visible."""
        self._cells = None


class LiveTable(LineWidget, can_focus=True):
    """Rows keep the given order; the cursor stays on its row's key, not on its place."""

    BINDINGS = bindings("table")
    decisions = False
    """True if the rows' keys are ids of decisions."""
    follows_first = False
    """True if the cursor stays on the first row, whatever its key, until the user moves it."""

    class Opened(Message):
        """Enter was pressed, or the selected row was clicked."""

        def __init__(self, table: LiveTable, key: str) -> None:
            self.table = table
            self.key = key
            super().__init__()

        @property
        def control(self) -> LiveTable:
            return self.table

    def __init__(
        self, title: str, columns: tuple[Column, ...], *, id: str | None = None, empty: tuple[str, ...] = ()
    ) -> None:
        super().__init__(id=id)
        self.title = title
        self.columns = columns
        self.empty = empty
        self.note: Line = []
        self.rows: tuple[Row, ...] = ()
        self.cursor: str | None = None
        self._top = 0
        self._wanted_top = 0
        self._left = 0
        self._moved_at = float("-inf")

    # --- rows -------------------------------------------------------------------------------------------

    def show_rows(self, rows: tuple[Row, ...], note: Line | None = None) -> None:
        if rows == self.rows and (note is None or note == self.note):
            return
        place = self._place()
        self.rows = rows
        if note is not None:
            self.note = note
        keys = [row.key for row in rows]
        if self.follows_first and place == 0 and keys:
            self.cursor = keys[0]
        elif self.cursor not in keys:
            if self.cursor is not None:
                self._moved_at = monotonic()
            self.cursor = keys[min(place, len(keys) - 1)] if keys else None
        self._keep_in_view()
        self.repaint()

    def forget(self) -> None:
        for row in self.rows:
            row.forget()
        super().forget()

    def to_top(self) -> None:
        """Scroll to the first row when the next rows are shown."""
        self.cursor, self.rows = None, ()
        self._top = self._wanted_top = 0

    @property
    def current_row(self) -> Row | None:
        """The row that the cursor is on."""
        return next((row for row in self.rows if row.key == self.cursor), None)

    @property
    def cursor_moved_by_itself(self) -> bool:
        """True if the selected row vanished a moment ago and the cursor is on another one."""
        return monotonic() - self._moved_at < _MOVED_GUARD

    def reason_to_wait(self, row_name: str, again: str) -> str:
        """Return why an action on the selected row needs a second key press, or an empty string.

        A second press is needed when the focus was elsewhere (the focus moves here), when the cursor has just moved
        without a key press, and when the row was not on the screen: in each case the user may have been looking at
        another row. ``again`` says how to repeat the action.
        """
        if not self.cursor_is_seen:
            self.focus()
            self._moved_at = float("-inf")
            self.call_after_refresh(self._scroll_to_cursor)
            return f"{row_name} was not on the screen: {again} once it is; a taller terminal shows it"
        if not self.has_focus:
            self.focus()
            return f"The cursor is on {row_name}: {again}"
        if self.cursor_moved_by_itself:
            return f"The cursor has just moved to {row_name}: {again}"
        return ""

    @property
    def cursor_is_seen(self) -> bool:
        """True if the line of the selected row is on the screen."""
        try:
            seen = self.screen.find_widget(self).visible_region
        except NoWidget:
            return False
        return seen.width > _MARGIN and seen.y <= self._cursor_line < seen.bottom

    @property
    def _cursor_line(self) -> int:
        """Row of the screen of the selected row, wherever the table is scrolled to."""
        return self.region.y + _HEAD_LINES + self._place() - self._top

    def _scroll_to_cursor(self) -> None:
        self.scroll_visible(animate=False, immediate=True)

    def _place(self) -> int:
        return next((n for n, row in enumerate(self.rows) if row.key == self.cursor), 0)

    @property
    def _room(self) -> int:
        return max(1, self.content_size.height - _HEAD_LINES)

    def _keep_in_view(self) -> None:
        place, room = self._place(), self._room
        self._top = max(0, min(self._wanted_top, len(self.rows) - room))
        if place < self._top:
            self._top = place
        elif place >= self._top + room:
            self._top = place - room + 1

    # --- drawing ----------------------------------------------------------------------------------------

    def _visible(self, width: int) -> list[int]:
        """Return the columns that fit: the first one, then as many as fit from the scroll position on."""
        gap = self._gap
        used = _MARGIN + self.columns[0].width
        shown = [0]
        for n in range(1 + self._left_at(width), len(self.columns)):
            used += gap + self.columns[n].width
            if used > width:
                break
            shown.append(n)
        return shown

    @property
    def _gap(self) -> int:
        """Cells between two columns."""
        return 1 if self.app.has_class("-compact") else 2

    def _left_at(self, width: int) -> int:
        """Return how many columns are scrolled out: no more than needed to see the last one."""
        room = width - _MARGIN - self.columns[0].width
        left = len(self.columns) - 1
        while left > 0 and (room := room - self._gap - self.columns[left].width) >= 0:
            left -= 1
        return min(self._left, left)

    def row_style(self, y: int) -> str | None:
        n = self._top + y - _HEAD_LINES
        if y < _HEAD_LINES or n >= len(self.rows) or self.rows[n].key != self.cursor:
            return None
        return "row--cursor" if self.has_focus else "row--cursor-blur"

    def lines(self, width: int, height: int) -> list[Line]:
        shown = self._visible(width)
        out = [heading(self.title, width, self._right(shown), focus=self.has_focus)]
        if not self.rows:
            out += [[("  " + text, "dim")] for text in self.empty]
            return out
        gap = " " * self._gap
        head: Line = [(" " * _MARGIN, "head")]
        for n in shown:
            column = self.columns[n]
            head.append((fit(column.title, column.width, column.align) + gap, "head"))
        out.append(head)
        for row in self.rows[self._top : self._top + max(0, height - _HEAD_LINES)]:
            mark = "▸ " if row.key == self.cursor else "  "
            line: Line = [(mark, "title-focus" if self.has_focus else "dim")]
            for n in shown:
                column = self.columns[n]
                text, role = row.cells[n]
                # The gap gets the cell's colour: one colour change less saves about forty bytes per cell.
                line.append((fit(text, column.width, column.align) + gap, role))
            out.append(line)
        return out

    def _right(self, shown: list[int]) -> Line:
        out: Line = list(self.note)
        hidden_rows = len(self.rows) - self._room
        if hidden_rows > 0:
            last = min(len(self.rows), self._top + self._room)
            out += [(f"  rows {self._top + 1}-{last} of {len(self.rows)}", "dim")]
        more_left = self._left_at(self.content_size.width)
        more_right = len(self.columns) - 1 - shown[-1] if self.rows else 0
        if self.rows and (more_left or more_right > 0):
            out += [("  ", "text"), (f"← {more_left}" if more_left else "", "info")]
            out += [(" " if more_left else "", "text")]
            out += [(f"→ {more_right} columns" if more_right > 0 else "", "info")]
        return out

    # --- moving -----------------------------------------------------------------------------------------

    def action_row(self, step: int) -> None:
        self._go_to(self._place() + step)

    def action_page_of_rows(self, step: int) -> None:
        self._go_to(self._place() + step * self._room)

    def action_edge(self, last: bool) -> None:
        self._go_to(len(self.rows) - 1 if last else 0)

    def action_column(self, step: int) -> None:
        width = self.content_size.width
        if step > 0 and self._visible(width)[-1] == len(self.columns) - 1:
            return
        self._left = max(0, min(len(self.columns) - 2, self._left_at(width) + step))
        self.repaint()

    def action_open(self) -> None:
        if self.cursor is not None:
            self.post_message(self.Opened(self, self.cursor))

    def _go_to(self, place: int) -> None:
        if not self.rows:
            return
        self.cursor = self.rows[max(0, min(len(self.rows) - 1, place))].key
        self._moved_at = float("-inf")
        self._wanted_top = self._top
        self._keep_in_view()
        self._wanted_top = self._top
        self.repaint()

    def on_click(self, event: events.Click) -> None:
        n = self._top + event.y - _HEAD_LINES
        if event.y >= _HEAD_LINES and n < len(self.rows):
            again = self.rows[n].key == self.cursor and event.chain > 1
            self._go_to(n)
            if again:
                self.action_open()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, -1)

    def _wheel(self, event: events.MouseEvent, step: int) -> None:
        if len(self.rows) > self._room:
            event.stop()
            self._go_to(self._place() + step)

    def on_resize(self) -> None:
        self._keep_in_view()
        self.repaint()
