"""Read, replace and bound one numeric rule by its path.

A path is ``section.field``, or ``section.field.key`` into a mapping or a table of steps, whose key is the
row's threshold: ``market.max_spread_bps``, ``sizing.quality.HIGH``, ``sizing.rr.1.5``. Where a row has more
than one number, the number's name follows: ``exits.atr_multiples.239.stop``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from core.rules import Rules, RulesError, parse_rules

Number = float | int

_NUMBERS = {
    "atr_multiples": ("stop", "target_1", "target_2"),
    "spread_by_dte": ("low", "high"),
}
"""Names of the numbers in a table's rows after the threshold, where there are several."""


def rule_value(rules: Rules, path: str) -> Number:
    """Return the number at a path; raises RulesError when there is none."""
    section, name, key = _split(rules, path)
    value: Any = getattr(getattr(rules, section), name)
    if key is not None:
        value = _at(value, name, key, path)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise RulesError(f"{path}: not a number, but {value!r}")
    number: Number = value
    return number


def with_rule(rules: Rules, path: str, value: Number) -> Rules:
    """Return the rules with one number replaced.

    Raises RulesError for a path without a number, and for a value of another type or outside the rule's
    bounds.
    """
    rule_value(rules, path)
    section, name, key = _split(rules, path)
    part = getattr(rules, section)
    whole: Any = value if key is None else _replaced(getattr(part, name), name, key, value)
    changed = dataclasses.replace(rules, **{section: dataclasses.replace(part, **{name: whole})})
    # Parsed again, because types and bounds are checked when a text is parsed.
    return parse_rules(changed.to_toml())


def bounds(rules: Rules, path: str) -> tuple[float | None, float | None]:
    """Return the minimum and maximum of a rule, ``None`` where it has no bound."""
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


def _at(value: Any, name: str, key: str, path: str) -> Any:
    if isinstance(value, Mapping) and key in value:
        return value[key]
    if isinstance(value, tuple):
        threshold, column = _cell(name, key)
        for row in value:
            if isinstance(row, tuple) and column < len(row) and f"{row[0]:g}" == threshold:
                return row[column]
    raise RulesError(f"{path}: no such entry")


def _replaced(value: Any, name: str, key: str, new: Number) -> Any:
    if isinstance(value, Mapping):
        return {**value, key: new}
    threshold, column = _cell(name, key)
    return tuple(
        (*row[:column], new, *row[column + 1 :]) if f"{row[0]:g}" == threshold else row for row in value
    )


def _cell(name: str, key: str) -> tuple[str, int]:
    """Return the threshold of a table's row and the index of the number in it."""
    names = _NUMBERS.get(name)
    if names is None:
        return key, 1
    threshold, _, number = key.rpartition(".")
    return threshold, names.index(number) + 1 if number in names else len(names) + 1
