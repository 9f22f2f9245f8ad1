"""An attached deck whose connection, engine or token is not what it should be."""

from __future__ import annotations

import asyncio
import dataclasses
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

import server.deck.remote as remote
import server.deck.wire.connect as connecting
from core.effects import Notice
from server.assembly import RunningEngine
from server.deck import Command, DeckSnapshot, PageQuery
from server.deck.hub import Broadcast, DeckHub, Line
from server.deck.protocol import Deck
from server.deck.remote import NotConnected, RemoteDeck
from server.deck.wire.asks import ASKS, Hello
from server.deck.wire.connect import CannotConnect, EngineAddress, WrongEngine
from tests.server.deck.attached import COMMAND_TOKEN, READ_TOKEN, Relay, becomes, engine, open_position

Attach = Callable[..., Awaitable[RemoteDeck]]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "QUIET_SECONDS", 1.2)  # a deck on this machine hears the engine every 0.5 s


@pytest.fixture
async def relay(host: RunningEngine, tmp_path: Path) -> AsyncIterator[Relay]:
    made = Relay(tmp_path / "relay.sock", tmp_path / "deck.sock")
    await made.start()
    yield made
    await made.cut()


@pytest.fixture
async def deck(relay: Relay) -> AsyncIterator[RemoteDeck]:
    attached = RemoteDeck(EngineAddress(socket=relay.path))
    await attached.start()
    yield attached
    await attached.close()


def exit_of(deck: Deck, n: int = 0) -> Command:
    row = deck.snapshot().positions[n]
    return Command(id=str(uuid4()), name="exit", position_id=row.id, expected=row.remaining)


def test_every_method_of_a_deck_can_be_asked_of_another_process() -> None:
    methods = {name for name in vars(Deck) if not name.startswith("_")}
    assert methods == {*ASKS, "snapshot", "changes", "feeds"}
    assert methods <= set(vars(RemoteDeck))


