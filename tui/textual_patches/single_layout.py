"""A screen that has its size already is not laid out and painted a second time for it.

Textual 8.2.8 lays a new screen out when it is pushed, tells it the size it has just been given, and lays it and
every screen below out again at that: half the time between a key and its painted dialog.
"""

from __future__ import annotations

from textual.geometry import Size
from textual.screen import Screen


class Sized:
    """Mixed into a screen, before it."""

    def _screen_resized(self: Screen[object], size: Size) -> None:  # type: ignore[misc]
        # A screen below a dialog waits with its layout until it is asked, or on top again.
        if size != self._compositor.size or (self._layout_required and not self.is_current):
            super()._screen_resized(size)  # type: ignore[misc]
