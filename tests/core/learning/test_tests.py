"""Statistical tests: p values by session, two measures at once, and what their number takes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from core.learning.false_discovery import family_wise, joint_p, one_sided_p, t_p


def test_a_p_is_counted_for_all_tests_made() -> None:
    p = np.array([0.001, 0.2, 0.004])
    np.testing.assert_allclose(family_wise(p, np.ones(3)), [0.003, 0.6, 0.012])
    np.testing.assert_allclose(family_wise(p, np.array([2.0, 1.0, 1.0])), [0.002, 0.8, 0.016])
    assert len(family_wise(np.empty(0), np.empty(0))) == 0


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.1, 10)), min_size=1, max_size=40))
def test_p_counted_for_all_tests_is_a_chance_and_more_weight_costs_less(
    rows: list[tuple[float, float]],
) -> None:
    p, weights = (np.array(column) for column in zip(*rows, strict=True))
    counted = family_wise(p, weights)
    assert ((counted >= 0) & (counted <= 1)).all()
    heavier = weights.copy()
    heavier[0] *= 2
    # Below the least number of full precision, rounding is by whole steps.
    assert family_wise(p, heavier)[0] <= counted[0] * (1 + 1e-12) + np.finfo(float).tiny


def test_the_score_is_students_t() -> None:
    scores = np.array([0.5, 1.5, -0.2, 0.9, 1.1, 0.4])
    assert t_p(scores) == pytest.approx(ttest_1samp(scores, 0).pvalue, rel=1e-12)
    assert t_p(-scores) == t_p(scores)


def session_scores(inside: np.ndarray, values: np.ndarray, session: np.ndarray, sessions: int) -> np.ndarray:
    """Per session the sum of bucket less its mean times value less its mean."""
    weights = (inside - inside.mean()) * (values - values.mean())
    return np.bincount(session, weights=weights, minlength=sessions)


@pytest.mark.parametrize("scores", [[], [1.0], [0.0, 0.0], [1.0, -1.0]])
def test_what_cannot_tell_has_p_one(scores: list[float]) -> None:
    assert t_p(np.array(scores)) == pytest.approx(1.0)


def test_sessions_that_resemble_their_neighbours_are_less_evidence() -> None:
    rng = np.random.default_rng(6)
    alone = rng.normal(0.25, 1, 200)
    held = np.repeat(rng.normal(0.25, 1, 40), 5)
    assert t_p(held, 5) > 5 * t_p(held)
    assert t_p(alone) <= t_p(alone, 5) < 5 * t_p(alone)
    assert t_p(alone, 5, 0.1) > t_p(alone, 5)


def test_one_sided_p_is_half_of_the_right_side() -> None:
    scores = np.array([0.5, 1.5, -0.2, 0.9, 1.1, 0.4])
    assert one_sided_p(scores) == pytest.approx(t_p(scores) / 2)
    assert one_sided_p(-scores) == pytest.approx(1 - t_p(scores) / 2)


def rejected(share_by_day: bool, runs: int = 2_000) -> float:
    """How often the 5 % test rejects: forty days of ten signals, the day moves the outcome, the bucket does not."""
    rng = np.random.default_rng(3)
    session = np.repeat(np.arange(40), 10)
    found = 0
    for _ in range(runs):
        values = rng.normal(0, 1, 40)[session] + rng.normal(0, 0.5, 400)
        inside = (rng.random(40) < 0.3)[session] if share_by_day else rng.random(400) < 0.3
        found += t_p(session_scores(inside, values, session, 40)) <= 0.05
    return found / runs


@pytest.mark.parametrize("share_by_day", [False, True])
def test_a_shared_day_does_not_look_like_evidence(share_by_day: bool) -> None:
    assert 0.03 <= rejected(share_by_day) <= 0.065


def test_a_bucket_of_three_days_cannot_look_significant() -> None:
    session = np.repeat(np.arange(60), 10)
    values = np.random.default_rng(4).normal(0, 1, 600)
    inside = session < 3
    values[inside] += 5
    assert t_p(session_scores(inside, values, session, 60)) > 0.01


def test_two_measures_cost_what_they_do_not_share() -> None:
    rng = np.random.default_rng(5)
    one = rng.normal(0.35, 1, 100)
    same, other = joint_p((one, 2 * one)), joint_p((one, rng.permutation(rng.normal(0, 1, 100))))
    assert same == pytest.approx(t_p(one), rel=0.05)
    assert other == pytest.approx(2 * t_p(one), rel=0.1)
    assert joint_p((np.zeros(9), np.zeros(9))) == 1.0


@given(st.floats(0, 3), st.integers(0, 1_000))
def test_joint_p_lies_between_the_least_p_and_twice_it(effect: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    one = rng.normal(effect, 1, 50)
    other = 0.7 * one + rng.normal(0, 1, 50)
    least = min(t_p(one), t_p(other))
    assert least <= joint_p((one, other)) <= min(1.0, 2 * least) + 1e-15


def test_a_bucket_that_missed_the_few_large_wins_is_no_evidence() -> None:
    # 40 sessions of 5 trades that lose 1 R but for one in twenty-five, which wins 24 R. A bucket of 40 trades
    # without such a win has a low mean and no variance of its own.
    rng = np.random.default_rng(4)
    session = np.repeat(np.arange(40), 5)
    own, with_all = [], []
    for _ in range(500):
        values = np.where(rng.random(200) < 0.04, 24.0, -1.0)
        inside = np.zeros(200)
        inside[rng.choice(200, 40, replace=False)] = 1.0
        bucket, left = inside - inside.mean(), values - values.mean()
        scores = np.bincount(session, weights=bucket * left, minlength=40)
        own.append(t_p(scores) < 0.005)
        with_all.append(t_p(scores, pooled=float(bucket @ bucket) * float(left @ left) / 200) < 0.005)
    assert np.mean(own) > 0.02
    assert np.mean(with_all) <= 0.005
