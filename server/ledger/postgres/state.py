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
