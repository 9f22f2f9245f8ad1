"""A connection that runs a whole transaction in one call on aiosqlite's thread, not one per statement."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import aiosqlite

from server.ledger.compressed import expanded

T = TypeVar("T")


_STATEMENTS = 512
"""Prepared statements kept: an INSERT for each table and each number of rows in a group."""

LENIENT_TEXT = partial(str, encoding="utf-8", errors="replace")
"""Reads a text with a damaged byte: the row can be shown, and `gatedeck verify` finds the damage."""


class GroupConnection(aiosqlite.Connection):
    """An aiosqlite connection that can also run a function of the sqlite3 connection on its thread.

    One call to the thread costs about as much as 64 inserts, and a commit writes to several tables.
    """

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``work`` on the connection's thread, after the calls made before, and return its result."""
        hop = cast(Any, self)._execute
        return cast(T, await hop(self._within, work))

    def _within(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return work(self._conn)


async def connect(path: Path, *, busy_seconds: float, writes: bool) -> GroupConnection:
    """Open ``path`` for its writer, with write-ahead logging and a sync per commit; raises sqlite3.Error.

    One that does not write is for reading beside the writer, and may copy the log into the file. Transactions are
    begun and ended by hand; the caller must ``await close()``, as the thread behind the connection would keep the
    process alive.
    """

    def opener() -> sqlite3.Connection:
        connection = sqlite3.connect(
            path, timeout=busy_seconds, isolation_level=None, cached_statements=_STATEMENTS
        )
        try:
            _prepare(connection)
            connection.row_factory = sqlite3.Row
            if writes:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
            else:
                connection.execute("PRAGMA query_only = ON")
        except BaseException:
            connection.close()
            raise
        return connection

    return cast(GroupConnection, await GroupConnection(opener, 64))


async def connect_to_read(path: Path) -> GroupConnection:
    """Open a ledger file to read only, as ``open_file`` does, on a thread of its own. Raises sqlite3.Error."""

    def opener() -> sqlite3.Connection:
        connection = open_file(path)
        connection.row_factory = sqlite3.Row
        return connection

    return cast(GroupConnection, await GroupConnection(opener, 64))


def open_file(path: Path, busy_seconds: float = 5.0) -> sqlite3.Connection:
    """Open a ledger file to read only, so that closing it neither moves nor deletes its write-ahead log.

    On a medium that cannot be written, a file without a log is read as it is. Raises sqlite3.Error.
    """

    def opened(options: str) -> sqlite3.Connection:
        address = f"{path.absolute().as_uri()}?{options}"
        return sqlite3.connect(address, uri=True, isolation_level=None, timeout=busy_seconds)

    connection = opened("mode=ro")
    try:
        connection.execute("PRAGMA schema_version")
    except sqlite3.OperationalError:
        connection.close()
        log = path.with_name(path.name + "-wal")
        if log.exists() and log.stat().st_size:
            raise
        connection = opened("mode=ro&immutable=1")
    _prepare(connection)
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    connection.text_factory = LENIENT_TEXT
    # Lets SQL look into a compressed column: json_extract(expanded(inputs), '$.context').
    connection.create_function("expanded", 1, expanded, deterministic=True)
