"""Search space of tuning: which rules may change, how far, and the trades that a set of rules makes.

Nothing here applies anything: the best result of a search is a suggestion that a person may apply.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from core.decision.batch import EXECUTE, decide_many
from core.decision.columns import DecisionColumns
from core.learning.limits_replay import allowed
from core.learning.outcomes import Floats, Ints, Outcomes
from core.learning.rule_paths import Number, rule_value, with_rule
from core.rules import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRange:
    """A rule that a search may change: from ``low`` to ``high`` in steps of ``step``, in the rule's own unit.

    ``verdict``: the rule acts on gates and confidence only, so that stored decisions can be decided again.
    Any other rule needs a replay of the journal.
    """

    path: str
    low: Number
    high: Number
    step: Number
    verdict: bool = False


SPACE: Mapping[str, SearchRange] = {
    found.path: found
    for found in (
        SearchRange(path="confidence.execute_at", low=55.0, high=90.0, step=0.5, verdict=True),
        SearchRange(path="confidence.wait_at", low=40.0, high=70.0, step=0.5, verdict=True),
        SearchRange(path="confidence.regime_weight", low=0.02, high=0.6, step=0.02, verdict=True),
        SearchRange(path="confidence.expert_weight", low=0.02, high=0.6, step=0.02, verdict=True),
        SearchRange(path="confidence.alignment_weight", low=0.02, high=0.6, step=0.02, verdict=True),
        SearchRange(path="confidence.market_weight", low=0.02, high=0.6, step=0.02, verdict=True),
        SearchRange(path="confidence.structural_weight", low=0.02, high=0.6, step=0.02, verdict=True),
        SearchRange(path="regime.min_confidence", low=30.0, high=80.0, step=1.0, verdict=True),
        SearchRange(path="structural.min_ai_score", low=4.0, high=9.0, step=0.1, verdict=True),
        SearchRange(path="market.max_spread_bps", low=4.0, high=25.0, step=0.5, verdict=True),
        SearchRange(path="market.max_atr_pct", low=1.0, high=6.0, step=0.1, verdict=True),
        SearchRange(path="market.min_depth", low=10.0, high=70.0, step=1.0, verdict=True),
        SearchRange(path="exits.scale_out_fraction", low=0.0, high=1.0, step=0.05),
        SearchRange(path="exits.theta_decay_pct", low=20.0, high=100.0, step=5.0),
        SearchRange(path="exits.minutes_before_close", low=0.0, high=60.0, step=5.0),
        SearchRange(path="exits.weekly_sessions", low=1, high=5, step=1),
        SearchRange(path="exits.monthly_sessions", low=1, high=15, step=1),
        SearchRange(path="context.level_passed_fraction", low=0.1, high=0.9, step=0.05),
        SearchRange(path="context.redecide_seconds", low=30.0, high=300.0, step=30.0),
        SearchRange(path="contract.otm_offset", low=0.0, high=0.02, step=0.001),
    )
}
"""Every rule that can be searched."""

GATES_ONLY = ("confidence.execute_at", "structural.min_ai_score", "market.max_spread_bps", "market.max_atr_pct",
              "market.min_depth", "regime.min_confidence")  # fmt: skip
"""The rules that are searched by default."""


def ranges(paths: Iterable[str]) -> tuple[SearchRange, ...]:
    """Return the ranges of some rules; raises ValueError naming a rule that cannot be searched."""
    wanted = tuple(paths)
    unknown = [path for path in wanted if path not in SPACE]
    if unknown:
        raise ValueError(f"rule: {', '.join(unknown)} is not searched over; known are {', '.join(SPACE)}")
    return tuple(SPACE[path] for path in wanted)


def candidate(base: Rules, values: Mapping[str, Number]) -> Rules:
    """Return the rules with some numbers replaced; raises RulesError for a number outside its bounds."""
    for path, value in values.items():
        base = with_rule(base, path, value)
    return base


def changes(base: Rules, values: Mapping[str, Number]) -> dict[str, tuple[Number, Number]]:
    """Return old and new value by path of the values that differ from the rules."""
    old = {path: rule_value(base, path) for path in values}
    return {path: (old[path], value) for path, value in values.items() if value != old[path]}


# --- the trades of a set of rules -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeResults:
    """Results of the trades of a set of rules, shape (n,).

    ``day`` is the exchange day since 1970, ``value`` in R or $.
    """

    day: Ints
    value: Floats

    def __len__(self) -> int:
        return len(self.value)

    def on(self, days: Ints) -> Floats:
        """Return the values of the trades of some days."""
        return self.value[np.isin(self.day, days)]

    def by_session(self, days: Ints) -> Floats:
        """Return the sum of each day, 0 for days without trades; ``days`` ascending."""
        sums = np.zeros(len(days))
        places = np.searchsorted(days, self.day)
        inside = (places < len(days)) & (days[np.minimum(places, len(days) - 1)] == self.day)
        np.add.at(sums, places[inside], self.value[inside])
        return sums


def trade_results(columns: DecisionColumns, outcomes: Outcomes, value: Floats, rules: Rules) -> TradeResults:
    """Return the trades that rules would have made: each signal's first EXECUTE, with limits applied again.

    ``value`` (n,) is the result of each decision, NaN where no outcome is known: those trades are left out.
    """
    verdicts = decide_many(columns, rules)
    rows = np.flatnonzero((verdicts.action == EXECUTE) & ~outcomes.blocked)
    _, first = np.unique(outcomes.signal[rows], return_index=True)
    rows = rows[np.sort(first)]
    few = outcomes.take(rows)
    chosen = rows[allowed(few, np.ones(len(rows), dtype=np.bool_), rules)]
    chosen = chosen[~np.isnan(value[chosen])]
    return TradeResults(day=outcomes.day[chosen], value=value[chosen])
