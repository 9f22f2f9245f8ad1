"""Helpers that several commands share: the ledger's path, reading a file, printing a result, a progress bar."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from server.config import ConfigError, load_settings
from server.ledger.address import LedgerAddress, is_database, ledger_address, passwords_in

MIN_WIDTH, MAX_WIDTH = 80, 120
"""Width of a report in cells, whatever the terminal's is."""
_NO_SCREEN = ("", "dumb", "unknown")
ProgressCallback = Callable[[int, int], None]
"""Called with the number of steps done and the number of all steps."""


def ledger_of(db: str | None, config: Path | None) -> LedgerAddress:
    """Return where the ledger is: a path, or a database and the engine of the settings."""
    warn_of_password(db)
    settings = load_settings({"db": db}, config)
    return ledger_address(settings.db, settings.engine_id)


def warn_of_password(db: str | None) -> None:
    """Say that a password given on the command line can be read by others, if there is one."""
    if db is not None and is_database(db) and passwords_in(db):
        print(
            "gatedeck: the password in the URL is shown by the system's list of processes: keep it in ~/.pgpass or "
            "PGPASSWORD, or the URL in GATEDECK_DB",
            file=sys.stderr,
        )


def read_text(path: Path, option: str) -> str:
    """Return a file's text; raises ConfigError that begins with the name of the option."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{option}: {path} cannot be read: {error}") from None


def require_terminal() -> None:
    """Raise ConfigError unless a screen can be shown: where it would be written must be a terminal, not a file."""
    streams = {"standard input": sys.__stdin__, "standard error": sys.__stderr__}
    closed = [name for name, stream in streams.items() if stream is None or not stream.isatty()]
    if closed:
        verb = "is" if len(closed) == 1 else "are"
        raise ConfigError(
            f"screen: {' and '.join(closed)} {verb} not a terminal; --headless runs the engine without a screen"
        )
    if os.environ.get("TERM", "") in _NO_SCREEN:
        raise ConfigError(
            f"screen: TERM={os.environ.get('TERM', '')!r} names no terminal that can show a screen;"
            " set TERM, or use --headless"
        )


def print_json(line: bytes) -> None:
    """Print a line of JSON as UTF-8, whatever the encoding of standard output is."""
    sys.stdout.flush()
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def report_width() -> int:
    """Return the cells of a report's lines: those of the terminal, within ``MIN_WIDTH`` and ``MAX_WIDTH``."""
    return min(MAX_WIDTH, max(MIN_WIDTH, shutil.get_terminal_size((MIN_WIDTH, 24)).columns))


def use_colour() -> bool:
    """Return whether standard output takes colours."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def print_result(result: Mapping[str, Any], as_json: bool) -> None:
    """Print a result as one line of JSON, or as one line for each value; empty values are left out."""
    if as_json:
        print_json(orjson.dumps(result))
        return
    for name, value in result.items():
        if value is None or value == [] or value == {}:
            continue
        if isinstance(value, (list, tuple)):
            print(f"{name.replace('_', ' ')}:")
            for item in value:
                print(f"  {item}")
        else:
            print(f"{name.replace('_', ' '):24} {_format_value(value)}")


def _format_value(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {number}" for name, number in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


@contextmanager
def progress_bar(title: str) -> Iterator[ProgressCallback | None]:
    """Show a progress bar on standard error; yield None when standard error is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
