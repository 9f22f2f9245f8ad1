"""Searching rules on the past: what may be moved, how far, what a set of rules is worth, and on which days.

Nothing here applies anything: the best of a search is a suggestion like any other, for a person to take.
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
    """One rule that a search may move: from ``low`` to ``high`` in steps of ``step``, in the rule's own unit.

    ``verdict`` when it acts on gates and confidence alone, so that stored decisions can be decided again;
    any other rule needs the journal to be replayed.
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
"""Every rule that can be searched over."""

GATES_ONLY = ("confidence.execute_at", "structural.min_ai_score", "market.max_spread_bps", "market.max_atr_pct",
              "market.min_depth", "regime.min_confidence")  # fmt: skip
"""What is searched over when nothing else is said."""


def ranges(paths: Iterable[str]) -> tuple[SearchRange, ...]:
    """The ranges of some rules; raises ValueError naming one that is not searched over."""
    wanted = tuple(paths)
    unknown = [path for path in wanted if path not in SPACE]
    if unknown:
        raise ValueError(f"rule: {', '.join(unknown)} is not searched over; known are {', '.join(SPACE)}")
    return tuple(SPACE[path] for path in wanted)


def candidate(base: Rules, values: Mapping[str, Number]) -> Rules:
    """The rules with some numbers replaced; raises RulesError for one that is out of its bounds."""
    for path, value in values.items():
        base = with_rule(base, path, value)
    return base


def changes(base: Rules, values: Mapping[str, Number]) -> dict[str, tuple[Number, Number]]:
    """What a set of values moves: old and new by path, those left as they are not among them."""
    old = {path: rule_value(base, path) for path in values}
    return {path: (old[path], value) for path, value in values.items() if value != old[path]}


# --- what a set of rules makes -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeResults:
    """The trades a set of rules makes: exchange ``day`` (since 1970) and ``value`` (R or $), shape (n,)."""

    day: Ints
    value: Floats

    def __len__(self) -> int:
        return len(self.value)

    def on(self, days: Ints) -> Floats:
        """The values of the trades of some days."""
        return self.value[np.isin(self.day, days)]

    def by_session(self, days: Ints) -> Floats:
        """The sum of each day, 0 where nothing was traded; ``days`` ascending."""
        sums = np.zeros(len(days))
        places = np.searchsorted(days, self.day)
        inside = (places < len(days)) & (days[np.minimum(places, len(days) - 1)] == self.day)
        np.add.at(sums, places[inside], self.value[inside])
        return sums


def trade_results(columns: DecisionColumns, outcomes: Outcomes, value: Floats, rules: Rules) -> TradeResults:
    """What rules would have traded of the stored decisions: each signal's first EXECUTE, limits applied anew.

    ``value`` (n,) is what each decision made, NaN where no outcome is known: those trades are left out.
    """
    verdicts = decide_many(columns, rules)
    rows = np.flatnonzero((verdicts.action == EXECUTE) & ~outcomes.blocked)
    _, first = np.unique(outcomes.signal[rows], return_index=True)
    rows = rows[np.sort(first)]
    few = outcomes.take(rows)
    made = rows[allowed(few, np.ones(len(rows), dtype=np.bool_), rules)]
    made = made[~np.isnan(value[made])]
    return TradeResults(day=outcomes.day[made], value=value[made])
