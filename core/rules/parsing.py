"""Parse a rules file: TOML text in, checked ``Rules`` out."""

from __future__ import annotations

import dataclasses
import tomllib
import typing
from collections.abc import Mapping
from typing import Any

from core.rules.checks import faults, shape_fault
from core.rules.rules import Rules

RETIRED: Mapping[str, str] = {
    "volatility.term": "volatility.term_structure",
    "volatility.skew": "volatility.smile",
    "volatility.skew_cap": "volatility.smile",
    "volatility.base.index": "volatility.vix",
}
"""Rules of older versions, each with the one that stands for it: read without effect, so that old ledgers open."""


class RulesError(ValueError):
    """A rules text that is not accepted; the message names the field and what would be accepted."""


def parse_rules(text: str) -> Rules:
    """Read rules from TOML text; a rule that the text does not name keeps its default.

    Raises RulesError naming the field when the text is not TOML, a name is unknown, a value has another type
    than the default or is out of its bounds, or two rules contradict each other.
    """
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RulesError(f"rules are not valid TOML: {error}") from error
    _drop_retired(tree)
    rules = typing.cast(Rules, _build(Rules, tree, ""))
    for path, fault in faults(rules):
        raise RulesError(f"{path}: {fault}")
    return rules


def retired_rules(text: str) -> tuple[str, ...]:
    """Return a sentence for each retired rule that a TOML text names. Raises tomllib.TOMLDecodeError."""
    return tuple(
        f"{path} is no longer read: see {RETIRED[path]}" for path in _drop_retired(tomllib.loads(text))
    )


def _drop_retired(tree: dict[str, Any]) -> list[str]:
    """Remove retired rules from a parsed text; return their paths."""
    found = []
    for path in RETIRED:
        *sections, name = path.split(".")
        part: Any = tree
        for section in sections:
            part = part.get(section) if isinstance(part, dict) else None
        if isinstance(part, dict) and part.pop(name, None) is not None:
            found.append(path)
    return found


def _build(cls: type, tree: Mapping[str, Any], path: str) -> Any:
    known = {f.name: f for f in dataclasses.fields(cls)}
    hints = typing.get_type_hints(cls)
    values: dict[str, Any] = {}
    for key, value in tree.items():
        where = f"{path}.{key}" if path else key
        if key not in known:
            raise RulesError(f"{where}: unknown; accepted here: {', '.join(known)}")
        kind = hints[key]
        if dataclasses.is_dataclass(kind) and isinstance(kind, type):
            if not isinstance(value, Mapping):
                raise RulesError(f"{where}: expected a table")
            values[key] = _build(kind, value, where)
        else:
            values[key] = _leaf(known[key], value, where, kind)
    return cls(**values)


def _leaf(spec: dataclasses.Field[Any], value: Any, where: str, kind: Any) -> Any:
    default = spec.default if spec.default is not dataclasses.MISSING else None
    if default is None and spec.default_factory is not dataclasses.MISSING:
        default = spec.default_factory()
    if default is None:
        return value
    checked = _typed_like(default, value, where)
    if (expected := shape_fault(kind, checked)) is not None:
        raise RulesError(f"{where}: expected {expected}, got {value!r}")
    choices = spec.metadata.get("choices")
    if choices is not None and checked not in choices:
        raise RulesError(f"{where}: {checked!r} is none of {', '.join(map(repr, choices))}")
    low, high = spec.metadata.get("low"), spec.metadata.get("high")
    if isinstance(checked, (int, float)) and not isinstance(checked, bool):
        if (low is not None and checked < low) or (high is not None and checked > high):
            bounds = f"under {low:g}" if high is None else f"outside {low:g} to {high:g}"
            raise RulesError(f"{where}: {checked:g} is {bounds} {spec.metadata.get('unit', '')}".rstrip())
    return checked


def _typed_like(default: Any, value: Any, where: str) -> Any:
    if isinstance(default, bool) or isinstance(value, bool):
        if isinstance(default, bool) and isinstance(value, bool):
            return value
    elif isinstance(default, float) and isinstance(value, (int, float)):
        return float(value)
    elif isinstance(default, tuple) and isinstance(value, list):
        return tuple(_freeze(v) for v in value)
    elif isinstance(default, Mapping) and isinstance(value, Mapping):
        return {**default, **{k: _freeze(v) for k, v in value.items()}}
    elif type(default) is type(value):
        return value
    raise RulesError(f"{where}: expected {_kind_name(default)}, got {value!r}")


def _freeze(value: Any) -> Any:
    return tuple(_freeze(v) for v in value) if isinstance(value, list) else value


def _kind_name(default: Any) -> str:
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", tuple: "a list"}
    return names.get(type(default), "a table")
