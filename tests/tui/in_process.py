"""The ``gatedeck`` command in the test's own process: a start of its own costs a second."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tui.cli import main


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


class InProcess:
    """``command(*words)``: the exit code and all that was printed, by whoever wrote it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self._patch = monkeypatch
        self._capture = capfd

    def __call__(self, *words: str | Path) -> Done:
        self._patch.setattr(sys, "argv", ["gatedeck", *map(str, words)])
        self._capture.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        told = self._capture.readouterr()
        return Done(int(ended.value.code or 0), told.out, told.err)
