"""A live table: the cursor follows its row's key; the first column is fixed, the others scroll.

Its columns are those of ``tui.widgets.columns``; which of them are shown, and in which order, a person may choose.
"""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic

from textual import events
from textual.errors import NoWidget
from textual.message import Message

from tui.commands.registry import bindings
from tui.fmt import fit
from tui.interfaces import deck_ui
from tui.widgets.columns import MARGIN, Column, Row, fitting, most_left, run_over, shared, text_width
from tui.widgets.line import Line, heading, width_of
from tui.widgets.line_widget import LineWidget

_HEAD_LINES = 2
_HEADING_FRAME = 5
"""Cells of a heading beside its title and its right end."""
_MOVED_GUARD = 1.0
"""Seconds after the selected row vanished during which an action needs a second key press."""


def joined(note: Line, hidden: Line) -> Line:
    """Return a note and what is hidden with two cells between their parts."""
    out = list(note)
    while out and not out[-1][0].strip():
        out.pop()
    if out:
        out[-1] = (out[-1][0].rstrip(), out[-1][1])
    for piece in hidden:
        out += [("  ", "dim"), piece] if out else [piece]
    return out


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
        """Every column of the list; a row has a cell for each."""
        self.sorted_by: str | None = None
        """Key of the column that the rows are sorted by; ``None`` for their own order."""
        self.ascending = False
        self._chosen: tuple[str, ...] | None = None
        """Keys of the columns a person chose, in their order; ``None`` for the standard ones."""
        self._wanted: dict[str, int] = {}
        """Width of the widest text seen, by the column's key; it only grows, so that columns stand still."""
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
        place, before = self._place(), self.rows
        self.rows = rows
        if note is not None:
            self.note = note
        keys = [row.key for row in rows]
        if not {row.key for row in before}.intersection(keys):
            self._wanted.clear()
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
        self._wanted.clear()
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
        return seen.width > MARGIN and seen.y <= self._cursor_line < seen.bottom

    @property
    def _cursor_line(self) -> int:
        """Row of the screen of the selected row, wherever the table is scrolled to."""
        return self.region.y + _HEAD_LINES + self._place() - self._top

    def _scroll_to_cursor(self) -> None:
        self.scroll_visible(animate=False, immediate=True)

    def _place(self) -> int:
        return next((n for n, row in enumerate(self.rows) if row.key == self.cursor), 0)

    @property
    def room(self) -> int:
        return max(1, self.content_size.height - _HEAD_LINES)

    def _keep_in_view(self) -> None:
        place, room = self._place(), self.room
        self._top = max(0, min(self._wanted_top, len(self.rows) - room))
        if place < self._top:
            self._top = place
        elif place >= self._top + room:
            self._top = place - room + 1

    # --- columns ----------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        if self.id is not None:
            self._chosen = deck_ui(self).chosen_columns(self.id)

    def choose_columns(self, keys: Iterable[str] | None) -> None:
        """Show these columns in this order, or the standard ones; the first column of the list stays."""
        self._chosen = None if keys is None else tuple(keys)
        self._left = 0
        self.repaint()

    @property
    def shown_columns(self) -> tuple[str, ...]:
        """Keys of the columns in force, in their order, those scrolled out included."""
        return tuple(self.columns[n].key for n in self._in_force())

    def _in_force(self) -> list[int]:
        """Return the places of the columns in force; a chosen one that this version does not know is left out."""
        if self._chosen is None:
            return [n for n, column in enumerate(self.columns) if column.standard or n == 0]
        places = {column.key: n for n, column in enumerate(self.columns)}
        return [0, *(n for key in self._chosen if (n := places.get(key, 0)))]

    def _measure(self, rows: Iterable[Row]) -> None:
        """Keep the widest text of each column, its title included."""
        wanted = self._wanted
        for n, column in enumerate(self.columns):
            width = text_width(column.title) + (column.key == self.sorted_by)
            for row in rows:
                width = max(width, text_width(row.cells[n][0]))
            wanted[column.key] = max(wanted.get(column.key, 0), width)

    def _least(self, columns: Iterable[int]) -> list[int]:
        wanted = self._wanted
        return [self.columns[n].least(wanted.get(self.columns[n].key, 0), first=n == 0) for n in columns]

    def _visible(self, width: int) -> list[tuple[int, int]]:
        """Return the columns that are drawn: the place of each among ``columns``, and its width."""
        in_force = self._in_force()
        least = self._least(in_force)
        shown = fitting(least, self._gap, width, min(self._left, most_left(least, self._gap, width)))
        spare = width - MARGIN - sum(least[n] for n in shown) - self._gap * (len(shown) - 1)
        widths = shared(
            [least[n] for n in shown],
            [self._wanted.get(self.columns[in_force[n]].key, 0) for n in shown],
            [self.columns[in_force[n]].weight for n in shown],
            max(0, spare),
        )
        return [(in_force[n], size) for n, size in zip(shown, widths, strict=True)]

    @property
    def _gap(self) -> int:
        """Cells between two columns."""
        return 1 if self.app.has_class("-compact") else 2

    def _left_at(self, width: int) -> int:
        """Return how many columns are scrolled out at a width."""
        return min(self._left, most_left(self._least(self._in_force()), self._gap, width))

    def _title(self, column: Column, width: int) -> str:
        """Return the head of a column; the one sorted by has a mark, which is never cut."""
        if column.key != self.sorted_by:
            return fit(column.title, width, column.align)
        return fit(
            fit(column.title, min(text_width(column.title), width - 1)) + self.order_mark, width, column.align
        )

    @property
    def order_mark(self) -> str:
        """The direction of the order: ▲ when the smallest comes first."""
        return "▲" if self.ascending else "▼"

    # --- drawing ----------------------------------------------------------------------------------------

    def row_style(self, y: int) -> str | None:
        n = self._top + y - _HEAD_LINES
        if y < _HEAD_LINES or n >= len(self.rows) or self.rows[n].key != self.cursor:
            return None
        return "row--cursor" if self.has_focus else "row--cursor-blur"

    def lines(self, width: int, height: int) -> list[Line]:
        rows = self.rows[self._top : self._top + max(0, height - _HEAD_LINES)]
        self._measure(rows)
        shown = self._visible(width)
        out = [heading(self.title, width, self._right(shown, width), focus=self.has_focus)]
        if not self.rows:
            out += [[("  " + text, "dim")] for text in self.empty]
            return out
        gap = " " * self._gap
        head: Line = [(" " * MARGIN, "head")]
        head += [(self._title(self.columns[n], size) + gap, "head") for n, size in shown]
        out.append(head)
        for row in rows:
            mark = "▸ " if row.key == self.cursor else "  "
            line: Line = [(mark, "title-focus" if self.has_focus else "dim")]
            # The gap gets the cell's colour: one colour change less saves about forty bytes per cell.
            aligned = [self.columns[n].align for n, _ in shown]
            for text, role, size, align in run_over(
                [row.cells[n] for n, _ in shown], shown, aligned, self._gap
            ):
                line.append((fit(text, size, align) + gap, role))
            out.append(line)
        return out

    def _right(self, shown: list[tuple[int, int]], width: int) -> Line:
        """Return the right end of the heading: its note gives way to how much is hidden, the last words first."""
        rows = ""
        if len(self.rows) > self.room:
            last = min(len(self.rows), self._top + self.room)
            rows = f"rows {self._top + 1}-{last} of {len(self.rows)}"
        left = self._left_at(width)
        right = len(self._in_force()) - left - len(shown) if self.rows else 0
        short = " ".join([f"← {left}"] * (left > 0) + [f"→ {right}"] * (right > 0))
        long = f"{short} {'column' if right == 1 else 'columns'}" if right > 0 else short
        room = width - text_width(self.title) - _HEADING_FRAME
        for columns in (long, short):
            hidden: Line = [(text, role) for text, role in ((rows, "dim"), (columns, "info")) if text]
            if width_of(joined(self.note, hidden)) <= room:
                break
        note = list(self.note)
        while note and width_of(joined(note, hidden)) > room:
            note.pop()
        return joined(note, hidden)

    # --- moving -----------------------------------------------------------------------------------------

    def action_row(self, step: int) -> None:
        self._go_to(self._place() + step)

    def action_page_of_rows(self, step: int) -> None:
        self._go_to(self._place() + step * self.room)

    def action_edge(self, last: bool) -> None:
        self._go_to(len(self.rows) - 1 if last else 0)

    def action_column(self, step: int) -> None:
        width = self.content_size.width
        in_force = self._in_force()
        if step > 0 and self._visible(width)[-1][0] == in_force[-1]:
            return
        self._left = max(0, min(len(in_force) - 2, self._left_at(width) + step))
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
        if len(self.rows) > self.room:
            event.stop()
            self._go_to(self._place() + step)

    def on_resize(self) -> None:
        self._keep_in_view()
        self.repaint()
