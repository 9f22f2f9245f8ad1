"""Verify a ledger: its file, its hash chain, its checkpoints, and every derived table against a replay."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from core.engine import Engine
from core.engine.state import EngineState
from core.from_json import read_json
from server.ledger.address import DatabaseLedger, LedgerAddress
from server.ledger.base import LedgerError
from server.ledger.bulk import BulkLedger
from server.ledger.codec import encode_any
from server.ledger.compare import compare
from server.ledger.databases import database
from server.ledger.snapshot import LedgerSnapshot
from server.ledger.soundness import Soundness, check_ledger
from server.replay.recorded import replay_journal
from server.replay.session import ProgressCallback, Report, version_notes, with_total
from server.runtime.garbage import rarely

CURE_TABLES = "gatedeck rebuild makes everything but the journal again"
CURE_DATABASE = "restore the database from its own backups"
CURE_JOURNAL = "gatedeck rebuild --until-damage goes on from there in a new ledger, and keeps this one"

NOT_REPLAYED = (
    "tables and checkpoints were not compared with a replay of the journal; verify without --chain does"
)


@rarely()
def verify_ledger(
    address: LedgerAddress, progress: ProgressCallback | None = None, *, chain_only: bool = False
) -> Report:
    """Check a ledger and compare every derived table and checkpoint with a replay of its journal.

    With ``chain_only`` nothing is replayed: the file, the hash chain and the checkpoints' own hashes are checked.

    ``ok`` if all of it agrees, or differs in a ledger in which another version of the engine decided, which the notes
    say; otherwise ``chain`` says what is wrong with the journal and ``sound_up_to`` how far it
    can be trusted, ``problems`` what else is damaged, and ``cure`` what to do. A journal with a broken chain is not
    replayed. Raises LedgerError when the file is not a ledger.
    """
    found = check_ledger(address) if isinstance(address, Path) else _check_database(address)
    result: Report = {
        "ledger": str(address), "ok": found.ok, "inputs": found.last_seq + found.after, "head": found.head.hex(),
        "chain": found.chain, "sound_up_to": None, "problems": found.problems, "differing": None,
        "differences": [], "notes": found.notes,
    }  # fmt: skip
    if found.chain is not None:
        at = "" if found.last_at is None else f" ({found.last_at})"
        rest = f"; {found.after} inputs after it can be read, but not trusted" if found.after else ""
        cure = CURE_JOURNAL if isinstance(address, Path) else CURE_DATABASE
        return result | {"sound_up_to": f"seq {found.last_seq}{at}{rest}", "cure": cure}
    if chain_only:
        result["notes"] = [*found.notes, NOT_REPLAYED]
        return result if found.ok else result | {"cure": CURE_TABLES}
    try:
        compared = _compare_with_replay(address, found, progress)
    except (sqlite3.Error, LedgerError, ValueError, TypeError) as error:
        found.problems.append(f"the tables cannot be compared: {error}")
        compared = {}
    result |= compared
    result["ok"] = found.ok and compared.get("ok", False)
    return result if result["ok"] else result | {"cure": CURE_TABLES}


def _check_database(address: DatabaseLedger) -> Soundness:
    found: Soundness = database("soundness").check_database(address)
    return found


def _compare_with_replay(
    address: LedgerAddress, found: Soundness, progress: ProgressCallback | None
) -> dict[str, Any]:
    with ExitStack() as stack:
        source = stack.enter_context(LedgerSnapshot(address, lossless=True))
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="gatedeck-verify-"))
        others = source.other_engines() is not None
        tell = (found.notes if others else found.problems).append
        checks = {seq: partial(_compare_state, seq, state, tell) for seq, state in source.checkpoints()}
        with BulkLedger(Path(folder) / "refold.db", source.engine_id, scratch=True) as out:
            replay_journal(source, output=out, progress=with_total(progress, source.inputs), at=checks)
        replayed = stack.enter_context(LedgerSnapshot(out.path, lossless=True))
        compared = compare(source, replayed)
        return {
            "rows": compared.rows,
            "ok": compared.equal or others,
            "differing": sum(compared.differing.values()),
            "differing_columns": dict(compared.columns),
            "differences": [str(difference) for difference in compared.first],
            "notes": [*found.notes, *version_notes(compared, source)],
        }


def _compare_state(seq: int, stored: bytes, tell: Callable[[str], None], engine: Engine) -> None:
    """Compare a checkpoint with the state that the inputs up to it make; tell which parts differ."""
    try:
        here = _parts(read_json(EngineState, stored))
    except ValueError as error:
        tell(f"checkpoint of seq {seq}: it cannot be read: {error}")
        return
    there = _parts(engine.state)
    differ = [name for name in there if here.get(name) != there[name]]
    if differ:
        tell(f"checkpoint of seq {seq}: {', '.join(differ)} differ from what the journal makes")


def _parts(state: EngineState) -> dict[str, Any]:
    parts: dict[str, Any] = orjson.loads(encode_any(state))
    # The line of the day's P&L is for the eye, and older versions moved its last value at every tick.
    parts["day"].pop("series")
    # Checkpoints of older versions have no notices; they are for the eye too.
    parts.pop("notices")
    return parts
