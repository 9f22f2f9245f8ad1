"""Challenger against champion by session: the interval, the sessions still needed, and that looks do no harm."""

from __future__ import annotations

import numpy as np
import pytest

from core.learning.looks import deviations_needed, look_at, sessions_needed
from core.learning.paired_sessions import LEAST_SESSIONS, course, paired_sessions
from core.rules import Rules

RULES = Rules()
HORIZON = RULES.learning.horizon_sessions


# differences | sessions still needed | part of why there is no interval, and of why no estimate
CASES = [
    ([], None, "session 10, 10 more", "session 10, 10 more"),
    ([5.0] * 9, None, "session 10, 1 more", "session 10, 1 more"),
    ([0.0] * 30, None, "no session differed", "no session differed"),
    ([5.0] * 30, None, "every session differed by the same amount", "by the same amount"),
    ([10.0, -10.0] * 10, None, "", f"more than the {HORIZON} sessions"),
    ([40.0, -20.0] * 10, 70, "", ""),
    ([100.0, 90.0] * 10, 0, "", ""),
]


@pytest.mark.parametrize(("differences", "more", "no_interval", "no_estimate"), CASES)
def test_what_some_sessions_show(
    differences: list[float], more: int | None, no_interval: str, no_estimate: str
) -> None:
    found = paired_sessions(differences, RULES)
    assert (found.sessions, found.more) == (len(differences), more)
    assert no_interval in found.no_interval and no_estimate in found.no_estimate
    assert (found.low is None) is (found.no_interval != "")
    assert (found.more is None) is (found.no_estimate != "")
    assert found.decided is (more == 0)


@pytest.mark.parametrize("sessions", [10, 40, 120, 200])
def test_the_interval_excludes_zero_where_the_looks_at_advice_would(sessions: int) -> None:
    """A mean at the edge of the interval has the p-value at which advice would be given at that look."""
    from scipy.special import ndtr

    p = 2 * float(ndtr(-deviations_needed(sessions, RULES) * sessions**0.5))
    look = look_at(sessions, RULES)
    assert look.limit in (0.0, pytest.approx(p, rel=1e-9))
    if sessions == HORIZON:
        assert p == pytest.approx(RULES.learning.fdr / 2)


@pytest.mark.parametrize("deviations", [0.16, 0.3, 1.0, 5.0])
def test_the_sessions_needed_are_the_first_that_leave_the_boundary(deviations: float) -> None:
    needed = sessions_needed(deviations, RULES)
    assert needed is not None
    assert deviations > deviations_needed(needed, RULES)
    assert needed == 1 or deviations <= deviations_needed(needed - 1, RULES) + 1e-12


def test_the_course_says_what_was_known_after_each_session() -> None:
    differences = [40.0, -20.0] * 8
    found = course(differences, RULES)
    assert [each.sessions for each in found] == list(range(1, 17))
    assert found[LEAST_SESSIONS - 1] == paired_sessions(differences[:LEAST_SESSIONS], RULES)
    assert found[-1] == paired_sessions(differences, RULES)


def test_looking_every_session_finds_a_difference_that_is_none_as_rarely_as_stated() -> None:
    """4,000 years of 200 sessions without a difference, some of them without a trade, looked at every evening."""
    draw = np.random.default_rng(11)
    made = draw.standard_t(4, size=(4_000, HORIZON)) * (draw.random((4_000, HORIZON)) < 0.6)
    n = np.arange(1, HORIZON + 1)
    means = np.cumsum(made, axis=1) / n
    spread = np.sqrt((np.cumsum(made**2, axis=1) - n * means**2) / np.maximum(n - 1, 1))
    bounds = np.array([deviations_needed(int(each), RULES) for each in n])
    outside = (np.abs(means) > bounds * spread)[:, LEAST_SESSIONS - 1 :].any(axis=1)
    assert outside.mean() <= RULES.learning.fdr + 0.01
