"""A page of the guide on the deck."""

from __future__ import annotations

from tui.dialogs.base import Reading
from tui.documents.markdown import markdown_lines
from tui.guide.pages import Topic
from tui.widgets.line import Line


class GuideDialog(Reading):
    """One topic of the guide, drawn for the width of the dialog."""

    def __init__(self, topic: Topic) -> None:
        super().__init__()
        self.topic = topic
        self._markdown = topic.markdown()
        self._lines: tuple[int, list[Line]] = (0, [])
        """The cached lines and the width they were made for."""

    def write(self, width: int) -> list[Line]:
        if self._lines[0] != width:
            self._lines = (
                width,
                [*markdown_lines(self._markdown, width), [], [("  Esc closes this.", "dim")]],
            )
        return self._lines[1]
