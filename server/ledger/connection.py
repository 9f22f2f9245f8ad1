"""A connection that runs a whole transaction in one call on aiosqlite's thread, not one per statement."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import aiosqlite

T = TypeVar("T")


_STATEMENTS = 512
"""Prepared statements kept: an INSERT for each table and each number of rows in a group."""


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


async def connect(path: Path, *, busy_seconds: float, read_only: bool) -> GroupConnection:
    """Open ``path`` with write-ahead logging and a sync per commit; raises sqlite3.Error.

    Transactions are begun and ended by hand; the caller must ``await close()``, as the thread behind the
    connection would keep the process alive.
    """

    def opener() -> sqlite3.Connection:
        connection = sqlite3.connect(
            path, timeout=busy_seconds, isolation_level=None, cached_statements=_STATEMENTS
        )
        try:
            connection.row_factory = sqlite3.Row
            if read_only:
                connection.execute("PRAGMA query_only = ON")
            else:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
        except BaseException:
            connection.close()
            raise
        return connection

    return cast(GroupConnection, await GroupConnection(opener, 64))
