"""The state of a database for a person: what it holds of an engine, and on which server."""

from __future__ import annotations

from contextlib import closing

import psycopg

from server.ledger.address import DatabaseLedger
from server.ledger.base import LedgerError
from server.ledger.postgres.connection import connect
from server.ledger.postgres.reader import SIZE, said
from server.ledger.postgres.schema import check, exists
from server.ledger.postgres.timescale import chunk_bytes, installed

_TABLES = (
    "SELECT c.relname::text, pg_total_relation_size(c.oid) FROM pg_class c"
    " WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'"
)
_HYPERTABLES = (
    "SELECT hypertable_name::text, hypertable_size(format('%I.%I', hypertable_schema, hypertable_name)::regclass)"
    " FROM timescaledb_information.hypertables WHERE hypertable_schema = current_schema()"
)


def table_sizes(address: DatabaseLedger) -> dict[str, int]:
    """Return the bytes of each table with its indexes, and of its chunks. Raises LedgerError."""
    try:
        with closing(connect(address, writes=False)) as connection:
            sizes = {name: int(size) for name, size in connection.execute(_TABLES).fetchall()}
            if installed(connection.raw):
                sizes |= {name: int(size) for name, size in connection.execute(_HYPERTABLES).fetchall()}
    except psycopg.Error as error:
        raise LedgerError(f"{address}: {said(error)}") from error
    return sizes


def describe(address: DatabaseLedger) -> str:
    """Return what the database holds of the engine. Raises LedgerError when it cannot be reached or read."""
    try:
        with closing(connect(address, writes=False)) as connection:
            version = connection.raw.info.server_version // 10_000
            divided = " with TimescaleDB" if installed(connection.raw) else ""
            where = f"{address} (PostgreSQL {version}{divided})"
            if not exists(connection.raw, address.engine_id):
                return f"{where}: the tables of engine {address.engine_id} will be made"
            check(connection.raw, address.engine_id)
            (inputs,) = connection.execute("SELECT count(*) FROM journal").fetchall()[0]
            (size,) = connection.execute(SIZE).fetchall()[0]
            size += chunk_bytes(connection.raw)
    except psycopg.Error as error:
        raise LedgerError(f"{address}: {said(error)}") from error
    return f"{where}, engine {address.engine_id}, {inputs:,} inputs, {size / (1 << 20):.1f} MB"
