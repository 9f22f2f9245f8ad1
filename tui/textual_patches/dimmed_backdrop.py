"""Cache the dimmed screen behind a dialog; it does not change while the dialog is open.

Textual renders and dims the whole screen behind a modal screen again for every repaint of the dialog.
``BackdropScreen`` dims it once, and paints the dialog's box first: dimming takes twice as long as the box, and
can wait for the next frame.
"""

from __future__ import annotations

from typing import Any, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.geometry import Region, Size
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen, Screen
from textual.strip import Strip

from tui.textual_patches.single_layout import SingleLayout

Result = TypeVar("Result")


class DimmedBackdrop:
    """The screen behind a dialog as strips, blended with the dialog's background colour."""

    def __init__(self, key: tuple[Screen[object], Color, str]) -> None:
        """``key`` is the screen behind, the dialog's background colour, and the name of the theme."""
        self.key = key
        self._screen, self._colour, _ = key
        self._size = Size(-1, -1)
        self._strips: list[Strip] = []
        self._dimmed_styles: dict[Style | None, Style] = {}

    def lines(self, crop: Region, size: Size) -> list[Strip] | None:
        """Return the strips of a region, or None while the screen behind is not laid out for ``size`` yet."""
        # Not ``Screen.size``, which is the terminal's size, known before the screen is laid out for it.
        behind = self._screen._compositor.size
        if behind != size:
            return None
        if behind != self._size:
            self._strips = [self._dim(strip) for strip in self._screen._compositor.render_strips()]
            self._size = behind
        return [strip.crop(crop.x, crop.right) for strip in self._strips[crop.y : crop.bottom]]

    def _dim(self, strip: Strip) -> Strip:
        segments = []
        for text, style, control in strip:
            dimmed = self._dimmed_styles.get(style)
            if dimmed is None:
                (segment,) = BackgroundScreen.process_segments([Segment("", style)], self._colour)
                dimmed = self._dimmed_styles[style] = segment.style or Style()
            segments.append(Segment(text, dimmed, control))
        return Strip(segments, strip.cell_length)


class BackdropScreen(SingleLayout, ModalScreen[Result]):
    """Modal screen with a cached backdrop, whose widgets of class ``box`` are painted before the backdrop."""

    def __init__(self) -> None:
        super().__init__()
        self._backdrop: DimmedBackdrop | None = None
        self._former_size: Size | None = None
        self._box_first = True

    def render(self) -> Any:
        rendered = super().render()
        if isinstance(rendered, BackgroundScreen):
            key = (rendered.screen, rendered.color, self.app.theme)
            if self._backdrop is None or self._backdrop.key != key:
                self._backdrop = DimmedBackdrop(key)
        return rendered

    def _compositor_refresh(self) -> None:
        if not self._box_first or not self.is_current:
            super()._compositor_refresh()
            return
        # A box may be larger than the screen: Textual raises for a region with lines that the screen does not have.
        screen = self._compositor.size.region
        regions = {box.region.intersection(screen) for box in self.query(".box")} - {Region()}
        if regions:
            self._compositor._dirty_regions = regions
            super()._compositor_refresh()
            self._box_first = False
            self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        if self._box_first:
            # The box hides all of these lines.
            return [Strip.blank(crop.width)] * crop.height
        if self._backdrop is None:
            self.render()
        size = self._compositor.size
        lines = self._backdrop.lines(crop, size) if self._backdrop is not None else None
        if lines is None:
            # For this frame only: the screen behind is laid out next, and the dialog is painted again.
            lines = [line.adjust_cell_length(crop.width) for line in super().render_lines(crop)]
        return lines

    def on_resize(self) -> None:
        former, self._former_size = self._former_size, self.size
        if former is not None and former != self.size:
            # Textual resizes the screen behind after this one.
            self._backdrop = None
            self.call_after_refresh(self._render_backdrop)

    def _render_backdrop(self) -> None:
        self._backdrop = None
        self.refresh()
