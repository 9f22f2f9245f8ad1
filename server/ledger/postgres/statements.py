"""Run the ledger's statements on a connection of psycopg."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from server.ledger.portable import without_nul
from server.ledger.postgres.dialect import translated
from server.ledger.postgres.values import row_factory


class PgStatements:
    """A connection that takes the ledger's statements; use it on one thread. Its errors are psycopg's."""

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self.raw = raw

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> psycopg.Cursor[Any]:
        """Run one statement; its rows are all in memory."""
        given = [without_nul(value) if isinstance(value, str) else value for value in parameters]
        return self.raw.cursor(binary=True, row_factory=row_factory).execute(translated(sql), given)
