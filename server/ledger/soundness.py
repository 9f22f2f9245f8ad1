"""Check a ledger file without replaying it: structure, chain, checkpoints, and whether its end is all there.

Each fault is a sentence that says where it is; a fault never keeps the other checks from being made. What follows
from the journal (every derived table) is compared elsewhere, by a replay.
"""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from server.ledger.base import LedgerError
from server.ledger.chain import GENESIS, JournalRow, Verified, verify
from server.ledger.checkpoint import AFTER_ALL, read_checkpoint
from server.ledger.codec import loads
from server.ledger.connection import open_file
from server.ledger.files import side_files
from server.ledger.head_file import Head, read_head
from server.ledger.journal import JOURNAL_PART, journal_end, journal_row
from server.ledger.log_frames import log_frames
from server.ledger.missing import find_missing, missing_of
from server.ledger.opening import written_since
from server.ledger.receipt_ids import ReceiptIds
from server.ledger.retention import KEY as REMOVED
from server.ledger.retention import read_removed
from server.ledger.schema import REORDERED, STREAMED_AFTER, check, schema_text
from server.ledger.snapshot import is_ledger
from server.ledger.sql import Connection
from server.ledger.timestamps import iso

_CHUNK = 1_000
_MOST = 20
"""Most faults of one kind that are named."""
_KNOWN = {"engine_id", STREAMED_AFTER, "written_since", "missing", REORDERED, REMOVED}


@dataclass(slots=True)
class Soundness:
    """Faults of a ledger file by what they concern; ``chain`` is the journal's, which is sound up to ``last_seq``.

    ``last_at`` is the instant of that input. ``after`` counts the inputs after it that can still be read.
    """

    chain: str | None = None
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    last_seq: int = 0
    last_at: str | None = None
    head: bytes = GENESIS
    after: int = 0

    @property
    def ok(self) -> bool:
        return self.chain is None and not self.problems


def check_ledger(path: Path, *, walk: bool = True) -> Soundness:
    """Check a ledger file. Raises LedgerError when it cannot be opened as a ledger at all.

    Without ``walk`` the hash chain is not checked: the journal counts as sound up to its end.
    """
    if not path.is_file():
        raise LedgerError(f"{path}: no ledger there")
    if not is_ledger(path):
        raise LedgerError(f"{path}: not a ledger, or the first bytes of one are damaged")
    # Before the file, because a running engine writes on: its end is then after this head, never before.
    noted, running = read_head(path), is_being_written(path)
    log = side_files(path)[0]
    # A reader of a file without a log leaves an empty one behind.
    has_log = running or (log.exists() and log.stat().st_size > 0)
    frames = None if running else log_frames(log)
    found = Soundness()
    try:
        with closing(open_file(path)) as connection:
            check(connection)
            connection.execute("BEGIN")
            for part in (
                _structure,
                _schema,
                check_journal if walk else _stored_end,
                check_checkpoints,
                _facts,
            ):
                _guarded(part, connection, found)
            _guarded(lambda c, f: _end(c, f, noted, has_log), connection, found)
    except sqlite3.Error as error:
        raise LedgerError(f"{path}: {error}") from error
    if frames is not None and frames.lost:
        found.notes.append(
            f"the write-ahead log ends after {frames.readable} frames: the {frames.lost} after them cannot be read"
        )
    elif frames is None and not running and has_log:
        found.problems.append("the header of the write-ahead log is damaged: nothing in it can be read")
    return found


