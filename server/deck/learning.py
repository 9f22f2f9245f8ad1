"""Learning of a running engine: statistics of its ledger, and the judgement of suggestions by a person.

Invariants: only ``approve`` changes a rule. A suggestion can be approved only while its rule still has the value
that the suggestion changes. A change that was judged is offered again only if what happened since shows it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from core.challenge import START
from core.effects import Effect, ShadowStatus, StoreJudgement, StoreRules, StoreShadow, StoreTrade
from core.events import Event, RulesChanged
from core.learning import Judgement, Learning, Suggestion, apply, change_of, learn, whatif, with_side_effects
from core.learning.learn import candidate_of, learn_from
from core.learning.ledger_columns import other_size
from core.learning.observations import observations_of
from core.performance.trade import exchange_date
from core.positions import PositionState
from core.rules import Rules, RulesError, parse_rules
from server.deck.reports import LearningView
from server.deck.side_effects import stored_outcomes
from server.ledger.base import Judged
from server.ledger.followed_reading import NewestDecisions
from server.ledger.paging import Page, PageQuery
from server.runtime.ports import Command, CommandResult

log = logging.getLogger("gatedeck.learning")

MOST_ENTRIES = 20_000
"""Most entries that learning reads: the newest ones of a larger ledger."""
_PAGE = 500
_KEPT_JUDGED = 20

Entry = Mapping[str, Any]


class Entries(Protocol):
    """The part of a ledger that learning reads."""

    async def page(self, query: PageQuery) -> Page: ...

    async def newest_decisions(self, most: int) -> NewestDecisions | None: ...

    async def judgements(self) -> tuple[Judged, ...]: ...


class Engine(Protocol):
    """The part of a runtime that learning uses."""

    async def post(self, make: Any) -> tuple[Effect, ...]: ...

    async def command(self, command: Command) -> CommandResult: ...


class LearningService:
    """Learning results, computed on request and kept until an outcome, the rules or a judgement changes."""

    def __init__(self, ledger: Entries, engine: Engine) -> None:
        self._ledger, self._engine = ledger, engine
        self._changes = 0
        self._learned: tuple[tuple[int, str], LearningView] | None = None
        self._turn = asyncio.Lock()

    def heard(self, effect: Effect) -> None:
        """Drop the kept results if an effect changes them: an outcome, new rules, a judgement."""
        new = isinstance(effect, StoreRules | StoreJudgement)
        new |= isinstance(effect, StoreTrade) and effect.position.state is PositionState.CLOSED
        new |= isinstance(effect, StoreShadow) and effect.status is not ShadowStatus.OPEN
        self._changes += new

    async def view(self, rules: Rules, as_of: datetime) -> LearningView:
        """Return the learning results under some rules at an instant. Raises LedgerError."""
        async with self._turn:
            key = (self._changes, rules.fingerprint)
            if self._learned is None or self._learned[0] != key:
                self._learned = (key, await read_learning(self._ledger, rules, as_of))
            return self._learned[1]

    # --- judging ----------------------------------------------------------------------------------------

    async def judge(self, command: Command, rules: Rules, as_of: datetime) -> CommandResult:
        """Approve or reject the suggestion that ``argument`` names, in the name of the command's author."""
        suggestion = await self._offered(command, rules, as_of)
        if isinstance(suggestion, CommandResult):
            return suggestion
        if command.name == "approve":
            try:
                toml = apply(suggestion, rules.to_toml())
            except RulesError as error:
                return CommandResult(ok=False, code="RULES_CHANGED", text=str(error))
            await self._engine.post(_rules_changed(toml, command.author))
        return await self._engine.command(_judgement(command, suggestion))

    async def challenge(self, command: Command, rules: Rules, as_of: datetime) -> CommandResult:
        """Start the suggestion that ``argument`` names as the challenger: the rules in force with its change."""
        suggestion = await self._offered(command, rules, as_of)
        if isinstance(suggestion, CommandResult):
            return suggestion
        try:
            toml = apply(suggestion, rules.to_toml())
        except RulesError as error:
            return CommandResult(ok=False, code="RULES_CHANGED", text=str(error))
        return await self._engine.command(replace(command, name=START, argument=toml))

    async def _offered(self, command: Command, rules: Rules, as_of: datetime) -> Suggestion | CommandResult:
        """Return the suggestion that ``argument`` names, or the refusal where it is not offered."""
        view = await self.view(rules, as_of)
        suggestion = next((each for each in view.suggestions if each.id == command.argument), None)
        if suggestion is not None:
            return suggestion
        judgement = next((each for each in view.judged if each.id == command.argument), None)
        if judgement is not None:
            text = f"{judgement.status.capitalize()} already by {judgement.author}"
            return CommandResult(ok=False, code="JUDGED", text=text)
        return CommandResult(ok=False, code="NO_SUGGESTION", text="This suggestion is not offered any more")


