"""A dialog: the panes below stand still while it is open, and no key acts in its first moment.

Its box is painted before the veil over the rest of the screen is: that takes twice as long and can wait for
the next frame, a person with a finger on a key cannot.
"""

from __future__ import annotations

from time import monotonic
from typing import Any, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.geometry import Region, Size
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen
from textual.strip import Strip

from server.deck import DeckSnapshot
from tui.textual_patches.dimmed_backdrop import Below
from tui.textual_patches.single_layout import Sized
from tui.widgets.document import Document
from tui.widgets.line import Line
from tui.widgets.yes_no import Answers

Answer = TypeVar("Answer")

DEBOUNCE = 0.15
"""Seconds after opening during which keys do nothing: they were meant for the screen below."""


class Dialog(Sized, ModalScreen[Answer]):
    """A box in the middle of the screen."""

    def __init__(self) -> None:
        super().__init__()
        self._opened_at = monotonic()
        self._below: Below | None = None
        self._size_before: Size | None = None
        self._box_first = True

    def on_mount(self) -> None:
        self._opened_at = monotonic()

    def render(self) -> Any:
        shown = super().render()
        if isinstance(shown, BackgroundScreen):
            key = (shown.screen, shown.color, self.app.theme)
            if self._below is None or self._below.key != key:
                self._below = Below(key)
        return shown

    def _compositor_refresh(self) -> None:
        if not self._box_first or not self.is_current:
            super()._compositor_refresh()
            return
        regions = {box.region for box in self.query(".box")}
        if any(regions):
            self._compositor._dirty_regions = regions
            super()._compositor_refresh()
            self._box_first = False
            self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        if self._box_first:
            return [Strip.blank(crop.width)] * crop.height  # under the box, all of it
        if self._below is None:
            self.render()
        lines = self._below.lines(crop, self.size) if self._below is not None else None
        return super().render_lines(crop) if lines is None else lines

    def on_resize(self) -> None:
        before, self._size_before = self._size_before, self.size
        if before is not None and before != self.size:
            # The screen below gets its new size after this one.
            self._below = None
            self.call_after_refresh(self._draw_below_anew)

    def _draw_below_anew(self) -> None:
        self._below = None
        self.refresh()

    @property
    def too_soon(self) -> bool:
        return monotonic() - self._opened_at < DEBOUNCE

    def show(self, snapshot: DeckSnapshot) -> None:
        """A fresh snapshot while the dialog is open; most dialogs stand still."""


class Confirming(Dialog[Answer]):
    """A question that is answered once, by y or by choosing; Cancel has the cursor."""

    BINDINGS = [
        Binding("y", "confirm", "confirm"),
        Binding("escape,n", "cancel", "cancel"),
    ]
    AUTO_FOCUS = "Answers"

    def answer(self) -> Answer | None:
        """What a yes means now, ``None`` while it cannot be said."""
        raise LookupError("every question has its answer")

    def no(self) -> Answer | None:
        """What Cancel answers."""
        return None

    def on_answers_given(self, event: Answers.Given) -> None:
        if event.yes:
            self.action_confirm()
        else:
            self.action_cancel()

    def action_confirm(self) -> None:
        if self.too_soon:
            return
        answer = self.answer()
        if answer is None:
            self.app.bell()
            return
        self.dismiss(answer)

    def action_cancel(self) -> None:
        if not self.too_soon:
            self.dismiss(self.no())


class YesOrNo(Confirming[bool]):
    """A question whose answer is True or False."""

    def no(self) -> bool:
        return False


class Reading(Dialog[None]):
    """A dialog to be read: one document, closed by Escape, q or Enter."""

    BINDINGS = [
        Binding("escape,q,enter", "close", "close"),
        Binding("c", "copy(False)", "copy", show=False, id="CopyText"),
        Binding("C", "copy(True)", "copy JSON", show=False, id="CopyJson"),
    ]

    def compose(self) -> ComposeResult:
        with Container(classes="box reading"):
            yield Document(self.write, id="document")

    def write(self, width: int) -> list[Line]:
        """The whole text for that many cells."""
        return []

    def on_mount(self) -> None:
        self._fit()

    def on_resize(self) -> None:
        self._fit()

    def _fit(self) -> None:
        """As tall as its text, or as the screen allows."""
        document = self.query_one(Document)
        box = document.parent
        width = min(100, max(20, self.size.width - 4)) - 6
        tall = document.needed_height(width) + 2
        if box is not None:
            box.styles.height = max(6, min(tall, self.size.height - 2))

    def action_close(self) -> None:
        if not self.too_soon:
            self.dismiss(None)

    def action_copy(self, json: bool) -> None:
        """Copy what is read here: the position or the decision."""
        value = getattr(self, "row", None) or getattr(self, "record", None)
        self.app.copy_value(value, json=json)  # type: ignore[attr-defined]
