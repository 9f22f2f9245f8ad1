"""Make a ledger's file again from its journal: derived tables, indexes and checkpoints, all that can be derived.

A new file is written beside the old one and takes its place when it is whole; the old one is kept under another name.
So a damaged page of the old file is never written to, and a rebuild that fails changes nothing.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from core.engine import Engine
from server.ledger.address import DatabaseLedger
from server.ledger.base import LedgerError
from server.ledger.bulk import BulkLedger
from server.ledger.chain import GENESIS, follows
from server.ledger.codec import decode
from server.ledger.connection import open_file
from server.ledger.databases import database
from server.ledger.files import delete_files
from server.ledger.journal import JOURNAL_PART, journal_row
from server.ledger.lock import WriterLock
from server.ledger.migrate import put_derived
from server.ledger.opening import owner_of
from server.ledger.receipt_ids import ReceiptIds
from server.ledger.replacing import take_place
from server.ledger.snapshot import LedgerSnapshot
from server.ledger.soundness import Soundness, check_ledger, check_receipt_id
from server.replay.machine import PROGRESS_EVERY, ReplayError
from server.replay.reading_ahead import Input, other_process, read_ahead
from server.replay.recorded import replay_journal
from server.replay.session import ProgressCallback, with_total
from server.runtime.garbage import rarely


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """Result of a rebuild: inputs taken over, those left behind after the damage, and where the old file is.

    ``made_by`` says which decisions another version of the engine had made; this one made them again.
    """

    inputs: int
    left: int
    kept: Path | None
    made_by: str | None = None


@rarely()
def rebuild_ledger(
    path: Path,
    *,
    engine_id: str,
    until_damage: bool = False,
    progress: ProgressCallback | None = None,
    in_parallel: bool = False,
) -> Rebuilt:
    """Write the file again from its journal and keep the old one as ``<name>.damaged-<time>`` or ``.before-…``.

    ``engine_id`` is used where the file does not say its own; with ``in_parallel`` another process reads bodies
    meanwhile, if the journal is long. Raises LedgerLocked when an engine writes the ledger,
    LedgerError when it cannot be opened, or when its journal is damaged and ``until_damage`` is not given: then the
    inputs before the damage are all that is taken over.
    """
    found = check_ledger(path, walk=False)  # the writing checks each link of the chain
    if found.problems:
        found = check_ledger(path)
    if found.chain is not None and not until_damage:
        raise _damaged(path, found)
    others = _other_engines(path)
    # The other process begins before anything is locked or opened here, and so holds nothing of it.
    with other_process(found.last_seq if in_parallel else 0) as pool:
        try:
            lock = WriterLock(path, engine_id)
        except OSError as error:
            raise LedgerError(f"{path}: {error.strerror}") from error
        fresh = path.resolve().with_name(f"{path.name}.rebuilding")
        try:
            lock.hold_file()
            delete_files(fresh)
            try:
                with closing(open_file(path)) as connection:
                    target = _Target(fresh, owner_of(connection) or engine_id, progress, pool)
                    try:
                        inputs = _write(connection, target, found)
                    except _JournalDamaged:
                        delete_files(fresh)
                        found = check_ledger(path)
                        if found.chain is None:
                            raise
                        if not until_damage:
                            raise _damaged(path, found) from None
                        inputs = _write(connection, target, found)
                kept = take_place(path, fresh, "damaged" if found.chain or found.problems else "before")
            finally:
                delete_files(fresh)
                fresh.with_name(fresh.name + ".lock").unlink(missing_ok=True)
        except (OSError, sqlite3.Error) as error:
            raise LedgerError(f"{path}: {error}") from error
        finally:
            lock.release()
    return Rebuilt(inputs, found.after, kept, others)


def _damaged(path: Path, found: Soundness) -> LedgerError:
    return LedgerError(
        f"{path}: the journal is damaged: {found.chain}. It is sound up to seq {found.last_seq} "
        f"({found.last_at}); `gatedeck rebuild --until-damage` goes on from there in a new ledger, and keeps this one"
    )


def _other_engines(path: Path) -> str | None:
    with suppress(LedgerError, sqlite3.Error), LedgerSnapshot(path) as ledger:
        return ledger.other_engines()
    return None


@rarely()
def rebuild_database(address: DatabaseLedger, progress: ProgressCallback | None = None) -> Rebuilt:
    """Make all but the journal again in a database, in one transaction: an error changes nothing.

    Raises LedgerLocked when an engine writes the ledger, LedgerError when it cannot be reached or its journal is
    damaged, ReplayError for an input that the engine fails on.
    """
    copying = database("copying")
    with (
        copying.emptied(address) as target,
        LedgerSnapshot(address) as source,
        tempfile.TemporaryDirectory(prefix="gatedeck-rebuild-") as folder,
    ):
        with BulkLedger(Path(folder) / "rebuilt.db", source.engine_id) as out:
            replay_journal(source, output=out, progress=with_total(progress, source.inputs))
        with LedgerSnapshot(out.path) as fresh:
            put_derived(fresh, target)
        return Rebuilt(source.inputs, 0, None, source.other_engines())


class _JournalDamaged(LedgerError):
    """A link of the hash chain is broken, or an input cannot be read."""


@dataclass(frozen=True, slots=True)
class _Target:
    """The new file, the engine that makes it, and what else its writing takes."""

    fresh: Path
    engine_id: str
    progress: ProgressCallback | None
    pool: Executor | None


def _write(connection: sqlite3.Connection, target: _Target, found: Soundness) -> int:
    """Write the inputs that are sound, as far as is known, and what follows from them. Raises _JournalDamaged."""
    engine, last = Engine(engine_id=target.engine_id), found.last_seq
    ids = ReceiptIds(target.engine_id)
    with BulkLedger(target.fresh, target.engine_id) as out:
        for row, event in read_ahead(_sound_inputs(connection, last), engine, target.pool):
            check_receipt_id(row, ids, found.problems)
            try:
                effects = engine.step(event)
            except Exception as error:
                raise ReplayError(f"input {row.seq} cannot be replayed: {error}") from error
            out.copy(row, event, effects)
            if target.progress is not None and row.seq % PROGRESS_EVERY == 0:
                target.progress(row.seq, last)
        out.finish(engine.state)
        return out.last_seq


def _sound_inputs(connection: sqlite3.Connection, last: int) -> Iterator[Input]:
    """Yield the inputs up to a seq, each link of the chain checked, one by one where pages are damaged."""
    seq, previous = 0, GENESIS
    while seq < last:
        try:
            rows = connection.execute(JOURNAL_PART, (seq, min(500, last - seq))).fetchall()
        except sqlite3.Error:
            rows = _readable(connection, seq)
        if not rows:
            raise _JournalDamaged(f"there is no input {seq + 1}")
        for row in map(journal_row, rows):
            if row.seq != seq + 1 or not follows(previous, row):
                raise _JournalDamaged(f"the journal was changed at seq {row.seq}")
            try:
                event = decode(row.payload)
            except ValueError as error:
                raise _JournalDamaged(f"input {row.seq} cannot be read: {error}") from error
            yield row, event
            seq, previous = row.seq, row.hash


def _readable(connection: sqlite3.Connection, seq: int) -> list[sqlite3.Row]:
    try:
        return connection.execute(JOURNAL_PART, (seq, 1)).fetchall()
    except sqlite3.Error as error:
        raise _JournalDamaged(f"input {seq + 1} cannot be read: {error}") from error
