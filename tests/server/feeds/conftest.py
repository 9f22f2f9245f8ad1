"""Recorded answers of vendors as parameters: a test that names ``recorded_<vendor>`` runs once per file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

_PREFIX = "recorded_"


def _folder() -> Path:
    default = Path(__file__).resolve().parents[4] / "shared" / "data"
    return Path(os.environ.get("GATEDECK_REFERENCE") or default) / "vendor"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for argument in metafunc.fixturenames:
        vendor = argument.removeprefix(_PREFIX)
        if vendor == argument:
            continue
        files = sorted(_folder().glob(f"{vendor}_*/*.json"))
        if files:
            ids = [f"{file.parent.name}/{file.stem}" for file in files]
            metafunc.parametrize(argument, [_Recorded(file) for file in files], ids=ids)
        else:
            skip = pytest.mark.skip(reason=f"no answers of {vendor} in {_folder()}: set GATEDECK_REFERENCE")
            metafunc.parametrize(argument, [pytest.param(None, marks=skip, id="absent")])


class _Recorded:
    """One recorded answer: its folder and name, and its body as JSON."""

    def __init__(self, file: Path) -> None:
        self.folder, self.name = file.parent.name, file.stem
        self._file = file

    @property
    def body(self) -> Any:
        return json.loads(self._file.read_text("utf-8"))
