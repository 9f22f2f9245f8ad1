"""A challenger on a running engine: by every deck, over a restart, in the ledger and in a what-if of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from core.rules import parse_rules
from server.assembly import RunningEngine
from server.deck import Command, CommandResult, Deck
from server.deck.remote import RemoteDeck
from server.replay.verify import verify_ledger
from tests.server.deck.attached import COMMAND_TOKEN, RULES, engine, open_position
from tests.server.deck.test_contract import alike

SMALL = RULES + "[sizing]\ncontract_cap = 2\n"


@pytest.fixture(params=["local", "socket", "listener"])
async def deck(
    request: pytest.FixtureRequest, host: RunningEngine, attach: Callable[..., Awaitable[RemoteDeck]]
) -> Deck:
    if request.param == "local":
        return host.deck
    return await attach(None if request.param == "socket" else COMMAND_TOKEN)


async def say(deck: Deck, name: str, argument: str, **more: Any) -> CommandResult:
    return await deck.command(Command(id=str(uuid4()), name=name, argument=argument, author="owner", **more))


async def test_a_challenger_is_started_seen_and_adopted_by_any_deck(deck: Deck, host: RunningEngine) -> None:
    assert (await deck.challenge()).running is None
    assert (await say(deck, "start_challenger", SMALL)).code == "CHALLENGING"
    await open_position(host, "IWM", 220.0)
    view = await deck.challenge()
    assert alike(view, await host.deck.challenge()) == []
    running = view.running
    assert running is not None and running.author == "owner"
    assert [text for text in running.changes if "contract_cap" in text] == list(running.changes) != []
    assert (running.champion.open, running.challenger.open) == (1, 1), (
        "what was held at the start is not counted"
    )
    assert running.result.no_interval == "the first interval comes at session 10, 10 more"
    assert [session.known for session in running.sessions] == [None], "the session is not over"
    (row,) = [each for each in host.deck.snapshot().positions if each.symbol == "IWM"]
    await say(deck, "exit", "", position_id=row.id)
    clock: Any = host.runtime.clock
    clock.move(clock.now() + timedelta(hours=8))
    (session,) = ((await deck.challenge()).running or running).sessions
    assert (session.champion_trades, session.challenger_trades) == (1, 1)
    assert session.known is not None and session.known.mean == session.difference != 0.0
    assert (await say(deck, "adopt_challenger", "another")).code == "NO_CHALLENGER"
    assert (await say(deck, "adopt_challenger", running.id)).code == "ADOPTED"
    assert host.runtime.engine.rules.fingerprint == parse_rules(SMALL).fingerprint
    view = await deck.challenge()
    assert view.running is None and [each.end for each in view.ended] == ["ADOPTED"]
    versions = (await deck.system()).rules_versions
    assert (versions[0]["author"], versions[0]["fingerprint"]) == ("owner", running.challenger.fingerprint)


async def test_a_challenger_survives_a_restart_and_the_ledger_is_verified(tmp_path: Path) -> None:
    async with engine(tmp_path) as host:
        assert (await say(host.deck, "start_challenger", SMALL)).ok
        await open_position(host)
        before = await host.deck.challenge()
    async with engine(tmp_path) as host:
        after = await host.deck.challenge()
        assert after == before and after.running is not None
        assert host.runtime.engine.watched(), "its options are followed again"
        await host.runtime.price("SPY", 440.0, "test")
        running = (await host.deck.challenge()).running
        assert running is not None and (running.champion.trades, running.challenger.trades) == (1, 1)
        assert host.deck.snapshot().challenger_closed == 1
        assert (await say(host.deck, "adopt_challenger", running.id)).ok
    report = verify_ledger(tmp_path / "gatedeck.db")
    assert report["ok"], report
    async with engine(tmp_path) as host:
        assert host.runtime.engine.rules.sizing.contract_cap == 2, (
            "a start does not undo what a person adopted"
        )


async def test_the_options_of_a_challenger_are_watched_until_it_ends(tmp_path: Path) -> None:
    async with engine(tmp_path, rules=RULES + "[confidence]\nexecute_at = 99\n") as host:
        assert (await say(host.deck, "start_challenger", RULES)).ok
        await open_position(host)
        await host.runtime.settled()
        state = host.runtime.engine.state
        assert state.positions == {} and state.challenger is not None
        (held,) = state.challenger.positions.values()
        watched = {contract for watch in host.runtime._watched for contract in watch.contracts}
        assert held.contract in watched
        assert state.challenge is not None
        assert (await say(host.deck, "retire_challenger", state.challenge.id)).ok
        await host.runtime.settled()
        assert host.runtime._watched == host.runtime.engine.watched()


async def test_a_suggestion_that_is_not_offered_is_no_challenger(host: RunningEngine) -> None:
    refused = await say(host.deck, "challenge_suggestion", "nothing")
    assert (refused.ok, refused.code) == (False, "NO_SUGGESTION")
