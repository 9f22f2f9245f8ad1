"""Send only changed cells and drop redundant colour codes.

Textual crops a partial update at its right end alone, so a changed digit costs the line's whole text before
it. ``crop_update`` crops at both ends. Textual also writes each piece of a frame as colour, text, reset.
``minimize_sgr`` drops a reset before the same colour, and merges a reset with a different colour that follows.
The cells on the terminal are the same.

SGR (Select Graphic Rendition) is the terminal's escape sequence for colours and text styles.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rich.control import Control
from textual._compositor import ChopsUpdate
from textual.app import App
from textual.screen import Screen

if TYPE_CHECKING:
    from rich.console import Console

    _AppBase = App[Any]
else:
    _AppBase = object

_TOKENS = re.compile(r"\x1b\[([0-9;]*)([a-zA-Z])|[^\x1b]+|\x1b")
_CURSOR_MOVES = frozenset("HABCDGd")
"""Final bytes of the sequences that move the cursor; they do not use the colour in force."""


def minimize_sgr(frame: str) -> str:
    """Return the frame without redundant colour sequences; it ends with the colours reset if it did before."""
    if frame.count("\x1b[") < 3:
        return frame
    out: list[str] = []
    current = ""  # the colour in force at the terminal; empty means reset, as at the start of a frame
    wanted = ""  # the colour that the tokens read so far ask for
    for token in _TOKENS.finditer(frame):
        end = token[2]
        if end == "m":
            codes = token[1]
            if codes in ("", "0"):
                wanted = ""
            elif wanted == "":
                wanted = codes
            else:
                wanted += ";" + codes
            continue
        if (end is None or end not in _CURSOR_MOVES) and wanted != current:
            out.append(_sgr(current, wanted))
            current = wanted
        out.append(token[0])
    if wanted != current:
        out.append(_sgr(current, wanted))
    return "".join(out)


def _sgr(current: str, wanted: str) -> str:
    return f"\x1b[{'0;' if current and wanted else ''}{wanted or '0'}m"


class CroppedUpdate(ChopsUpdate):
    """Textual's partial update, cropped to the changed cells."""

    def render_segments(self, console: Console) -> str:
        out: list[str] = []
        for y, x1, x2 in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                start, stop = max(x, x1), min(end, x2)
                if strip is None or start >= stop:
                    continue
                out.append(Control.move_to(start, y).segment.text)
                out.append(strip.crop(start - x, stop - x).render(console))
        return "".join(out)


def crop_update(update: Any) -> Any:
    """Return a partial update as a ``CroppedUpdate``, anything else unchanged."""
    if type(update) is ChopsUpdate:
        return CroppedUpdate(update.chops, update.spans, update.chop_ends)
    return update


class CroppedOutput(_AppBase):
    """Mixin for the app, named before ``App``: crop every partial update before it is written."""

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        super()._display(screen, crop_update(renderable))
