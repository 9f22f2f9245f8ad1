"""`gatedeck replay` and `gatedeck verify`, with a progress bar."""

from __future__ import annotations

import asyncio
from pathlib import Path

from server.config import ConfigError
from tui.cli.console import ledger_path, print_result, progress_bar, read_text


def replay(source: Path, *, prices: list[str], rules: Path | None, db: str | None, as_json: bool) -> int:
    """Replay a ledger or receipts and print the result; return 1 when a ledger does not replay to itself.

    Raises ConfigError for a source, prices or rules that cannot be read.
    """
    from server.replay.machine import ReplayError
    from server.replay.session import Wanted
    from server.replay.session import replay as run

    if db is not None and "://" in db:
        raise ConfigError(f"db: a replay writes to a file, not to {db}")
    request = Wanted(
        source=source,
        prices=tuple(prices),
        rules_text=None if rules is None else read_text(rules, "rules"),
        out=None if db is None else Path(db),
    )
    try:
        with progress_bar("replaying") as on_progress:
            result = run(request, on_progress)
    except ReplayError as error:
        raise ConfigError(str(error)) from None
    print_result(result, as_json)
    return 1 if result["identical"] is False else 0


def verify(*, db: str | None, config: Path | None, rebuild: bool, as_json: bool) -> int:
    """Check a ledger and print the result; return 1 when the chain is broken or a table differs.

    With ``rebuild`` tables that differ, or lack what an older version did not store, are written again from the
    journal, if the chain is intact.
    """
    from server.replay.machine import ReplayError
    from server.replay.rebuild import rebuild_ledger
    from server.replay.session import EVENTS_MISSING, verify_ledger

    path = ledger_path(db, config)
    try:
        with progress_bar("verifying") as on_progress:
            result = verify_ledger(path, on_progress)
        lacks = any(note.startswith(EVENTS_MISSING) for note in result.get("notes", ()))
        if rebuild and result["chain"] is None and (lacks or not result["ok"]):
            asyncio.run(rebuild_ledger(path))
            with progress_bar("verifying again") as on_progress:
                result = verify_ledger(path, on_progress) | {"rebuilt": True}
    except ReplayError as error:
        raise ConfigError(str(error)) from None
    print_result(result, as_json)
    return 0 if result["ok"] else 1
