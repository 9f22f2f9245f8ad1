"""Folds, penalties and the verdict on a search, with numbers that can be added by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.learning.rule_paths import bounds, rule_value, with_rule
from core.learning.search import GATES_ONLY, SPACE, TradeResults, candidate, changes, ranges
from core.learning.walk_forward import TrialScore, judge, penalised_mean, score, walk_forward
from core.rules import DEFAULT


@given(sessions=st.integers(2, 300), folds=st.integers(1, 12), embargo=st.integers(0, 20))
def test_no_session_is_both_chosen_on_and_tried_on_and_the_embargo_lies_between(
    sessions: int, folds: int, embargo: int
) -> None:
    days = np.arange(sessions) * 3 + 7
    try:
        made = walk_forward(days, folds, embargo)
    except ValueError:
        return
    assert len(made) == folds
    for fold in made:
        gap = (days > fold.train[-1]) & (days < fold.test[0])
        assert int(gap.sum()) == embargo
    tried = np.concatenate([fold.test for fold in made])
    assert len(np.unique(tried)) == len(tried) and tried[-1] == days[-1]
    assert all(len(a.train) <= len(b.train) for a, b in pairwise(made))


def test_ten_sessions_in_four_folds_with_one_between() -> None:
    made = walk_forward(np.arange(10), 4, 1)
    assert [(fold.train.tolist(), fold.test.tolist()) for fold in made] == [
        ([0], [2, 3]),
        ([0, 1, 2], [4, 5]),
        ([0, 1, 2, 3, 4], [6, 7]),
        ([0, 1, 2, 3, 4, 5, 6], [8, 9]),
    ]


def test_too_few_sessions_are_said() -> None:
    with pytest.raises(ValueError, match="3 sessions are too few"):
        walk_forward(np.arange(3), 4, 5)


WORTH = {
    "enough trades: their mean": ([1.0, 2.0], 2, 1.0, 1.5),
    "half of them: half the penalty": ([1.0], 2, 1.0, 0.5),
    "none: the whole penalty": ([], 10, 1.0, -1.0),
    "more than enough earn nothing more": ([1.0] * 9, 3, 1.0, 1.0),
    "nothing asked": ([-2.0], 0, 5.0, -2.0),
}


@pytest.mark.parametrize(("values", "least", "penalty", "expected"), WORTH.values(), ids=WORTH.keys())
def test_worth(values: list[float], least: int, penalty: float, expected: float) -> None:
    assert penalised_mean(np.array(values), least, penalty) == pytest.approx(expected)


def test_one_lucky_trade_never_beats_many_good_ones() -> None:
    assert penalised_mean(np.array([1.1]), 30, 1.0) < penalised_mean(np.full(30, 0.3), 30, 1.0)


def test_sums_by_session_keep_the_days_without_a_trade() -> None:
    made = TradeResults(day=np.array([2, 2, 5]), value=np.array([1.0, -0.5, 3.0]))
    assert made.by_session(np.array([1, 2, 4, 5])).tolist() == [0.0, 0.5, 0.0, 3.0]


def test_the_walk_takes_the_best_of_the_past_and_tells_what_came_after() -> None:
    def trial(train: tuple[float, ...], test: tuple[float, ...]) -> TrialScore:
        return TrialScore(
            value=sum(train) / 2, trades=9, mean=0.1, train=train, test=test, test_trades=(4, 5), sharpe=0.1
        )

    trials = {
        0: trial((0.1, 0.1), (0.1, 0.2)),
        1: trial((0.9, 0.0), (-1.0, 0.0)),
        2: trial((0.2, 0.8), (0, 0.5)),
    }
    made = TradeResults(day=np.array([1, 2, 3]), value=np.array([1.0, 0.5, -0.2]))
    found = judge(trials, trials[0], made, np.arange(1, 5))
    assert found.winner == 2 and found.trials == 3
    assert [(step.trial, step.test) for step in found.walk] == [(1, -1.0), (2, 0.5)]
    assert found.walked == pytest.approx(-0.25) and found.in_force == pytest.approx(0.15)


def test_the_objective_looks_at_no_day_that_a_fold_is_tried_on() -> None:
    days = np.arange(12)
    folds = walk_forward(days, 1, 2)
    early = TradeResults(day=np.array([0, 1, 2]), value=np.array([1.0, 1.0, 1.0]))
    late = TradeResults(day=np.array([0, 1, 2, 11]), value=np.array([1.0, 1.0, 1.0, -50.0]))
    assert score(early, folds, days, 0, 1.0).value == score(late, folds, days, 0, 1.0).value == 1.0


@pytest.mark.parametrize("path", SPACE)
def test_every_range_names_a_rule_that_takes_both_of_its_ends(path: str) -> None:
    one = SPACE[path]
    low, high = bounds(DEFAULT, path)
    assert one.low < one.high and (low is None or one.low >= low) and (high is None or one.high <= high)
    assert type(one.low) is type(rule_value(DEFAULT, path))
    for end in (one.low, one.high):
        assert rule_value(with_rule(DEFAULT, path, end), path) == end


def test_a_rule_that_is_not_searched_is_named() -> None:
    assert [one.path for one in ranges(GATES_ONLY)] == list(GATES_ONLY)
    with pytest.raises(ValueError, match=r"account\.size is not searched over"):
        ranges(["account.size"])


def test_a_candidate_moves_what_it_names_and_nothing_else() -> None:
    values = {"market.max_spread_bps": 9.0, "confidence.execute_at": 70.0}
    assert changes(DEFAULT, values) == {"market.max_spread_bps": (12.0, 9.0)}
    made = candidate(DEFAULT, values)
    assert made.market.max_spread_bps == 9.0
    assert candidate(made, {"market.max_spread_bps": 12.0}) == DEFAULT
