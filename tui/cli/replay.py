"""``gatedeck replay`` and ``gatedeck verify``: the past once more, with a bar on the terminal."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from server.config import ConfigError, load_settings

Counted = Callable[[int, int], None]


def replay(source: Path, *, prices: list[str], rules: Path | None, db: str | None, as_json: bool) -> int:
    """Replay and print the figures; returns 1 when a ledger's replay is not what the ledger says."""
    from server.replay.machine import ReplayError
    from server.replay.session import Wanted
    from server.replay.session import replay as run

    if db is not None and "://" in db:
        raise ConfigError(f"db: a replay is written to a file, not to {db}")
    wanted = Wanted(
        source=source,
        prices=tuple(prices),
        rules_text=None if rules is None else read_text(rules, "rules"),
        out=None if db is None else Path(db),
    )
    try:
        with progress("replaying") as counted:
            told = run(wanted, counted)
    except ReplayError as error:
        raise ConfigError(str(error)) from None
    tell(told, as_json)
    return 1 if told["identical"] is False else 0


def verify(*, db: str | None, config: Path | None, rebuild: bool, as_json: bool) -> int:
    """Check a ledger and print what was found; returns 1 when something does not hold."""
    from server.replay.machine import ReplayError
    from server.replay.rebuild import rebuild_ledger
    from server.replay.session import verify_ledger

    path = ledger_path(db, config)
    try:
        with progress("verifying") as counted:
            told = verify_ledger(path, counted)
        if rebuild and told["chain"] is None and not told["ok"]:
            asyncio.run(rebuild_ledger(path))
            with progress("verifying again") as counted:
                told = verify_ledger(path, counted) | {"rebuilt": True}
    except ReplayError as error:
        raise ConfigError(str(error)) from None
    tell(told, as_json)
    return 0 if told["ok"] else 1


def ledger_path(db: str | None, config: Path | None) -> Path:
    """The ledger file that is meant; raises ConfigError for a database that is no file."""
    named = load_settings({"db": db}, config).db
    if "://" in named:
        raise ConfigError("db: this command reads a ledger file; a PostgreSQL ledger is not one")
    return Path(named)


def read_text(path: Path, what: str) -> str:
    """A file's text; raises ConfigError."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{what}: {path} cannot be read: {error}") from None


def tell(told: Mapping[str, Any], as_json: bool) -> None:
    """Figures as one line of JSON, or as one line each."""
    if as_json:
        print(orjson.dumps(told).decode())
        return
    for name, value in told.items():
        if value is None or value == [] or value == {}:
            continue
        if isinstance(value, (list, tuple)):
            print(f"{name.replace('_', ' ')}:")
            for item in value:
                print(f"  {item}")
        else:
            print(f"{name.replace('_', ' '):24} {_words(value)}")


def _words(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {number}" for name, number in value.items())
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


@contextmanager
def progress(what: str) -> Iterator[Counted | None]:
    """A progress bar on standard error when that is a terminal, else nothing."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
