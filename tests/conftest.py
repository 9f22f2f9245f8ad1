"""Fixtures of the whole test tree: golden rows as parameters, reference data with a reason to skip.

A test that names an argument ``golden_<file>`` runs once per row of ``<file>.jsonl`` in the golden folder.
Nothing imports this file: a helper that a test needs is a fixture, because a package named ``tests`` that
some distribution installs would shadow an import of ours.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

_ROOT = Path(__file__).resolve().parent.parent

# Where the environment keeps Python from storing what it compiles beside its source, every command that a test
# starts would compile all that it imports: a second and more each time. It goes to a folder of its own instead.
if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
    sys.dont_write_bytecode = False
    sys.pycache_prefix = os.environ["PYTHONPYCACHEPREFIX"] = str(_ROOT / ".bytecode")

# A ledger waits for the disk at every commit, thousands of times in a run. In memory nothing is waited for, and what
# a killed process leaves there is the same.
_MEMORY = Path("/dev/shm")
if (
    _MEMORY.is_dir()
    and os.access(_MEMORY, os.W_OK)
    and shutil.disk_usage(_MEMORY).free > 2 << 30
    and not os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC  # some tests start a program of their folder
):
    tempfile.tempdir = os.environ.setdefault("TMPDIR", str(_MEMORY))

# ruff: noqa: E402

import aiosqlite.core
import pytest
from hypothesis import settings

# The ledgers and studies that the benchmarks measure are tested too.
_BENCHMARKS = str(Path(__file__).resolve().parent / "benchmarks")
if _BENCHMARKS not in sys.path:
    sys.path.append(_BENCHMARKS)

# What an example may take says how busy the machine is, not whether the code is right.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# Each worker of a shared run is told a size, which Textual would believe before that of a test's own terminal.
for _name in ("COLUMNS", "LINES"):
    os.environ.pop(_name, None)

# A failed test leaves its ledger open. The thread of that connection must not keep the run from ending: only then is
# printed what failed.
setattr(aiosqlite.core, "Thread", partial(Thread, daemon=True))  # noqa: B010

_PREFIX = "golden_"


def _golden_dir() -> Path:
    return Path(os.environ.get("GATEDECK_GOLDEN") or _ROOT / "tests" / "golden")


def _reference_dir() -> Path:
    return Path(os.environ.get("GATEDECK_REFERENCE") or _ROOT.parent / "shared" / "data")


def _rows(path: Path) -> list[dict[str, Any]]:
    # Not splitlines(): it also breaks at U+2028 and its like, which JSON strings may hold.
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]


_LONGEST_FIRST = ("e2e", "server/replay", "server/tuning", "tui", "server", "core")
"""Folders by what a file of theirs takes."""


def _place(item: pytest.Item) -> int:
    path = item.path.relative_to(_ROOT / "tests").as_posix()
    return next((n for n, folder in enumerate(_LONGEST_FIRST) if path.startswith(f"{folder}/")), -1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files: one at the end would keep a single worker busy, and the others waiting."""
    items.sort(key=_place)


def pytest_collection_finish(session: pytest.Session) -> None:
    """What importing left behind lives as long as the run: a full collection need not look through it again."""
    gc.collect()
    gc.freeze()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for argument in metafunc.fixturenames:
        name = argument.removeprefix(_PREFIX)
        if name in (argument, "dir"):
            continue
        path = _golden_dir() / f"{name}.jsonl"
        if path.exists():
            rows = _rows(path)
            ids = [str(row.get("id") or row.get("name") or f"row-{n}") for n, row in enumerate(rows, 1)]
            metafunc.parametrize(argument, rows, ids=ids)
        else:
            skip = pytest.mark.skip(reason=f"{name}.jsonl is not in {path.parent}: set GATEDECK_GOLDEN")
            metafunc.parametrize(argument, [pytest.param(None, marks=skip, id="absent")])


@pytest.fixture(scope="session")
def golden_dir() -> Path:
    """The folder of golden rows: ``GATEDECK_GOLDEN``, by default ``tests/golden``."""
    return _golden_dir()


@pytest.fixture(scope="session")
def reference() -> Callable[..., Path]:
    """A reference file by its parts, as ``reference("reference", "bs_tables.csv")``; skips when it is absent.

    The folder is ``GATEDECK_REFERENCE``, by default ``../shared/data`` from the project's root.
    """

    def find(*parts: str) -> Path:
        path = _reference_dir().joinpath(*parts)
        if not path.exists():
            pytest.skip(f"no reference data at {path}: set GATEDECK_REFERENCE")
        return path

    return find
