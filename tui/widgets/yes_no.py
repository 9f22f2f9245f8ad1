"""The two answers of a question in one line: Cancel, which is selected at first, and the action."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.binding import Binding
from textual.message import Message

from tui.widgets.line import Line, width_of
from tui.widgets.line_widget import LineWidget

CANCEL = "Cancel  Esc"
_LEAST = 12
"""Least width of an answer in cells."""
_GAP = 2


class Answers(LineWidget, can_focus=True):
    """Both answers in one widget: two buttons in a row would be three widgets, and the dialog would open later."""

    BINDINGS = [
        Binding("enter,space", "give", show=False),
        Binding("left,right,tab,shift+tab", "other", show=False),
    ]

    class Given(Message):
        """An answer was chosen."""

        def __init__(self, yes: bool) -> None:
            super().__init__()
            self.yes = yes

    def __init__(self, action: str) -> None:
        """``action`` is the label of the confirming answer."""
        super().__init__(id="answers")
        self._action_label = action
        self.on_yes = False
        """True if the confirming answer is selected."""

    def set_action_label(self, action: str) -> None:
        if action != self._action_label:
            self._action_label = action
            self.repaint()

    def _labels(self, width: int) -> tuple[str, str]:
        """Return both labels, in a shorter form where they do not fit."""
        action = f"{self._action_label}  y"
        forms = ((_label(CANCEL), _label(action)), (f" {CANCEL} ", f" {action} "), (" Esc ", f" {action} "))
        fitting = (form for form in forms if sum(map(cell_len, form)) + _GAP <= width)
        return next(fitting, (" Esc ", " y "))

    def lines(self, width: int, height: int) -> list[Line]:
        cancel, action = self._labels(width)
        here = self.has_focus
        answers: Line = [
            (cancel, "badge-info" if here and not self.on_yes else "button"),
            (" " * _GAP, "text"),
            (action, "badge-bad" if here and self.on_yes else "button-bad"),
        ]
        return [[(" " * (width - width_of(answers)), "text"), *answers]]

    def action_give(self) -> None:
        self.post_message(self.Given(self.on_yes))

    def action_other(self) -> None:
        self.on_yes = not self.on_yes
        self.repaint()

    def on_click(self, event: events.Click) -> None:
        cancel, action = (cell_len(label) for label in self._labels(self.size.width))
        left_of_end = self.size.width - event.x
        if 0 < left_of_end <= action:
            self.post_message(self.Given(True))
        elif action + _GAP < left_of_end <= action + _GAP + cancel:
            self.post_message(self.Given(False))


def _label(words: str) -> str:
    return f"  {words}  ".center(_LEAST)
