"""The challenger: a second engine under other rules, beside the champion and on the same inputs.

Invariants, tested under these names: under equal rules both are equal; the champion's account is the same with and
without a challenger; nothing is adopted by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from core.approvals import ApprovalStatus
from core.challenge import ADOPT, RETIRE, START, Challenge, ChallengeEnd, Made, ended
from core.effects import AnswerCommand, Effect, FetchMarket, Notice, StoreApproval, StoreRules, StoreTrade
from core.engine.kernel import Kernel
from core.engine.state import CommandDone, EngineState
from core.events import Commanded, Event, MarketAnswered, PriceSeen, Received
from core.model import Tone
from core.positions import PositionState
from core.rules import RulesError, parse_rules

CHALLENGE_COMMANDS = frozenset({START, ADOPT, RETIRE})
ASKED_BY_CHALLENGER = "challenger:"
"""Before the id of a signal: only the challenger asks the market about it, and only it takes the answer."""
KEPT_ENDED = 20
MOST_TEXT = 65_536
"""Longest text of rules in characters; all rules with every default are about a third of it."""
TAKE = "take"
HEARD = (Received, PriceSeen)
"""Inputs that make a session count."""

Result = tuple[CommandDone, list[Effect]]


def start_challenger(kernel: Kernel, event: Commanded) -> Result:
    """Begin a challenge; ``argument`` is the complete text of the challenger's rules."""
    state, text = kernel.state, event.argument or ""
    if kernel.is_challenger:
        return _not_here()
    if state.challenge is not None:
        running = (
            f"{_named(state.challenge.name, state.challenge.fingerprint)} since {state.challenge.at:%Y-%m-%d}"
        )
        return CommandDone(
            False, "CHALLENGE_RUNS", f"A challenger runs already: {running}; retire it first"
        ), []
    if len(text) > MOST_TEXT:
        return CommandDone(
            False, "BAD_RULES", f"rules: {len(text)} characters, at most {MOST_TEXT} are taken"
        ), []
    try:
        rules = parse_rules(text)
    except RulesError as error:
        return CommandDone(False, "BAD_RULES", str(error)), []
    state.challenge = Challenge(
        id=kernel.new_id("challenge"), at=event.at, author=event.author, name=rules.name,
        fingerprint=rules.fingerprint, toml=text, champion=kernel.rules.fingerprint, champion_name=kernel.rules.name,
        held=list(state.positions),
    )  # fmt: skip
    name = _named(rules.name, rules.fingerprint)
    told = f"Challenger {name} runs beside the rules in force, on paper, from now on"
    if rules.fingerprint == kernel.rules.fingerprint:
        told += "; the rules are the same, so the difference will be 0"
    return CommandDone(True, "CHALLENGING", told), [_notice(event.at, f"{told}, started by {event.author}")]


def adopt_challenger(kernel: Kernel, event: Commanded) -> Result:
    """Put the challenger's rules in force in a person's name; ``argument`` is the challenge's id."""
    challenge = kernel.state.challenge
    if refused := _refused(kernel, event):
        return refused, []
    assert challenge is not None
    _end(kernel, event.at, ChallengeEnd.ADOPTED, event.author)
    kernel.take_rules(challenge.toml)
    name = _named(challenge.name, challenge.fingerprint)
    text = f"Rules {name} are in force: the challenger was adopted by {event.author}"
    stored = StoreRules(
        seq=event.seq, at=event.at, fingerprint=challenge.fingerprint, name=challenge.name, toml=challenge.toml,
        author=event.author,
    )  # fmt: skip
    return CommandDone(True, "ADOPTED", text), [stored, _notice(event.at, text)]


def retire_challenger(kernel: Kernel, event: Commanded) -> Result:
    """End a challenge without a change of the rules in force; ``argument`` is its id."""
    challenge = kernel.state.challenge
    if refused := _refused(kernel, event):
        return refused, []
    assert challenge is not None
    _end(kernel, event.at, ChallengeEnd.RETIRED, event.author)
    text = f"Challenger {_named(challenge.name, challenge.fingerprint)} retired by {event.author}; the rules stay"
    return CommandDone(True, "RETIRED", text), [_notice(event.at, text)]


def end_by_new_rules(kernel: Kernel, at: datetime, author: str) -> list[Effect]:
    """End a challenge because the rules in force change: what it compares is no more."""
    challenge = kernel.state.challenge
    if challenge is None:
        return []
    _end(kernel, at, ChallengeEnd.CHANGED, author, "the rules in force were changed")
    name = _named(challenge.name, challenge.fingerprint)
    return [
        _notice(at, f"Challenger {name} ended: the rules in force were changed by {author}", Tone.NEGATIVE)
    ]


def end_by_failure(kernel: Kernel, at: datetime, error: Exception) -> list[Effect]:
    """End a challenge because its engine failed on an input; the champion goes on."""
    challenge = kernel.state.challenge
    assert challenge is not None
    why = f"its engine failed on input {kernel.state.seq}: {error!r}"
    _end(kernel, at, ChallengeEnd.FAILED, "engine", why)
    text = f"Challenger {_named(challenge.name, challenge.fingerprint)} ended: {why}"
    return [_notice(at, text, Tone.NEGATIVE)]


