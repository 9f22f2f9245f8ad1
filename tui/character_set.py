"""Text for a terminal or a stream that cannot show Unicode: every sign becomes one of ASCII, of the same width.

A terminal that is not UTF-8 shows two or three wrong characters for each sign of the deck, so that columns move and a
number can be read wrongly. ``is_utf8`` says whether the terminal's locale is UTF-8, and ``to_ascii`` replaces signs.
"""

from __future__ import annotations

import codecs
import os
import sys
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path

ERRORS = "gatedeck-ascii"
"""Name of the codec error handler that replaces what an encoding has no sign for, as ``to_ascii`` does."""
HINT = "The terminal's locale is not UTF-8: signs are shown in ASCII; export LANG=C.UTF-8 for all of them"

_SIGNS = {
    "▲△": "^", "▼▽": "v", "▸▶→⟶": ">", "◂◀←": "<", "↑": "^", "↓": "v", "✓✔": "+", "✗✘×": "x",
    "–—−─━┄╌╾╼▔": "-", "│┃▌▐▏▎▍▋▊▉┊": "|", "┌┐└┘├┤┬┴┼╭╮╰╯╋┿╂": "+", "█▇▆■▓▒▪": "#", "▅▄▃▀": "=", "▂▁": "_", "░": ".",
    "▖▗▘▙▚▛▜▝▞▟": "*",
    "…·•∙": ".", "‘’": "'", "“”": '"', "≤": "<", "≥": ">", "≈∼": "~", "Δ": "D", "Γ": "G", "Θ": "T",
    "σ": "s", "µμ": "u", "◆●○◉◎": "o", "€": "E", "£": "L", "✎": "*", "Σ": "S",
}  # fmt: skip
_TABLE = {ord(sign): ascii_ for signs, ascii_ in _SIGNS.items() for sign in signs}
_BRAILLE = range(0x2800, 0x2900)
"""Dots of charts; the first of them has no dot."""


def to_ascii(text: str) -> str:
    """Return the text with an ASCII sign in each cell that had another; escape sequences stay as they are."""
    return text if text.isascii() else "".join(c if c < "\x80" else _ascii(c) for c in text)


@lru_cache(maxsize=4096)
def _ascii(sign: str) -> str:
    """Return the ASCII text of one sign, as wide as the sign: empty for a combining mark."""
    if (known := _TABLE.get(ord(sign))) is not None:
        return known
    if ord(sign) in _BRAILLE:
        return " " if ord(sign) == _BRAILLE.start else "*"
    from rich.cells import cell_len  # here: most commands need no table of widths

    width = cell_len(sign)
    letter = unicodedata.normalize("NFKD", sign)[:1]
    return letter if letter.isascii() and letter.isprintable() and width == 1 else "?" * width


def is_utf8(environ: Mapping[str, str]) -> bool:
    """Return whether a terminal with this environment takes UTF-8; a locale that is not set at all does not.

    ``PYTHONIOENCODING`` is the user's word about the streams and goes before the locale.
    """
    named = environ.get("PYTHONIOENCODING", "").partition(":")[0]
    if not named:
        locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
        # On some systems the locale of characters is the name of the encoding alone.
        named = locale.partition("@")[0].rpartition(".")[2]
    return named.lower().replace("-", "") == "utf8"


@cache
def terminal_is_utf8() -> bool:
    """Return whether this process was started on a UTF-8 terminal.

    Python sets LC_CTYPE to C.UTF-8 when it starts in the locale C, whatever the terminal is, so the environment of
    the start is asked where the system keeps it.
    """
    try:
        raw = Path("/proc/self/environ").read_bytes()
    except OSError:
        return is_utf8(os.environ)
    pairs = (os.fsdecode(pair).partition("=") for pair in raw.split(b"\0"))
    return is_utf8({name: value for name, _, value in pairs})


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return to_ascii(error.object[error.start : error.end]), error.end


def prepare_streams() -> None:
    """Let standard output and error write any text: what their encoding cannot say becomes ASCII."""
    codecs.register_error(ERRORS, _replace)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is None:
            continue
        if stream.isatty() and not terminal_is_utf8():
            reconfigure(encoding="ascii", errors=ERRORS)
        else:
            reconfigure(errors=ERRORS)
