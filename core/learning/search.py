"""Searching rules on the past: what may be moved, how far, what a set of rules is worth, and on which days.

Nothing here applies anything: the best of a search is a suggestion like any other, for a person to take.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.decision.columns import DecisionColumns
from core.decision.many import EXECUTE, decide_many
from core.learning.deflated import Deflated, deflated_sharpe, sharpe
from core.learning.limits import allowed
from core.learning.paths import Number, rule_value, with_rule
from core.learning.whatif import Outcomes
from core.rules import Rules

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """One rule that a search may move: from ``low`` to ``high`` in steps of ``step``, in the rule's own unit.

    ``verdict`` when it acts on gates and confidence alone, so that stored decisions can be decided again;
    any other rule needs the journal to be replayed.
    """

    path: str
    low: Number
    high: Number
    step: Number
    verdict: bool = False


SPACE: Mapping[str, Range] = {
    found.path: found
    for found in (
        Range(path="confidence.execute_at", low=55.0, high=90.0, step=0.5, verdict=True),
        Range(path="confidence.wait_at", low=40.0, high=70.0, step=0.5, verdict=True),
        Range(path="confidence.regime_weight", low=0.0, high=0.6, step=0.02, verdict=True),
        Range(path="confidence.expert_weight", low=0.0, high=0.6, step=0.02, verdict=True),
        Range(path="confidence.alignment_weight", low=0.0, high=0.6, step=0.02, verdict=True),
        Range(path="confidence.market_weight", low=0.0, high=0.6, step=0.02, verdict=True),
        Range(path="confidence.structural_weight", low=0.0, high=0.6, step=0.02, verdict=True),
        Range(path="regime.min_confidence", low=30.0, high=80.0, step=1.0, verdict=True),
        Range(path="structural.min_ai_score", low=4.0, high=9.0, step=0.1, verdict=True),
        Range(path="market.max_spread_bps", low=4.0, high=25.0, step=0.5, verdict=True),
        Range(path="market.max_atr_pct", low=1.0, high=6.0, step=0.1, verdict=True),
        Range(path="market.min_depth", low=10.0, high=70.0, step=1.0, verdict=True),
        Range(path="exits.scale_out_fraction", low=0.0, high=1.0, step=0.05),
        Range(path="exits.theta_decay_pct", low=20.0, high=100.0, step=5.0),
        Range(path="exits.minutes_before_close", low=0.0, high=60.0, step=5.0),
        Range(path="exits.weekly_sessions", low=1, high=5, step=1),
        Range(path="exits.monthly_sessions", low=1, high=15, step=1),
        Range(path="context.level_passed_fraction", low=0.1, high=0.9, step=0.05),
        Range(path="context.redecide_seconds", low=30.0, high=300.0, step=30.0),
        Range(path="contract.otm_offset", low=0.0, high=0.02, step=0.001),
    )
}
"""Every rule that can be searched over."""

GATES_ONLY = ("confidence.execute_at", "structural.min_ai_score", "market.max_spread_bps", "market.max_atr_pct",
              "market.min_depth", "regime.min_confidence")  # fmt: skip
"""What is searched over when nothing else is said."""


def ranges(paths: Iterable[str]) -> tuple[Range, ...]:
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
class Traded:
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


def traded(columns: DecisionColumns, outcomes: Outcomes, value: Floats, rules: Rules) -> Traded:
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
    return Traded(day=outcomes.day[made], value=value[made])


def worth(values: Floats, least: int, penalty: float) -> float:
    """The mean of some trades, less ``penalty`` times the share by which they are fewer than ``least``.

    In the unit of the values; with no trades at all it is -penalty. More than ``least`` trades earn nothing.
    """
    missing = max(0.0, 1 - len(values) / least) if least > 0 else 0.0
    return (float(values.mean()) if len(values) else 0.0) - penalty * missing


# --- walk forward --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """Days to choose on and the later days to try the choice on; between them the embargo."""

    train: Ints
    test: Ints


def walk_forward(days: Ints, folds: int, embargo: int) -> tuple[Fold, ...]:
    """Growing pasts, each with the stretch that follows it after ``embargo`` sessions.

    ``days`` ascending and distinct. The sessions are cut into ``folds`` + 1 even stretches; fold k is chosen
    on the first k, less the embargo at their end (a trade begun there may still be open), and tried on the
    next. Raises ValueError when that leaves a fold without a session to choose on.
    """
    if folds < 1 or embargo < 0:
        raise ValueError(f"{folds} folds with an embargo of {embargo} sessions cannot be walked")
    cuts = [round(len(days) * k / (folds + 1)) for k in range(folds + 2)]
    made = tuple(
        Fold(train=days[: max(0, start - embargo)], test=days[start:end])
        for start, end in zip(cuts[1:-1], cuts[2:], strict=True)
    )
    if any(not len(fold.train) or not len(fold.test) for fold in made):
        raise ValueError(
            f"{len(days)} sessions are too few for {folds} folds with an embargo of {embargo}: fewer of either"
        )
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One trial: ``value`` is what the search maximises, the mean of its worth on the folds' pasts."""

    value: float
    trades: int
    mean: float | None
    train: tuple[float, ...]
    test: tuple[float, ...]
    test_trades: tuple[int, ...]
    sharpe: float | None


