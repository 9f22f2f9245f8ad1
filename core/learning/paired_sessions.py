"""Challenger against champion: the mean difference a session, with an interval that holds at any look.

Each session gives one difference in net dollars, challenger less champion. The sessions are the sample, whatever the
number of trades in them: the trades of one session share its market.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from core.challenge import PairedSessions
from core.learning.looks import deviations_needed, sessions_needed
from core.rules import Rules

LEAST_SESSIONS = 10
"""Sessions before an interval is given, as for the status OK of a metric."""


def paired_sessions(differences: Sequence[float], rules: Rules) -> PairedSessions:
    """Return what the differences of some sessions show, in net dollars, oldest first."""
    n, level = len(differences), 1 - rules.learning.fdr
    mean = statistics.fmean(differences) if n else None
    if mean is None or n < LEAST_SESSIONS:
        early = f"the first interval comes at session {LEAST_SESSIONS}, {LEAST_SESSIONS - n} more"
        deviation = statistics.stdev(differences) if n > 1 else None
        return PairedSessions(
            sessions=n, mean=mean, deviation=deviation, level=level, no_interval=early, no_estimate=early
        )
    deviation = statistics.stdev(differences)
    if deviation == 0:
        why = "every session differed by the same amount" if mean else "no session differed"
        return PairedSessions(
            sessions=n, mean=mean, deviation=0.0, level=level, no_interval=why, no_estimate=why
        )
    half = deviations_needed(n, rules) * deviation
    needed = n if abs(mean) > half else sessions_needed(abs(mean) / deviation, rules)
    horizon = rules.learning.horizon_sessions
    return PairedSessions(
        sessions=n, mean=mean, deviation=deviation, low=mean - half, high=mean + half, level=level,
        more=None if needed is None else max(0, needed - n),
        no_estimate="" if needed else f"a difference this small needs more than the {horizon} sessions of a horizon",
    )  # fmt: skip


def course(differences: Sequence[float], rules: Rules) -> tuple[PairedSessions, ...]:
    """Return what was known after each session."""
    return tuple(paired_sessions(differences[: n + 1], rules) for n in range(len(differences)))
