"""`gatedeck archive`: seal the days of a ledger that are over."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from server.config import ConfigError
from tui.cli.console import ledger_of, print_result, progress_bar


def archive(folder: Path, *, before: str | None, db: str | None, config: Path | None, as_json: bool) -> int:
    """Write the archives and print which. Raises ConfigError for what is not a day, LedgerError."""
    from server.replay.archives import archive_sessions
    from server.replay.machine import ReplayError

    try:
        day = None if before is None else date.fromisoformat(before)
    except ValueError:
        raise ConfigError(f"before: {before!r} is not a day like 2026-11-24") from None
    address = ledger_of(db, config)
    try:
        with progress_bar("sealing") as on_progress:
            made = archive_sessions(address, folder, day, on_progress)
    except ReplayError as error:
        raise ConfigError(str(error)) from None
    print_result(
        {
            "ledger": str(address),
            "sealed": len(made),
            "archives": [str(each) for each in made],
            "bytes": sum(each.stat().st_size for each in made),
        },
        as_json,
    )
    return 0
