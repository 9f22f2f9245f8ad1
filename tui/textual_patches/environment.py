"""Environment variables of Textual. It reads them once, when it is imported, so this module comes first."""

from __future__ import annotations

import os

_DEFAULTS = {
    # No animations: they distract on a trading screen, and every frame costs bytes over SSH.
    "TEXTUAL_ANIMATIONS": "none",
    # Without smooth scrolling the terminal reports its size by a signal, which also works in tmux and screen.
    "TEXTUAL_SMOOTH_SCROLL": "0",
}
_LOW_BANDWIDTH_FPS = "10"


def set_textual_environment(*, low_bandwidth: bool = False) -> None:
    """Set Textual's variables that are not set; no effect on a Textual that is already imported."""
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    if low_bandwidth:
        os.environ.setdefault("TEXTUAL_FPS", _LOW_BANDWIDTH_FPS)


set_textual_environment()
