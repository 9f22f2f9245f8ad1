"""Views of a challenger beside the champion: both sides, session by session, and what their difference shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from core.challenge import EndedChallenge, PairedSessions

START_SUGGESTION = "challenge_suggestion"
"""Command of a deck that starts a suggestion as the challenger; ``argument`` is its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeSide:
    """One side since the start: closed trades, their net and its execution band in dollars, and trades still open.

    ``best`` and ``worst`` are the net with every fill at the mid, and at the far side with slippage; ``None`` where
    that is not known. ``stale`` of the trades were sold at a price that was not fresh. ``mode`` is the side's own.
    """

    name: str
    fingerprint: str
    trades: int
    net: float
    best: float | None
    worst: float | None
    stale: int
    open: int
    mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeSession:
    """One session: the trades that each side closed in it and their net in dollars, and what was known after it.

    Of a session that is not over nothing is known yet: ``known`` is ``None``.
    """

    day: date
    champion_trades: int
    champion_net: float
    challenger_trades: int
    challenger_net: float
    difference: float
    known: PairedSessions | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningChallenge:
    """A challenger that runs: since when, by whom, and which rules differ (``changes``).

    ``sessions`` are newest first. ``result`` is of the sessions that are over. ``unasked`` trades of the challenger
    alone would have waited for a person; they were not made.
    """

    id: str
    since: datetime
    author: str
    changes: tuple[str, ...]
    champion: ChallengeSide
    challenger: ChallengeSide
    result: PairedSessions
    sessions: tuple[ChallengeSession, ...] = ()
    unasked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeView:
    """The challenger that runs, if one does, and those that are over, newest first."""

    at: datetime
    running: RunningChallenge | None
    ended: tuple[EndedChallenge, ...] = ()