async def test_without_a_connection_nothing_is_shown_as_live(
    deck: RemoteDeck, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = deck.snapshot()
    assert before.connection_note == "" and not any(row.stale for row in before.positions)
    await relay.cut()
    await becomes(lambda: not deck.connected)
    await becomes(lambda: "no engine runs there" in deck.connection_note())
    now = remote.monotonic()
    monkeypatch.setattr(remote, "monotonic", lambda: now + 12.0)
    after = deck.snapshot()
    assert after.connection_note == "disconnected 12 s: everything below is old (no engine runs there)"
    assert all(row.stale for row in after.positions)
    for old, new in zip(before.positions, after.positions, strict=True):
        assert 11.5 < new.mark_age - old.mark_age < 13.5
        assert 11.5 < new.time_in_trade - old.time_in_trade < 13.5
        assert (new.mark, new.pnl) == (old.mark, old.pnl)
    assert 11.5 < (after.at - before.at).total_seconds() < 13.5
    with pytest.raises(NotConnected, match="disconnected 12 s"):
        await deck.page(PageQuery(what="decisions"))
    monkeypatch.undo()
    await relay.start()
    await becomes(lambda: deck.connected)
    assert deck.snapshot().connection_note == "" and not any(row.stale for row in deck.snapshot().positions)


async def test_a_command_without_a_connection_is_refused_and_not_sent_later(
    deck: RemoteDeck, relay: Relay, host: RunningEngine
) -> None:
    command = exit_of(deck)
    await relay.cut()
    await becomes(lambda: not deck.connected)
    result = await deck.command(command)
    assert (result.ok, result.code) == (False, "DISCONNECTED")
    assert "not sent: disconnected" in result.text
    await relay.start()
    await becomes(lambda: deck.connected)
    await asyncio.sleep(0.3)
    assert len(host.deck.snapshot().positions) == 2


async def test_a_command_whose_answer_is_lost_is_carried_out_once_and_its_outcome_found_out(
    deck: RemoteDeck, relay: Relay, host: RunningEngine
) -> None:
    given: list[Command] = []
    carry_out = host.deck.command

    async def counted(command: Command) -> Any:
        given.append(command)
        return await carry_out(command)

    host.deck.command = counted  # type: ignore[method-assign]
    relay.mute = True
    command = exit_of(deck)
    asking = asyncio.create_task(deck.command(command))
    await becomes(lambda: len(host.deck.snapshot().positions) == 1)
    assert not asking.done()
    await becomes(lambda: not deck.connected)  # it is quiet for too long
    assert "nothing arrives" in deck.snapshot().connection_note
    relay.mute = False
    result = await asking
    assert result.ok and "Sold" in result.text
    assert [each.id for each in given] == [command.id, command.id]
    assert len(host.deck.snapshot().positions) == 1
    await becomes(lambda: len(deck.snapshot().positions) == 1)


async def test_a_command_under_way_that_comes_again_is_the_same_one(
    deck: RemoteDeck, relay: Relay, host: RunningEngine
) -> None:
    given: list[Command] = []
    go = asyncio.Event()
    carry_out = host.deck.command

    async def slow(command: Command) -> Any:
        given.append(command)
        await go.wait()
        return await carry_out(command)

    host.deck.command = slow  # type: ignore[method-assign]
    asking = asyncio.create_task(deck.command(exit_of(deck)))
    await becomes(lambda: len(given) == 1)
    await relay.cut()
    await becomes(lambda: not deck.connected)
    await relay.start()
    await becomes(lambda: deck.connected)
    await asyncio.sleep(0.2)
    go.set()
    assert (await asking).ok
    assert len(given) == 1


async def test_an_answer_that_never_comes_is_said_and_the_command_forgotten(
    deck: RemoteDeck, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "ANSWER_SECONDS", 0.2)
    relay.mute = True
    result = await deck.command(exit_of(deck))
    assert (result.ok, result.code) == (False, "OUTCOME_UNKNOWN")
    assert "not known whether it was carried out" in result.text and "not sent again" in result.text
    assert deck._pending == {}


async def test_the_end_of_the_connection_and_the_next_one_are_told(deck: RemoteDeck, relay: Relay) -> None:
    heard: list[Notice] = []

    async def listen() -> None:
        async for notice in deck.changes():
            heard.append(notice)

    listening = asyncio.create_task(listen())
    deck.snapshot()
    await relay.cut()
    await becomes(lambda: not deck.connected)
    await relay.start()
    await becomes(lambda: len(heard) == 2)
    listening.cancel()
    assert heard[0].text.startswith("The connection to the engine is lost")
    assert heard[1].text == "Connected to the engine again"


async def test_an_engine_that_starts_again_is_found_with_what_it_has_stored(tmp_path: Path) -> None:
    async with engine(tmp_path) as first:
        await open_position(first, "SPY")
        deck = RemoteDeck(EngineAddress(socket=tmp_path / "deck.sock"))
        await deck.start()
        command = exit_of(deck)
        assert (await deck.command(command)).ok
        await open_position(first, "QQQ", 500.0)
        await becomes(lambda: len(deck.snapshot().positions) == 1)
    await becomes(lambda: not deck.connected)
    await asyncio.sleep(0.3)
    assert "the engine stopped: 1 position left open (QQQ" in deck.snapshot().connection_note
    async with engine(tmp_path):
        await becomes(lambda: deck.connected)
        assert [row.symbol for row in deck.snapshot().positions] == ["QQQ"]
        again = await deck.command(command)
        assert again.ok and "Sold" in again.text, "the outcome is known to the next engine too"
        assert [row.symbol for row in deck.snapshot().positions] == ["QQQ"]
    await deck.close()


# --- who may ------------------------------------------------------------------------------------------------


async def test_a_read_token_looks_and_says_so_when_a_command_is_tried(
    attach: Attach, host: RunningEngine
) -> None:
    deck = await attach(READ_TOKEN)
    assert deck.snapshot().listener.endswith("(attached, only to look)")
    assert (await deck.page(PageQuery(what="decisions"))).items
    result = await deck.command(exit_of(deck))
    assert (result.ok, result.code) == (False, "READ_ONLY")
    assert "may only look" in result.text and "GATEDECK_COMMAND_TOKEN" in result.text
    assert len(host.deck.snapshot().positions) == 2


async def test_the_engine_itself_refuses_a_command_of_a_deck_that_may_only_look(
    attach: Attach, host: RunningEngine
) -> None:
    deck = await attach(READ_TOKEN)
    assert deck.hello is not None
    deck.hello = dataclasses.replace(deck.hello, may_command=True)
    assert (await deck.command(exit_of(deck))).code == "READ_ONLY"
    assert len(host.deck.snapshot().positions) == 2


@pytest.mark.parametrize("token", [None, "wrong"])
async def test_a_wrong_token_is_refused_in_words(host: RunningEngine, token: str | None) -> None:
    with pytest.raises(WrongEngine, match=r"refuses this deck \(401\): it asks for its read token"):
        await RemoteDeck(EngineAddress(url=host.http.url, token=token)).start()


async def test_the_socket_is_for_its_owner_alone(host: RunningEngine, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "deck.sock").stat().st_mode) == 0o600


