"""`gatedeck rules show`, `check` and `diff`: the rules in force, and rules files."""

from __future__ import annotations

import sys
from pathlib import Path

from core.rules import Rules, parse_rules
from core.rules.parsing import retired_rules
from server.config import ConfigError, load_settings
from tui.cli.console import ledger_of, read_text


def show(*, db: str | None, config: Path | None, versions: bool, as_json: bool) -> int:
    """Print the rules in force in a ledger as TOML, or every version with author, time and changes.

    Prints the default rules if ``db`` is None and the ledger of the settings does not exist yet.
    """
    from server.deck.rules_history import with_changes
    from server.ledger.codec import encode_any
    from server.ledger.history import rules_versions
    from server.ledger.snapshot import LedgerSnapshot

    address = ledger_of(db, config)
    rows = []
    if db is not None or not isinstance(address, Path) or address.exists():
        with LedgerSnapshot(address) as ledger:
            rows = rules_versions(ledger)
    history = with_changes(rows)
    if as_json:
        sys.stdout.buffer.write(encode_any(history if versions else history[:1]) + b"\n")
    elif versions:
        for version in history:
            title = f"{version['name']} by {version['author']}"
            print(f"{version['at']}  {version['fingerprint']}  {title}  {version['changes']}".rstrip())
    else:
        print(parse_rules(history[0]["toml"]).to_toml() if history else Rules().to_toml(), end="")
    return 0


def check(file: Path) -> int:
    """Read a rules file and print its fingerprint; raises RulesError for a mistake in it.

    Rules that an older version read and this one does not are named on standard error.
    """
    rules = _read(file)
    for note in retired_rules(read_text(file, "rules")):
        print(f"{file}: {note}", file=sys.stderr)
    print(f"{file}: rules {rules.name!r}, fingerprint {rules.fingerprint}")
    return 0


def diff(one: Path, other: Path | None) -> int:
    """Print the differences of two rules files, or of the defaults and one; return 1 if there are any, else 0."""
    from server.deck.rules_history import changes_between

    before, after = (_read(one), _read(other)) if other is not None else (Rules(), _read(one))
    found = changes_between(before, after)
    for line in found:
        print(line)
    return 1 if found else 0


def drift(*, db: str | None, config: Path | None) -> int:
    """Print how the rules in force differ from the file that a start was given last; return 1 if they do, else 0.

    Raises ConfigError when no file is remembered for the ledger.
    """
    from server.deck.rules_history import changes_between
    from server.ledger.history import rules_text
    from server.ledger.snapshot import LedgerSnapshot
    from tui.cli.rules_file import remembered

    settings = load_settings({"db": db}, config)
    file = remembered(settings)
    if file is None:
        raise ConfigError(
            f"rules: no file was given to {settings.database_shown} yet; name one: gatedeck rules diff FILE"
        )
    with LedgerSnapshot(ledger_of(db, config)) as ledger:
        in_force = parse_rules(rules_text(ledger) or "")
    print(f"in force {in_force.name} {in_force.fingerprint}, {file.path} was given as {file.fingerprint}")
    if text := file.drift():
        print(text)
    found = changes_between(in_force, _read(file.path))
    for line in found:
        print(line)
    if not found:
        print("no difference")
    return 1 if found else 0


def _read(file: Path) -> Rules:
    return parse_rules(read_text(file, "rules"))
