"""A ledger in a database as the source or the target of a copy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import psycopg

from server.ledger.address import DatabaseLedger
from server.ledger.base import LedgerError
from server.ledger.compressed import compressed_again, expanded
from server.ledger.portable import JSON_COLUMNS
from server.ledger.postgres import timescale
from server.ledger.postgres.bulk_copy import put_rows
from server.ledger.postgres.connection import PgConnection, connect
from server.ledger.postgres.lock import hold
from server.ledger.postgres.reader import said
from server.ledger.postgres.schema import column_types, create, drop, exists
from server.ledger.retention import KEY as REMOVED
from server.ledger.rows import DERIVED
from server.ledger.schema import REORDERED

_LAST_MARK = (
    "SELECT setval(pg_get_serial_sequence('marks', 'n'), (SELECT coalesce(max(n), 0) FROM marks) + 1, false)"
)

_INDEXES = (
    "SELECT c.relname::text, pg_get_indexdef(c.oid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
    " WHERE c.relnamespace = current_schema()::regnamespace"
    " AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = c.oid)"
)
"""Indexes besides those of keys, and the statements that create them."""
_SORT_MEMORY = "256MB"


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
            with _indexed_at_the_end(connection):
                yield Target(connection, new=True)
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
            yield Target(connection, new=False)
            connection.execute(_LAST_MARK)
        _tidy(connection)


@contextmanager
def _indexed_at_the_end(connection: PgConnection) -> Iterator[None]:
    """Let the new tables have no indexes but their keys during a block: made of sorted rows they take less time."""
    if timescale.installed(connection.raw):
        yield  # it has put its own indexes on divided tables
        return
    indexes = connection.execute(_INDEXES).fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    yield
    connection.execute(f"SET LOCAL maintenance_work_mem TO '{_SORT_MEMORY}'")
    for _, statement in indexes:
        connection.execute(statement)


def _tidy(connection: PgConnection) -> None:
    """Let the server clean and count all the new rows now: the first reads would do so, or choose a slow plan."""
    for table in column_types(connection.raw):
        connection.execute(f"VACUUM (ANALYZE) {table}")


def delete(address: DatabaseLedger) -> None:
    """Delete the ledger of an engine."""
    with held(address) as connection:
        drop(connection.raw, address.engine_id)


class Target:
    """The tables of a ledger, ``new`` or emptied, within a transaction."""

    def __init__(self, connection: PgConnection, *, new: bool) -> None:
        self._connection, self._new = connection, new
        self._types = column_types(connection.raw)

    def put(self, table: str, columns: tuple[str, ...], rows: Iterator[tuple[Any, ...]]) -> None:
        """Write whole rows as some ledger stored them."""
        types = self._types[table]
        json = {*JSON_COLUMNS.get(table, ()), *(("payload",) if table == "journal" else ())}
        given = {
            n: compressed_again if types[name] == "bytea" else _text
            for n, name in enumerate(columns)
            if name in json
        }
        stored = (_changed(row, given) for row in rows) if given else rows
        put_rows(self._connection, table, columns, stored, self._types, frozen=self._new)

    def set_fact(self, key: str, value: str) -> None:
        """Store a fact about the ledger itself."""
        self._connection.execute(
            "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, value),
        )


def _text(stored: bytes | str) -> bytes | str:
    """Return JSON as a column that can be asked about in SQL holds it; a damaged value stays as it is."""
    text = expanded(stored)
    return stored if text is None else text


def _changed(
    row: tuple[Any, ...], given: Mapping[int, Callable[[bytes | str], bytes | str]]
) -> tuple[Any, ...]:
    values = list(row)
    for place, change in given.items():
        value = values[place]
        if value is not None:
            values[place] = change(value)
    return tuple(values)