async def test_another_version_is_said_in_words(
    host: RunningEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "deck_shape", lambda: "another")
    monkeypatch.setattr(connecting, "package_version", lambda: "9.9")
    with pytest.raises(
        WrongEngine, match=r"the engine is gatedeck .* and this deck 9\.9, .* do not fit together"
    ):
        await RemoteDeck(EngineAddress(socket=tmp_path / "deck.sock")).start()


async def test_no_engine_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(CannotConnect, match="no engine runs there"):
        await RemoteDeck(EngineAddress(socket=tmp_path / "deck.sock")).start()
    with pytest.raises(CannotConnect, match="no engine runs there"):
        await RemoteDeck(EngineAddress(url="http://127.0.0.1:9")).start()


# --- many, and slow ones --------------------------------------------------------------------------------------


async def test_three_decks_see_the_same_and_without_one_nothing_runs(
    attach: Attach, host: RunningEngine
) -> None:
    def tasks() -> set[str]:
        return {task.get_name() for task in asyncio.all_tasks() if "deck" in task.get_name()}

    assert tasks() == set()
    decks = [await attach(), await attach(), await attach(COMMAND_TOKEN)]
    assert (await decks[0].command(exit_of(decks[0]))).ok
    await becomes(lambda: all(len(deck.snapshot().positions) == 1 for deck in decks))
    assert {deck.snapshot().positions[0].id for deck in decks} == {host.deck.snapshot().positions[0].id}
    for deck in decks:
        await deck.close()
    await becomes(lambda: tasks() == set())


async def test_a_slow_deck_is_sent_one_whole_snapshot_and_holds_nothing_up() -> None:
    sent: list[bytes] = []

    async def send(message: bytes) -> None:
        sent.append(message)

    line = Line(send, may_command=True)
    writing = asyncio.create_task(line.write())
    for n in range(1, 30):
        line.tick(n, b"change %d" % n, lambda n=n: b"whole %d" % n)
        await asyncio.sleep(0)
    assert sent == [b"whole 1", b"change 2", b"change 3", b"change 4"]
    line.confirm(3)
    line.tick(30, b"change 30", lambda: b"whole 30")
    await asyncio.sleep(0)
    assert len(sent) == 4, "one is still on its way"
    line.confirm(4)
    line.tick(31, b"change 31", lambda: b"whole 31")
    line.confirm(31)
    line.tick(32, b"change 32", lambda: b"whole 32")
    await asyncio.sleep(0)
    assert sent[4:] == [b"whole 31", b"change 32"]
    writing.cancel()


async def test_a_deck_that_does_not_read_is_bounded(host: RunningEngine) -> None:
    hub = DeckHub(host.deck)
    stuck = asyncio.Event()

    async def send(_: bytes) -> None:
        await stuck.wait()

    async def receive() -> bytes | None:
        await stuck.wait()
        return None

    hello = Hello(version="", shape="", pid=1, engine_id="", url="", may_command=True)
    serving = asyncio.create_task(hub.serve(hello, send, receive, asyncio.sleep, hz=2.0))  # type: ignore[arg-type]
    await becomes(lambda: hub.connected == 1)
    (line,) = hub._closers
    for n in range(500):
        line.notice(b"notice %d" % n)
    (broadcast,) = hub._broadcasts.values()
    for _ in range(20):
        await broadcast.tick()
    assert line._outbox.qsize() <= 206
    stuck.set()
    await serving
    assert hub.connected == 0


async def test_a_snapshot_that_fails_is_an_alarm_on_the_deck_and_comes_back(
    attach: Attach, host: RunningEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    deck = await attach()

    def broken() -> DeckSnapshot:
        raise ZeroDivisionError("a fault of the engine")

    def says() -> str:
        try:
            return deck.snapshot().connection_note
        except RuntimeError as error:
            return str(error)

    monkeypatch.setattr(host.deck, "snapshot", broken)
    await becomes(lambda: "a fault of the engine" in says())
    monkeypatch.undo()
    await becomes(lambda: says() == "")


def test_a_broadcast_without_decks_has_no_task(host: RunningEngine) -> None:
    assert Broadcast(host.deck, 1.0)._task is None
