"""Themes: every colour of the deck with its name and value, and the roles that widgets use."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from rich.color import Color as RichColor
from rich.style import Style
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

_DARK = {
    "gd-text": "#c8d0da",
    "gd-dim": "#7f8b99",
    "gd-strong": "#f2f5f8",
    "gd-good": "#41c98a",
    "gd-bad": "#f2707b",
    "gd-warn": "#e3b341",
    "gd-info": "#6fb3f2",
    "gd-rule": "#2b333e",
    "gd-button": "#2b333e",
    "gd-track": "#3a4450",
    "gd-head": "#8fa0b3",
    "gd-badge-text": "#0c1015",
    "gd-cursor": "#1a2c42",
    "gd-cursor-blur": "#18212c",
    "gd-bar": "#141a21",
}
_LIGHT = {
    "gd-text": "#24292f",
    "gd-dim": "#5f6975",
    "gd-strong": "#0b0e12",
    "gd-good": "#0f7a48",
    "gd-bad": "#b4232f",
    "gd-warn": "#8a5a00",
    "gd-info": "#0b5cad",
    "gd-rule": "#d0d7de",
    "gd-button": "#d0d7de",
    "gd-track": "#b6c0ca",
    "gd-head": "#4b5763",
    "gd-badge-text": "#ffffff",
    "gd-cursor": "#cfe3fb",
    "gd-cursor-blur": "#e4eaf1",
    "gd-bar": "#eaeef2",
}

_CONTRAST = {
    "gd-text": "#ffffff",
    "gd-dim": "#d0d0d0",
    "gd-strong": "#ffffff",
    "gd-good": "#3dff9e",
    "gd-bad": "#ff9d9d",
    "gd-warn": "#ffdf3d",
    "gd-info": "#7fdcff",
    "gd-rule": "#8a8a8a",
    "gd-button": "#8a8a8a",
    "gd-track": "#8a8a8a",
    "gd-head": "#ffffff",
    "gd-badge-text": "#000000",
    "gd-cursor": "#00306b",
    "gd-cursor-blur": "#2b2b2b",
    "gd-bar": "#000000",
}
_BLUE_ORANGE = _DARK | {
    # Good and bad differ in hue and in lightness, for every kind of colour vision.
    "gd-good": "#5db4f5",
    "gd-bad": "#ff9a3c",
    "gd-warn": "#f3e56b",
    "gd-info": "#c3b1ec",
    "gd-cursor": "#2c2a48",
}
_ANSI = {
    "gd-text": "ansi_default",
    "gd-dim": "ansi_white",
    "gd-strong": "ansi_default",
    "gd-good": "ansi_green",
    "gd-bad": "ansi_red",
    "gd-warn": "ansi_yellow",
    "gd-info": "ansi_cyan",
    "gd-rule": "ansi_bright_black",
    "gd-button": "ansi_default",
    "gd-track": "ansi_bright_black",
    "gd-head": "ansi_white",
    "gd-badge-text": "ansi_black",
    # The cursor row is shown in reverse video and has a mark.
    "gd-cursor": "ansi_default",
    "gd-cursor-blur": "ansi_default",
    "gd-bar": "ansi_default",
    # Variables that Textual's own widgets need in an ANSI theme.
    **BUILTIN_THEMES["ansi-dark"].variables,
}


def _theme(name: str, colours: dict[str, str], background: str, panel: str, *, dark: bool = True) -> Theme:
    """Return a Textual theme whose colours for Textual's own widgets come from the deck's colours."""
    return Theme(
        name=name,
        primary=colours["gd-info"],
        secondary=colours["gd-head"],
        accent=colours["gd-info"],
        warning=colours["gd-warn"],
        error=colours["gd-bad"],
        success=colours["gd-good"],
        foreground=colours["gd-text"],
        background=background,
        surface=background,
        panel=panel,
        dark=dark,
        variables=colours,
        ansi=background.startswith("ansi"),
    )


DARK = _theme("dark", _DARK, "#0e1217", "#171d25")
LIGHT = _theme("light", _LIGHT, "#fbfcfd", "#eef1f4", dark=False)
CONTRAST = _theme("high-contrast", _CONTRAST, "#000000", "#000000")
BLUE_ORANGE = _theme("colour-blind", _BLUE_ORANGE, "#0e1217", "#171d25")
ANSI = _theme("ansi", _ANSI, "ansi_default", "ansi_default")

THEMES = (DARK, LIGHT, CONTRAST, BLUE_ORANGE, ANSI)
NAMES = tuple(theme.name for theme in THEMES)
DEFAULTS = _DARK

ROLES: dict[str, tuple[str, str | None, bool]] = {
    "text": ("gd-text", None, False),
    "dim": ("gd-dim", None, False),
    "strong": ("gd-strong", None, True),
    "good": ("gd-good", None, False),
    "bad": ("gd-bad", None, False),
    "warn": ("gd-warn", None, False),
    "info": ("gd-info", None, False),
    "rule": ("gd-rule", None, False),
    "track": ("gd-track", None, False),
    "title": ("gd-head", None, True),
    "title-focus": ("gd-info", None, True),
    "head": ("gd-dim", None, False),
    "key": ("gd-info", None, True),
    "execute": ("gd-good", None, True),
    "wait": ("gd-warn", None, True),
    "skip": ("gd-bad", None, True),
    "badge-good": ("gd-badge-text", "gd-good", True),
    "badge-warn": ("gd-badge-text", "gd-warn", True),
    "badge-bad": ("gd-badge-text", "gd-bad", True),
    "badge-info": ("gd-badge-text", "gd-info", True),
    "button": ("gd-text", "gd-button", False),
    "button-bad": ("gd-bad", "gd-button", False),
}
"""Style of each role: text colour, background colour or None for that of the pane, and whether bold."""
ROW_BACKGROUNDS = {"row--cursor": "gd-cursor", "row--cursor-blur": "gd-cursor-blur"}
"""Roles of a whole row, with its background colour."""


def role_style(role: str, variables: Mapping[str, str]) -> Style:
    """Return the style of a role in the theme with these variables; the pane's background is not included.

    Looking it up here is faster than in the style sheet, which would compute it again for every widget.
    """
    if role in ROW_BACKGROUNDS:
        background = _colour(variables[ROW_BACKGROUNDS[role]])
        # None of the sixteen ANSI colours suits every text colour: use reverse video, or bold.
        ansi = background is not None and background.is_default
        return (
            Style(reverse=role == "row--cursor", bold=role != "row--cursor")
            if ansi
            else Style(bgcolor=background)
        )
    text, background_name, bold = ROLES[role]
    background = _colour(variables[background_name]) if background_name else None
    return Style(color=_colour(variables[text]), bgcolor=background, bold=bold)


@lru_cache(maxsize=256)
def _colour(value: str) -> RichColor | None:
    return Color.parse(value).rich_color
