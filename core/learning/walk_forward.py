"""Walk-forward evaluation of a search: choose on the past, test on the days after it, count the trials.

A candidate picked as the best of many looks better than it is. So the choice is repeated on each past and
tested on the days that follow, and the winner's Sharpe ratio is deflated by the number of trials.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from core.learning.deflated_sharpe import DeflatedSharpe, deflated_sharpe, sharpe
from core.learning.outcomes import Floats, Ints
from core.learning.search import TradeResults


def penalised_mean(values: Floats, least: int, penalty: float) -> float:
    """Return the mean of some trades, less ``penalty`` times the share of trades missing to ``least``.

    In the unit of the values; without trades it is -penalty. More than ``least`` trades add nothing.
    """
    missing = max(0.0, 1 - len(values) / least) if least > 0 else 0.0
    return (float(values.mean()) if len(values) else 0.0) - penalty * missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """Days to choose on and the later days to test the choice on; the embargo lies between them."""

    train: Ints
    test: Ints


def walk_forward(days: Ints, folds: int, embargo: int) -> tuple[Fold, ...]:
    """Return growing pasts, each with the stretch of days that follows it after ``embargo`` sessions.

    ``days`` ascending and distinct. The sessions are cut into ``folds`` + 1 even stretches; fold k chooses on
    the first k, without the embargo at their end (a trade opened there may still be open), and tests on the
    next. Raises ValueError when a fold has no session to choose on.
    """
    if folds < 1 or embargo < 0:
        raise ValueError(f"{folds} folds with an embargo of {embargo} sessions are not possible")
    cuts = [round(len(days) * k / (folds + 1)) for k in range(folds + 2)]
    found = tuple(
        Fold(train=days[: max(0, start - embargo)], test=days[start:end]) for start, end in pairwise(cuts[1:])
    )
    if any(not len(fold.train) or not len(fold.test) for fold in found):
        raise ValueError(
            f"{len(days)} sessions are too few for {folds} folds with an embargo of {embargo}: fewer of either"
        )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialScore:
    """Score of one trial: ``value`` is the search maximises it, the average over the folds' pasts."""

    value: float
    trades: int
    mean: float | None
    train: tuple[float, ...]
    test: tuple[float, ...]
    test_trades: tuple[int, ...]
    sharpe: float | None


def score(
    results: TradeResults, folds: tuple[Fold, ...], days: Ints, least: int, penalty: float
) -> TrialScore:
    """Return the score of the trades of one set of rules.

    ``least`` trades are required over all ``days``, and in a stretch of days its share of them.
    """

    def at(some: Ints) -> float:
        return penalised_mean(results.on(some), math.ceil(least * len(some) / len(days)), penalty)

    train, test = tuple(at(fold.train) for fold in folds), tuple(at(fold.test) for fold in folds)
    return TrialScore(
        value=sum(train) / len(train),
        trades=len(results),
        mean=float(results.value.mean()) if len(results) else None,
        train=train,
        test=test,
        test_trades=tuple(len(results.on(fold.test)) for fold in folds),
        sharpe=sharpe(results.by_session(days)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkForwardStep:
    """One fold: the trial that was best on the fold's past, and its result on the days after."""

    trial: int
    train: float
    test: float
    test_trades: int
    in_force: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Result of a search, with its walk-forward test and deflated Sharpe ratio.

    ``walk`` is, fold by fold, the result of choosing by the past alone; ``walked`` is its mean over the
    folds, ``in_force`` that of the present rules on the same days.
    """

    winner: int
    trials: int
    walk: tuple[WalkForwardStep, ...]
    walked: float
    in_force: float
    deflated: DeflatedSharpe


def judge(trials: Mapping[int, TrialScore], now: TrialScore, winner: TradeResults, days: Ints) -> Verdict:
    """Return the verdict on the best of all trials (by number); ``winner`` are its trades.

    Raises ValueError without a trial.
    """
    if not trials:
        raise ValueError("no trial was finished")
    best = best_of(trials)
    walk = []
    for fold in range(len(now.train)):
        chosen = max(trials, key=lambda number: (trials[number].train[fold], -number))
        found = trials[chosen]
        walk.append(
            WalkForwardStep(
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


def best_of(trials: Mapping[int, TrialScore]) -> int:
    """Return the number of the trial with the largest value, the earliest of equals."""
    return max(trials, key=lambda number: (trials[number].value, -number))
