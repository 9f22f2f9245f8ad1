"""Write many rows into a table: by COPY in PostgreSQL's binary form, or into divided tables by INSERT."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

from psycopg.types.numeric import DecimalBinaryDumper

from server.ledger.postgres import timescale
from server.ledger.postgres.arrays import ARRAY_TYPES
from server.ledger.postgres.statements import PgStatements
from server.ledger.postgres.writing import Types, insert_all

_AT_ONCE = 2_000
_BLOCKS = 25
"""Blocks of rows in a statement: the server keeps the rows of one for the trigger of the journal."""
_START = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = struct.pack(">h", -1)
_COUNT = struct.Struct(">h").pack
_NULL = struct.pack(">i", -1)
_INT4 = struct.Struct(">ii").pack
_LENGTH = struct.Struct(">i").pack
_UUID_LENGTH = _LENGTH(16)
_numeric = DecimalBinaryDumper(Decimal)

Dump = Callable[[Any], bytes]
"""Function that gives the length and the bytes of a value."""


def _int4(value: Any) -> bytes:
    return _INT4(4, value)


def _uuid(value: Any) -> bytes:
    return _UUID_LENGTH + bytes.fromhex(value.replace("-", ""))


def _decimal(value: Any) -> bytes:
    data = bytes(_numeric.dump(Decimal(repr(value))) or b"")
    return _LENGTH(len(data)) + data


_DUMPS: dict[str, Dump] = {
    **{name: kind.dump for name, kind in ARRAY_TYPES.items()},
    "int4": _int4,
    "uuid": _uuid,
    "numeric": _decimal,
}
"""By the type of the column."""


def put_rows(
    connection: PgStatements,
    table: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    types: Types,
    *,
    frozen: bool = False,
) -> None:
    """Write whole rows within the open transaction.

    ``frozen`` rows need no VACUUM; the transaction must have created the table, and read nothing beside. Raises
    psycopg.Error, and ValueError for a value that the type of its column cannot hold.
    """
    left = iter(rows)
    if timescale.installed(connection.raw):
        for block in _blocks(left):
            insert_all(connection, table, columns, [tuple(row) for row in block], types)
        return
    options = "FORMAT BINARY, FREEZE" if frozen else "FORMAT BINARY"
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN WITH ({options})".encode()
    dumps = [_DUMPS[types[table][name]] for name in columns]
    while first := [*islice(left, _AT_ONCE)]:
        with connection.raw.cursor().copy(statement) as copy:
            copy.write(_START)
            copy.write(_binary(first, dumps))
            for block in islice(_blocks(left), _BLOCKS - 1):
                copy.write(_binary(block, dumps))
            copy.write(_END)


def _blocks(rows: Iterator[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    while block := [*islice(rows, _AT_ONCE)]:
        yield block


def _binary(rows: Sequence[Sequence[Any]], dumps: Sequence[Dump]) -> bytes:
    """Return rows as COPY takes them: the number of their values, then each value with its length."""
    count = _COUNT(len(dumps))
    try:
        values = [
            [_NULL if value is None else dump(value) for value in column]
            for dump, column in zip(dumps, zip(*rows, strict=True), strict=True)
        ]
    except struct.error as error:
        raise ValueError(f"{error}: a column cannot hold it") from None
    return b"".join([part for row in zip(*values, strict=True) for part in (count, *row)])
