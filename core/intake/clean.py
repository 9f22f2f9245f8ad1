"""The one place where hostile text is taken out of what a sender wrote."""

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
    """The text without C0, C1, DEL, bidi and zero-width controls; tabs and line ends become spaces.

    Longer than ``limit`` characters it is cut (``None``: not). Cleaning twice changes nothing more. What is
    left may still look like markup: a screen shows it as plain text.
    """
    if limit is not None and len(text) > limit:
        # Cut again afterwards: what is removed must not make room for what was cut.
        text = text[:limit]
    return text if text.isprintable() else text.translate(_TABLE)


def placeholder(text: str) -> str | None:
    """The first ``{{placeholder}}`` that the sender's template left unfilled, or ``None``."""
    found = _PLACEHOLDER.search(text) if "{{" in text else None
    return found.group() if found else None


class TooDeepError(ValueError):
    """Nested deeper than ``MAX_DEPTH``."""


class Cleaner:
    """Cleans a parsed body, keys included, and remembers what it met on the way."""

    __slots__ = ("clash", "removed", "unfilled")

    def __init__(self) -> None:
        self.removed = False
        self.unfilled: tuple[str, str] | None = None
        self.clash: str | None = None

    def tree(self, value: Any, path: str = "", depth: int = 1) -> Any:
        """The value with every string cleaned; raises TooDeepError.

        ``unfilled`` is then the first (path, placeholder), ``clash`` a key that appeared twice once cleaned.
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
