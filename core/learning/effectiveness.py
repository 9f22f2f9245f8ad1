"""Gate effectiveness: what each gate, and each combination of failed gates, saved and cost in $ and in R."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.decision.batch import GATES
from core.learning.columns import Flags, Observations
from core.learning.observations import Observation
from core.learning.session_statistics import difference, mean, rate, total, with_band
from core.performance.metric import Metric, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Result of a set of signals, executed or shadowed: money in $ at multiplier 1."""

    n: int
    executed: int
    win_rate: Metric
    average: Metric
    average_r: Metric
    net: Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class GateEffect:
    """One gate: the signals that passed and failed it, and what skipping the failed ones saved and cost.

    ``skipped_winners`` are false negatives, ``skipped_losers`` true negatives; signals of exactly 0 are
    neither. ``saved`` is what the losers would have lost, ``cost`` what the winners would have made, both
    positive; ``balance`` = saved − cost, with its execution band. ``alone`` is the balance of the signals that failed
    no other gate. ``edge_r`` is the mean R of the passed less that of the failed.
    """

    gate: str
    passed: Group
    failed: Group
    skipped_winners: int
    skipped_losers: int
    saved: Metric
    cost: Metric
    balance: Metric
    alone: Metric
    edge_r: Metric

    @property
    def text(self) -> str:
        """One line for a trader: "Market gate: 41 skipped, saved 1,820, cost 640"."""
        line = f"{self.gate.capitalize()} gate: {self.failed.n} skipped"
        if self.failed.n == 0:
            return line
        line += f", saved {self.saved.value or 0:,.0f}, cost {self.cost.value or 0:,.0f}"
        return line if self.balance.status is Status.OK else f"{line} (too few to judge)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """Signals that failed exactly these gates (none: passed all), and the balance of skipping them."""

    failed: tuple[str, ...]
    group: Group
    balance: Metric | None


def gate_effects(observations: Observations | Iterable[Observation]) -> tuple[GateEffect, ...]:
    """Return the effect of every gate in the order of GATES; intervals by session."""
    seen = _columns(observations)
    return tuple(_gate(seen, place, name) for place, name in enumerate(GATES))


def gate_combinations(observations: Observations | Iterable[Observation]) -> tuple[Combination, ...]:
    """Return every combination of failed gates that occurs: none first, then by the number of signals."""
    seen = _columns(observations)
    numbers = (~seen.passed) @ (1 << np.arange(len(GATES)))
    found = []
    for number in np.unique(numbers).tolist():
        chosen = numbers == number
        failed = tuple(name for place, name in enumerate(GATES) if number >> place & 1)
        group = group_of(seen, chosen)
        balance = total(-seen.net[chosen], seen.day[chosen], "$") if failed else None
        found.append(Combination(failed=failed, group=group, balance=balance))
    return tuple(sorted(found, key=lambda c: (bool(c.failed), -c.group.n, c.failed)))


def group_of(seen: Observations, chosen: Flags) -> Group:
    """Return the result of the chosen signals."""
    net, day, r = seen.net[chosen], seen.day[chosen], seen.r[chosen]
    return Group(
        n=len(net),
        executed=int(seen.executed[chosen].sum()),
        win_rate=rate(net > 0, day),
        average=mean(net, day, "$"),
        average_r=mean(r, day, "R"),
        net=with_band(total(net, day, "$"), None if seen.bands is None else seen.bands[chosen]),
    )


def _gate(seen: Observations, place: int, name: str) -> GateEffect:
    passed = seen.passed[:, place]
    failed = ~passed
    net, day = seen.net[failed], seen.day[failed]
    alone = failed & (seen.passed.sum(axis=1) == len(GATES) - 1)
    return GateEffect(
        gate=name,
        passed=group_of(seen, passed),
        failed=group_of(seen, failed),
        skipped_winners=int((net > 0).sum()),
        skipped_losers=int((net < 0).sum()),
        saved=total(np.maximum(-net, 0.0), day, "$"),
        cost=total(np.maximum(net, 0.0), day, "$"),
        balance=with_band(total(-net, day, "$"), None if seen.bands is None else -seen.bands[failed]),
        alone=total(-seen.net[alone], seen.day[alone], "$"),
        edge_r=difference(seen.r, seen.day, passed, failed, "R"),
    )


def _columns(observations: Observations | Iterable[Observation]) -> Observations:
    return observations if isinstance(observations, Observations) else Observations.from_rows(observations)
