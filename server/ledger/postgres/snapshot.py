"""An engine's ledger in a database as it was at one instant: one read transaction on a connection of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import psycopg

from server.ledger.address import DatabaseLedger
from server.ledger.base import LedgerError
from server.ledger.postgres.connection import connect_to_read
from server.ledger.postgres.reader import said


class DatabaseSnapshot:
    """A connection whose transaction sees the ledger as it is now. Raises LedgerError."""

    def __init__(self, address: DatabaseLedger) -> None:
        self._address = address
        with self._told():
            self._connection = connect_to_read(address)
            # A report may count for longer between two blocks of rows than the server lets a transaction wait.
            self._connection.execute("SET idle_in_transaction_session_timeout TO 0")
            self._connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> psycopg.Cursor[Any]:
        with self._told():
            return self._connection.execute(sql, parameters)

    def stream(self, sql: str, parameters: Sequence[Any] = (), /) -> psycopg.ServerCursor[Any]:
        """Return a cursor of a SELECT with many rows."""
        with self._told():
            return self._connection.stream(sql, parameters)

    def rows(self, sql: str, parameters: Sequence[Any] = (), /) -> Iterator[Any]:
        """Yield the rows of a SELECT."""
        with self._told():
            yield from self._connection.rows(sql, parameters)

    def close(self) -> None:
        self._connection.close()

    def strict_text(self) -> AbstractContextManager[None]:
        return nullcontext()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise LedgerError(f"{self._address}: {said(error)}") from error
