"""Skip the second layout that Textual runs when a screen is pushed.

Textual lays a new screen out when it is pushed, sends it a resize event with the size it already has, and then
lays out that screen and every screen behind it again. That second layout is half the time between a key and
the painted dialog.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.geometry import Size
from textual.screen import Screen

if TYPE_CHECKING:
    _ScreenBase = Screen[Any]
else:
    _ScreenBase = object  # a mixin: a second subclass of Screen would hide the default CSS of ModalScreen


class SingleLayout(_ScreenBase):
    """Mixin for a screen, named before the screen class: ignore a resize to the size it already has."""

    def _screen_resized(self, size: Size) -> None:
        # A screen behind a dialog may have put off a layout; run it, or it would be shown out of date.
        if size != self._compositor.size or (self._layout_required and not self.is_current):
            super()._screen_resized(size)
