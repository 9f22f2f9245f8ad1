"""Write the rows of a batch: one statement for each table, whose values are arrays of a column each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from server.ledger.compressed import compress
from server.ledger.packed import DECISION
from server.ledger.portable import without_nul
from server.ledger.postgres.connection import PgConnection
from server.ledger.rows import (
    CLOSED,
    OUTCOME,
    REMOVED,
    SHADOW,
    Row,
    Tables,
    refresh_trades,
)

Types = Mapping[str, Mapping[str, str]]
"""The type of each column by table (``schema.column_types``)."""


def packed(json: bytes) -> bytes:
    """Return JSON as a column of bytes holds it."""
    stored = compress(json)
    return stored if isinstance(stored, bytes) else stored.encode()


def plain(json: bytes) -> str:
    """Return JSON as a column of type jsonb takes it."""
    return json.decode()


def new_tables() -> Tables:
    """Return empty tables whose rows are made for this database."""
    return Tables(packed, plain)


def _text(value: Any) -> Any:
    return without_nul(value) if isinstance(value, str) else value


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


@dataclass(frozen=True, slots=True)
class _Kind:
    """A type of column: its array, the expression that makes it of the array's element, and the value for that."""

    array: str
    value: str = "{}"
    convert: Callable[[Any], Any] | None = None
    binary: bool = False


_KINDS: Mapping[str, _Kind] = {
    "int4": _Kind("int8[]"),
    "int8": _Kind("int8[]"),
    "float8": _Kind("float8[]", convert=_float),
    "numeric": _Kind("float8[]", "{}::numeric", _float),
    "text": _Kind("text[]", convert=_text),
    "uuid": _Kind("text[]", "{}::uuid"),
    "jsonb": _Kind("text[]", "{}::jsonb", _text),
    "bytea": _Kind("bytea[]", binary=True),
    "timestamptz": _Kind("int8[]", "timestamptz 'epoch' + {} * interval '1 microsecond'"),
}


@dataclass(frozen=True, slots=True)
class _Prepared:
    sql: str
    convert: tuple[Callable[[Any], Any] | None, ...]


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


def write(connection: PgConnection, tables: Tables, types: Types) -> None:
    """Write the rows of every table within the open transaction."""
    for statement, rows in tables.items():
        if rows:
            put(connection, statement, rows, types)
    refresh_trades(connection, tables)


def put(connection: PgConnection, statement: str, rows: Sequence[Row], types: Types) -> None:
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
    given = [
        [*column] if convert is None else [convert(value) for value in column]
        for convert, column in zip(prepared.convert, values, strict=True)
    ]
    connection.raw.execute(prepared.sql.encode(), given)


def insert_all(
    connection: PgConnection, table: str, columns: Iterable[str], rows: Sequence[Row], types: Types
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
    kinds = [_KINDS[kind] for kind in types]
    values = ", ".join(kind.value.format(f"r.{name}") for kind, name in zip(kinds, columns, strict=True))
    sql = f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {_arrays(columns, kinds)}{tail}"
    return _Prepared(sql, tuple(kind.convert for kind in kinds))


@cache
def _update(table: str, columns: tuple[str, ...], setting: str, types: tuple[str, ...]) -> _Prepared:
    kinds = [_KINDS[kind] for kind in types]
    values = ", ".join(
        f"{kind.value.format(f'r.{name}')} AS {name}" for kind, name in zip(kinds, columns, strict=True)
    )
    rows = f"(SELECT {values} FROM {_arrays(columns, kinds)}) AS r"
    return _Prepared(
        f"UPDATE {table} t {setting} FROM {rows} WHERE t.id = r.id", tuple(k.convert for k in kinds)
    )


def _arrays(columns: tuple[str, ...], kinds: Sequence[_Kind]) -> str:
    given = ", ".join(f"{'%b' if kind.binary else '%s'}::{kind.array}" for kind in kinds)
    return f"unnest({given}) AS r({', '.join(columns)})"
