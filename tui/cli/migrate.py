"""`gatedeck migrate`: copy a ledger from a file into a database, or back."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from server.config import ConfigError
from server.ledger.address import is_database, without_password
from tui.cli.console import ledger_of, print_result, warn_of_password


def migrate(target: str, *, db: str | None, config: Path | None, as_json: bool) -> int:
    """Copy the ledger, compare the copy with it, and print what it holds. Raises LedgerError, ConfigError."""
    from server.ledger.migrate import migrate as copy

    source = ledger_of(db, config)
    warn_of_password(target)
    into_database = is_database(target)
    if into_database and urlsplit(target).scheme not in ("postgresql", "postgres"):
        raise ConfigError(f"to: {without_password(target)} is neither a path nor a postgresql:// URL")
    if into_database is not isinstance(source, Path):
        kind = "databases" if into_database else "files; gatedeck backup copies a file"
        raise ConfigError(f"to: {without_password(target)} and {source} are both {kind}")
    made = copy(source, target if into_database else Path(target))
    print_result(
        {
            "from": str(source),
            "to": without_password(target) if into_database else target,
            "engine": made.engine_id,
            "inputs": made.inputs,
            "head": made.head.hex(),
            "rows": made.rows,
        },
        as_json,
    )
    return 0
