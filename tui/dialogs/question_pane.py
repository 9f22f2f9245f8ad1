"""The text of a question: whole where it fits, else shortened, folded and scrolled, so that its answers stay seen."""

from __future__ import annotations

from typing import ClassVar

from tui.widgets.document import window
from tui.widgets.line import Line, fold
from tui.widgets.line_widget import Pane

FRAME = 2
"""Rows of a box's border."""
_SIDES = 4
"""Columns of a box's border and padding."""


class QuestionPane(Pane):
    """A pane whose subclasses return their lines from ``text``; ``usual_height`` rows where there is room."""

    usual_height: ClassVar[int] = 8
    box_width: ClassVar[int] = 62
    """Width of the dialog's box with its frame, as in deck.tcss."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._room = self.usual_height
        self._top = 0
        self._last_top = 0
        """Greatest line that can be the first one shown."""

    def text(self, width: int, *, short: bool) -> list[Line]:
        """Return the lines for a width; ``short``: there is little room, what matters most comes first."""
        return []

    def show(self, data: object) -> None:
        super().show(data)
        self.fit(self._room)

    def fit(self, room: int) -> None:
        """Take the rows that the text needs, at most ``room`` and at least one."""
        self._room = room
        wanted = len(self._whole(min(self.box_width, self.app.size.width) - _SIDES))
        self.styles.height = max(1, min(max(wanted, self.usual_height), room))

    def _whole(self, width: int) -> list[Line]:
        return [part for line in self.text(width, short=False) for part in fold(line, max(1, width))]

    def lines(self, width: int, height: int) -> list[Line]:
        whole = self._whole(width)
        if len(whole) <= height:
            self._last_top = 0
            return whole
        text = [part for line in self.text(width, short=True) if line for part in fold(line, width)]
        shown, self._last_top = window(text, self._top, height)
        return shown

    def scroll(self, step: int) -> None:
        """Move by rows where not all of the text fits."""
        self._top = max(0, min(self._last_top, min(self._top, self._last_top) + step))
        self.repaint()
