"""Puts this folder on the path: its helpers are plain modules, found by name and by no package."""

from __future__ import annotations

import sys
from pathlib import Path

_HERE = str(Path(__file__).resolve().parent)
if _HERE not in sys.path:
    sys.path.insert(0, _HERE)

# ruff: noqa: E402
import pytest
from in_process import InProcess
from textual import _wait

# Textual's pilot looks every 20 ms, twice a key press, whether the app has come to rest. Nothing here moves by
# itself: looking more often sees the same rest sooner.
_wait.SLEEP_GRANULARITY = 1 / 250
_wait.SLEEP_IDLE = _wait.SLEEP_GRANULARITY / 10


@pytest.fixture
def gatedeck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> InProcess:
    """The command in this process, with its state and configuration in the test's folder."""
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    return InProcess(monkeypatch, capfd)
