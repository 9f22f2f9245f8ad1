"""Facts to JSON bytes and back: orjson on the way out, pydantic on the way in.

What comes back equals what went out for every dataclass whose fields say their types (enums, UTC datetimes,
dates, tuples, mappings with string keys, nested dataclasses). Where a field is ``Any`` (a gate's evidence),
the value must itself be plain JSON, and its sequences come back as tuples, as a frozen fact holds them. Floats
survive to the last bit; NaN and infinities do not exist in a fact and would come back as ``None``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, TypeVar, cast

import orjson
from pydantic import Field, TypeAdapter

from core.events import Event

T = TypeVar("T")

# Keys may be enums and dates, values may be numpy scalars that vector maths left in a fact.
_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_UTC_Z


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def encode(event: Event) -> bytes:
    """An event as JSON, its fields in the order of its class."""
    return orjson.dumps(event, _plain, _OPTIONS)


def encode_any(value: object) -> bytes:
    """Any fact, record, state or plain value as JSON; raises TypeError for what has no form in JSON."""
    return orjson.dumps(value, _plain, _OPTIONS)


_adapters: dict[Any, TypeAdapter[Any]] = {}


def adapter(kind: type[T]) -> TypeAdapter[T]:
    """What reads JSON into ``kind``; built on first use and kept."""
    found = _adapters.get(kind)
    if found is None:
        found = _adapters[kind] = TypeAdapter(kind)
    return found


@cache
def _events() -> TypeAdapter[Event]:
    tagged: Any = Annotated[Event, Field(discriminator="kind")]
    return cast("TypeAdapter[Event]", TypeAdapter(tagged))


def decode(data: bytes) -> Event:
    """The event that ``encode`` was given; raises ValueError naming the field that does not fit."""
    return _events().validate_json(data)


def decode_as(kind: type[T], data: bytes | str) -> T:
    """The value of type ``kind`` that ``encode_any`` was given; raises ValueError naming the field."""
    return from_plain(kind, orjson.loads(data))


def from_plain(kind: type[T], value: Any) -> T:
    """The same from JSON already read; raises ValueError naming the field."""
    made: T = adapter(kind).validate_python(_frozen(value))
    return made


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    return value


def loads(data: bytes | str | None) -> Any:
    """Plain JSON; ``None`` for a column that holds nothing."""
    return None if data is None else orjson.loads(data)