async def read_learning(ledger: Entries, rules: Rules, as_of: datetime) -> LearningView:
    """Return what is learned from a ledger under some rules at an instant. Raises LedgerError."""
    newest = await ledger.newest_decisions(MOST_ENTRIES)
    judged = await ledger.judgements()
    entries, more = ((), newest.more) if newest is not None else await _entries(ledger)
    results = await asyncio.to_thread(_learn, newest, entries, rules, judged)
    done = {each.id for each in judged}
    offered = [each for each in results.search.suggestions if each.id not in done]
    # Sizes under other rules need more of the stored inputs than their columns hold.
    if newest is not None and any(other_size(rules, candidate_of(each, rules)) for each in offered):
        entries, _ = await _entries(ledger)
    return LearningView(
        as_of=as_of,
        learning=results,
        suggestions=await asyncio.to_thread(_with_side_effects, offered, newest, entries, rules),
        judged=tuple(judged[:_KEPT_JUDGED]),
        newest=MOST_ENTRIES if more else None,
    )


async def _entries(ledger: Entries) -> tuple[Sequence[Entry], bool]:
    """Return the ledger's entries, and whether the oldest were left out."""
    found: list[Entry] = []
    cursor: str | None = None
    while len(found) < MOST_ENTRIES:
        page = await ledger.page(PageQuery(what="ledger", limit=_PAGE, cursor=cursor))
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found, False
    return found, True


async def roll_back(
    versions: Sequence[Mapping[str, Any]], engine: Engine, command: Command, in_force: str
) -> CommandResult:
    """Put an earlier rules version in force again; ``argument`` is its fingerprint or the start of it."""
    wanted = command.argument or ""
    found = {
        v["fingerprint"]: v for v in reversed(versions) if wanted and v["fingerprint"].startswith(wanted)
    }
    if len(found) != 1:
        text = f"{wanted!r} names {'no' if not found else 'more than one'} rules version"
        return CommandResult(ok=False, code="NO_VERSION", text=text)
    fingerprint, version = found.popitem()
    if fingerprint == in_force:
        return CommandResult(ok=True, code="IN_FORCE", text=f"Rules {fingerprint} are in force already")
    try:
        parse_rules(version["toml"])
    except RulesError as error:
        return CommandResult(ok=False, code="RULES_CHANGED", text=str(error))
    await engine.post(_rules_changed(version["toml"], command.author))
    return CommandResult(ok=True, code="ROLLED_BACK", text=f"Rules {fingerprint} are in force again")


def _rules_changed(toml: str, author: str) -> Any:
    def make(seq: int, at: datetime) -> Event:
        return RulesChanged(seq=seq, at=at, toml=toml, author=author)

    return make


def _judgement(command: Command, suggestion: Suggestion) -> Command:
    """Return the command that the engine stores for a judgement; it names the suggestion by id and text."""
    return Command(
        id=command.id,
        name=f"{command.name}_suggestion",
        argument=f"{suggestion.id} {suggestion.text}",
        author=command.author,
    )


def _learn(
    newest: NewestDecisions | None, entries: Sequence[Entry], rules: Rules, judged: Sequence[Judged]
) -> Learning:
    if newest is None:
        return learn(entries, rules, judged=_judgements(judged))
    statuses = zip(newest.signals, newest.statuses, strict=True)
    return learn_from(observations_of(newest.followed, rules), statuses, rules, judged=_judgements(judged))


def _judgements(judged: Sequence[Judged]) -> list[Judgement]:
    """Return the judged changes, each with its exchange day; a text that names no change is left out."""
    found = []
    for each in judged:
        change, day = change_of(each.text), exchange_date(each.at)
        if change is not None and day is not None:
            found.append(Judgement(rule=change[0], raises=change[1], day=day))
    return found


def _with_side_effects(
    suggestions: Sequence[Suggestion], newest: NewestDecisions | None, entries: Sequence[Entry], rules: Rules
) -> tuple[Suggestion, ...]:
    """Add the side effects to suggestions; a suggestion whose what-if fails has none."""
    stored = None if newest is None or not suggestions else stored_outcomes(newest, rules)
    found = []
    for suggestion in suggestions:
        candidate = candidate_of(suggestion, rules)
        try:
            if stored is None or other_size(rules, candidate):
                found.append(with_side_effects(suggestion, entries, rules))
            else:
                found.append(suggestion.with_side_effects(whatif(*stored, rules, candidate)))
        except (ValueError, KeyError, ArithmeticError):
            log.exception("no what-if of %s", suggestion.rule)
            found.append(suggestion)
    return tuple(found)
