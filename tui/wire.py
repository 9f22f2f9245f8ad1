"""What is painted, in fewer bytes: a colour that is still set is not set again.

Each piece of a frame comes as colour, text, reset. Between pieces of one colour both sequences go; a reset
right before another colour is folded into it. What a terminal shows is the same, cell by cell.
"""

from __future__ import annotations

import re

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
