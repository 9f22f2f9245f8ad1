"""Champion and challenger: a second set of rules on the same inputs, and what both made, session by session.

The champion is the engine under the rules in force. The challenger is a second engine of the same code under other
rules, on paper. It starts from the champion's account, takes every input the champion takes, and touches nothing of
the champion's. Trades count that were opened after the start, on the exchange day on which they closed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from core.positions.pnl import pnl_band, pnl_breakdown
from core.positions.position import Position

START, ADOPT, RETIRE = "start_challenger", "adopt_challenger", "retire_challenger"
"""Names of the commands."""


@dataclass(slots=True)
class Made:
    """The trades that one side closed in one session: how many, and what they made net, in dollars.

    ``best`` and ``worst`` are the net with every fill at the mid, and at the far side with slippage; ``None`` when a
    trade has no such band. ``stale`` trades were sold at a price that was not fresh.
    """

    trades: int = 0
    net: float = 0.0
    best: float | None = 0.0
    worst: float | None = 0.0
    stale: int = 0

    def add(self, position: Position) -> None:
        """Count a closed position."""
        band = pnl_band(position)
        self.trades += 1
        self.net = round(self.net + pnl_breakdown(position).net, 2)
        self.best = None if band is None or self.best is None else round(self.best + band.best, 2)
        self.worst = None if band is None or self.worst is None else round(self.worst + band.worst, 2)
        self.stale += any(leg.is_left_out for leg in position.legs)


@dataclass(slots=True)
class SessionPair:
    """One session of the exchange with what both sides made in it."""

    day: date
    champion: Made = field(default_factory=Made)
    challenger: Made = field(default_factory=Made)

    @property
    def difference(self) -> float:
        """Net of the challenger less that of the champion, in dollars."""
        return round(self.challenger.net - self.champion.net, 2) + 0.0


@dataclass(slots=True)
class Challenge:
    """A challenger beside the champion; plain data, part of the engine's checkpoint.

    ``champion`` is the fingerprint of the rules in force at the start, ``held`` the ids of the positions then.
    ``sessions`` are those in which anything was heard, oldest first. ``unasked`` counts trades of the challenger
    alone that would have waited for a person: nobody was asked, and they were not made.
    """

    id: str
    at: datetime
    author: str
    name: str
    fingerprint: str
    toml: str
    champion: str
    champion_name: str
    held: list[str]
    sessions: list[SessionPair] = field(default_factory=list)
    unasked: int = 0

    def session(self, day: date) -> SessionPair:
        """Return the session of a day; it is begun where it is not the newest one."""
        if not self.sessions or self.sessions[-1].day != day:
            self.sessions.append(SessionPair(day))
        return self.sessions[-1]

    def counts(self, position: Position) -> bool:
        """Return whether a position is one of the rules, opened after the start.

        What both held at the start counts for neither, nor what a person took against the verdict.
        """
        return position.id not in self.held and position.taken_by is None


class ChallengeEnd(StrEnum):
    """End of a challenge.

    CHANGED: the rules in force were changed, so that it no longer compares what it began with. FAILED: the
    challenger's engine failed on an input.
    """

    ADOPTED = "ADOPTED"
    RETIRED = "RETIRED"
    CHANGED = "CHANGED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedChallenge:
    """A challenge that is over: how, by whom, and the sums of both sides over its sessions, net dollars."""

    id: str
    at: datetime
    ended_at: datetime
    end: ChallengeEnd
    author: str
    name: str
    fingerprint: str
    champion: str
    champion_name: str
    sessions: int
    champion_trades: int
    challenger_trades: int
    champion_net: float
    challenger_net: float
    why: str = ""


def ended(
    challenge: Challenge, at: datetime, end: ChallengeEnd, author: str, why: str = ""
) -> EndedChallenge:
    """Return a challenge as it is kept after its end."""
    champion, challenger = both(challenge.sessions)
    return EndedChallenge(
        id=challenge.id, at=challenge.at, ended_at=at, end=end, author=author, name=challenge.name,
        fingerprint=challenge.fingerprint, champion=challenge.champion, champion_name=challenge.champion_name,
        sessions=len(challenge.sessions), champion_trades=champion.trades, challenger_trades=challenger.trades,
        champion_net=champion.net, challenger_net=challenger.net, why=why,
    )  # fmt: skip


def both(sessions: Iterable[SessionPair]) -> tuple[Made, Made]:
    """Return what champion and challenger made over some sessions."""
    champion, challenger = Made(), Made()
    for session in sessions:
        for total, made in ((champion, session.champion), (challenger, session.challenger)):
            total.trades += made.trades
            total.net = round(total.net + made.net, 2)
            total.best = None if made.best is None or total.best is None else round(total.best + made.best, 2)
            total.worst = (
                None if made.worst is None or total.worst is None else round(total.worst + made.worst, 2)
            )
            total.stale += made.stale
    return champion, challenger


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedSessions:
    """The mean difference a session in dollars over ``sessions`` sessions, ``None`` without any.

    ``low`` and ``high`` are a confidence interval of ``level`` that holds at all looks together, ``None`` for the
    reason in ``no_interval``. ``more`` is about how many more sessions a difference like this one needs until the
    interval excludes 0, 0 when it does, ``None`` for the reason in ``no_estimate``.
    """

    sessions: int
    mean: float | None = None
    deviation: float | None = None
    low: float | None = None
    high: float | None = None
    level: float
    more: int | None = None
    no_interval: str = ""
    no_estimate: str = ""

    @property
    def decided(self) -> bool:
        """True when the interval excludes 0."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)
