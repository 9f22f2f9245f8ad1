"""Print the benchmark table: ``python tests/benchmarks [name ...]`` from anywhere.

A name selects the modules that contain it (``options`` selects ``bench_options.py``); without a name all run. A
peer that is not installed is printed as absent, and a module that cannot run as a line with the reason. The exit
status is 1 when a module failed, 2 when no module has the name.

``--small`` runs the modules on a ledger of a year with a few days instead, to try them; ``--keep FOLDER`` makes that
ledger in a folder, or takes the one that is there.

``python -m tests.benchmarks`` does the same, unless an installed distribution contains a package named tests.
py_vollib_vectorized does, and Python prefers it to this folder, which has no ``__init__.py``.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import platform
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

_FOLDER = Path(__file__).resolve().parent


def _load(stem: str) -> Any:
    """Import a module of this folder by its full name, also when another package is called tests.

    The folder is on the path too, so that a module can import others of the folder by their short names.
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
    """Return the benchmark modules that match any of the names, or all modules without names."""
    found = sorted(path.stem for path in _FOLDER.glob("bench_*.py"))
    return [stem for stem in found if not names or any(name in stem for name in names)]


def _rows(module: ModuleType, options: dict[str, Any]) -> Iterator[Any]:
    """Yield the rows of a module, which is given those of the options that it has."""
    known = inspect.signature(module.rows).parameters
    yield from module.rows(**{name: value for name, value in options.items() if name in known})


def main(arguments: list[str]) -> int:
    """Run the modules and print their rows as one table; progress goes to standard error."""
    parser = argparse.ArgumentParser(prog="python tests/benchmarks", description="Print the benchmark table.")
    parser.add_argument("names", nargs="*", metavar="name", help="run the modules whose names contain it")
    parser.add_argument("--small", action="store_true", help="use a few days for a year")
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="keep the ledger of a year in this folder"
    )
    given = parser.parse_args(arguments)
    names, options = given.names, {"small": given.small, "keep": given.keep}
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
                yield from _rows(_load(stem), options)
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