def score(made: Traded, folds: tuple[Fold, ...], days: Ints, least: int, penalty: float) -> Scored:
    """What the trades of one set of rules are worth.

    ``least`` trades are asked of the whole of ``days``, of a stretch as many as its share of them.
    """

    def at(some: Ints) -> float:
        return worth(made.on(some), math.ceil(least * len(some) / len(days)), penalty)

    train, test = tuple(at(fold.train) for fold in folds), tuple(at(fold.test) for fold in folds)
    return Scored(
        value=sum(train) / len(train),
        trades=len(made),
        mean=float(made.value.mean()) if len(made) else None,
        train=train,
        test=test,
        test_trades=tuple(len(made.on(fold.test)) for fold in folds),
        sharpe=sharpe(made.by_session(days)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """One step of the walk: the trial that was best on the fold's past, and what it was worth after."""

    trial: int
    train: float
    test: float
    test_trades: int
    in_force: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a search found, with what speaks against it.

    ``walk`` is what choosing by the past alone would have brought, fold by fold; ``walked`` its mean over the
    folds, ``in_force`` that of the present rules on the same days.
    """

    winner: int
    trials: int
    walk: tuple[Walked, ...]
    walked: float
    in_force: float
    deflated: Deflated


def judge(trials: Mapping[int, Scored], now: Scored, winner: Traded, days: Ints) -> Verdict:
    """Weigh the best of all trials (by number); ``winner`` are its trades. Raises ValueError without a trial."""
    if not trials:
        raise ValueError("no trial was finished")
    best = best_of(trials)
    walk = []
    for fold in range(len(now.train)):
        chosen = max(trials, key=lambda number: (trials[number].train[fold], -number))
        found = trials[chosen]
        walk.append(
            Walked(
                trial=chosen,
                train=found.train[fold],
                test=found.test[fold],
                test_trades=found.test_trades[fold],
                in_force=now.test[fold],
            )
        )
    ratios = np.array([math.nan if s.sharpe is None else s.sharpe for s in trials.values()])
    return Verdict(
        winner=best,
        trials=len(trials),
        walk=tuple(walk),
        walked=sum(step.test for step in walk) / len(walk),
        in_force=sum(step.in_force for step in walk) / len(walk),
        deflated=deflated_sharpe(winner.by_session(days), ratios),
    )


def best_of(trials: Mapping[int, Scored]) -> int:
    """The number of the trial with the largest value, the earliest of equals."""
    return max(trials, key=lambda number: (trials[number].value, -number))
