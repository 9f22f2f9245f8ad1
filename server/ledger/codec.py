"""Events to JSON bytes and back, and any stored value to JSON: orjson on the way out, pydantic on the way in.

An event that was encoded decodes to an equal event (enums, UTC datetimes, dates, tuples, mappings with string
keys, nested dataclasses). Other facts are read back by ``core.from_json``.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from operator import attrgetter, methodcaller
from typing import Annotated, Any, cast

import orjson
from pydantic import Field, TypeAdapter
from pydantic_core import SchemaValidator
from pydantic_core.core_schema import no_info_after_validator_function

from core.events import CloseUnavailable, Commanded, Event, Received, RulesChanged, Ticked, TradingStatusSeen
from server.ledger.compressed import expand

# Keys may be enums and dates; values may be numpy scalars that vectorised calculations left in a fact.
_LATER_FIELDS = (
    b',"began":null}',
    b',"note":null}',
    b',"open_interest":[],"as_of":null,"missing":""}}',
)
"""Ends of inputs whose last fields are at the defaults that they have in ledgers from before these fields."""
_WITHOUT_NUMBERS = (Received, Ticked, Commanded, RulesChanged, TradingStatusSeen, CloseUnavailable)
"""Inputs whose fields are texts, counts and instants: most of a busy journal."""
_PLAIN = frozenset((str, int, bool, datetime, date, type(None)))
"""The types of most parts of an input besides numbers: a look at the type is quicker than ``isinstance``."""
_NO_OFFSET = timedelta(0)
_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_UTC_Z


def _json_value(value: Any) -> Any:
    """Return what orjson can write in place of a type that it does not know."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def encode(event: Event) -> bytes:
    """Return an event as JSON, its fields in the order of its class.

    Fields that an input did not have in older ledgers are left out at their defaults: an input that older engines
    could store keeps its hash. Raises ValueError naming a number that is not finite: it has no form in JSON, and what
    is written must be read back.
    """
    if type(event) is Received:
        return _received(event)
    if not isinstance(event, _WITHOUT_NUMBERS) and (field := not_finite(event)) is not None:
        raise ValueError(f"{event.kind} {event.seq}: {field} is not a finite number and cannot be stored")
    data = orjson.dumps(event, _json_value, _OPTIONS)
    if data.endswith(_LATER_FIELDS):
        end = next(end for end in _LATER_FIELDS if data.endswith(end))
        return data[: -len(end)] + b"}" * end.count(b"}")
    return data


def _received(event: Received) -> bytes:
    """Return a body that was received as JSON: part by part, which takes orjson half of the time of the whole."""
    endpoint = b"null" if event.endpoint is None else orjson.dumps(event.endpoint)
    return b'{"kind":"received","seq":%d,"at":%b,"receipt_id":%b,"body":%b,"endpoint":%b}' % (
        event.seq,
        orjson.dumps(event.at, None, _OPTIONS),
        orjson.dumps(event.receipt_id),
        orjson.dumps(event.body),
        endpoint,
    )


@cache
def _parts_of(kind: type) -> Callable[[Any], Iterable[Any]]:
    """Return the function that gives the values inside a value of a type; of a plain one none."""
    if dataclasses.is_dataclass(kind):
        names = [field.name for field in dataclasses.fields(kind)]
        return (
            attrgetter(*names) if len(names) > 1 else lambda value: [getattr(value, name) for name in names]
        )
    if issubclass(kind, Mapping):
        return methodcaller("values")
    if issubclass(kind, tuple | list):
        return iter
    return lambda value: (float(value),) if isinstance(value, float) else ()


def not_finite(value: object) -> str | None:
    """Return the path to the first number of a value that is NaN or infinite, ``None`` when there is none."""
    kind: Any = type(value)
    for part in _parts_of(kind)(value):
        kind = type(part)
        if kind is float:
            if not math.isfinite(part):
                return _name_of(part, value)
        elif kind not in _PLAIN and (rest := not_finite(part)) is not None:
            return f"{_name_of(part, value)}.{rest}".rstrip(".")
    return None


def _name_of(part: object, value: object) -> str:
    """Return the field, key or place of a part; empty in a plain value. To look for it is quicker than to count."""
    parts: Iterable[tuple[object, object]] = ()
    if dataclasses.is_dataclass(value):
        parts = [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)]
    elif isinstance(value, Mapping):
        parts = value.items()
    elif isinstance(value, tuple | list):
        parts = enumerate(value)
    return next((str(name) for name, each in parts if each is part), "")


def encode_any(value: object) -> bytes:
    """Return any fact, record, state or plain value as JSON; NaN and infinities become null.

    Raises TypeError for a value that cannot be written as JSON.
    """
    return orjson.dumps(value, _json_value, _OPTIONS)


@cache
def _events() -> SchemaValidator:
    tagged: Any = Annotated[Event, Field(discriminator="kind")]
    return SchemaValidator(_with_plain_zones(TypeAdapter(tagged).core_schema))


def _with_plain_zones(schema: Any) -> Any:
    """Return a schema of pydantic whose instants are in ``datetime.UTC``.

    pydantic gives each instant a zone of its own, and comparing two of them takes seven times as long. A replay
    compares instants all the time.
    """
    if isinstance(schema, list | tuple):
        return type(schema)(map(_with_plain_zones, schema))
    if not isinstance(schema, dict):
        return schema
    plain = {key: _with_plain_zones(value) for key, value in schema.items()}
    return no_info_after_validator_function(_in_utc, plain) if plain.get("type") == "datetime" else plain


def _in_utc(instant: datetime) -> datetime:
    return instant.replace(tzinfo=UTC) if instant.utcoffset() == _NO_OFFSET else instant


def decode(data: bytes) -> Event:
    """Return the event that ``encode`` was given. Raises ValueError naming the field that does not fit."""
    return cast(Event, _events().validate_json(data))


def loads(data: bytes | str | None) -> Any:
    """Return the parsed JSON of a column, compressed or not; ``None`` for an empty one. Raises ValueError."""
    return None if data is None else orjson.loads(expand(data))
