"""The certainty that advice needs when the ledger is looked at again and again.

The chance of false advice is spent over the sessions: a look early in the horizon needs far more certainty
than the last one, so that the chance that any look of them all is false stays near the rate of the rules.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import ndtr, ndtri

from core.rules import Rules

SESSIONS_A_LOOK = 5
"""Looks are counted by weeks; looking more often costs nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The look at a ledger of so many sessions.

    ``number`` counts the weekly looks of this horizon (about a year), 0 before the first one. ``limit`` is
    the largest q that is advice now, ``last_limit`` the one at session ``horizon``.
    """

    sessions: int
    number: int
    limit: float
    last_limit: float
    horizon: int
    first: int

    @property
    def text(self) -> str:
        """Say which look it is and what it takes, as "look 7 of this year, limit .0002 now, …"."""
        if self.number == 0:
            plural = "" if self.sessions == 1 else "s"
            return f"{self.sessions} session{plural}, the first look is at session {self.first}"
        last = f"{short_rate(self.last_limit)} at session {self.horizon}"
        now = f"look {self.number} of this year, limit {short_rate(self.limit)} now"
        return f"{now}, {last}" if self.sessions < self.horizon else now


def look_at(sessions: int, rules: Rules) -> Look:
    """Return the look at a ledger of so many sessions.

    The limit is 2(1 − Φ(z/√t)) with t the share of the horizon that has passed and z the 1 − fdr/4 point: a
    test statistic times √t is a Brownian motion that leaves ±z once in a horizon with probability fdr.
    Source: O'Brien and Fleming (1979), "A Multiple Testing Procedure for Clinical Trials"; for any look, Lan
    and DeMets (1983), "Discrete Sequential Boundaries for Clinical Trials". After the horizon the limit stays.
    """
    limits = rules.learning
    z = _bound(rules)
    share = min(1.0, sessions / limits.horizon_sessions)
    begun = sessions >= limits.first_look_session
    within = (sessions - 1) % limits.horizon_sessions + 1 if sessions > 0 else 0
    since = within - (limits.first_look_session if sessions <= limits.horizon_sessions else 0)
    return Look(
        sessions=sessions,
        number=1 + max(0, since) // SESSIONS_A_LOOK if begun else 0,
        limit=2 * float(ndtr(-z / math.sqrt(share))) if begun else 0.0,
        last_limit=2 * float(ndtr(-z)),
        horizon=limits.horizon_sessions,
        first=limits.first_look_session,
    )


def looks_of_year(rules: Rules) -> tuple[Look, ...]:
    """Return the first look of a year, every tenth one after it, and the last."""
    limits = rules.learning
    step = 10 * SESSIONS_A_LOOK
    sessions = sorted(
        {*range(limits.first_look_session, limits.horizon_sessions, step), limits.horizon_sessions}
    )
    return tuple(look_at(each, rules) for each in sessions)


def deviations_needed(sessions: int, rules: Rules) -> float:
    """Return how far a mean over so many sessions must be from 0, in standard deviations of one session.

    The same boundary in terms of the mean: its test statistic times √t leaves ±z. As half of a confidence interval
    around the mean it holds at every session up to the horizon at once, with probability 1 - fdr.
    """
    return _bound(rules) * math.sqrt(max(sessions, rules.learning.horizon_sessions)) / sessions


def sessions_needed(deviations: float, rules: Rules) -> int | None:
    """Return after how many sessions a mean so many standard deviations from 0 leaves the boundary.

    ``None`` when that is after the horizon over which the chance of a false answer is spent.
    """
    if deviations <= 0:
        return None
    needed = math.floor(_bound(rules) * math.sqrt(rules.learning.horizon_sessions) / deviations) + 1
    return needed if needed <= rules.learning.horizon_sessions else None


def _bound(rules: Rules) -> float:
    """Return z, which a Brownian motion leaves once in a horizon, on either side, with probability fdr."""
    return float(ndtri(1 - rules.learning.fdr / 4))


def short_rate(value: float) -> str:
    """Return a rate without the zero before the decimal point, to its first digit or to three places."""
    if value < 1e-6:
        return "under .000001"
    text = f"{value:.6f}" if value < 1e-5 else f"{value:.5f}" if value < 1e-4 else f"{value:.4f}"
    text = text if value < 0.001 else f"{value:.3f}"
    return text.rstrip("0").removeprefix("0")
