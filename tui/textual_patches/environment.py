"""What Textual reads from the environment, which it does once, when it is imported; so this comes first."""

from __future__ import annotations

import os

_CALM = {
    # Nothing on a trading screen should move by itself, and every animation frame is bytes over SSH.
    "TEXTUAL_ANIMATIONS": "none",
    # Without it the terminal reports its size through a signal, which also works under tmux and screen.
    "TEXTUAL_SMOOTH_SCROLL": "0",
}
_LOW_BANDWIDTH_FPS = "10"


def prepare(*, low_bandwidth: bool = False) -> None:
    """Set what is not set yet; no effect on a Textual that has already been imported."""
    for name, value in _CALM.items():
        os.environ.setdefault(name, value)
    if low_bandwidth:
        os.environ.setdefault("TEXTUAL_FPS", _LOW_BANDWIDTH_FPS)


prepare()
