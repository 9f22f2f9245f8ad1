"""The loop that runs the core: what is told is on disk, what is on disk is all that is remembered."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.effects import Effect, StoreDecision, StoreTrade
from core.engine import Engine
from core.events import MarketAnswered, Received
from core.model import Action, ExitReason, Mode, Source
from core.rules import Rules, RulesError, parse_rules
from server.config import ConfigError
from server.deck import Command
from server.deck.local import LocalDeck
from server.feeds.base import NoFeed
from server.ledger import chunked_json as piecemeal
from server.ledger.codec import encode_any
from server.runtime import checkpoints, engine_loop, outage
from server.runtime import runtime as runtime_module
from server.runtime.checkpoints import decode_state
from server.runtime.clock import OffsetClock, SteadyClock
from server.runtime.ports import NotStored, Overloaded
from server.runtime.runtime import Runtime

SIGNAL, SATY, DOTS, STRAT = (
    Source.TRADINGVIEW_SIGNAL,
    Source.SATY_PHASE,
    Source.MTF_DOTS,
    Source.STRAT_EXEC,
)


async def turns(n: int = 30) -> None:
    for _ in range(n):
        await asyncio.sleep(0.001)


async def counts(runtime: Runtime) -> dict[str, int]:
    return dict((await runtime.ledger.stats()).rows)


async def folded(runtime: Runtime) -> Engine:
    """The engine that the whole journal makes."""
    engine = Engine(engine_id=runtime.engine_id)
    async for event in runtime.ledger.journal_after(0):
        engine.step(event)
    return engine


def trip(runtime: Runtime, kind: type[Any], text: str = "", times: int = 1) -> list[int]:
    """Have the engine fail on inputs of one kind whose body holds a text; returns where they were counted."""
    failed: list[int] = []
    honest = Engine.step

    class Tripping(Engine):
        def step(self, event: Any) -> tuple[Effect, ...]:
            if isinstance(event, kind) and text in getattr(event, "body", "") and len(failed) < times:
                failed.append(event.seq)
                self.state.seq = event.seq
                self.state.tally.receipts += 1000
                raise ZeroDivisionError("a fault of ours")
            return honest(self, event)

    runtime.engine.__class__ = Tripping
    return failed


# --- the order of effects ------------------------------------------------------------------------------------


async def test_nothing_is_answered_or_told_before_it_is_on_disk(station: Any) -> None:
    runtime = await station.start(NoFeed())
    told: list[str] = []
    runtime.listeners.add(lambda effect: told.append(type(effect).__name__))
    runtime.ledger.free.clear()
    sending = asyncio.create_task(station.enter(runtime))
    ordering = asyncio.create_task(runtime.command(Command(id="c", name="mode", argument="HALTED")))
    await turns()
    assert not sending.done() and not ordering.done() and not told
    assert (await counts(runtime))["receipts"] == 0
    runtime.ledger.free.set()
    answer = await sending
    assert (await ordering).ok
    assert answer.status == "accepted" and answer.decision is not None
    assert await runtime.ledger.receipt(answer.receipt_id) is not None
    assert await runtime.ledger.record(answer.decision.id) is not None
    assert "Notice" in told


async def test_an_answered_decision_and_its_position_are_stored(station: Any) -> None:
    runtime = await station.start(NoFeed())
    answer = await station.enter(runtime)
    assert answer.decision.action is Action.EXECUTE
    assert await runtime.ledger.position(answer.decision.position_id) is not None
    assert len(await runtime.ledger.marks_of(answer.decision.position_id)) == 1


async def test_one_commit_takes_what_waits_together(station: Any) -> None:
    runtime = await station.start(NoFeed())
    runtime.ledger.free.clear()
    first = asyncio.create_task(station.send(runtime, SATY))
    await turns()
    rest = [asyncio.create_task(station.send(runtime, DOTS, f"S{n}")) for n in range(40)]
    await turns()
    commits = len(runtime.ledger.batches)
    runtime.ledger.free.set()
    answers = await asyncio.gather(first, *rest)
    assert len({a.receipt_id for a in answers}) == 41
    assert len(runtime.ledger.batches) - commits < 20


async def test_the_decision_is_waited_for_and_then_left_out(station: Any, slow_markets: Any) -> None:
    runtime = await station.start(slow_markets, decision_wait=0.03)
    answer = await station.send(runtime, SIGNAL)
    assert (answer.status, answer.decision) == ("accepted", None)
    slow_markets.free.set()
    await runtime.settled()
    assert len(runtime.engine.state.recent) == 1
    assert not runtime.engine_loop._decision_waiters
    runtime._decision_wait = 20  # on a busy machine "at once" takes longer than the first wait
    at_once = await station.send(runtime, SIGNAL, "QQQ")
    assert at_once.decision is not None and not runtime.engine_loop._decision_waiters


async def test_a_sender_that_goes_away_leaves_its_receipt_and_nothing_else(
    station: Any, slow_markets: Any
) -> None:
    runtime = await station.start(slow_markets, decision_wait=5)
    sending = asyncio.create_task(station.send(runtime, SIGNAL))
    await turns()
    sending.cancel()
    runtime.ledger.free.clear()
    another = asyncio.create_task(station.send(runtime, SIGNAL, "QQQ"))
    await turns()
    another.cancel()
    runtime.ledger.free.set()
    slow_markets.free.set()
    await turns()
    await runtime.settled()
    assert (await counts(runtime))["receipts"] == 2 and len(runtime.engine.state.recent) == 2
    assert not runtime.engine_loop._decision_waiters


async def test_an_answer_leaves_before_the_next_input_is_stepped(station: Any) -> None:
    runtime = await station.start(NoFeed())
    order: list[str] = []

    async def send(symbol: str) -> None:
        await station.send(runtime, SATY, symbol)
        order.append(f"answered {symbol}")

    class Noting(Engine):
        def step(self, event: Any) -> tuple[Effect, ...]:
            order.append(f"stepped {'AAA' if 'AAA' in event.body else 'BBB'}")
            return super().step(event)

    runtime.engine.__class__ = Noting
    runtime.ledger.free.clear()
    first = asyncio.create_task(send("AAA"))
    await turns()
    second = asyncio.create_task(send("BBB"))
    await turns()
    runtime.ledger.free.set()
    await asyncio.gather(first, second)
    assert order == ["stepped AAA", "answered AAA", "stepped BBB", "answered BBB"]


async def test_a_listener_that_fails_stops_nobody(station: Any) -> None:
    runtime = await station.start(NoFeed())

    def bad(_: Effect) -> None:
        raise ValueError("a listener's fault")

    runtime.listeners.add(bad)
    answer = await station.enter(runtime)
    assert answer.decision is not None
    assert runtime.health().ready


# --- when the disk fails --------------------------------------------------------------------------------------


async def test_a_failed_commit_refuses_its_inputs_and_leaves_no_trace(station: Any) -> None:
    runtime = await station.start(NoFeed())
    await station.send(runtime, SATY)
    before = decode_state(encode_any(runtime.engine.state))
    runtime.ledger.failing = lambda batch: True
    tried = (
        station.send(runtime, SIGNAL),
        station.send(runtime, DOTS),
        runtime.command(Command(id="c", name="exit_all")),
    )
    for result in await asyncio.gather(*tried, return_exceptions=True):
        assert isinstance(result, NotStored)
    await runtime.settled()
    assert runtime.engine.state == before
    assert not runtime.health().ready and "disk full" in runtime.health().alarms[0]
    runtime.ledger.failing = lambda batch: False
    answer = await station.send(runtime, SIGNAL)
    assert answer.status == "accepted", "the same body again is no duplicate of what was refused"
    assert runtime.health().ready
    assert (await folded(runtime)).state == runtime.engine.state


async def test_senders_are_refused_before_the_journal_is_folded_again(
    station: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_loop, "TURN_AWAY_SECONDS", 0.01)
    runtime = await station.start(NoFeed())
    folded_again, load = asyncio.Event(), runtime.engine_loop.load

    async def slowly() -> None:
        await folded_again.wait()
        await load()

    monkeypatch.setattr(runtime.engine_loop, "load", slowly)
    runtime.ledger.failing = lambda batch: True
    async with asyncio.timeout(5):
        for _ in range(2):  # the one whose commit failed, and one that comes while the journal is read
            with pytest.raises(NotStored):
                await station.send(runtime, SIGNAL)
    assert not runtime.health().ready
    runtime.ledger.failing = lambda batch: False
    folded_again.set()
    await runtime.settled()
    assert (await station.send(runtime, SIGNAL)).status == "accepted"
    assert (await folded(runtime)).state == runtime.engine.state and runtime.health().ready


async def test_only_the_failed_batch_is_refused(station: Any) -> None:
    runtime = await station.start(NoFeed())
    runtime.ledger.free.clear()
    first = asyncio.create_task(station.send(runtime, SATY, "AAA"))
    await turns()
    others = [asyncio.create_task(station.send(runtime, SATY, f"S{n}")) for n in range(5)]
    runtime.ledger.failing = lambda batch: any("AAA" in getattr(e, "body", "") for e, _ in batch)
    runtime.ledger.free.set()
    results = await asyncio.gather(first, *others, return_exceptions=True)
    assert isinstance(results[0], NotStored)
    assert all(r.status == "accepted" for r in results[1:])
    # The refused one states a price and is tried again, alone; it still cannot be stored, and holds nobody up.
    await runtime.tick()
    assert (await counts(runtime))["receipts"] == 5
    assert (await folded(runtime)).state == runtime.engine.state


async def test_a_stop_crossed_while_nothing_could_be_stored_sells_where_it_was_crossed(
    station: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outage, "TRY_AGAIN_SECONDS", 0.01)
    runtime = await station.start(NoFeed())
    await station.enter(runtime)
    (position,) = runtime.engine.state.positions.values()
    runtime.ledger.failing = lambda batch: True
    began = station.clock.now()
    for price in (450.1, position.stop - 0.1, 450.2, 450.3):
        station.later(seconds=45)
        with pytest.raises(NotStored):
            await station.send(runtime, DOTS, price=price)
        with pytest.raises(NotStored):
            await station.send(runtime, SIGNAL, price=price)
    (alarm,) = runtime.health().alarms
    assert f"since {began + timedelta(seconds=45):%H:%M:%S} UTC, disk full: no entries, exits wait" in alarm
    assert "4 prices and requests of senders wait" in alarm
    assert runtime.engine.state.positions[position.id] == position
    runtime.ledger.failing = lambda batch: False
    await turns(60)
    while not runtime.health().ready:
        await turns()
    stored = [e for batch in runtime.ledger.batches for _, effects in batch for e in effects]
    trade = [e.position for e in stored if isinstance(e, StoreTrade)][-1]
    (leg,) = trade.legs
    assert (leg.reason, leg.underlying) == (ExitReason.STOP_LOSS, pytest.approx(position.stop - 0.1))
    assert leg.at == began + timedelta(seconds=90) and not leg.stale_fill
    assert (await counts(runtime))["receipts"] == 8
    assert (await folded(runtime)).state == runtime.engine.state


async def test_what_waits_for_the_ledger_is_bounded(station: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outage, "TRY_AGAIN_SECONDS", 5)
    monkeypatch.setattr(outage, "MOST_KEPT", 3)
    runtime = await station.start(NoFeed())
    runtime.ledger.failing = lambda batch: True
    for n in range(6):
        with pytest.raises(NotStored):
            await station.send(runtime, DOTS, f"S{n}")
    assert "3 prices and requests of senders wait (3 older ones are lost)" in runtime.health().alarms[0]


async def test_a_market_answer_that_could_not_be_stored_is_asked_for_again(
    station: Any, slow_markets: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime_module, "ASK_AGAIN_SECONDS", 0.001)
    runtime = await station.start(slow_markets, decision_wait=2)
    fails = [2]

    def once_or_twice(batch: Any) -> bool:
        hit = any(isinstance(event, MarketAnswered) for event, _ in batch) and fails[0] > 0
        fails[0] -= hit
        return hit

    runtime.ledger.failing = once_or_twice
    slow_markets.free.set()
    answer = await station.send(runtime, SIGNAL)
    assert answer.decision is not None and fails == [0]
    assert len(slow_markets.asked) == 3
    assert len(runtime.engine.state.recent) == 1


async def test_feeds_that_raise_are_an_answer_without_data(station: Any, slow_markets: Any) -> None:
    slow_markets.broken = True
    slow_markets.free.set()
    runtime = await station.start(slow_markets, decision_wait=2)
    answer = await station.send(runtime, SIGNAL)
    assert answer.decision.action is Action.SKIP
    assert answer.decision.verdict.gates.failed == ("market",)
    assert runtime.health().ready


async def test_a_checkpoint_that_fails_stops_nobody(station: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "DUE", ((1, 0.0),))
    runtime = await station.start(NoFeed())
    runtime.ledger.checkpoints_fail = True
    for n in range(6):
        assert (await station.send(runtime, SATY, f"S{n}")).status == "accepted"
    assert runtime.health().ready and "checkpoint" in runtime.counters.alarms
    runtime.ledger.checkpoints_fail = False
    for n in range(6, 12):
        await station.send(runtime, SATY, f"S{n}")
    await runtime.settled()
    assert "checkpoint" not in runtime.counters.alarms
    assert (await runtime.ledger.last_checkpoint()).seq > 6


# --- when the engine fails on an input --------------------------------------------------------------------------


async def test_an_input_that_the_engine_fails_on_is_refused_alone(station: Any) -> None:
    runtime = await station.start(NoFeed())
    runtime.ledger.free.clear()
    first = asyncio.create_task(station.send(runtime, SATY, "FIRST"))
    await turns()
    failed = trip(runtime, Received, "POISON")
    sent = [asyncio.create_task(station.send(runtime, SATY, s)) for s in ("A", "B", "POISON", "C", "D")]
    await turns()
    runtime.ledger.free.set()
    results = await asyncio.gather(first, *sent, return_exceptions=True)
    assert len(failed) == 1
    assert [isinstance(r, NotStored) for r in results] == [False, False, False, True, False, False]
    assert (await counts(runtime))["receipts"] == 5
    assert runtime.engine.state.tally.receipts == 5
    assert (await folded(runtime)).state == runtime.engine.state
    assert "engine" in runtime.counters.alarms and runtime.health().ready


async def test_engine_that_fails_on_every_webhook_is_not_ready_though_its_ticks_are_stored(
    station: Any,
) -> None:
    runtime = await station.start(NoFeed())
    trip(runtime, Received, "", times=3)
    for n in range(3):
        assert runtime.health().ready, f"{n} failures in a row"
        with pytest.raises(NotStored):
            await station.send(runtime, SATY, f"S{n}")
        await runtime.settled()
        trip(runtime, Received, "", times=3)
        await runtime.tick()
    assert not runtime.health().ready
    runtime.engine.__class__ = Engine
    assert (await station.send(runtime, SATY)).status == "accepted"
    assert runtime.health().ready


async def test_a_fault_in_a_decision_refuses_its_webhook_and_opens_nothing(station: Any) -> None:
    runtime = await station.start(NoFeed())
    failed = trip(runtime, MarketAnswered)
    with pytest.raises(NotStored):
        await station.send(runtime, SIGNAL)
    assert failed
    answer = await station.send(runtime, SIGNAL)
    assert answer.status == "accepted" and answer.decision.action is Action.EXECUTE
    assert (await counts(runtime))["positions"] == 1


# --- too much at once -----------------------------------------------------------------------------------------


async def test_more_than_the_backlog_is_turned_away_and_nothing_of_it_stored(
    station: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_loop, "BACKLOG", 10)
    runtime = await station.start(NoFeed())
    runtime.ledger.free.clear()
    first = asyncio.create_task(station.send(runtime, SATY, "FIRST"))
    await turns()
    sent = [asyncio.create_task(station.send(runtime, SATY, f"S{n}")) for n in range(15)]
    await turns()
    runtime.ledger.free.set()
    results = await asyncio.gather(first, *sent, return_exceptions=True)
    assert sum(isinstance(r, Overloaded) for r in results) == 5
    assert (await counts(runtime))["receipts"] == 11


# --- restarts -------------------------------------------------------------------------------------------------


async def a_morning(station: Any, runtime: Runtime) -> None:
    await station.enter(runtime)
    await station.send(runtime, SIGNAL, "QQQ", score=6.5)
    await station.send(runtime, SATY, "IWM")
    station.later(minutes=1)
    await runtime.price("SPY", 450.4, "feed", bar=(450.0, 450.6, 449.9))
    await runtime.tick()
    await runtime.command(
        Command(id="c1", name="exit", position_id=next(iter(runtime.engine.state.positions)), contracts=2)
    )
    await runtime.submit("{{close}}", None)


@pytest.mark.parametrize("ending", ["stop", "kill"])
@pytest.mark.parametrize("checkpoint", [0.0, 0.01, 1e9])
async def test_a_restart_remembers_everything(
    station: Any, ending: str, checkpoint: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "DUE", ((1, checkpoint),))
    runtime = await station.start(NoFeed())
    await a_morning(station, runtime)
    before = runtime.engine.state
    await (station.stop if ending == "stop" else station.kill)(runtime)
    again = await station.start(NoFeed())
    assert again.engine.state == before
    assert (await folded(again)).state == before
    state = again.engine.state
    assert len(state.positions) == 1 and len(state.signals) == 1 and len(state.contexts.symbols) == 3
    # What was open goes on, what was known counts, what was sent is not taken twice.
    duplicate = await again.submit(station.text(SATY, "NEW"), None)
    assert duplicate.status == "accepted"
    assert (await again.submit(station.text(SATY, "NEW"), None)).receipt_id == duplicate.receipt_id
    told = await again.command(
        Command(id="c1", name="exit", position_id=next(iter(state.positions)), contracts=2)
    )
    assert told.ok and next(iter(state.positions.values())).remaining == 6
    await again.price("SPY", 448.0, "feed")
    assert not state.positions and state.day.closed == 1
    station.later(minutes=1)
    for source in (DOTS, STRAT):
        await station.send(again, source, "QQQ")
    station.later(minutes=1)
    await station.send(again, SATY, "QQQ")
    assert [r.action for r in state.recent if r.symbol == "QQQ"][-1] is Action.EXECUTE
    assert (await folded(again)).state == state
    assert (await again.ledger.verify()).ok


async def test_a_checkpoint_written_in_pieces_is_the_state_of_one_instant(
    station: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Webhooks arrive while it is written; none of them is in it, and none is lost."""
    monkeypatch.setattr(checkpoints, "DUE", ((1, 0.0),))
    monkeypatch.setattr(piecemeal, "PIECE", 1)
    runtime = await station.start(NoFeed())

    async def stream(n: int) -> None:
        for k in range(4):
            await station.send(runtime, SATY, f"S{n}{k}")

    await asyncio.gather(*(stream(n) for n in range(4)))
    before = runtime.engine.state
    saved = await runtime.ledger.last_checkpoint()
    upto = Engine(engine_id=runtime.engine_id)
    async for event in runtime.ledger.journal_after(0):
        if event.seq <= saved.seq:
            upto.step(event)
    assert decode_state(saved.state) == upto.state
    await station.kill(runtime)
    again = await station.start(NoFeed())
    assert again.engine.state == before and before.tally.receipts == 16


