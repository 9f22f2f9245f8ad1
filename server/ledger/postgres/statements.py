"""Run the ledger's statements on a connection of psycopg."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from server.ledger.portable import without_nul
from server.ledger.postgres.dialect import translated
from server.ledger.postgres.values import row_factory

_BLOCK = 2_000
"""Rows fetched at once of a long result."""


class PgStatements:
    """A connection that takes the ledger's statements; use it on one thread. Its errors are psycopg's."""

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self.raw = raw
        self._numbers = count(1)

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> psycopg.Cursor[Any]:
        """Run one statement; its rows are all in memory."""
        given = [without_nul(value) if isinstance(value, str) else value for value in parameters]
        return self.raw.cursor(binary=True, row_factory=row_factory).execute(translated(sql), given)

    def stream(self, sql: str, parameters: Sequence[Any] = (), /) -> psycopg.ServerCursor[Any]:
        """Run a SELECT within a transaction and return its rows block by block, as tuples; close the cursor."""
        return self._stream(tuple_row, sql, parameters)

    def stream_by_name(self, sql: str, parameters: Sequence[Any] = (), /) -> psycopg.ServerCursor[Any]:
        """Run a SELECT as ``stream`` does, with rows that give their values by the column's name, too."""
        return self._stream(row_factory, sql, parameters)

    def _stream(self, rows: Any, sql: str, parameters: Sequence[Any]) -> psycopg.ServerCursor[Any]:
        cursor = self.raw.cursor(f"rows_{next(self._numbers)}", binary=True, row_factory=rows)
        cursor.itersize = _BLOCK
        return cursor.execute(translated(sql), parameters)
