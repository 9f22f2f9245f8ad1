"""Rules: every number a trader may tune, their TOML text and their fingerprint.

A section is a frozen dataclass. A table is a tuple of (threshold, value) rows from the highest threshold down,
or a mapping by name. TOML uses the same names as the fields here: ``[market] max_spread_bps = 12``.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

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
        """Return twelve hex digits that change with any rule, but not with the name of the rules."""
        values = {k: v for k, v in dataclasses.asdict(self).items() if k != "name"}
        text = json.dumps(values, sort_keys=True, separators=(",", ":"), default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def to_toml(self) -> str:
        """Return all rules as TOML text that ``parse_rules`` reads back to equal rules."""
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
"""The rules in force when no rules file is given."""


def changed_rules(one: Rules, other: Rules) -> Mapping[str, tuple[Any, Any]]:
    """Return the rules that differ, by path ("market.max_spread_bps"), with the value in each set."""
    found: dict[str, tuple[Any, Any]] = {}
    for section in dataclasses.fields(one):
        a, b = getattr(one, section.name), getattr(other, section.name)
        if dataclasses.is_dataclass(a):
            for part in dataclasses.fields(a):
                old, new = getattr(a, part.name), getattr(b, part.name)
                if old != new:
                    found[f"{section.name}.{part.name}"] = (old, new)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDescription:
    """One rule: its path ("market.max_spread_bps"), default, unit, allowed values and meaning.

    ``low`` and ``high`` are allowed themselves; ``None`` is no bound. ``choices`` are the texts accepted, empty
    where any may be given.
    """

    path: str
    default: Any
    unit: str
    low: float | None
    high: float | None
    choices: tuple[str, ...]
    meaning: str


def describe_rules() -> Iterator[RuleDescription]:
    """Describe every rule, section by section, in the order of the sections."""
    for section in dataclasses.fields(DEFAULT):
        values = getattr(DEFAULT, section.name)
        if not dataclasses.is_dataclass(values):
            continue
        for rule in dataclasses.fields(values):
            about = rule.metadata
            yield RuleDescription(
                path=f"{section.name}.{rule.name}",
                default=getattr(values, rule.name),
                unit=about.get("unit", ""),
                low=about.get("low"),
                high=about.get("high"),
                choices=about.get("choices", ()),
                meaning=about.get("meaning", ""),
            )


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
