"""Puts this folder on the path: its helpers are plain modules, found by name and by no package."""

from __future__ import annotations

import sys
from pathlib import Path

_HERE = str(Path(__file__).resolve().parent)
if _HERE not in sys.path:
    sys.path.insert(0, _HERE)

from textual import _wait  # noqa: E402

# Textual's pilot looks every 20 ms, twice a key press, whether the app has come to rest. Nothing here moves by
# itself: looking more often sees the same rest sooner.
_wait.SLEEP_GRANULARITY = 1 / 250
_wait.SLEEP_IDLE = _wait.SLEEP_GRANULARITY / 10
