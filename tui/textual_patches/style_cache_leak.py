"""Fix a memory leak: Textual's style cache keeps every removed widget's rendered lines alive.

``StylesCache.get_inner_outer`` is a method under ``functools.lru_cache``, so the cache's keys hold the
``StylesCache`` of the last 1,024 calls, and with it all lines of widgets that are long gone. A full garbage
collection visits them all. The result depends only on the two colours, so they alone are the key here.
"""

from __future__ import annotations

from functools import lru_cache

from textual._styles_cache import StylesCache
from textual.color import Color
from textual.style import Style


@lru_cache(1024)
def _inner_outer_styles(base: Color, background: Color) -> tuple[Style, Style]:
    return Style(background=base + background), Style(background=base)


def _get_inner_outer(_: StylesCache, base: Color, background: Color) -> tuple[Style, Style]:
    return _inner_outer_styles(base, background)


def patch_style_cache() -> None:
    """Replace ``StylesCache.get_inner_outer`` by a function whose cache does not refer to the widget."""
    StylesCache.get_inner_outer = _get_inner_outer  # type: ignore[method-assign,assignment]  # patches Textual
