"""The tables of an engine's ledger in a database: create them, and check or raise their version."""

from __future__ import annotations

import hashlib
import re
from importlib import resources
from typing import Any

import psycopg
from psycopg import sql

from core.model import ENGINE_VERSION
from server.ledger.base import LedgerError
from server.ledger.followed import EVERY_ENTRY, FIELDS, followed_rows
from server.ledger.postgres import timescale
from server.ledger.postgres.bulk_copy import put_rows
from server.ledger.postgres.statements import PgStatements
from server.ledger.schema import REORDERED, STREAMED_AFTER

VERSION = 2
_FROM = (1,)
"""Older versions. 1 has jsonb in place of json, which changes the order of keys, no function ``journal_ends``, no
books (books.sql) and no rows of followed signals (followed.sql)."""
_FUNCTION = re.compile(r"CREATE FUNCTION journal_ends\b.*?\$\$;", re.DOTALL)
_ADDED = ("books.sql", "followed.sql")
"""Files of the tables that version 2 has and version 1 has not."""
_PREFIX = "gatedeck_"
_TOGETHER = 2_000
"""Rows that are read and written at once."""
_LONGEST = 63
"""Bytes of a name in PostgreSQL."""


def schema_of(engine_id: str) -> str:
    """Return the name of the schema that holds an engine's ledger."""
    name = _PREFIX + engine_id
    if len(name) <= _LONGEST:
        return name
    digest = hashlib.sha256(engine_id.encode()).hexdigest()[:12]
    return f"{name[: _LONGEST - 13]}_{digest}"


def engines(connection: psycopg.Connection[Any]) -> list[str]:
    """Return the ids of the engines whose ledgers are in the database."""
    found = connection.execute(
        "SELECT n.nspname FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = 'meta'"
        " WHERE starts_with(n.nspname, %s) ORDER BY 1",
        (_PREFIX,),
    ).fetchall()
    ids = []
    for (name,) in found:
        query = sql.SQL("SELECT value FROM {}.meta WHERE key = 'engine_id'").format(sql.Identifier(name))
        row = connection.execute(query).fetchone()
        ids += [] if row is None else [str(row[0])]
    return ids


def use(connection: psycopg.Connection[Any], engine_id: str) -> None:
    """Let statements mean the tables of this engine."""
    path = sql.SQL("SET search_path TO {}, public").format(sql.Identifier(schema_of(engine_id)))
    connection.execute(path)


def exists(connection: psycopg.Connection[Any], engine_id: str) -> bool:
    """Return whether the database holds a ledger of this engine."""
    found = connection.execute("SELECT to_regclass(%s)", (f'"{schema_of(engine_id)}".migrations',)).fetchone()
    return found is not None and found[0] is not None


def create(connection: psycopg.Connection[Any], engine_id: str) -> bool:
    """Create the schema and its tables, all or none; return whether it did. The engine's lock must be held.

    Older tables are brought to the present version.
    """
    if exists(connection, engine_id):
        if _version(connection) in _FROM:
            _upgrade(connection)
        check(connection, engine_id)
        return False
    with connection.transaction():
        schema = sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema_of(engine_id)))
        connection.execute(schema)
        connection.execute(schema_text().encode())
        for added in _ADDED:
            connection.execute(_text(added).encode())
        if timescale.installed(connection):
            timescale.divide(connection)
        connection.execute(
            "INSERT INTO meta (key, value) VALUES ('engine_id', %s), (%s, '0')", (engine_id, STREAMED_AFTER)
        )
        connection.execute(
            "INSERT INTO migrations (version, engine_version) VALUES (%s, %s)", (VERSION, ENGINE_VERSION)
        )
    return True


def check(connection: psycopg.Connection[Any], engine_id: str) -> None:
    """Raise LedgerError unless the tables have the version that this program reads and are this engine's."""
    version = _version(connection)
    if version in _FROM:
        raise LedgerError(
            f"the ledger in the database has schema version {version}; `gatedeck run` upgrades it to version "
            f"{VERSION}"
        )
    if version != VERSION:
        raise LedgerError(
            f"the ledger in the database has schema version {version}; this program knows version {VERSION}: a newer "
            "gatedeck wrote it and can read it; update gatedeck, or choose another ledger with --db"
        )
    row = connection.execute("SELECT value FROM meta WHERE key = 'engine_id'").fetchone()
    owner = None if row is None else row[0]
    if owner != engine_id:
        raise LedgerError(f"the ledger belongs to engine {owner}, not to {engine_id}")


def _version(connection: psycopg.Connection[Any]) -> int | None:
    row = connection.execute("SELECT max(version) FROM migrations").fetchone()
    return None if row is None else row[0]


def _upgrade(connection: psycopg.Connection[Any]) -> None:
    """Bring tables of version 1 to the present version, all or none. What they hold stays as it is."""
    function = _FUNCTION.search(schema_text())
    assert function is not None
    with connection.transaction():
        # A program that reads the ledger holds this up: it is told, rather than waited for without end.
        connection.execute("SET LOCAL lock_timeout TO '10s'")
        connection.execute(function[0].encode())
        for added in _ADDED:
            connection.execute(_text(added).encode())
        for table, columns in column_types(connection).items():
            changes = [
                sql.SQL("ALTER {0} TYPE json USING {0}::text::json").format(sql.Identifier(name))
                for name, kind in columns.items()
                if kind == "jsonb"
            ]
            if changes:
                change = sql.SQL("ALTER TABLE {} {}").format(
                    sql.Identifier(table), sql.SQL(", ").join(changes)
                )
                with timescale.unpacked(connection, table):
                    connection.execute(change)
        _fill_followed(connection)
        connection.execute(
            "INSERT INTO meta (key, value) VALUES (%s, 'jsonb') ON CONFLICT (key) DO NOTHING", (REORDERED,)
        )
        connection.execute(
            "INSERT INTO migrations (version, engine_version) VALUES (%s, %s)", (VERSION, ENGINE_VERSION)
        )


def _fill_followed(connection: psycopg.Connection[Any]) -> None:
    """Write the row of every followed decision, many at once."""
    types, statements = column_types(connection), PgStatements(connection)
    with statements.stream_by_name(EVERY_ENTRY) as entries:
        while some := entries.fetchmany(_TOGETHER):
            put_rows(statements, "followed", FIELDS, followed_rows(some), types)


def drop(connection: psycopg.Connection[Any], engine_id: str) -> None:
    """Delete the ledger of an engine."""
    connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema_of(engine_id))))


def schema_text() -> str:
    """Return the statements that create every table but those of ``_ADDED``."""
    return _text("postgres.sql")


def _text(name: str) -> str:
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")


def column_types(connection: psycopg.Connection[Any]) -> dict[str, dict[str, str]]:
    """Return the type of each column by table, in the order of the table."""
    types: dict[str, dict[str, str]] = {}
    for table, column, kind in connection.execute(
        "SELECT table_name::text, column_name::text, udt_name::text FROM information_schema.columns"
        " WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position"
    ):
        types.setdefault(table, {})[column] = kind
    return types