def is_being_written(path: Path) -> bool:
    """Return whether an engine holds the ledger's lock."""
    target = path.resolve()
    try:
        fd = os.open(target.with_name(target.name + ".lock"), os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False


def _guarded(
    part: Callable[[sqlite3.Connection, Soundness], None], connection: sqlite3.Connection, found: Soundness
) -> None:
    try:
        part(connection, found)
    except (sqlite3.Error, ValueError, TypeError, OverflowError) as error:
        found.problems.append(f"{getattr(part, '__name__', 'end').strip('_')}: {error}")


def _structure(connection: sqlite3.Connection, found: Soundness) -> None:
    """Let SQLite check its pages, and that every index holds what its table does."""
    for (line,) in connection.execute(f"PRAGMA integrity_check({_MOST})"):
        found.problems += [f"structure: {text}" for text in str(line).splitlines() if text != "ok"]


def _schema(connection: sqlite3.Connection, found: Soundness) -> None:
    expected, present = _definitions(None), _definitions(connection)
    for name in sorted(expected.keys() | present.keys()):
        if expected.get(name) != present.get(name):
            what = (
                "is missing"
                if name not in present
                else "is unknown"
                if name not in expected
                else "was changed"
            )
            found.problems.append(f"schema: {name} {what}")


def _definitions(connection: sqlite3.Connection | None) -> dict[str, str]:
    """Return the definition of each table, index and trigger, without comments and spaces, by name."""
    sql = "SELECT type || ' ' || name, coalesce(sql, '') || ' ON ' || tbl_name FROM sqlite_master"
    if connection is not None:
        return {name: _bare(text) for name, text in connection.execute(sql)}
    with closing(sqlite3.connect(":memory:")) as fresh:
        fresh.executescript(schema_text())
        return {name: _bare(text) for name, text in fresh.execute(sql)}


def _bare(sql: str) -> str:
    return re.sub(r"\s+", "", re.sub(r"--[^\n]*", "", sql)).replace('"', "")


def check_journal(connection: Connection, found: Soundness) -> None:
    """Walk the chain up to its first fault, and count what can still be read after it."""
    owner = connection.execute("SELECT value FROM meta WHERE key = 'engine_id'").fetchone()
    ids = ReceiptIds("" if owner is None else str(owner[0]))
    so_far, last = Verified(0, GENESIS), None
    while so_far.ok:
        try:
            rows = [journal_row(r) for r in connection.execute(JOURNAL_PART, (so_far.last_seq, _CHUNK))]
        except sqlite3.Error as error:
            found.chain = f"after seq {so_far.last_seq}: pages of the journal cannot be read: {error}"
            rows = _readable(connection, so_far.last_seq)
        if not rows:
            break
        step = verify(rows, so_far.head, so_far.last_seq)
        for row in rows[: step.rows]:
            try:
                check_receipt_id(row, ids, found.problems)
            except ValueError as error:  # the hash leaves the id out, so that it can be sound
                found.chain = found.chain or f"seq {row.seq}: its JSON is damaged: {error}"
                so_far = so_far if last is None else Verified(0, last.hash, last_seq=last.seq)
                break
            last = row
        else:
            so_far = step
        if found.chain is not None:
            break
    found.chain = found.chain or so_far.problem
    found.last_seq, found.head = so_far.last_seq, so_far.head
    found.last_at = None if last is None else iso(last.at)
    if found.chain is not None:
        with suppress(sqlite3.Error):
            sql = "SELECT count(*) FROM journal WHERE seq > ?"
            found.after = connection.execute(sql, (found.last_seq,)).fetchone()[0]


def _stored_end(connection: Connection, found: Soundness) -> None:
    found.last_seq, found.head = journal_end(connection)


def _readable(connection: Connection, seq: int) -> list[JournalRow]:
    """Return the inputs after a seq up to the first that cannot be read, of a part of the journal."""
    rows: list[JournalRow] = []
    with suppress(sqlite3.Error):
        while len(rows) < _CHUNK:
            row = connection.execute(JOURNAL_PART, (seq + len(rows), 1)).fetchone()
            if row is None:
                break
            rows.append(journal_row(row))
    return rows


def check_receipt_id(row: JournalRow, ids: ReceiptIds, problems: list[str]) -> None:
    """Compare a receipt's id, which the chain leaves out, with the id that this engine gives it."""
    if row.kind != "received" or len(problems) >= _MOST:
        return
    if not ids.is_in(row.seq, row.payload) and not ids.is_of(row.seq, loads(row.payload).get("receipt_id")):
        problems.append(f"journal seq {row.seq}: the id of its receipt was changed, or the engine's id")


def check_checkpoints(connection: Connection, found: Soundness) -> None:
    before = AFTER_ALL
    while (saved := read_checkpoint(connection, before)) is not None:
        if saved.problem is not None:
            found.problems.append(saved.problem)
        before = saved.seq


def _facts(connection: sqlite3.Connection, found: Soundness) -> None:
    """Check the facts about the file itself in ``meta``."""
    facts = {str(key): str(value) for key, value in connection.execute("SELECT key, value FROM meta")}
    found.problems += [f"meta: {key!r} is unknown" for key in sorted(facts.keys() - _KNOWN)]
    found.problems += [f"meta: {key} is missing" for key in ("engine_id", STREAMED_AFTER) if key not in facts]
    if "written_since" in facts:
        datetime.strptime(facts["written_since"], "%Y-%m-%d %H:%M:%S UTC")
    if REMOVED in facts:
        found.notes += read_removed(facts[REMOVED]).texts
    after = int(facts.get(STREAMED_AFTER, 0))
    sql = "SELECT count(*) FROM stream_events WHERE seq <= ?"
    if not 0 <= after <= max(found.last_seq, 0) or connection.execute(sql, (after,)).fetchone()[0]:
        found.problems.append(f"meta: {STREAMED_AFTER} was changed")
    noted = missing_of(connection)
    if "missing" in facts and not noted:
        found.problems.append("meta: what was noted as missing cannot be read")
    found.notes += [f"noted at a start: {text}" for text in noted]


def _end(connection: sqlite3.Connection, found: Soundness, noted: Head | None, has_log: bool) -> None:
    """Compare the end of the journal with the head file, and find copies that lack their write-ahead log."""
    if found.chain is not None:
        return
    missing = find_missing(connection, noted)
    if missing is not None:
        found.problems.append(missing)
    since = written_since(connection)
    whole = noted is not None and (noted.seq, noted.hash) == (found.last_seq, found.head)
    if since is not None and not has_log and not whole and missing is None:
        found.problems.append(
            f"this is a copy of a ledger that an engine writes since {since}, without its -wal file: what was stored "
            f"after seq {found.last_seq} may be missing; `gatedeck backup` makes a whole copy"
        )
