"""Facts from JSON: the one reader of stored facts (checkpoints, decisions, positions, contexts, searches).

orjson writes the frozen dataclasses of core as JSON; ``read`` and ``read_json`` turn that JSON back into equal
values. Reading is strict: a number must be a number, never a text that looks like one. Fields that are absent
take their defaults and unknown fields are ignored, so that texts of older and newer versions can be read.
Floats survive to the last bit; NaN and infinities have no form in JSON and come back as ``None``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import orjson

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")


class FactsError(ValueError):
    """JSON that does not fit the type asked for; the message names the field."""


class _AsTuples:
    """Tells pydantic to turn the lists of a field without a type into tuples, as a frozen fact holds them."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(_tuples, handler(source))


Json = Annotated[Any, _AsTuples()]
"""A field that holds plain JSON of any shape, with tuples for arrays."""


def read(kind: type[T], value: Any) -> T:
    """Return a value of type ``kind`` from parsed JSON. Raises FactsError naming the field that does not fit."""
    return read_json(kind, orjson.dumps(value))


def read_json(kind: type[T], data: bytes | bytearray | str) -> T:
    """Return a value of type ``kind`` from JSON text. Raises FactsError naming the field that does not fit."""
    from pydantic import ValidationError

    try:
        found: T = _adapter(kind).validate_json(data, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, (getattr(kind, "__name__", str(kind)), *first["loc"])))
        raise FactsError(f"{place}: {first['msg']}") from error
    return found


_adapters: dict[Any, TypeAdapter[Any]] = {}


def _adapter(kind: Any) -> TypeAdapter[Any]:
    """Return the reader of a type, built on first use and kept."""
    found = _adapters.get(kind)
    if found is None:
        # Here, because pydantic takes long to import and most of core never reads stored facts.
        from pydantic import TypeAdapter

        found = _adapters[kind] = TypeAdapter(kind)
    return found


def _tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(map(_tuples, value))
    return value