async def test_a_duplicate_is_known_after_a_restart(station: Any) -> None:
    runtime = await station.start(NoFeed())
    body = station.text(SIGNAL)
    first = await runtime.submit(body, None)
    await station.kill(runtime)
    again = await station.start(NoFeed())
    answer = await again.submit(body, None)
    assert (answer.status, answer.receipt_id) == ("duplicate", first.receipt_id)
    assert (await counts(again))["positions"] == 1


async def test_what_a_crash_left_undecided_is_asked_for_again_and_decided_once(
    station: Any, slow_markets: Any
) -> None:
    runtime = await station.start(slow_markets, decision_wait=0.01)
    answers = [await station.send(runtime, SIGNAL, s) for s in ("SPY", "QQQ")]
    assert [a.decision for a in answers] == [None, None]
    await station.kill(runtime)
    again = await station.start(NoFeed())
    await again.settled()
    assert sorted(r.symbol for r in again.engine.state.recent) == ["QQQ", "SPY"]
    assert {r.receipt_id for r in again.engine.state.recent} == {a.receipt_id for a in answers}
    await station.kill(again)
    third = await station.start(NoFeed())
    await third.settled()
    assert len(third.engine.state.recent) == 2
    assert (await counts(third))["positions"] == 2


async def test_the_mode_is_kept_across_restarts(station: Any) -> None:
    runtime = await station.start(NoFeed())
    await runtime.command(Command(id="halt", name="mode", argument="HALTED"))
    await station.kill(runtime)
    again = await station.start(NoFeed())
    assert again.engine.state.mode is Mode.HALTED


