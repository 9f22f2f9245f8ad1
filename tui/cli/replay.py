"""`gatedeck replay`, `gatedeck verify` and `gatedeck rebuild`, with a progress bar."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from server.config import ConfigError, load_settings
from server.ledger.address import DatabaseLedger, LedgerAddress, is_database, without_password
from tui.cli.console import ledger_of, print_result, progress_bar, read_text

if TYPE_CHECKING:
    from server.replay.rebuild import Rebuilt


def replay(source: str, *, prices: list[str], rules: Path | None, db: str | None, as_json: bool) -> int:
    """Replay a ledger or receipts and print the result; return 1 when a ledger does not replay to itself.

    Raises ConfigError for a source, prices or rules that cannot be read.
    """
    from server.replay.machine import ReplayError
    from server.replay.session import Wanted
    from server.replay.session import replay as run

    if db is not None and is_database(db):
        raise ConfigError(f"db: a replay writes to a file, not to {without_password(db)}")
    request = Wanted(
        source=_database(source) or Path(source),
        prices=tuple(_database(name) or name for name in prices),
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


def _database(name: str) -> DatabaseLedger | None:
    """Return the address of a database, ``None`` for the name of a file."""
    address = ledger_of(name, None) if is_database(name) else None
    return address if isinstance(address, DatabaseLedger) else None


def verify(
    files: list[str], *, db: str | None, config: Path | None, chain: bool, rebuild: bool, as_json: bool
) -> int:
    """Check a ledger, or archives, and print the result; return 1 when a chain is broken or a table differs.

    With ``rebuild`` a file that differs, or lacks what an older version did not store, is written again from the
    journal, if the chain is intact. With ``chain`` nothing is replayed.
    """
    from server.ledger.archive import is_archive
    from server.replay.machine import ReplayError
    from server.replay.session import EVENTS_MISSING
    from server.replay.verify import verify_ledger

    if files and db is not None:
        raise ConfigError("verify: give files, or --db")
    if chain and rebuild:
        raise ConfigError("verify: give --chain, which compares no tables, or --rebuild")
    if files and not is_database(files[0]) and is_archive(Path(files[0])):
        if chain:
            raise ConfigError("verify: --chain is for a ledger; an archive is always checked whole")
        return _verify_archives([*map(Path, files)], as_json)
    if len(files) > 1:
        raise ConfigError(f"verify: {files[0]} is no archive; one ledger at a time, or archives only")
    db = files[0] if files else db
    address = ledger_of(db, config)
    try:
        with progress_bar("verifying") as on_progress:
            result = verify_ledger(address, on_progress, chain_only=chain, in_parallel=True)
        lacks = any(note.startswith(EVENTS_MISSING) for note in result.get("notes", ()))
        if rebuild and result["chain"] is None and (lacks or not result["ok"]):
            _rebuild(address, config, until_damage=False)
            with progress_bar("verifying again") as on_progress:
                again = verify_ledger(address, on_progress, in_parallel=True)
            result = again | {"rebuilt": True}
    except ReplayError as error:
        raise ConfigError(str(error)) from None
    print_result(result, as_json)
    return 0 if result["ok"] else 1


def _verify_archives(files: list[Path], as_json: bool) -> int:
    from server.replay.archives import verify_archives

    with progress_bar("verifying") as on_progress:
        result = verify_archives(files, on_progress)
    print_result(result, as_json)
    return 0 if result["ok"] else 1


def rebuild(*, db: str | None, config: Path | None, until_damage: bool, as_json: bool) -> int:
    """Write a ledger again from its journal and print the result; return 1 when it does not verify then.

    Raises LedgerError for a damaged journal without ``until_damage``, and while an engine writes the ledger.
    """
    from server.replay.verify import verify_ledger

    address = ledger_of(db, config)
    made = _rebuild(address, config, until_damage=until_damage)
    with progress_bar("verifying") as on_progress:
        result = verify_ledger(address, on_progress, in_parallel=True)
    print_result(made | result, as_json)
    return 0 if result["ok"] else 1


def _rebuild(address: LedgerAddress, config: Path | None, *, until_damage: bool) -> dict[str, object]:
    from server.replay.machine import ReplayError
    from server.replay.rebuild import rebuild_database, rebuild_ledger

    if until_damage and not isinstance(address, Path):
        raise ConfigError("until-damage: goes on in a new file; restore a database from its own backups")
    try:
        with progress_bar("rebuilding") as on_progress:
            if not isinstance(address, Path):
                made = rebuild_database(address, on_progress)
                return {"taken_over": made.inputs} | _decided_again(made)
            made = rebuild_ledger(
                address,
                engine_id=load_settings({}, config).engine_id,
                until_damage=until_damage,
                progress=on_progress,
                in_parallel=True,
            )
    except ReplayError as error:
        raise ConfigError(str(error)) from None
    result = {"taken_over": made.inputs, "left_behind": made.left, "old_file": str(made.kept)}
    return result | _decided_again(made)


def _decided_again(made: Rebuilt) -> dict[str, object]:
    """Return what a person has to know of a ledger that an older version of the engine wrote."""
    if made.made_by is None:
        return {}
    return {
        "decided_again": f"{made.made_by}: all are made again, so that some can differ from what was traded"
    }
