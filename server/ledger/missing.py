"""Inputs that were stored and are gone: found at the start by the head file, told, and noted in the ledger."""

from __future__ import annotations

import json
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from server.ledger.files import side_files
from server.ledger.head_file import Head
from server.ledger.journal import hash_at, journal_end
from server.ledger.sql import Connection

_NOTED = "SELECT value FROM meta WHERE key = 'missing'"
_NOTE = "INSERT INTO meta (key, value) VALUES ('missing', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"


def find_missing(connection: sqlite3.Connection, noted: Head | None) -> str | None:
    """Return what is missing at the end of the journal by the head that was noted beside it, ``None`` if nothing."""
    if noted is None or noted.seq == 0:
        return None
    if connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'journal'").fetchone()[0] == 0:
        return f"the ledger is empty, but {_inputs(noted.seq)} had been stored in it"
    return missing_at_end(connection, noted)


def missing_at_end(connection: Connection, noted: Head) -> str | None:
    """Return what is missing at the end of a journal after which this head was noted, ``None`` if nothing."""
    last, _ = journal_end(connection)
    if last < noted.seq:
        return (
            f"the ledger ends at seq {last}, but seq {noted.seq} had been stored: {_inputs(noted.seq - last)} at its "
            "end are missing, and their senders were answered 200"
        )
    if hash_at(connection, noted.seq) != noted.hash:
        return f"the ledger's seq {noted.seq} is another input than the one that had been stored last"
    return None


def _inputs(count: int) -> str:
    return "1 input" if count == 1 else f"{count:,} inputs"


def keep_log(path: Path) -> str:
    """Copy the write-ahead log aside before it is written over; return a sentence that says where it is."""
    log = side_files(path)[0]
    if not log.exists() or not log.stat().st_size:
        return "The write-ahead log is gone."
    kept = log.with_name(f"{log.name}.damaged-{datetime.now(UTC):%Y%m%d-%H%M%S}")
    try:
        shutil.copy2(log, kept)
    except OSError as error:
        return f"The write-ahead log could not be kept: {error.strerror}."
    return f"The write-ahead log is kept as {kept.name}."


def note_missing(connection: Connection, text: str) -> None:
    """Store the text among the facts about the ledger, for `gatedeck verify`."""
    noted = [*missing_of(connection), f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC: {text}"]
    connection.execute(_NOTE, (json.dumps(noted[-20:]),))


def missing_of(connection: Connection) -> list[str]:
    """Return the texts that were noted, oldest first."""
    row = connection.execute(_NOTED).fetchone()
    try:
        found = [] if row is None else json.loads(row[0])
    except ValueError:
        return []
    return [str(text) for text in found] if isinstance(found, list) else []
