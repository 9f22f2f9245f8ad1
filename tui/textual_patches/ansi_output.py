"""What is painted, in fewer bytes: only the cells that changed, and no colour that is still set set again.

Textual cuts an update at its right end alone, so that one digit costs the whole line before it; here it is
cut at both. Each piece of a frame comes as colour, text, reset. Between pieces of one colour both sequences
go; a reset right before another colour is folded into it. What a terminal shows is the same, cell by cell.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rich.control import Control
from textual._compositor import ChopsUpdate

if TYPE_CHECKING:
    from rich.console import Console

_TOKENS = re.compile(r"\x1b\[([0-9;]*)([a-zA-Z])|[^\x1b]+|\x1b")
_MOVES = frozenset("HABCDGd")
"""Moving the cursor asks nothing of the colour."""


def thrifty(frame: str) -> str:
    """The frame with redundant colour sequences left out; it ends with the colours reset as it did."""
    if frame.count("\x1b[") < 3:
        return frame
    out: list[str] = []
    current = ""  # the colour in force; empty is reset, as every frame begins
    wanted = ""  # the colour asked for by what was read so far
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
        if end is None or end not in _MOVES:
            if wanted != current:
                out.append(f"\x1b[{'0;' if current and wanted else ''}{wanted or '0'}m")
                current = wanted
        out.append(token[0])
    if wanted != current:
        out.append(f"\x1b[{'0;' if current and wanted else ''}{wanted or '0'}m")
    return "".join(out)


class CellUpdate(ChopsUpdate):
    """Textual's partial update, cut to the cells asked for."""

    def render_segments(self, console: Console) -> str:
        out: list[str] = []
        for y, x1, x2 in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                left, right = max(x, x1), min(end, x2)
                if strip is None or left >= right:
                    continue
                out.append(Control.move_to(left, y).segment.text)
                out.append(strip.crop(left - x, right - x).render(console))
        return "".join(out)


def cut(update: Any) -> Any:
    """A partial update as a ``CellUpdate``, anything else as it is."""
    if type(update) is ChopsUpdate:
        return CellUpdate(update.chops, update.spans, update.chop_ends)
    return update
