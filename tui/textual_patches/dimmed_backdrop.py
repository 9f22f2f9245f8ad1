"""What stands below a dialog, darkened: it stands still, so it is worked out once and not at every repaint."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.geometry import Region, Size
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import Screen
from textual.strip import Strip


class Below:
    """The screen below as strips in the colour of the veil over it."""

    def __init__(self, key: tuple[Screen[object], Color, str]) -> None:
        """``key`` is the screen below, the colour of the veil, and the name of the theme."""
        self.key = key
        self._screen, self._veil, _ = key
        self._size = Size(-1, -1)
        self._strips: list[Strip] = []
        self._veiled: dict[Style | None, Style] = {}

    def lines(self, crop: Region, wanted: Size) -> list[Strip] | None:
        """The strips of a region; None while the screen below has not yet the size of the one above."""
        size = self._screen.size
        if size != wanted:
            return None
        if size != self._size:
            self._strips = [self._veil_over(strip) for strip in self._screen._compositor.render_strips()]
            self._size = size
        return [strip.crop(crop.x, crop.right) for strip in self._strips[crop.y : crop.bottom]]

    def _veil_over(self, strip: Strip) -> Strip:
        segments = []
        for text, style, control in strip:
            veiled = self._veiled.get(style)
            if veiled is None:
                (segment,) = BackgroundScreen.process_segments([Segment("", style)], self._veil)
                veiled = self._veiled[style] = segment.style or Style()
            segments.append(Segment(text, veiled, control))
        return Strip(segments, strip.cell_length)
