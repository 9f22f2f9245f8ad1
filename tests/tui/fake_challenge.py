"""A challenger that has run for some sessions, and one that is over."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np

from core.challenge import ChallengeEnd, EndedChallenge
from core.learning.paired_sessions import course, paired_sessions
from core.rules import DEFAULT
from server.deck import ChallengeSession, ChallengeSide, ChallengeView, RunningChallenge

IN_FORCE, OTHER = "9c1f0a52b7de", "41ab77c09e13"


def view(now: datetime, sessions: int) -> ChallengeView:
    """No challenger without sessions; else one whose newest session is not over."""
    if sessions == 0:
        return ChallengeView(at=now, running=None)
    draw = np.random.default_rng(3)
    made = [
        (round(40 * float(a), 2), round(40 * float(a) + 24 + 30 * float(b), 2))
        for a, b in draw.normal(size=(sessions, 2))
    ]
    differences = [round(theirs - own, 2) for own, theirs in made[:-1]]
    known = course(differences, DEFAULT)
    every = (date(2026, 11, 24) - timedelta(days=n) for n in range(2 * sessions))
    days = [day for day in every if day.weekday() < 5][:sessions][::-1]
    rows = [
        ChallengeSession(
            day=day, champion_trades=2, champion_net=own, challenger_trades=3, challenger_net=theirs,
            difference=round(theirs - own, 2), known=known[n] if n < len(known) else None,
        )
        for n, (day, (own, theirs)) in enumerate(zip(days, made, strict=True))
    ]  # fmt: skip
    own, theirs = (round(sum(each[side] for each in made), 2) for side in (0, 1))
    return ChallengeView(
        at=now,
        running=RunningChallenge(
            id="ch-1",
            since=now - timedelta(days=sessions * 7 // 5),
            author="owner",
            changes=("market.max_spread_bps 12 → 14", "confidence.execute_at 70 → 66"),
            champion=side("defaults", IN_FORCE, 2 * sessions, own, 1),
            challenger=side("wider", OTHER, 3 * sessions, theirs, 0),
            result=paired_sessions(differences, DEFAULT),
            sessions=tuple(reversed(rows)),
            unasked=2,
        ),
        ended=(
            EndedChallenge(
                id="ch-0", at=now - timedelta(days=90), ended_at=now - timedelta(days=40), end=ChallengeEnd.RETIRED,
                author="owner", name="small", fingerprint="0d55e1c2a944", champion=IN_FORCE, champion_name="defaults",
                sessions=35, champion_trades=70, challenger_trades=52, champion_net=812.4, challenger_net=610.05,
            ),
        ),
    )  # fmt: skip


def side(name: str, fingerprint: str, trades: int, net: float, open: int) -> ChallengeSide:
    return ChallengeSide(
        name=name, fingerprint=fingerprint, trades=trades, net=net, best=net + 3.1 * trades, worst=net, stale=0,
        open=open, mode="ACTIVE",
    )  # fmt: skip
