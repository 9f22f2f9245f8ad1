"""The answers of a question in one line: Cancel, which is selected at first, perhaps another one, and the action."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.binding import Binding
from textual.message import Message

from tui.widgets.line import Line, width_of
from tui.widgets.line_widget import LineWidget

CANCEL = ("Cancel", "Esc")
_LEAST = 12
"""Least width of an answer in cells."""
_GAP = 2


class Answers(LineWidget, can_focus=True):
    """All answers in one widget: buttons in a row would be a widget each, and the dialog would open later."""

    BINDINGS = [
        Binding("enter,space", "give", show=False),
        Binding("right,tab", "other(1)", show=False),
        Binding("left,shift+tab", "other(-1)", show=False),
    ]

    class Given(Message):
        """An answer was chosen: the action (``yes``), the one between (``between``), or Cancel."""

        def __init__(self, *, yes: bool, between: bool = False) -> None:
            super().__init__()
            self.yes = yes
            self.between = between

    def __init__(self, action: str, between: tuple[str, str] | None = None) -> None:
        """``action`` is the label of the confirming answer, ``between`` label and key of one more answer."""
        super().__init__(id="answers")
        self._action_label = action
        self._between = between
        self._selected = 0

    @property
    def on_yes(self) -> bool:
        """True if the confirming answer is selected."""
        return self._selected == len(self._answers()) - 1

    def set_action_label(self, action: str) -> None:
        if action != self._action_label:
            self._action_label = action
            self.repaint()

    def _answers(self) -> list[tuple[str, str]]:
        between = [] if self._between is None else [self._between]
        return [CANCEL, *between, (self._action_label, "y")]

    def _labels(self, width: int) -> list[str]:
        """Return the labels, in a shorter form where they do not fit."""
        answers = self._answers()
        last = len(answers) - 1
        forms = (
            [f"  {label}  {key}  ".center(_LEAST) for label, key in answers],
            [f" {label}  {key} " for label, key in answers],
            [f" {label}  {key} " if n == last else f" {key} " for n, (label, key) in enumerate(answers)],
        )
        gaps = _GAP * last
        fitting = (form for form in forms if sum(map(cell_len, form)) + gaps <= width)
        return next(fitting, [f" {key} " for _, key in answers])

    def lines(self, width: int, height: int) -> list[Line]:
        labels = self._labels(width)
        here = self.has_focus
        answers: Line = []
        for n, label in enumerate(labels):
            last = n == len(labels) - 1
            if here and n == self._selected:
                role = "badge-bad" if last else "badge-info"
            else:
                role = "button-bad" if last else "button"
            answers += [(" " * _GAP, "text")] if n else []
            answers.append((label, role))
        return [[(" " * (width - width_of(answers)), "text"), *answers]]

    def action_give(self) -> None:
        self._give(self._selected)

    def _give(self, n: int) -> None:
        last = len(self._answers()) - 1
        self.post_message(self.Given(yes=n == last, between=0 < n < last))

    def action_other(self, step: int) -> None:
        self._selected = (self._selected + step) % len(self._answers())
        self.repaint()

    def on_click(self, event: events.Click) -> None:
        left = self.size.width
        for n, label in reversed(list(enumerate(self._labels(self.size.width)))):
            if left - cell_len(label) <= event.x < left:
                self._give(n)
            left -= cell_len(label) + _GAP
