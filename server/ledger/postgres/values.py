"""Values as the ledger's code knows them: instants as whole microseconds, ids and JSON as text."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, KeysView, Sequence
from decimal import Decimal
from functools import cache
from typing import Any, ClassVar

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Dumper, Loader
from psycopg.pq import Format
from psycopg.types.numeric import NumericBinaryLoader
from psycopg.types.string import TextBinaryLoader

from server.ledger.postgres.arrays import EPOCH_2000, adapt_arrays
from server.ledger.timestamps import Micros

_INT8 = struct.Struct("!q")


class _Instant(Loader):
    format = Format.BINARY

    def load(self, data: Buffer) -> int:
        found: int = _INT8.unpack(data)[0]
        return found + EPOCH_2000


class _InstantDumper(Dumper):
    """Gives an instant that stands in a condition its type."""

    format = Format.BINARY
    oid = 1184

    def dump(self, obj: int) -> bytes:
        return _INT8.pack(obj - EPOCH_2000)


class _Uuid(Loader):
    format = Format.BINARY

    def load(self, data: Buffer) -> str:
        h = bytes(data).hex()
        return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


class _Numeric(NumericBinaryLoader):
    """A sum of whole numbers is an int, every other numeric a float."""

    def load(self, data: Buffer) -> int | float:  # type: ignore[override]
        found: Decimal = super().load(data)
        return int(found) if found.as_tuple().exponent == 0 else float(found)


def adapt(connection: psycopg.Connection[Any]) -> None:
    """Let a connection give and take these values."""
    adapters = connection.adapters
    adapters.register_loader("timestamptz", _Instant)
    adapters.register_loader("uuid", _Uuid)
    adapters.register_loader("json", TextBinaryLoader)
    adapters.register_loader("numeric", _Numeric)
    adapters.register_dumper(Micros, _InstantDumper)
    adapt_arrays(connection)


class Row(tuple[Any, ...]):
    """A row whose values are given by number and by the column's name."""

    __slots__ = ()
    names: ClassVar[dict[str, int]]

    def __getitem__(self, key: Any) -> Any:
        return tuple.__getitem__(self, self.names[key] if isinstance(key, str) else key)

    def keys(self) -> KeysView[str]:
        return self.names.keys()

    def values(self) -> Iterator[Any]:
        return iter(self)


@cache
def _row_type(columns: tuple[str, ...]) -> type[Row]:
    return type("Row", (Row,), {"__slots__": (), "names": {name: n for n, name in enumerate(columns)}})


def row_factory(cursor: psycopg.Cursor[Any]) -> Callable[[Sequence[Any]], Row]:
    """Return the maker of a statement's rows."""
    return _row_type(tuple(column.name for column in cursor.description or ()))
