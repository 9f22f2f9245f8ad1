"""``gatedeck rules``: what is in force, and what a file would change."""

from __future__ import annotations

import sys
from pathlib import Path

from core.rules import Rules
from server.config import ConfigError
from tui.cli.replay import ledger_path


def show(*, db: str | None, config: Path | None, versions: bool, as_json: bool) -> int:
    """Print the rules in force in a ledger as TOML, or every version with author, time and what changed.

    Before there is a ledger the defaults are in force.
    """
    from server.deck.rules_history import with_changes
    from server.ledger.codec import encode_any
    from server.ledger.history import rules_versions
    from server.ledger.snapshot import LedgerSnapshot

    path = ledger_path(db, config)
    rows = []
    if db is not None or path.exists():
        with LedgerSnapshot(path) as ledger:
            rows = rules_versions(ledger)
    told = with_changes(rows)
    if as_json:
        sys.stdout.buffer.write(encode_any(told if versions else told[:1]) + b"\n")
    elif versions:
        for version in told:
            who = f"{version['name']} by {version['author']}"
            print(f"{version['at']}  {version['fingerprint']}  {who}  {version['changes']}".rstrip())
    else:
        print(Rules.parse(told[0]["toml"]).to_toml() if told else Rules().to_toml(), end="")
    return 0


def check(file: Path) -> int:
    """Read a rules file and say its fingerprint; raises RulesError naming what is wrong."""
    rules = _read(file)
    print(f"{file}: rules {rules.name!r}, fingerprint {rules.fingerprint}")
    return 0


def diff(one: Path, other: Path | None) -> int:
    """What differs between two rules files, or between the defaults and one; exit code 1 when anything does."""
    from server.deck.rules_history import changes_between

    before, after = (_read(one), _read(other)) if other is not None else (Rules(), _read(one))
    found = changes_between(before, after)
    for line in found:
        print(line)
    return 1 if found else 0


def _read(file: Path) -> Rules:
    try:
        return Rules.parse(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"rules: {file} cannot be read: {error}") from None
