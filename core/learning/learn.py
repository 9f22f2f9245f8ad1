"""Learning in one call: all statistics and suggestions of a ledger, and the side effects of a change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.learning.budget import BudgetAdvice, budget_advice
from core.learning.calibration import Calibration, calibration
from core.learning.columns import Observations
from core.learning.effectiveness import Combination, GateEffect, gate_combinations, gate_effects
from core.learning.hypothetical import Shadows, shadows
from core.learning.ledger_columns import ledger_columns
from core.learning.observations import Observation, observations_from
from core.learning.rule_paths import with_rule
from core.learning.suggestion import Search, Suggestion
from core.learning.suggestions import Judgement, suggest
from core.learning.tables import TABLES, Drift, Row, drift, table
from core.learning.whatif import WhatIf, whatif
from core.performance.followed import status_of
from core.rules import DEFAULT, Rules

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """Everything learned from a ledger; every value carries n, interval, status and reason.

    ``signals`` counts signals with an outcome, executed or shadowed; ``tables`` by the names of TABLES.
    """

    signals: int
    gates: tuple[GateEffect, ...]
    combinations: tuple[Combination, ...]
    shadows: Shadows
    calibration: Calibration
    tables: Mapping[str, tuple[Row, ...]]
    drift: tuple[Drift, ...]
    budget: BudgetAdvice
    search: Search


def learn(
    entries: Iterable[Entry],
    rules: Rules = DEFAULT,
    *,
    stale: bool = False,
    judged: Iterable[Judgement] = (),
) -> Learning:
    """Return everything learned from ledger entries (parsed JSON); suggestions come without side effects.

    ``stale``: include exits that were filled without a fresh price. ``judged``: changes that a person judged.
    """
    entries = tuple(entries)
    statuses = ((str(entry.get("signal_id") or entry["id"]), status_of(entry)) for entry in entries)
    return learn_from(observations_from(entries, rules, stale=stale), statuses, rules, judged=judged)


def learn_from(
    observed: Sequence[Observation],
    statuses: Iterable[tuple[object, str]],
    rules: Rules = DEFAULT,
    *,
    judged: Iterable[Judgement] = (),
) -> Learning:
    """Return everything learned from the observations and statuses (see ``shadows``) of the same decisions."""
    seen = Observations.from_rows(observed)
    return Learning(
        signals=len(seen),
        gates=gate_effects(seen),
        combinations=gate_combinations(seen),
        shadows=shadows(statuses, observed),
        calibration=calibration(seen, rules),
        tables={name: table(seen, name) for name in TABLES},
        drift=drift(seen, rules),
        budget=budget_advice(seen, rules),
        search=suggest(seen, rules, judged),
    )


def whatif_entries(entries: Iterable[Entry], in_force: Rules, candidate: Rules) -> WhatIf:
    """Return what candidate rules would have changed in these ledger entries."""
    columns, outcomes = ledger_columns(entries, in_force, candidate)
    return whatif(columns, outcomes, in_force, candidate)


def with_side_effects(suggestion: Suggestion, entries: Iterable[Entry], rules: Rules) -> Suggestion:
    """Return the suggestion with what its change would have done to these ledger entries."""
    return suggestion.with_side_effects(whatif_entries(entries, rules, candidate_of(suggestion, rules)))


def candidate_of(suggestion: Suggestion, rules: Rules) -> Rules:
    """Return the rules with the change of a suggestion."""
    return with_rule(rules, suggestion.rule, suggestion.new)
