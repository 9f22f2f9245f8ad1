"""The deck's view of a challenger, from the engine's state."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import datetime
from itertools import zip_longest

from core.challenge import Challenge, Made, PairedSessions, SessionPair, both
from core.engine import Engine
from core.rules import Rules
from server.deck.challenge_view import ChallengeSession, ChallengeSide, ChallengeView, RunningChallenge
from server.deck.rules_history import changes_between

UNKNOWN = PairedSessions(sessions=0, level=0.0)


async def challenge_view(engine: Engine, now: datetime) -> ChallengeView:
    """Return the challenger that runs and those that are over, as of an instant."""
    state = engine.state
    view = ChallengeView(at=now, running=None, ended=tuple(reversed(state.challenges_ended)))
    challenge, challenger = state.challenge, engine.challenger
    if challenge is None or challenger is None:
        return view
    # Everything of the engine is read here, before anything is waited for.
    rules, pairs = engine.rules, deepcopy(challenge.sessions)
    over = [pair.difference for pair in pairs if _is_over(engine, pair, now)]
    champion, theirs = both(pairs)
    running = RunningChallenge(
        id=challenge.id,
        since=challenge.at,
        author=challenge.author,
        changes=tuple(changes_between(rules, challenger.rules)),
        champion=_side(champion, challenge, engine),
        challenger=_side(theirs, challenge, challenger),
        result=UNKNOWN,
        unasked=challenge.unasked,
    )
    known = await asyncio.to_thread(_course, over, rules)
    sessions = [_session(pair, after) for pair, after in zip_longest(pairs, known[:-1])]
    return replace(view, running=replace(running, result=known[-1], sessions=tuple(reversed(sessions))))


def _side(made: Made, challenge: Challenge, engine: Engine) -> ChallengeSide:
    held = sum(challenge.counts(position) for position in engine.state.positions.values())
    return ChallengeSide(
        name=engine.rules.name, fingerprint=engine.rules.fingerprint, trades=made.trades, net=made.net,
        best=made.best, worst=made.worst, stale=made.stale, open=held, mode=engine.state.mode.value,
    )  # fmt: skip


def _session(pair: SessionPair, known: PairedSessions | None) -> ChallengeSession:
    return ChallengeSession(
        day=pair.day, champion_trades=pair.champion.trades, champion_net=pair.champion.net,
        challenger_trades=pair.challenger.trades, challenger_net=pair.challenger.net, difference=pair.difference,
        known=known,
    )  # fmt: skip


def _is_over(engine: Engine, pair: SessionPair, now: datetime) -> bool:
    session = engine.trading.calendar.session(pair.day)
    return session is None or now >= session.close


def _course(differences: Sequence[float], rules: Rules) -> tuple[PairedSessions, ...]:
    """Return what was known after each session, and last what is known now."""
    # Imported on first use: learning loads numpy and scipy, which most sessions never need.
    from core.learning.paired_sessions import course, paired_sessions

    return (*course(differences, rules), paired_sessions(differences, rules))
