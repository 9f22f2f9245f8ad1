"""`gatedeck backup` and `gatedeck restore`."""

from __future__ import annotations

from pathlib import Path

from server.config import ConfigError, load_settings
from tui.cli.console import ledger_of, print_result


def backup(target: Path, *, db: str | None, config: Path | None, as_json: bool) -> int:
    """Copy the ledger to a new file, checked, and print what it holds. Raises LedgerError."""
    from server.ledger.backup import back_up

    found = back_up(_file(db, config), target)
    print_result(
        {"backup": str(target), "inputs": found.last_seq, "up_to": found.last_at, "head": found.head.hex()},
        as_json,
    )
    return 0


def restore(source: Path, *, db: str | None, config: Path | None, as_json: bool) -> int:
    """Put a copy in the ledger's place and print what it holds and what it lacks. Raises LedgerError."""
    from server.ledger.backup import restore as put_back

    path = _file(db, config)
    made = put_back(source, path, load_settings({}, config).engine_id)
    print_result(
        {
            "ledger": str(path),
            "inputs": made.found.last_seq,
            "up_to": made.found.last_at,
            "inputs_of_the_old_ledger_that_are_not_in_it": made.lacks,
            "old_file": None if made.kept is None else str(made.kept),
        },
        as_json,
    )
    return 0


def _file(db: str | None, config: Path | None) -> Path:
    """Return the path of the ledger file; raises ConfigError for the address of a database."""
    address = ledger_of(db, config)
    if not isinstance(address, Path):
        raise ConfigError(
            "db: a database is backed up and restored by its own programs (pg_dump); gatedeck migrate FILE copies "
            "its ledger into a file"
        )
    return address
