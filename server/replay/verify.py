"""Verify a ledger: its file, its hash chain, its checkpoints, and every derived table against a replay."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from core.engine import Engine
from core.engine.state import EngineState
from core.from_json import read_json
from server.ledger.address import LedgerAddress
from server.ledger.base import LedgerError
from server.ledger.bulk import BulkLedger
from server.ledger.codec import encode_any
from server.ledger.compare import compare
from server.ledger.databases import database
from server.ledger.receipt_ids import ReceiptIds
from server.ledger.snapshot import LedgerSnapshot
from server.ledger.soundness import Soundness, check_ledger, check_receipt_id
from server.replay.machine import ReplayError
from server.replay.reading_ahead import other_process
from server.replay.recorded import replay_journal
from server.replay.session import ProgressCallback, Report, version_notes, with_total
from server.runtime.garbage import rarely

CURE_TABLES = "gatedeck rebuild makes everything but the journal again"
CURE_DATABASE = "restore the database from its own backups"
CURE_JOURNAL = "gatedeck rebuild --until-damage goes on from there in a new ledger, and keeps this one"

NOT_REPLAYED = (
    "tables and checkpoints were not compared with a replay of the journal; verify without --chain does"
)


@dataclass(slots=True)
class _Replayed:
    """Results of a replay of the journal: the comparison of the tables, faults and notes beside it."""

    compared: Report = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    error: Exception | None = None


@rarely()
def verify_ledger(
    address: LedgerAddress,
    progress: ProgressCallback | None = None,
    *,
    chain_only: bool = False,
    in_parallel: bool = False,
) -> Report:
    """Check a ledger and compare every derived table and checkpoint with a replay of its journal.

    With ``chain_only`` nothing is replayed: the file, the hash chain and the checkpoints' own hashes are checked.
    With ``in_parallel`` another process reads bodies meanwhile, if the journal is long.

    ``ok`` if all of it agrees, or differs in a ledger in which another version of the engine decided, which the notes
    say; otherwise ``chain`` says what is wrong with the journal and ``sound_up_to`` how far it
    can be trusted, ``problems`` what else is damaged, and ``cure`` what to do. Tables are not compared when the chain
    is broken. Raises LedgerError when the file is not a ledger, ReplayError for an input that the engine fails on.
    """
    replays = not chain_only and isinstance(address, Path)  # a replay checks each link of the chain too
    found = _check(address, walk=not replays)
    replayed = _replay(address, found, progress, in_parallel=in_parallel) if replays else None
    if replayed is not None and replayed.error is not None:
        found = _check(address)
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
    if replayed is None:
        replayed = _replay(address, found, progress, in_parallel=in_parallel)
    if isinstance(replayed.error, ReplayError):
        raise replayed.error
    if replayed.error is not None:
        found.problems.append(f"the tables cannot be compared: {replayed.error}")
    found.problems += replayed.problems
    found.notes += replayed.notes
    result |= replayed.compared
    result["ok"] = found.ok and replayed.compared.get("ok", False)
    return result if result["ok"] else result | {"cure": CURE_TABLES}


def _check(address: LedgerAddress, *, walk: bool = True) -> Soundness:
    if isinstance(address, Path):
        return check_ledger(address, walk=walk)
    found: Soundness = database("soundness").check_database(address)
    return found


def _replay(
    address: LedgerAddress, found: Soundness, progress: ProgressCallback | None, *, in_parallel: bool
) -> _Replayed:
    """Replay a journal and compare its tables; an error is kept, as it may follow from a broken chain."""
    replayed = _Replayed()
    try:
        with other_process(found.last_seq if in_parallel else 0) as pool:
            _compare_with_replay(address, replayed, progress, pool)
    except (sqlite3.Error, LedgerError, ReplayError, ValueError, TypeError) as error:
        replayed.error = error
    return replayed


def _compare_with_replay(
    address: LedgerAddress, replayed: _Replayed, progress: ProgressCallback | None, pool: Executor | None
) -> None:
    with ExitStack() as stack:
        source = stack.enter_context(LedgerSnapshot(address, lossless=True))
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="gatedeck-verify-"))
        others = source.other_engines() is not None
        tell = (replayed.notes if others else replayed.problems).append
        checks = {seq: partial(_compare_state, seq, state, tell) for seq, state in source.checkpoints()}
        ids = ReceiptIds(source.engine_id)
        with BulkLedger(Path(folder) / "refold.db", source.engine_id, scratch=True) as out:
            replay_journal(
                source,
                output=out,
                progress=with_total(progress, source.inputs),
                at=checks,
                check=partial(check_receipt_id, ids=ids, problems=replayed.problems),
                pool=pool,
            )
        made = stack.enter_context(LedgerSnapshot(out.path, lossless=True))
        compared = compare(source, made)
        replayed.notes += version_notes(compared, source)
        replayed.compared = {
            "rows": compared.rows,
            "ok": compared.equal or others,
            "differing": sum(compared.differing.values()),
            "differing_columns": dict(compared.columns),
            "differences": [str(difference) for difference in compared.first],
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
