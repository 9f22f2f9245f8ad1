"""The tables of a ledger file: create them, and check their version."""

from __future__ import annotations

import sqlite3
from importlib import resources

from server.ledger.base import LedgerError
from server.ledger.trades import refresh_all

VERSION = 7
_FROM = (1, 2, 3, 4, 5, 6)
"""Older versions that only lack tables: creating and filling those upgrades a file to the present version."""
STREAMED_AFTER = "streamed_after"
"""Key in ``meta`` of the last input before the events of the stream were stored."""
_APPLICATION_ID = 0x67617465  # "gate"


def create(connection: sqlite3.Connection) -> None:
    """Create the tables in an empty file, all or none; check a ledger, and upgrade an older one.

    Raises LedgerError when the file is not a ledger or has a version that cannot be upgraded.
    """
    empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    if not empty and _version(connection) not in _FROM:
        check(connection)
        return
    tables = resources.files(__name__).joinpath("sqlite.sql").read_text(encoding="utf-8")
    try:
        connection.executescript(f"BEGIN IMMEDIATE; {tables}")
        if not empty:
            refresh_all(connection)
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


def check(connection: sqlite3.Connection) -> None:
    """Raise LedgerError if the file is not a ledger of the version that this program reads."""
    version = _version(connection)
    if version in _FROM:
        raise LedgerError(
            f"the ledger has schema version {version}; `gatedeck run` upgrades it to version {VERSION}"
        )
    if version != VERSION:
        raise LedgerError(f"the ledger has schema version {version}; this program knows version {VERSION}")


def _version(connection: sqlite3.Connection) -> int:
    """Return the version of a ledger's tables. Raises LedgerError when the file is not a ledger."""
    if connection.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION_ID:
        raise LedgerError("the file is a database, but not a gatedeck ledger")
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version
