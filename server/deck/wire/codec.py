"""Values of the deck as JSON and back, by their types: orjson writes, pydantic reads."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import orjson

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def _json_value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def dump(value: Any) -> bytes:
    """Return a value as JSON. NaN becomes null; ``load`` gives it back where a number is required."""
    return orjson.dumps(
        value, _json_value, orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_UTC_Z
    )


def tree(value: Any) -> Any:
    """Return a value as dicts, lists, texts and numbers."""
    return orjson.loads(dump(value))


def load(kind: Any, data: bytes) -> Any:
    """Return JSON as a value of a type. Raises ValueError naming the field that does not fit."""
    from pydantic import ValidationError

    reader = adapter(kind)
    try:
        return reader.validate_json(data, strict=True)
    except ValidationError as error:
        # A number that is not known is null in JSON; a field that must be a number holds NaN for it.
        unknown = [e["loc"] for e in error.errors() if e["type"] == "float_type" and e["input"] is None]
        if len(unknown) != error.error_count():
            raise
        found = json.loads(data)
        for place in unknown:
            _set_nan(found, place)
        return reader.validate_json(json.dumps(found), strict=True)


def _set_nan(found: Any, place: tuple[int | str, ...]) -> None:
    for step in place[:-1]:
        found = found[step]
    found[place[-1]] = math.nan


@cache
def adapter(kind: Any) -> TypeAdapter[Any]:
    """Return the reader of a type, built on first use."""
    from pydantic import TypeAdapter

    found: TypeAdapter[Any] = TypeAdapter(kind)
    if not found.pydantic_complete:
        # Types that the reports name only for type checkers, because numpy comes with them.
        from core.learning import Learning, Suggestion
        from core.performance import Report

        names = {"Learning": Learning, "Suggestion": Suggestion, "Report": Report}
        found.rebuild(force=True, _types_namespace=names)
    return found


# --- which form a process reads and writes ----------------------------------------------------------------


def shape(*kinds: Any) -> str:
    """Return a short text that is the same in two versions exactly if they write and read the same fields."""
    seen: dict[Any, str] = {}
    for kind in kinds:
        _describe(kind, seen)
    text = "\n".join(sorted(seen.values()))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _describe(kind: Any, seen: dict[Any, str]) -> None:
    if isinstance(kind, type) and not get_args(kind):
        if kind in seen:
            return
        if dataclasses.is_dataclass(kind):
            hints = get_type_hints(kind)
            fields = {each.name: hints[each.name] for each in dataclasses.fields(kind)}
            seen[kind] = f"{kind.__name__}: " + ", ".join(f"{k} {_name(v)}" for k, v in fields.items())
            for each in fields.values():
                _describe(each, seen)
        elif issubclass(kind, Enum):
            seen[kind] = f"{kind.__name__}: " + ", ".join(str(each.value) for each in kind)
        return
    for each in get_args(kind):
        _describe(each, seen)


def _name(kind: Any) -> str:
    given = get_args(kind)
    own = getattr(kind, "__name__", str(kind))
    return f"{own}[{' '.join(_name(each) for each in given)}]" if given else own
