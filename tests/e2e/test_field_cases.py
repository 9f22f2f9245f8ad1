"""The cases that people who hold options from a terminal reported, each tried on the running product."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_every_reported_case_is_right(reference: Callable[..., Path]) -> None:
    cases = reference("field", "trading", "cases.py")
    done = subprocess.run(
        [sys.executable, str(cases)],
        env=os.environ | {"GD": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    wrong = [line for line in done.stdout.splitlines() if line.startswith(("FAULT", "ERROR"))]
    # A case that needs a program that is not here says so and is no fault.
    assert [line for line in wrong if "no GNU screen here" not in line] == [], done.stdout
    assert "right" in done.stdout, done.stderr
