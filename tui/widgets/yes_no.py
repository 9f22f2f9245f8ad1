"""The two answers of a question in one line: Cancel, which has the cursor, and the deed with its own key."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.binding import Binding
from textual.message import Message

from tui.widgets.line import Line, width_of
from tui.widgets.line_widget import LineWidget

CANCEL = "Cancel  Esc"
_LEAST = 12
"""Cells of the narrowest answer."""
_GAP = 2


class Answers(LineWidget, can_focus=True):
    """One widget, where two buttons in a row would be three: a dialog is on the screen that much sooner."""

    BINDINGS = [
        Binding("enter,space", "give", show=False),
        Binding("left,right,tab,shift+tab", "other", show=False),
    ]

    class Given(Message):
        """An answer was chosen."""

        def __init__(self, yes: bool) -> None:
            super().__init__()
            self.yes = yes

    def __init__(self, deed: str) -> None:
        """``deed`` is the word for a yes."""
        super().__init__(id="answers")
        self._deed = deed
        self.on_yes = False
        """Whether Enter would mean a yes."""

    def name_deed(self, deed: str) -> None:
        if deed != self._deed:
            self._deed = deed
            self.repaint()

    def _labels(self) -> tuple[str, str]:
        return _label(CANCEL), _label(f"{self._deed}  y")

    def lines(self, width: int, height: int) -> list[Line]:
        cancel, deed = self._labels()
        here = self.has_focus
        answers: Line = [
            (cancel, "badge-info" if here and not self.on_yes else "button"),
            (" " * _GAP, "text"),
            (deed, "badge-bad" if here and self.on_yes else "button-bad"),
        ]
        return [[(" " * (width - width_of(answers)), "text"), *answers]]

    def action_give(self) -> None:
        self.post_message(self.Given(self.on_yes))

    def action_other(self) -> None:
        self.on_yes = not self.on_yes
        self.repaint()

    def on_click(self, event: events.Click) -> None:
        cancel, deed = (cell_len(label) for label in self._labels())
        left_of_end = self.size.width - event.x
        if 0 < left_of_end <= deed:
            self.post_message(self.Given(True))
        elif deed + _GAP < left_of_end <= deed + _GAP + cancel:
            self.post_message(self.Given(False))


def _label(words: str) -> str:
    return f"  {words}  ".center(_LEAST)
