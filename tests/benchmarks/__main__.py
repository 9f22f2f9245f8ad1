"""Print the benchmark table: ``python tests/benchmarks [name ...]`` from anywhere.

A name picks the modules that contain it (``options`` picks ``bench_options.py``); none picks all. A peer that
is not installed is printed as absent, a module that cannot run as a line that says why. The exit status is 1
when a module failed, 2 when no module has the name.

``python -m tests.benchmarks`` does the same only where no installed distribution brings a package of its own
named tests; py_vollib_vectorized does, and Python prefers it to our folder without ``__init__.py``.
"""

from __future__ import annotations

import importlib
import platform
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

_FOLDER = Path(__file__).resolve().parent


def _load(stem: str) -> Any:
    """Import a module of this folder by its full name, whatever else is called tests.

    The folder is on the path as well, so that a module may import its neighbours by their short names.
    """
    if str(_FOLDER) not in sys.path:
        sys.path.append(str(_FOLDER))
    for name, folder in (("tests", _FOLDER.parent), ("tests.benchmarks", _FOLDER)):
        if str(folder) not in getattr(sys.modules.get(name), "__path__", ()):
            package = ModuleType(name)
            package.__path__ = [str(folder)]
            sys.modules[name] = package
    return importlib.import_module(f"tests.benchmarks.{stem}")


def modules(names: list[str]) -> list[str]:
    """Return the benchmark modules that match any of the names, all of them when there is none."""
    found = sorted(path.stem for path in _FOLDER.glob("bench_*.py"))
    return [stem for stem in found if not names or any(name in stem for name in names)]


def main(names: list[str]) -> int:
    """Run the modules and print their rows in one table, progress on standard error."""
    picked = modules(names)
    if not picked:
        print(f"no benchmark matches {' '.join(names)}: there are {' '.join(modules([]))}", file=sys.stderr)
        return 2
    table = _load("table")
    failed: list[str] = []

    def all_rows() -> Iterator[Any]:
        for stem in picked:
            print(f"{stem} …", file=sys.stderr, flush=True)
            try:
                yield from _load(stem).rows()
            except Exception as error:
                traceback.print_exc()
                failed.append(stem)
                why = " ".join(f"{type(error).__name__}: {error}".split())
                yield table.Row(stem, "failed", "–", None, "–", why[:100])

    text = table.render(all_rows())
    print(f"{platform.machine()}, Python {platform.python_version()}, medians of several runs in turns\n")
    print(text)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
