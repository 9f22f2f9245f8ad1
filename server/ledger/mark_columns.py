"""Many JSON objects of one shape as one packed value, field by field: a position's marks in a third of the bytes.

A number is kept as its difference (XOR) from the one before, an instant as its distance, and all first bytes stand
together, then all second ones; what never changes is kept once. Unpacked texts are the packed ones, letter by letter.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
import orjson

from server.ledger.compressed import compress_bytes, expand
from server.ledger.timestamps import iso, micros

_SUM = struct.Struct("<I")
_SUM_BYTES = _SUM.size
_LENGTH = struct.Struct("<I")
_OBJECT, _CONSTANT, _FLOATS, _INSTANTS, _VALUES = "objects", "constant", "floats", "instants", "values"

_Field = list[Any]
"""Kind of a field, and what its kind needs: the fields of the objects, the constant, or the values; else nothing."""


def pack(texts: Sequence[bytes], bound: bytes) -> bytes:
    """Return JSON texts as one value; it can be unpacked only with the same ``bound``, that is: in its own row."""
    columns: list[bytes] = []
    header = orjson.dumps([len(texts), _pack_field([orjson.loads(text) for text in texts], columns)])
    packed = compress_bytes(b"".join([_LENGTH.pack(len(header)), header, *columns]))
    return _SUM.pack(zlib.crc32(packed, zlib.crc32(bound))) + packed


def unpack(packed: bytes, bound: bytes, places: Sequence[int] | None = None) -> list[bytes]:
    """Return the packed JSON texts, or those at some places. Raises ValueError when the value is damaged."""
    if not isinstance(packed, bytes) or len(packed) < _SUM_BYTES:
        raise ValueError("the row is damaged: it is no block")
    (checksum,) = _SUM.unpack_from(packed)
    if zlib.crc32(packed[_SUM_BYTES:], zlib.crc32(bound)) != checksum:
        raise ValueError("the row is damaged: its checksum is another")
    data = expand(packed[_SUM_BYTES:])
    (length,) = _LENGTH.unpack_from(data)
    count, field = orjson.loads(data[_LENGTH.size : _LENGTH.size + length])
    columns = np.frombuffer(data, dtype="u1", offset=_LENGTH.size + length).reshape(-1, 8 * count)
    wanted = range(count) if places is None else places
    return [orjson.dumps(value) for value in _unpack_field(field, count, iter(columns), wanted)]


def _pack_field(values: list[Any], columns: list[bytes]) -> _Field:
    """Return what describes the values of a field; what takes 8 bytes a value is added to the columns."""
    first = values[0]
    if isinstance(first, dict) and first:
        if all(isinstance(each, dict) and [*each] == [*first] for each in values):
            fields = [[name, _pack_field([each[name] for each in values], columns)] for name in first]
            return [_OBJECT, fields]
    elif isinstance(first, float):
        if all(isinstance(each, float) for each in values):
            bits = np.array(values, dtype="<f8").view("<u8")
            if (bits == bits[0]).all():
                return [_CONSTANT, first]
            bits[1:] ^= bits[:-1].copy()
            columns.append(_shuffled(bits))
            return [_FLOATS]
    elif not isinstance(first, list) and all(type(each) is type(first) and each == first for each in values):
        return [_CONSTANT, first]
    elif isinstance(first, str) and (instants := _instants(values)) is not None:
        instants[1:] -= instants[:-1].copy()
        columns.append(_shuffled(instants))
        return [_INSTANTS]
    return [_VALUES, values]


def _unpack_field(field: _Field, count: int, columns: Any, wanted: Sequence[int]) -> list[Any]:
    kind = field[0]
    if kind == _CONSTANT:
        return [field[1]] * len(wanted)
    if kind == _VALUES:
        return [field[1][place] for place in wanted]
    if kind == _OBJECT:
        names = [name for name, _ in field[1]]
        parts = [_unpack_field(part, count, columns, wanted) for _, part in field[1]]
        return [dict(zip(names, row, strict=True)) for row in zip(*parts, strict=True)]
    raw = next(columns).reshape(8, count).T.copy()
    if kind == _FLOATS:
        numbers = np.bitwise_xor.accumulate(raw.view("<u8").ravel()).view("<f8").tolist()
        return [numbers[place] for place in wanted]
    instants = np.cumsum(raw.view("<i8").ravel()).tolist()
    return [iso(instants[place]) for place in wanted]


def _shuffled(column: np.ndarray[Any, Any]) -> bytes:
    """Return the first bytes of all values, then the second ones, and so on: equal bytes stand together."""
    return column.view("u1").reshape(-1, 8).T.tobytes()


def _instants(values: list[Any]) -> np.ndarray[Any, Any] | None:
    """Return texts as microseconds, ``None`` unless every one is an instant as the ledger writes it."""
    found = [_instant(each) if isinstance(each, str) else None for each in values]
    return None if None in found else np.array(found, dtype="<i8")


@lru_cache(1024)
def _instant(text: str) -> int | None:
    try:
        at = micros(datetime.fromisoformat(text))
        return at if iso(at) == text else None
    except (TypeError, ValueError, OverflowError):
        return None
