"""Statistical tests: p values by session, two measures at once, the false-discovery rate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from core.learning.false_discovery import benjamini_hochberg, joint_p, session_scores, t_p

P = np.array([0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216])


def test_benjamini_and_hochberg_by_hand() -> None:
    # The ten p of a textbook table; q = min over the larger ones of p·10/rank.
    expected = [0.01, 0.04, 0.084, 0.084, 0.084, 0.1, 0.1057, 0.216, 0.216, 0.216]
    np.testing.assert_allclose(benjamini_hochberg(P), expected, atol=5e-5)
    shuffled = np.random.default_rng(1).permutation(10)
    np.testing.assert_allclose(benjamini_hochberg(P[shuffled]), np.array(expected)[shuffled], atol=5e-5)
    assert len(benjamini_hochberg(np.empty(0))) == 0


def test_weights_of_equal_size_change_nothing_and_more_weight_helps() -> None:
    np.testing.assert_allclose(benjamini_hochberg(P, np.full(10, 7.0)), benjamini_hochberg(P))
    weights = np.ones(10)
    weights[2] = 10
    assert benjamini_hochberg(P, weights)[2] < benjamini_hochberg(P)[2]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_q_is_at_least_p_and_keeps_its_order(values: list[float]) -> None:
    p = np.array(values)
    q = benjamini_hochberg(p)
    assert ((q >= p - 1e-15) & (q <= 1)).all()
    order = np.argsort(p, kind="stable")
    assert (np.diff(q[order]) >= 0).all()


def test_the_score_is_students_t() -> None:
    scores = np.array([0.5, 1.5, -0.2, 0.9, 1.1, 0.4])
    assert t_p(scores) == pytest.approx(ttest_1samp(scores, 0).pvalue, rel=1e-12)
    assert t_p(-scores) == t_p(scores)


@pytest.mark.parametrize("scores", [[], [1.0], [0.0, 0.0], [1.0, -1.0]])
def test_what_cannot_tell_has_p_one(scores: list[float]) -> None:
    assert t_p(np.array(scores)) == pytest.approx(1.0)


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


def test_values_that_are_not_known_count_for_nothing() -> None:
    session, inside = np.array([0, 0, 1, 1, 2]), np.array([True, False, True, False, True])
    values = np.array([1.0, 0.0, 2.0, 0.5, np.nan])
    scores = session_scores(inside, values, session, 3)
    np.testing.assert_allclose(scores[:2], session_scores(inside[:4], values[:4], session[:4], 2))
    assert scores[2] == 0
    assert session_scores(inside, np.full(5, np.nan), session, 3).tolist() == [0, 0, 0]


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
