"""A ledger in a database as the source or the target of a copy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg

from server.ledger.address import DatabaseLedger
from server.ledger.base import LedgerError
from server.ledger.compressed import compress
from server.ledger.portable import JSON_COLUMNS
from server.ledger.postgres.connection import PgConnection, connect
from server.ledger.postgres.lock import hold
from server.ledger.postgres.reader import said
from server.ledger.postgres.schema import column_types, create, drop, exists
from server.ledger.postgres.writing import insert_all
from server.ledger.retention import KEY as REMOVED
from server.ledger.rows import DERIVED
from server.ledger.schema import REORDERED

_LAST_MARK = (
    "SELECT setval(pg_get_serial_sequence('marks', 'n'), (SELECT coalesce(max(n), 0) FROM marks) + 1, false)"
)


@contextmanager
def held(address: DatabaseLedger) -> Iterator[PgConnection]:
    """Hold the lock of an engine's writer. Raises LedgerLocked naming who has it, LedgerError."""
    try:
        with closing(connect(address, writes=True)) as connection:
            hold(connection, address)
            yield connection
    except psycopg.Error as error:
        raise LedgerError(f"{address}: {said(error)}") from error


@contextmanager
def new_ledger(address: DatabaseLedger) -> Iterator[Target]:
    """Create the tables of an engine, to be filled within one transaction; an error leaves none."""
    with held(address) as connection:
        if exists(connection.raw, address.engine_id):
            raise LedgerError(f"{address}: holds a ledger of engine {address.engine_id} already")
        with connection.raw.transaction():
            create(connection.raw, address.engine_id)
            yield Target(connection)
            connection.execute(_LAST_MARK)
        _tidy(connection)


@contextmanager
def emptied(address: DatabaseLedger) -> Iterator[Target]:
    """Delete all that is derived from the journal, to be filled again within one transaction."""
    with held(address) as connection:
        with connection.raw.transaction():
            for table in (*DERIVED, "checkpoints"):
                connection.execute(f"DELETE FROM {table}")
            # Old marks and prices come back from the journal as well.
            connection.execute("DELETE FROM meta WHERE key IN (?, ?)", (REMOVED, REORDERED))
            yield Target(connection)
            connection.execute(_LAST_MARK)
        _tidy(connection)


def _tidy(connection: PgConnection) -> None:
    """Let the server clean and count all the new rows now: the first reads would do so, or choose a slow plan."""
    for table in column_types(connection.raw):
        connection.execute(f"VACUUM (ANALYZE) {table}")


def delete(address: DatabaseLedger) -> None:
    """Delete the ledger of an engine."""
    with held(address) as connection:
        drop(connection.raw, address.engine_id)


class Target:
    """The tables of a new ledger."""

    def __init__(self, connection: PgConnection) -> None:
        self._connection = connection
        self._types = column_types(connection.raw)

    def put(self, table: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
        """Write whole rows; JSON in a column of bytes is packed."""
        json = {*JSON_COLUMNS.get(table, ()), *(("payload",) if table == "journal" else ())}
        places = [n for n, name in enumerate(columns) if name in json and self._types[table][name] == "bytea"]
        insert_all(self._connection, table, columns, [_packed(row, places) for row in rows], self._types)

    def set_fact(self, key: str, value: str) -> None:
        """Store a fact about the ledger itself."""
        self._connection.execute(
            "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, value),
        )


def _packed(row: tuple[Any, ...], places: list[int]) -> tuple[Any, ...]:
    values = list(row)
    for place in places:
        value = values[place]
        if value is not None:
            values[place] = compress(value.encode() if isinstance(value, str) else value)
    return tuple(values)