async def test_rules_are_put_in_force_once_and_again_when_they_change(station: Any) -> None:
    runtime = await station.start(NoFeed(), rules="[account]\nsize = 50000\n")
    await station.stop(runtime)
    same = await station.start(NoFeed(), rules="name = 'same numbers'\n[account]\nsize = 50000.0\n")
    assert len(await same.ledger.rules_versions()) == 1
    await station.stop(same)
    other = await station.start(NoFeed(), rules="[account]\nsize = 60000\n")
    assert other.engine.rules.account.size == 60_000
    assert len(await other.ledger.rules_versions()) == 2
    await station.stop(other)
    with pytest.raises(RulesError, match="acount"):
        await station.start(NoFeed(), rules="[acount]\nsize = 1\n")


async def test_a_checkpoint_that_cannot_be_read_costs_time_and_nothing_else(station: Any) -> None:
    runtime = await station.start(NoFeed())
    await a_morning(station, runtime)
    before = runtime.engine.state
    await runtime.ledger.save_checkpoint(before.seq, before.at, b'{"seq": 3, "positions": 7}')
    await station.kill(runtime)
    again = await station.start(NoFeed())
    assert again.engine.state == before


# --- the clock ------------------------------------------------------------------------------------------------


async def test_a_clock_set_before_the_journal_is_refused_and_never_moved_in_silence(station: Any) -> None:
    station.clock = OffsetClock(station.clock.now())
    runtime = await station.start(NoFeed())
    station.clock._start = station.clock._start.replace(hour=17)
    await runtime.tick()
    last = runtime.engine.state.at
    await station.stop(runtime)
    station.clock = OffsetClock(last.replace(hour=15))
    words = rf"--clock 2026-11-24 15:.*before the ledger's last entry.*leave --clock out.*--clock {last:%Y-%m-%dT%H}"
    with pytest.raises(ConfigError, match=words):
        await station.start(NoFeed())
    station.clock = OffsetClock(last)
    again = await station.start(NoFeed())
    await station.send(again, SATY)
    assert again.engine.state.at > last


