"""Every number a trader may tune, with its unit; parsed from TOML text given to it, and fingerprinted.

A section is a frozen dataclass; a table is a tuple of (threshold, value) from the highest threshold down, or
a mapping by name. TOML names the fields as they stand here: ``[market] max_spread_bps = 12``.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from core.rules.checks import faults, shape_fault
from core.rules.sections import (
    AccountRules,
    ClockRules,
    ConfidenceRules,
    ContextRules,
    ContractRules,
    ExitRules,
    FillRules,
    IntakeRules,
    LearningRules,
    MarketGateRules,
    RegimeGateRules,
    RiskRules,
    SizingRules,
    StructuralGateRules,
    VolatilityRules,
)


class RulesError(ValueError):
    """A rules text that cannot be taken; the message names the field and what would be accepted."""


@dataclass(frozen=True)
class Rules:
    """All trading rules in force at one moment."""

    name: str = "default"
    account: AccountRules = field(default_factory=AccountRules)
    intake: IntakeRules = field(default_factory=IntakeRules)
    context: ContextRules = field(default_factory=ContextRules)
    regime: RegimeGateRules = field(default_factory=RegimeGateRules)
    structural: StructuralGateRules = field(default_factory=StructuralGateRules)
    market: MarketGateRules = field(default_factory=MarketGateRules)
    confidence: ConfidenceRules = field(default_factory=ConfidenceRules)
    sizing: SizingRules = field(default_factory=SizingRules)
    contract: ContractRules = field(default_factory=ContractRules)
    clock: ClockRules = field(default_factory=ClockRules)
    volatility: VolatilityRules = field(default_factory=VolatilityRules)
    fills: FillRules = field(default_factory=FillRules)
    exits: ExitRules = field(default_factory=ExitRules)
    risk: RiskRules = field(default_factory=RiskRules)
    learning: LearningRules = field(default_factory=LearningRules)

    @cached_property
    def fingerprint(self) -> str:
        """Twelve hex digits that change with any number in force (not with the name)."""
        values = {k: v for k, v in dataclasses.asdict(self).items() if k != "name"}
        text = json.dumps(values, sort_keys=True, separators=(",", ":"), default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @classmethod
    def parse(cls, text: str) -> Rules:
        """Read rules from TOML text; what it does not name keeps its default.

        Raises RulesError naming the field when the text is not TOML, a name is unknown, a value is of
        another type than the default, or the rules cannot be meant so.
        """
        try:
            tree = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise RulesError(f"rules are not valid TOML: {error}") from error
        rules = typing.cast(Rules, _build(cls, tree, ""))
        for path, fault in faults(rules):
            raise RulesError(f"{path}: {fault}")
        return rules

    def to_toml(self) -> str:
        """The whole of the rules as TOML text that ``parse`` reads back to an equal value."""
        lines = [f"name = {json.dumps(self.name)}"]
        for section in dataclasses.fields(self):
            value = getattr(self, section.name)
            if not dataclasses.is_dataclass(value):
                continue
            lines.append(f"\n[{section.name}]")
            lines += [
                f"{f.name} = {_toml(getattr(value, f.name))}"
                for f in dataclasses.fields(value)
                if getattr(value, f.name) is not None
            ]
        return "\n".join(lines) + "\n"


DEFAULT = Rules()
"""The rules in force when nothing else is said."""


def changed_rules(one: Rules, other: Rules) -> Mapping[str, tuple[Any, Any]]:
    """The rules that differ between two sets, by path: the values of both."""
    found: dict[str, tuple[Any, Any]] = {}
    for section in dataclasses.fields(one):
        a, b = getattr(one, section.name), getattr(other, section.name)
        if dataclasses.is_dataclass(a):
            for part in dataclasses.fields(a):
                old, new = getattr(a, part.name), getattr(b, part.name)
                if old != new:
                    found[f"{section.name}.{part.name}"] = (old, new)
    return found


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(str(k))} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    if isinstance(value, str):
        return json.dumps(value)
    return repr(value)


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
    checked = _like(default, value, where)
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


def _like(default: Any, value: Any, where: str) -> Any:
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
    raise RulesError(f"{where}: expected {_words(default)}, got {value!r}")


def _freeze(value: Any) -> Any:
    return tuple(_freeze(v) for v in value) if isinstance(value, list) else value


def _words(default: Any) -> str:
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", tuple: "a list"}
    return names.get(type(default), "a table")
