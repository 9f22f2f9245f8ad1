"""Tables that TimescaleDB divides by time, where the extension is installed: older chunks are compressed.

Without the extension the same tables are plain ones, with the same indexes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import sql

_SIZE = (
    "SELECT coalesce(sum(hypertable_size(format('%I.%I', hypertable_schema, hypertable_name)::regclass)), 0)"
    " FROM timescaledb_information.hypertables WHERE hypertable_schema = current_schema()"
)


@dataclass(frozen=True, slots=True)
class Hypertable:
    """A table divided by ``time``: the days of a chunk, and how chunks of before ``compress_days`` are compressed."""

    time: str
    chunk_days: int
    segment_by: str
    order_by: str
    compress_days: int


HYPERTABLES: Mapping[str, Hypertable] = {
    # An entry changes until its trade has ended, which is seldom later than two months.
    "ledger_entries": Hypertable("created_at", 30, "symbol", "created_at DESC, seq DESC", 90),
    "marks": Hypertable("at", 7, "position_id", "at, n", 30),
}


_LONGEST_TRADE_DAYS = 1_200
"""No listed option lives longer."""


def installed(connection: psycopg.Connection[Any]) -> bool:
    """Return whether the database has the extension."""
    found = connection.execute("SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'").fetchone()
    return found is not None


def divide(connection: psycopg.Connection[Any]) -> None:
    """Make hypertables of new tables, with compression and its policy."""
    for table, by in HYPERTABLES.items():
        connection.execute(
            "SELECT create_hypertable(%s::regclass, %s::name, chunk_time_interval => make_interval(days => %s))",
            (table, by.time, by.chunk_days),
        )
        _compress(connection, table)


@contextmanager
def unpacked(connection: psycopg.Connection[Any], table: str) -> Iterator[None]:
    """Unpack the chunks of a table for a block that changes the type of a column; the policy packs them again."""
    divided = installed(connection) and table in HYPERTABLES
    if divided:
        connection.execute("SELECT decompress_chunk(c, true) FROM show_chunks(%s::regclass) c", (table,))
        connection.execute("SELECT remove_compression_policy(%s::regclass, if_exists => true)", (table,))
        off = sql.SQL("ALTER TABLE {} SET (timescaledb.compress = false)")
        connection.execute(off.format(sql.Identifier(table)))
    yield
    if divided:
        _compress(connection, table)


def _compress(connection: psycopg.Connection[Any], table: str) -> None:
    by = HYPERTABLES[table]
    settings = sql.SQL(
        "ALTER TABLE {} SET (timescaledb.compress, timescaledb.compress_segmentby = {},"
        " timescaledb.compress_orderby = {})"
    )
    connection.execute(settings.format(sql.Identifier(table), by.segment_by, by.order_by))
    connection.execute(
        "SELECT add_compression_policy(%s::regclass, make_interval(days => %s))",
        (table, by.compress_days),
    )


def drop_old_chunks(connection: psycopg.Connection[Any], marks_before: datetime) -> None:
    """Let the server drop chunks of marks that retention has emptied; they are of no trade that may be open."""
    if not installed(connection):
        return
    days = (datetime.now(UTC) - marks_before).days + _LONGEST_TRADE_DAYS
    connection.execute("SELECT remove_retention_policy('marks', if_exists => true)")
    connection.execute("SELECT add_retention_policy('marks', make_interval(days => %s))", (days,))


def chunk_bytes(connection: psycopg.Connection[Any]) -> int:
    """Return the bytes of the chunks of the engine's tables, 0 without the extension."""
    if not installed(connection):
        return 0
    row = connection.execute(_SIZE.encode()).fetchone()
    return 0 if row is None else int(row[0])