async def test_a_ledger_from_the_future_is_refused_and_says_what_to_do(station: Any) -> None:
    runtime = await station.start(NoFeed())
    station.later(minutes=60 * 24 * 700)
    await runtime.tick()
    await station.stop(runtime)
    station.clock = SteadyClock()
    with pytest.raises(ConfigError, match=r"ahead of the clock.*--clock 2028"):
        await station.start(NoFeed())


async def test_a_clock_outside_the_calendar_is_refused(station: Any) -> None:
    station.later(minutes=60 * 24 * 365 * 40)
    with pytest.raises(ConfigError, match=r"clock: 2066.*1998-01-01 to 2060-12-31"):
        await station.start(NoFeed())


async def test_an_instant_is_never_before_the_one_before(station: Any) -> None:
    runtime = await station.start(NoFeed())
    last = runtime.engine.state.at
    station.clock._now = last.replace(hour=last.hour - 1)
    await runtime.tick()
    assert runtime.engine.state.at == last


# --- ends -----------------------------------------------------------------------------------------------------


async def test_a_stop_does_not_wait_for_a_feed_that_hangs(
    station: Any, slow_markets: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime_module, "STOP_SECONDS", 0.05)
    runtime = await station.start(slow_markets, decision_wait=0.01)
    await station.send(runtime, SIGNAL)
    await asyncio.wait_for(station.stop(runtime), 2)
    again = await station.start(NoFeed())
    await again.settled()
    assert len(again.engine.state.recent) == 1


