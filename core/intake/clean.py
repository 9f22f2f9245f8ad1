"""Cleaning: removal of control, invisible and bidi characters from a sender's text, done only here."""

from __future__ import annotations

import re
from typing import Any

MAX_DEPTH = 32
MAX_TEXT = 4096
MAX_KEY = 256

_REMOVED = (
    *range(0x20),
    *range(0x7F, 0xA0),  # DEL and C1: some terminals take C1 for ESC sequences
    0xAD,
    0x61C,
    0x180E,
    *range(0x200B, 0x2010),  # zero width and direction marks
    *range(0x202A, 0x202F),  # bidi embeddings and overrides
    *range(0x2060, 0x2070),  # word joiner, invisible operators, bidi isolates
    *range(0xD800, 0xE000),  # lone surrogates cannot be written to a terminal or a database
    0xFEFF,
    *range(0xFFF9, 0xFFFC),
    *range(0xE0000, 0xE0080),  # tag characters: invisible text
)
_TABLE: dict[int, str | None] = {
    **dict.fromkeys(_REMOVED),
    **dict.fromkeys((0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029), " "),
}
_PLACEHOLDER = re.compile(r"\{\{[^{}]*\}\}")


def clean(text: str, limit: int | None = MAX_TEXT) -> str:
    """Return the text without C0, C1, DEL, bidi and zero-width controls; tabs and line ends become spaces.

    Text longer than ``limit`` characters is cut (``None``: no limit). Cleaning twice changes nothing more. The
    result may still look like markup, so screens must show it as plain text.
    """
    if limit is not None and len(text) > limit:
        # Cut before removing, so that removed characters do not let text beyond the limit in.
        text = text[:limit]
    return text if text.isprintable() else text.translate(_TABLE)


def placeholder(text: str) -> str | None:
    """Return the first ``{{placeholder}}`` that the sender's template left unfilled, or ``None``."""
    found = _PLACEHOLDER.search(text) if "{{" in text else None
    return found.group() if found else None


class TooDeepError(ValueError):
    """A body nested deeper than ``MAX_DEPTH``."""


class Cleaner:
    """Clean a parsed body, keys included, and record placeholders, clashing keys and removed characters."""

    __slots__ = ("clash", "removed", "unfilled")

    def __init__(self) -> None:
        self.removed = False
        self.unfilled: tuple[str, str] | None = None
        self.clash: str | None = None

    def tree(self, value: Any, path: str = "", depth: int = 1) -> Any:
        """Return the value with every string cleaned. Raises TooDeepError.

        Afterwards ``unfilled`` is the first (path, placeholder), ``clash`` a key that is repeated after cleaning.
        """
        if isinstance(value, str):
            return self._text(value, path, MAX_TEXT)
        if isinstance(value, dict):
            if depth > MAX_DEPTH:
                raise TooDeepError
            out: dict[str, Any] = {}
            for key, held in value.items():
                name = self._text(str(key), path, MAX_KEY)
                if name in out:
                    self.clash = name
                out[name] = self.tree(held, f"{path}.{name}" if path else name, depth + 1)
            return out
        if isinstance(value, (list, tuple)):
            if depth > MAX_DEPTH:
                raise TooDeepError
            return [self.tree(held, path, depth + 1) for held in value]
        if value is None or isinstance(value, (bool, int, float)):
            return value
        return self._text(str(value), path, MAX_TEXT)

    def _text(self, text: str, path: str, limit: int) -> str:
        if path == "text" and limit == MAX_TEXT:
            return text  # maybe a wrapped body: cleaned once it is known what it is
        out = clean(text, limit)
        if out != text:
            self.removed = True
        if self.unfilled is None and (found := placeholder(out)):
            self.unfilled = (path or out, found)
        return out
