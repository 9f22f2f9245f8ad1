"""The values of a column as one array in PostgreSQL's binary form, made in one pass.

psycopg writes a list of Python values as text, value by value, which took half of a commit's processor time here.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

from server.ledger.portable import without_nul

EPOCH_2000 = 946_684_800_000_000
"""Microseconds from 1970 to 2000, from which PostgreSQL counts."""
_HEAD = struct.Struct(">iiIii").pack
_LENGTH = struct.Struct(">i").pack
_INT = struct.Struct(">iq").pack
_FLOAT = struct.Struct(">id").pack
_NULL = _LENGTH(-1)


class _Array(bytes):
    """An array as PostgreSQL takes it; each type of element has a class of its own, by which psycopg knows it."""

    __slots__ = ()


def _text(value: Any) -> bytes:
    data: bytes = value.encode()
    if b"\0" in data:
        data = without_nul(value).encode()
    return _LENGTH(len(data)) + data


def _bytes(value: Any) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return _LENGTH(len(data)) + data


def _int(value: Any) -> bytes:
    return _INT(8, value)


def _float(value: Any) -> bytes:
    return _FLOAT(8, value)


def _instant(value: Any) -> bytes:
    return _INT(8, value - EPOCH_2000)


@dataclass(frozen=True, slots=True)
class ArrayType:
    """The array that a column is given as: its type, the bytes of each value, and what is made of it."""

    array: str
    element: int
    """The number by which PostgreSQL knows the type of the elements."""
    of_array: type[_Array]
    dump: Callable[[Any], bytes]
    value: str = "{}"

    def of(self, values: Sequence[Any]) -> _Array:
        """Return values as an array. Raises ValueError, TypeError for a value that the type cannot hold."""
        count, nulls = len(values), values.count(None)
        try:
            if not nulls:
                parts = b"".join(map(self.dump, values))
            elif nulls == count:
                parts = _NULL * count
            else:
                dump = self.dump
                parts = b"".join([_NULL if value is None else dump(value) for value in values])
        except struct.error as error:
            raise ValueError(f"{error}: a column of type {self.array} cannot hold it") from None
        return self.of_array(_HEAD(1, nulls > 0, self.element, count, 1) + parts)


def _array_type(name: str, element: int, array: int, dump: Callable[[Any], bytes]) -> ArrayType:
    of_array = type(f"_{name.title()}Array", (_Array,), {"__slots__": ()})
    _DUMPERS[of_array] = _dumper(array)
    return ArrayType(f"{name}[]", element, of_array, dump)


def _dumper(array: int) -> type[Dumper]:
    class ArrayDumper(Dumper):
        format, oid = Format.BINARY, array

        def dump(self, obj: bytes) -> bytes:
            return obj

    return ArrayDumper


_DUMPERS: dict[type[_Array], type[Dumper]] = {}
_INTS = _array_type("int8", 20, 1016, _int)
_FLOATS = _array_type("float8", 701, 1022, _float)
_TEXTS = _array_type("text", 25, 1009, _text)

ARRAY_TYPES: Mapping[str, ArrayType] = {
    "int4": _INTS,
    "int8": _INTS,
    "float8": _FLOATS,
    "numeric": replace(_FLOATS, value="{}::numeric"),
    "text": _TEXTS,
    "uuid": replace(_TEXTS, value="{}::uuid"),
    "json": _array_type("json", 114, 199, _bytes),
    "bytea": _array_type("bytea", 17, 1001, _bytes),
    "timestamptz": _array_type("timestamptz", 1184, 1185, _instant),
}
"""By the type of the column."""


def adapt_arrays(connection: psycopg.Connection[Any]) -> None:
    """Let a connection take these arrays."""
    for of_array, dumper in _DUMPERS.items():
        connection.adapters.register_dumper(of_array, dumper)