async def test_a_stop_with_a_dead_disk_keeps_no_state_that_is_not_on_disk(
    station: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime_module, "STOP_SECONDS", 0.05)
    runtime = await station.start(NoFeed())
    await station.send(runtime, SATY, "KEPT")
    runtime.ledger.free.clear()
    lost = asyncio.create_task(station.send(runtime, SATY, "LOST"))
    await turns()
    waiting = asyncio.create_task(station.send(runtime, SATY, "WAITING"))
    await turns()
    await asyncio.wait_for(station.stop(runtime), 2)
    assert isinstance((await asyncio.gather(waiting, return_exceptions=True))[0], NotStored)
    lost.cancel()
    again = await station.start(NoFeed())
    assert set(again.engine.state.contexts.symbols) == {"KEPT"}


# --- how inputs are grouped changes nothing ---------------------------------------------------------------------


async def test_how_a_stream_is_cut_into_batches_changes_nothing(
    station: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies = [
        station.text(source, symbol, score=score) if source is SIGNAL else station.text(source, symbol)
        for symbol in ("SPY", "QQQ", "IWM")
        for score in (8.7, 6.5)
        for source in (SATY, DOTS, STRAT, SIGNAL)
    ]
    told, commits = [], []
    for seconds in (0.0, 10.0):
        monkeypatch.setattr(engine_loop, "BATCH_SECONDS", seconds)
        one = type(station)(tmp_path / f"{seconds}.db")
        runtime = await one.start(NoFeed())
        await asyncio.gather(*(runtime.submit(body, None) for body in bodies))
        stored = [e for batch in runtime.ledger.batches for _, effects in batch for e in effects]
        trades = [e for e in stored if isinstance(e, StoreDecision | StoreTrade)]
        assert len(trades) >= 6
        told.append(((await runtime.ledger.verify()).head, trades))
        commits.append(len(runtime.ledger.batches))
        await one.stop(runtime)
    assert told[0] == told[1]
    assert commits[1] < commits[0]


async def test_a_deck_says_why_a_command_did_nothing(station: Any) -> None:
    runtime = await station.start(NoFeed())
    deck = LocalDeck(runtime)
    assert (await deck.command(Command(id="1", name="exit", position_id="nobody"))).code == "UNKNOWN_POSITION"
    answer = await station.enter(runtime)
    position_id = answer.decision.position_id
    assert (await deck.command(Command(id="2", name="exit", position_id=position_id))).ok
    assert (await deck.command(Command(id="3", name="exit", position_id=position_id))).code == "NOT_OPEN"
    assert deck.snapshot().pnl.closed == 1 and not deck.snapshot().positions


async def test_a_deck_has_the_events_of_the_day_after_a_restart(station: Any) -> None:
    runtime = await station.start(NoFeed())
    deck = LocalDeck(runtime)
    answer = await station.enter(runtime)
    await runtime.engine_loop._checkpoints.store(runtime.engine.state)
    assert (await deck.command(Command(id="2", name="exit", position_id=answer.decision.position_id))).ok
    before = deck.snapshot()
    assert [event.kind for event in before.events] == ["exit", "execute"]
    await station.kill(runtime)
    again = await station.start(NoFeed())
    deck = LocalDeck(again)
    deck.resume()
    assert deck.snapshot().events == before.events and deck.snapshot().recent == before.recent
    await station.send(again, SIGNAL, "QQQ")
    assert len(deck.snapshot().events) >= 2
    await station.stop(again)
    station.later(minutes=24 * 60)
    next_day = LocalDeck(await station.start(NoFeed()))
    next_day.resume()
    assert next_day.snapshot().events == ()


def test_the_default_rules_are_those_of_an_empty_text() -> None:
    assert parse_rules("").fingerprint == Rules().fingerprint


async def test_what_is_not_on_disk_is_not_on_the_deck(station: Any) -> None:
    """While a commit is held the deck shows the state before it; the new one as soon as it has landed."""
    runtime = await station.start(NoFeed())
    deck = LocalDeck(runtime)
    before = deck.snapshot()
    runtime.ledger.free.clear()
    sent = asyncio.create_task(runtime.submit(station.text(SIGNAL, "SPY"), None))
    await turns()
    assert runtime.engine.state.seq > before.seq, "the engine has taken it"
    assert deck.snapshot() == before
    runtime.ledger.free.set()
    await sent
    assert deck.snapshot().seq > before.seq
    assert deck.snapshot().recent


async def test_a_process_that_never_lives_long_leaves_a_checkpoint(
    station: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "READ_AT_START", 8)
    for life in range(4):
        runtime = await station.start(NoFeed())
        for n in range(3):
            await station.send(runtime, SATY, f"S{life}{n}")
        await runtime.engine_loop._checkpoints.finished()
        await station.kill(runtime)
    last = await station.start(NoFeed())
    saved = await last.ledger.last_checkpoint()
    assert saved is not None and last.engine.state.seq - saved.seq < 8


async def test_a_large_state_is_written_less_often(station: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its checkpoints cost each webhook no more than those of a small one."""
    monkeypatch.setattr(checkpoints, "DUE", ((2, 0.0), (5, 0.3)))
    monkeypatch.setattr(checkpoints, "SMALL", 100)
    monkeypatch.setattr(checkpoints, "BYTES_PER_INPUT", 100)
    runtime = await station.start(NoFeed())
    stored: list[int] = []
    save = runtime.ledger.save_checkpoint

    async def noted(seq: int, at: Any, state: Any) -> None:
        stored.append(seq)
        await save(seq, at, state)

    monkeypatch.setattr(runtime.ledger, "save_checkpoint", noted, raising=False)
    for n in range(12):
        await station.send(runtime, SATY, f"S{n}")
        await runtime.engine_loop._checkpoints.finished()
    assert len(stored) == 1  # the next one is due after as many inputs as the state has hundreds of bytes
    await asyncio.sleep(0.3)
    await station.send(runtime, SATY, "S12")
    await runtime.engine_loop._checkpoints.finished()
    assert len(stored) == 2


async def test_webhooks_are_answered_while_a_checkpoint_is_stored(
    station: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "DUE", ((2, 0.0),))
    runtime = await station.start(NoFeed())
    stored = asyncio.Event()
    save = runtime.ledger.save_checkpoint

    async def slowly(*args: Any) -> None:
        await stored.wait()
        await save(*args)

    monkeypatch.setattr(runtime.ledger, "save_checkpoint", slowly, raising=False)
    for n in range(6):
        assert (await station.send(runtime, SATY, f"S{n}")).status == "accepted"
    assert await runtime.ledger.last_checkpoint() is None
    stored.set()
    await runtime.engine_loop._checkpoints.finished()
    saved = await runtime.ledger.last_checkpoint()
    assert saved is not None and 2 <= saved.seq < 7 <= runtime.engine.state.seq


async def test_ticks_of_a_night_with_an_open_position_are_not_stored(station: Any) -> None:
    runtime = await station.start(NoFeed())
    await station.enter(runtime)
    station.later(minutes=12 * 60)  # 22:00 in New York
    await runtime.tick()
    before = await counts(runtime)
    for _ in range(300):
        station.later(seconds=1)
        await runtime.tick()
    assert (await counts(runtime))["journal"] - before["journal"] <= 1
    assert runtime.health().ready and (await folded(runtime)).state == runtime.engine.state
    await station.kill(runtime)
    again = await station.start(NoFeed())
    assert len(again.engine.state.positions) == 1
