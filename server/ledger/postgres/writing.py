"""Write the rows of a batch: one statement for each table, whose values are arrays of a column each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from server.ledger.compressed import compress
from server.ledger.packed import DECISION
from server.ledger.postgres.arrays import ARRAY_TYPES, ArrayType
from server.ledger.postgres.statements import PgStatements
from server.ledger.rows import (
    CLOSED,
    OUTCOME,
    REMOVED,
    SHADOW,
    Row,
    Tables,
    refresh_lists,
)

Types = Mapping[str, Mapping[str, str]]
"""The type of each column by table (``schema.column_types``)."""


def _plain(json: bytes) -> bytes:
    """Return JSON as a column that can be asked about in SQL holds it."""
    return json


def new_tables() -> Tables:
    """Return empty tables whose rows are made for this database."""
    return Tables(compress, _plain)


@dataclass(frozen=True, slots=True)
class _Prepared:
    sql: bytes
    columns: tuple[ArrayType, ...]


_UPDATES: Mapping[str, tuple[str, tuple[str, ...], str]] = {
    OUTCOME: (
        "ledger_entries",
        ("position_id", "execution", "exit", "id"),
        "SET position_id = r.position_id, execution = r.execution, exit = r.exit",
    ),
    SHADOW: ("ledger_entries", ("hypothetical", "id"), "SET hypothetical = r.hypothetical"),
    CLOSED: (
        "decision_columns",
        ("packed", "id"),
        f"SET packed = substr(t.packed, 1, {DECISION.itemsize}) || r.packed",
    ),
    REMOVED: ("notes", ("id",), "SET removed = 1"),
}
"""Statements of ``rows`` that change rows: the table, the columns of their values, and what is set; by the id."""


def write(connection: PgStatements, tables: Tables, types: Types) -> None:
    """Write the rows of every table within the open transaction."""
    for statement, rows in tables.items():
        if rows:
            put(connection, statement, rows, types)
    refresh_lists(connection, tables)


def put(connection: PgStatements, statement: str, rows: Sequence[Row], types: Types) -> None:
    """Write rows by a statement of ``server.ledger.rows``, or another of its form."""
    update = _UPDATES.get(statement)
    if update is not None:
        table, columns, setting = update
        # Of several changes of a row the last one counts; all set the same columns.
        rows = [*{row[-1]: row for row in rows}.values()]
        prepared = _update(table, columns, setting, _of(types, table, columns))
    else:
        table, columns, tail = _parts(statement)
        if tail:
            rows = [*{row[0]: row for row in rows}.values()]
        prepared = _insert(table, columns, tail, _of(types, table, columns))
    values = zip(*rows, strict=True)
    given = [kind.of(column) for kind, column in zip(prepared.columns, values, strict=True)]
    connection.raw.execute(prepared.sql, given)


def insert_all(
    connection: PgStatements, table: str, columns: Iterable[str], rows: Sequence[Row], types: Types
) -> None:
    """Write whole rows of a table, with values of these columns."""
    names = tuple(columns)
    put(connection, f"INSERT INTO {table} ({', '.join(names)}) VALUES ()", rows, types)


def _of(types: Types, table: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(types[table][column] for column in columns)


@cache
def _parts(statement: str) -> tuple[str, tuple[str, ...], str]:
    """Return the table of an INSERT, its columns, and what follows the values."""
    head, _, rest = statement.partition(" VALUES (")
    table, _, names = head.removeprefix("INSERT INTO ").partition(" (")
    return table, tuple(names.removesuffix(")").split(", ")), rest.partition(")")[2]


@cache
def _insert(table: str, columns: tuple[str, ...], tail: str, types: tuple[str, ...]) -> _Prepared:
    kinds = tuple(ARRAY_TYPES[kind] for kind in types)
    values = ", ".join(kind.value.format(f"r.{name}") for kind, name in zip(kinds, columns, strict=True))
    sql = f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {_arrays(columns, kinds)}{tail}"
    return _Prepared(sql.encode(), kinds)


@cache
def _update(table: str, columns: tuple[str, ...], setting: str, types: tuple[str, ...]) -> _Prepared:
    kinds = tuple(ARRAY_TYPES[kind] for kind in types)
    values = ", ".join(
        f"{kind.value.format(f'r.{name}')} AS {name}" for kind, name in zip(kinds, columns, strict=True)
    )
    rows = f"(SELECT {values} FROM {_arrays(columns, kinds)}) AS r"
    return _Prepared(f"UPDATE {table} t {setting} FROM {rows} WHERE t.id = r.id".encode(), kinds)


def _arrays(columns: tuple[str, ...], kinds: Sequence[ArrayType]) -> str:
    given = ", ".join(f"%b::{kind.array}" for kind in kinds)
    return f"unnest({given}) AS r({', '.join(columns)})"
