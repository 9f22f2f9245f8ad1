"""A scrolling page of lines, for details and help."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.binding import Binding

from tui.widgets.line import Line
from tui.widgets.line_widget import LineWidget


def window(body: list[Line], top: int, height: int) -> tuple[list[Line], int]:
    """Return the lines that fit from line ``top`` on, the last one saying which, and the greatest ``top``."""
    if len(body) <= height:
        return body, 0
    if height < 2:
        return body[:height], max(0, len(body) - height)
    last_top = len(body) - height + 1
    top = min(top, last_top)
    shown = body[top : top + height - 1]
    below = len(body) - top - len(shown)
    state = f"{top + 1}-{top + len(shown)} of {len(body)} lines" + (" ▼ more" if below else "")
    return [*shown, [(" " + state, "info")]], last_top


class Document(LineWidget, can_focus=True):
    """Shows the lines that ``write`` returns for the current width."""

    BINDINGS = [
        Binding("up,k", "scroll_by(-1)", show=False),
        Binding("down,j", "scroll_by(1)", show=False),
        Binding("pageup,b", "scroll_page(-1)", show=False),
        Binding("pagedown,space", "scroll_page(1)", show=False),
        Binding("home,g", "scroll_edge(False)", show=False),
        Binding("end,G", "scroll_edge(True)", show=False),
    ]

    def __init__(self, write: Callable[[int], list[Line]], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._write = write
        self._top = 0
        self._longest = 0

    def lines(self, width: int, height: int) -> list[Line]:
        # The offset is kept, so that enlarging and shrinking the window does not move the page.
        shown, self._longest = window(self._write(max(1, width - 2)), self._top, height)
        return shown

    def rewrite(self, write: Callable[[int], list[Line]]) -> None:
        self._write = write
        self.repaint()

    def needed_height(self, width: int) -> int:
        return len(self._write(max(1, width - 2)))

    def action_scroll_by(self, step: int) -> None:
        self._top = max(0, min(self._longest, min(self._top, self._longest) + step))
        self.repaint()

    def action_scroll_page(self, step: int) -> None:
        self.action_scroll_by(step * max(1, self.content_size.height - 2))

    def action_scroll_edge(self, last: bool) -> None:
        self._top = self._longest if last else 0
        self.repaint()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_scroll_by(2)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_scroll_by(-2)
