"""Lines drawn by a widget go when it goes.

Textual 8.2.8 caches two colours a widget under the widget's whole cache of lines (``lru_cache`` on a method):
the lines of the last thousand widgets, every dialog's among them, then live as long as the program, and each
full garbage collection looks through them.
"""

from __future__ import annotations

from functools import lru_cache

from textual._styles_cache import StylesCache
from textual.color import Color
from textual.style import Style


@lru_cache(1024)
def _shades(base: Color, background: Color) -> tuple[Style, Style]:
    return Style(background=base + background), Style(background=base)


def _of(_: StylesCache, base: Color, background: Color) -> tuple[Style, Style]:
    return _shades(base, background)


def let_go() -> None:
    """Key that cache by the colours alone."""
    StylesCache.get_inner_outer = _of  # type: ignore[method-assign,assignment]
