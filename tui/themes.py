"""The colours of the deck: every colour on the screen has its name and its value here."""

from __future__ import annotations

from textual.theme import Theme

_DARK = {
    "gd-text": "#c8d0da",
    "gd-dim": "#7f8b99",
    "gd-strong": "#f2f5f8",
    "gd-good": "#41c98a",
    "gd-bad": "#f2707b",
    "gd-warn": "#e3b341",
    "gd-info": "#6fb3f2",
    "gd-rule": "#2b333e",
    "gd-track": "#3a4450",
    "gd-head": "#8fa0b3",
    "gd-badge-text": "#0c1015",
    "gd-cursor": "#20344d",
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
    "gd-track": "#b6c0ca",
    "gd-head": "#4b5763",
    "gd-badge-text": "#ffffff",
    "gd-cursor": "#cfe3fb",
    "gd-cursor-blur": "#e4eaf1",
    "gd-bar": "#eaeef2",
}

DARK = Theme(
    name="gatedeck-dark",
    primary="#6fb3f2",
    secondary="#8fa0b3",
    accent="#6fb3f2",
    warning="#e3b341",
    error="#f2707b",
    success="#41c98a",
    foreground="#c8d0da",
    background="#0e1217",
    surface="#0e1217",
    panel="#171d25",
    dark=True,
    variables=_DARK,
)
LIGHT = Theme(
    name="gatedeck-light",
    primary="#0b5cad",
    secondary="#4b5763",
    accent="#0b5cad",
    warning="#8a5a00",
    error="#b4232f",
    success="#0f7a48",
    foreground="#24292f",
    background="#fbfcfd",
    surface="#fbfcfd",
    panel="#eef1f4",
    dark=False,
    variables=_LIGHT,
)

THEMES = (DARK, LIGHT)
DEFAULTS = _DARK
