"""One numeric rule by its path: read, replaced, and written back into a rules text.

A path is ``section.field``, or ``section.field.key`` into a mapping or a table of steps, whose key is the
row's threshold: ``market.max_spread_bps``, ``sizing.quality.HIGH``, ``sizing.rr.1.5``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from core.rules import Rules, RulesError

Number = float | int


def rule_value(rules: Rules, path: str) -> Number:
    """The number a path names; raises RulesError when there is none."""
    section, name, key = _split(rules, path)
    value: Any = getattr(getattr(rules, section), name)
    if key is not None:
        value = _at(value, key, path)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise RulesError(f"{path}: not a number, but {value!r}")
    number: Number = value
    return number


def with_rule(rules: Rules, path: str, value: Number) -> Rules:
    """The rules with one number replaced and everything else kept.

    Raises RulesError for a path that names no number, and for a value of another kind or outside the rule's
    bounds.
    """
    rule_value(rules, path)
    section, name, key = _split(rules, path)
    part = getattr(rules, section)
    whole: Any = value if key is None else _replaced(getattr(part, name), key, value)
    changed = dataclasses.replace(rules, **{section: dataclasses.replace(part, **{name: whole})})
    # Only what reads back is a rule: kinds and bounds are checked where texts are read.
    return Rules.parse(changed.to_toml())


def bounds(rules: Rules, path: str) -> tuple[float | None, float | None]:
    """The least and the most a rule may be, ``None`` where it has no bound."""
    section, name, key = _split(rules, path)
    if key is not None:
        return 0.0, None
    spec = next(f for f in dataclasses.fields(getattr(rules, section)) if f.name == name)
    return spec.metadata.get("low"), spec.metadata.get("high")


def _split(rules: Rules, path: str) -> tuple[str, str, str | None]:
    section, _, rest = path.partition(".")
    name, _, key = rest.partition(".")
    part = getattr(rules, section, None)
    if not dataclasses.is_dataclass(part) or name not in {f.name for f in dataclasses.fields(part)}:
        raise RulesError(f"{path}: no such rule")
    return section, name, key or None


def _at(value: Any, key: str, path: str) -> Any:
    if isinstance(value, Mapping) and key in value:
        return value[key]
    if isinstance(value, tuple):
        for row in value:
            if isinstance(row, tuple) and len(row) == 2 and f"{row[0]:g}" == key:
                return row[1]
    raise RulesError(f"{path}: no such entry")


def _replaced(value: Any, key: str, new: Number) -> Any:
    if isinstance(value, Mapping):
        return {**value, key: new}
    return tuple((row[0], new) if f"{row[0]:g}" == key else row for row in value)