def _end(kernel: Kernel, at: datetime, end: ChallengeEnd, author: str, why: str = "") -> None:
    state = kernel.state
    assert state.challenge is not None
    state.challenges_ended.append(ended(state.challenge, at, end, author, why))
    del state.challenges_ended[:-KEPT_ENDED]
    state.challenge = state.challenger = None


def _refused(kernel: Kernel, event: Commanded) -> CommandDone | None:
    challenge = kernel.state.challenge
    if kernel.is_challenger:
        return _not_here()[0]
    if challenge is None:
        return CommandDone(False, "NO_CHALLENGER", "No challenger runs")
    if event.argument != challenge.id:
        return CommandDone(
            False, "NO_CHALLENGER", f"The challenger that runs is {challenge.id}, not {event.argument}"
        )
    return None


def _not_here() -> Result:
    return CommandDone(False, "NOT_HERE", "A challenger has no challenger"), []


def _named(name: str, fingerprint: str) -> str:
    return f"{name} {fingerprint[:6]}"


def _notice(at: datetime, text: str, tone: Tone = Tone.NEUTRAL) -> Notice:
    return Notice(kind="rules", at=at, text=text, tone=tone)


# --- beside the champion ------------------------------------------------------------------------------------


def forked(state: EngineState, toml: str) -> EngineState:
    """Return a state of its own for a challenger: the champion's account under other rules."""
    alone = replace(
        state, challenge=None, challenger=None, challenges_ended=[], recent=[], notices=[], rules_toml=toml
    )
    own: EngineState = _copied(alone)
    return own


def _copied(value: Any) -> Any:
    """Return a value that shares nothing with the original that either can change: frozen facts are shared."""
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copied(item) for item in value]
    parameters = getattr(type(value), "__dataclass_params__", None)
    if parameters is None or parameters.frozen:
        return value
    own = copy(value)
    for each in fields(value):
        setattr(own, each.name, _copied(getattr(value, each.name)))
    return own


def for_challenger(event: Event, challenger: EngineState, own: Iterable[Effect]) -> Event:
    """Return an input as the challenger takes it; ``own`` are the effects that it had on the champion.

    What a person does to a position is done to the challenger's in the same signal as well, to as many contracts as
    it holds. A signal that a person takes is taken by both, unless the champion refuses at once.
    """
    if isinstance(event, MarketAnswered) and event.signal_id.startswith(ASKED_BY_CHALLENGER):
        return replace(event, signal_id=event.signal_id.removeprefix(ASKED_BY_CHALLENGER))
    if isinstance(event, Commanded) and event.name == TAKE:
        asked = next((effect.signal_id for effect in own if isinstance(effect, FetchMarket)), "")
        return replace(event, argument=asked)
    if not isinstance(event, Commanded) or event.position_id is None:
        return event
    held = challenger.positions.get(event.position_id)
    accepted = any(isinstance(effect, AnswerCommand) and effect.ok for effect in own)
    if held is None or not accepted or held.remaining == event.expected:
        return event
    contracts = event.contracts
    if contracts is not None:
        contracts = None if contracts == event.expected else min(contracts, held.remaining)
    return replace(event, expected=None, contracts=contracts)


def asked_for(theirs: Iterable[Effect], own: Iterable[Effect]) -> list[FetchMarket]:
    """Return the market requests of the challenger alone; what both ask is asked once, and answers both."""
    asked = {effect.signal_id for effect in own if isinstance(effect, FetchMarket)}
    return [
        replace(effect, signal_id=ASKED_BY_CHALLENGER + effect.signal_id)
        for effect in theirs
        if isinstance(effect, FetchMarket) and effect.signal_id not in asked
    ]


def count(kernel: Kernel, event: Event, own: Iterable[Effect], theirs: Iterable[Effect]) -> None:
    """Count what an input made on both sides; ``kernel`` is the champion's."""
    challenge, state = kernel.state.challenge, kernel.state
    assert challenge is not None
    if isinstance(event, HEARD) and not (challenge.sessions and challenge.sessions[-1].day == state.day.day):
        session = kernel.trading.calendar.session_at(event.at)
        if session is not None:
            challenge.session(session.date)
    for effects, is_challenger in ((own, False), (theirs, True)):
        for effect in effects:
            if isinstance(effect, StoreTrade) and effect.position.state is PositionState.CLOSED:
                if challenge.counts(effect.position):
                    _made(kernel, challenge, event.at, is_challenger).add(effect.position)
            elif isinstance(effect, StoreApproval) and is_challenger:
                waits = effect.approval.status is ApprovalStatus.PENDING
                challenge.unasked += waits and effect.approval.id not in state.approvals


def _made(kernel: Kernel, challenge: Challenge, at: datetime, is_challenger: bool) -> Made:
    """Return what counts for one side at an instant; on a day without a session it counts for the next one."""
    calendar = kernel.trading.calendar
    day = calendar.market_date(at)
    if calendar.session(day) is None:
        day = calendar.next_session(day).date
    pair = challenge.session(day)
    return pair.challenger if is_challenger else pair.champion
