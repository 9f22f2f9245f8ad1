"""The tables of a ledger file: create them, check their version, and bring an older file to the present one."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing, suppress
from importlib import resources
from pathlib import Path

from server.ledger.base import LedgerError
from server.ledger.checkpoint import compress, seal
from server.ledger.compressed import COLUMNS
from server.ledger.connection import open_file
from server.ledger.followed import refresh_all_followed
from server.ledger.trades import refresh_all

VERSION = 12
_FROM = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
"""Older versions. Those before 7 lack tables, those before 8 have checkpoints without a hash, none before 9
compresses, 9 has no blocks of marks, 10 neither books nor rows of followed signals, and those before 12 have larger
indexes on decisions."""
_LARGER_INDEXES = ("ledger_newest", "ledger_decision", "ledger_confidence", "ledger_trades")
"""Indexes of before version 12 that hold the id too, which tells apart the decisions of one input only."""
_LISTED_TRADES = 9
"""First version whose trades need not be listed again."""
_LISTED_FOLLOWED = 11
"""First version that has rows of followed signals."""
_HASHED_CHECKPOINTS = 8
"""First version whose checkpoints have a hash."""
STREAMED_AFTER = "streamed_after"
"""Key in ``meta`` of the last input before the events of the stream were stored."""
REORDERED = "copied_from"
"""Key in ``meta`` of a ledger whose older values are equal to the engine's, but not letter by letter.

It was in a database, whose texts cannot hold U+0000 and whose version 1 kept JSON with the keys in another order.
"""
_APPLICATION_ID = 0x67617465  # "gate"


def create(connection: sqlite3.Connection) -> None:
    """Create the tables in an empty file, all or none; check a ledger, and upgrade an older one.

    Raises LedgerError when the file is not a ledger or has a version that cannot be upgraded.
    """
    empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    if not empty and _version(connection) not in _FROM:
        check(connection)
        return
    older = None if empty else _version(connection)
    unhashed = older is not None and older < _HASHED_CHECKPOINTS
    aside = "ALTER TABLE checkpoints RENAME TO old_checkpoints;" if unhashed else ""
    dropped = " ".join(f"DROP INDEX IF EXISTS {name};" for name in _LARGER_INDEXES)
    try:
        connection.executescript(f"BEGIN IMMEDIATE; {aside} {dropped} {schema_text()}")
        if older is not None:
            _allow_compressed(connection)
        if older is not None and older < _LISTED_TRADES:
            refresh_all(connection)
        if older is not None and older < _LISTED_FOLLOWED:
            refresh_all_followed(connection)
        if unhashed:
            _take_newest_checkpoint(connection)
        # One by one: a script would commit first.
        for statement in (
            f"INSERT OR IGNORE INTO meta SELECT '{STREAMED_AFTER}', CAST(coalesce(max(seq), 0) AS TEXT) FROM journal",
            f"PRAGMA application_id = {_APPLICATION_ID}",
            f"PRAGMA user_version = {VERSION}",
            "COMMIT",
        ):
            connection.execute(statement)
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def upgrade_due(path: Path) -> int | None:
    """Return the older version from which a start will upgrade the ledger file at a path; ``None`` without one."""
    with suppress(sqlite3.Error, LedgerError), closing(open_file(path)) as connection:
        version = _version(connection)
        return version if version in _FROM else None
    return None


def begin_after(connection: sqlite3.Connection, seq: int) -> None:
    """Let the journal of a new ledger begin after a seq, as that of an archive does; in the open transaction."""
    connection.execute("DROP TRIGGER journal_follows")
    connection.execute(
        "CREATE TRIGGER journal_follows BEFORE INSERT ON journal"
        f" WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), {int(seq)}) + 1 FROM journal)"
        " BEGIN SELECT RAISE(ABORT, 'the seq does not follow the last one of the journal'); END"
    )
    connection.execute("UPDATE meta SET value = ? WHERE key = ?", (str(seq), STREAMED_AFTER))


def allow_gaps(connection: sqlite3.Connection) -> None:
    """Let the journal of a scratch file leave inputs out; in the open transaction."""
    connection.execute("DROP TRIGGER journal_follows")


def schema_text() -> str:
    """Return the statements that create every table of the present version."""
    return resources.files(__name__).joinpath("sqlite.sql").read_text(encoding="utf-8")


def check(connection: sqlite3.Connection) -> None:
    """Raise LedgerError if the file is not a ledger of the version that this program reads."""
    version = _version(connection)
    if version in _FROM:
        raise LedgerError(
            f"the ledger has schema version {version}; `gatedeck run` upgrades it to version {VERSION}"
        )
    if version != VERSION:
        raise LedgerError(
            f"the ledger has schema version {version}; this program knows version {VERSION}: a newer gatedeck "
            "wrote it and can read it; update gatedeck, or choose another ledger with --db"
        )


def _version(connection: sqlite3.Connection) -> int:
    """Return the version of a ledger's tables. Raises LedgerError when the file is not a ledger."""
    if connection.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION_ID:
        raise LedgerError("the file is a database, but not a gatedeck ledger")
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _allow_compressed(connection: sqlite3.Connection) -> None:
    """Let the columns that are compressed from version 9 on hold bytes as well as text; no row is rewritten.

    A column's type is part of the table's text only, which SQLite allows to be changed where every stored value
    stays valid (https://sqlite.org/lang_altertable.html#otheralter).
    """
    connection.execute("PRAGMA writable_schema = ON")
    try:
        for table, columns in COLUMNS.items():
            (text,) = connection.execute(
                "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", (table,)
            ).fetchone()
            for column in columns:
                text = re.sub(rf"(\b{column}\s+)TEXT\b", r"\1ANY", text)
            connection.execute(
                "UPDATE sqlite_schema SET sql = ? WHERE type = 'table' AND name = ?", (text, table)
            )
        (number,) = connection.execute("PRAGMA schema_version").fetchone()
        connection.execute(f"PRAGMA schema_version = {number + 1}")
    finally:
        connection.execute("PRAGMA writable_schema = RESET")


def _take_newest_checkpoint(connection: sqlite3.Connection) -> None:
    """Keep the newest checkpoint of before version 8, with a hash: without one the start reads the whole journal."""
    row = connection.execute(
        "SELECT c.seq, c.at, CAST(c.state AS BLOB), j.hash FROM old_checkpoints c JOIN journal j ON j.seq = c.seq"
        " ORDER BY c.seq DESC LIMIT 1"
    ).fetchone()
    if row is not None:
        seq, at, state, head = row
        packed = compress(state)
        values = (seq, at, head, packed, seal(head, seq, at, packed))
        connection.execute(
            "INSERT INTO checkpoints (seq, at, head, state, hash) VALUES (?, ?, ?, ?, ?)", values
        )
    connection.execute("DROP TABLE old_checkpoints")
