"""The engine loop: take inputs in order, step the engine, commit the batch, then deliver the effects.

Invariants: the effects of a step are stored on disk before any of them is answered, shown or sent. Inputs get
their seq and instant here and nowhere else. A failed commit leaves no trace, in memory either.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime

from core.effects import (
    AnswerDecision,
    AnswerReceipt,
    Effect,
    FetchMarket,
    StoreDecision,
    StoreShadow,
    StoreTrade,
)
from core.engine import Engine
from core.events import Commanded, MarketAnswered, Ticked
from core.model import DecisionRecord
from server.feeds.base import MarketReply, Markets, reply_at_once
from server.ledger.base import Entry, Ledger
from server.ledger.receipt_ids import ReceiptIds
from server.runtime.callers import Caller, FutureCaller, MakeEvent
from server.runtime.checkpoints import Checkpoints
from server.runtime.clock import Clock
from server.runtime.health import HealthCounters
from server.runtime.outage import Input, Outage, waits
from server.runtime.ports import NotStored, Overloaded

log = logging.getLogger("gatedeck.runtime")

BATCH_SECONDS = 0.004
"""Longest time of stepping without a pause, so that a repaint or an answer never waits longer."""
BACKLOG = 20_000
"""Most inputs that may wait; more are refused with Overloaded."""
CHANGES_WATCHED = frozenset({FetchMarket, StoreDecision, StoreTrade, StoreShadow})
"""Effects after which the engine may want prices of other symbols."""
TURN_AWAY_SECONDS = 0.25
"""Time for going back to the ledger after which new inputs wait no longer for it."""
READ_AGAIN_SECONDS = 0.5
"""Pause before the loop retries to read a ledger that could not be read."""

_Committed = tuple[Input | None, tuple[Effect, ...]]
"""An input (``None`` for a market reply that needed no waiting) and the effects of its step."""


class EngineLoop:
    """The only task that steps the engine and writes the ledger.

    ``ask_market`` is called after a commit with each market request that needs waiting; it must not block.
    ``update_watch`` is awaited after a commit that may have changed which prices the engine needs.
    ``on_stored``, when set, is called after each commit, before the market is asked.
    """

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        markets: Markets,
        engine_id: str,
        *,
        ask_market: Callable[[FetchMarket], None],
        update_watch: Callable[[], Awaitable[None]],
    ) -> None:
        self.ledger = ledger
        self.clock = clock
        self.markets = markets
        self.engine_id = engine_id
        self.engine = Engine(engine_id=engine_id)
        self.counters = HealthCounters()
        self.listeners: set[Callable[[Effect], None]] = set()
        self.on_stored: Callable[[], None] | None = None
        self._ask_market = ask_market
        self._update_watch = update_watch
        self._inbox: deque[Input] = deque()
        self._outage: Outage | None = None
        self._wake = asyncio.Event()
        self._stepping = self._storing = False
        self._decision_waiters: dict[str, Callable[[DecisionRecord], None]] = {}
        """For each receipt whose sender waits for the decision: the function that takes it."""
        self._task: asyncio.Task[None] | None = None
        self._checkpoints = Checkpoints(ledger, self.counters)
        self._watch_may_differ = True
        self._ahead_of_disk = False
        self.make_id = ReceiptIds(engine_id).of
        """Returns the id of the receipt with a seq."""

    @property
    def ahead_of_disk(self) -> bool:
        """Return whether the engine's state may hold effects that are not stored yet.

        Such a state must not be shown or saved as a checkpoint; ``on_stored`` is called when it is stored.
        """
        return self._ahead_of_disk

    @property
    def busy(self) -> bool:
        """Return whether inputs wait, are being stepped or are being stored."""
        return bool(self._inbox) or self._stepping

    @property
    def storing(self) -> bool:
        """Return whether a commit is under way: the loop waits for the disk, and inputs can be read ahead."""
        return self._storing

    @property
    def backlog(self) -> int:
        """Number of inputs that wait."""
        return len(self._inbox)

    @property
    def running(self) -> bool:
        """Return whether the loop was started and has not ended."""
        return self._task is not None and not self._task.done()

    @property
    def takes_inputs(self) -> bool:
        """Return whether a webhook that comes now would be stored, as far as is known."""
        return self.running and self.backlog < BACKLOG and not self.counters.refuses

    @property
    def ended(self) -> bool:
        """Return whether the loop was started and takes no more inputs."""
        return self._task is not None and self._task.done()

    def start(self) -> None:
        """Begin to take inputs; call ``load`` before."""
        self._task = asyncio.create_task(self._run(), name="engine loop")
        self._task.add_done_callback(self._task_ended)

    async def stop(self) -> None:
        """End the loop, refuse the inputs that still wait, and store a checkpoint."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        while self._inbox:
            self._refuse(self._inbox.popleft(), "the engine is stopping")
        await self._checkpoints.finished()
        if self.engine.state.seq > self._checkpoints.seq and not self._ahead_of_disk:
            await self._checkpoints.store(self.engine.state)

    async def post(self, make: MakeEvent) -> tuple[Effect, ...]:
        """Queue one input and return its effects once they are on disk.

        Raises Overloaded when too many inputs wait, NotStored when the input could not be stored.
        """
        caller = FutureCaller()
        self.put(make, caller)
        return await caller.future

    def put(self, make: MakeEvent, caller: Caller) -> None:
        """Queue one input; ``caller`` is told when it is on disk or refused. Raises Overloaded, NotStored."""
        if len(self._inbox) >= BACKLOG:
            raise Overloaded(f"{BACKLOG} inputs are waiting already")
        if self.ended:
            raise NotStored("the engine loop has ended")
        self._inbox.append(Input(make, caller))
        self._wake.set()

    def when_decided(self, receipt_id: str, take: Callable[[DecisionRecord], None] | None) -> None:
        """Call ``take`` once with the decision of a receipt when it is on disk; ``None`` waits no longer."""
        if take is None:
            self._decision_waiters.pop(receipt_id, None)
        else:
            self._decision_waiters[receipt_id] = take

    # --- the loop ----------------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            if not self._inbox:
                self._stepping = False
                self._wake.clear()
                await self._wait()
            if self._outage is not None and not await self._stores_again(self._outage):
                self._turn_away_all(self._outage)
                continue
            self._stepping = True
            batch: list[Entry] = []
            committed: list[_Committed] = []
            asks: list[FetchMarket] = []
            taken: list[Input] = []
            until = time.perf_counter() + BATCH_SECONDS
            self._ahead_of_disk = True
            try:
                while (one := self._next()) is not None:
                    taken.append(one)
                    self._step(one.make, one, batch, committed, asks)
                    if time.perf_counter() >= until or (self._outage is not None and self._outage.one_by_one):
                        break
            except Exception as error:
                await self._refuse_last(taken, error)
                continue
            try:
                if batch:
                    begun = time.perf_counter()
                    self._storing = True
                    await self.ledger.commit(batch)
                    self.counters.commit_took((time.perf_counter() - begun) * 1000)
            except Exception as error:
                await self._refuse_all(taken, error)
                continue
            finally:
                self._storing = False
            self._ahead_of_disk = False
            self._count(batch)
            self._deliver(committed)
            if self.on_stored is not None:
                self.on_stored()
            for ask in asks:
                self._ask_market(ask)
            if self._watch_may_differ:
                self._watch_may_differ = False
                await self._update_watch()
            await self._checkpoints.store_if_due(self.engine.state)
            # Let the answers be sent, and new webhooks be read, before the next batch.
            await asyncio.sleep(0)

    def _count(self, batch: list[Entry]) -> None:
        """Count what was stored; a batch without anything to store was a tick of which nothing came."""
        failing = self.counters.failing
        if batch:
            self.counters.commits += 1
            self.counters.events += len(batch)
            self._end_outage()
        if failing:
            for kind in {type(event) for event, _ in batch} or {Ticked}:
                failing.pop(kind, None)

    def _step(
        self,
        make: MakeEvent,
        taken: Input | None,
        batch: list[Entry],
        committed: list[_Committed],
        asks: list[FetchMarket],
    ) -> None:
        state = self.engine.state
        waited = taken is not None and taken.came_at is not None
        now = taken.came_at if taken is not None and taken.came_at is not None else self.clock.now()
        if state.at is not None and now < state.at:
            now = state.at
        event = make(state.seq + 1, now)
        if type(event) is Ticked and self._outage is None:
            passed = self.engine.pass_time(event)
            if passed is None:
                committed.append((taken, ()))
                return
            effects = passed
        else:
            effects = self.engine.step(event)
        batch.append((event, effects))
        committed.append((taken, effects))
        if CHANGES_WATCHED.isdisjoint(map(type, effects)):
            # The trades of a challenger have no effects: they begin with an answer, and are dropped by a command.
            challenged = type(event) is MarketAnswered and self.engine.challenger is not None
            self._watch_may_differ |= challenged or type(event) in (Ticked, Commanded)
            return
        self._watch_may_differ = True
        for effect in effects:
            if type(effect) is FetchMarket:
                # The market of now is no answer to an input of then: it is asked afterwards.
                reply = None if waited else reply_at_once(self.markets, effect, now, self.engine.rules)
                if reply is None:
                    asks.append(effect)
                else:
                    self._step(market_event(effect.signal_id, reply), None, batch, committed, asks)

    def _deliver(self, committed: list[_Committed]) -> None:
        """Tell the callers of inputs and decisions, and hand every other effect to the listeners."""
        listeners = tuple(self.listeners)
        for taken, effects in committed:
            for effect in effects:
                if type(effect) is AnswerReceipt:
                    continue
                if isinstance(effect, AnswerDecision):
                    self._tell_decision(effect)
                    continue
                for listener in listeners:
                    try:
                        listener(effect)
                    except Exception as error:  # a faulty listener must not stop the engine
                        log.exception("a listener failed", exc_info=error)
            if taken is not None:
                try:
                    taken.caller.stored(effects)
                except Exception as error:  # a faulty caller must not stop the engine
                    log.exception("an input was stored and could not be answered", exc_info=error)

    def _tell_decision(self, answer: AnswerDecision) -> None:
        take = self._decision_waiters.pop(answer.receipt_id, None)
        if take is None:
            return
        try:
            take(answer.record)
        except Exception as error:
            log.exception("a decision was stored and could not be answered", exc_info=error)

    async def _refuse_last(self, taken: list[Input], error: Exception) -> None:
        """Refuse the input that the engine failed on, and queue the others of its batch again."""
        failed = taken.pop()
        log.exception("the engine failed on an input", exc_info=error)
        self.counters.alarms["engine"] = f"an input was refused because the engine failed on it: {error!r}"
        # Its sender is told at once: going back to the ledger may take longer than senders wait.
        self._refuse(failed, f"the engine failed on this input: {error!r}")
        with suppress(Exception):
            self.counters.failing[type(failed.make(self.engine.state.seq + 1, self.clock.now()))] += 1
        await self._reload()
        self._inbox.extendleft(reversed(taken))

    async def _refuse_all(self, taken: list[Input], error: Exception) -> None:
        """Refuse a batch that could not be stored, and go back to the state on disk; senders will retry."""
        log.exception("commit failed; going back to the ledger's last state", exc_info=error)
        if self._outage is None:
            self._outage = Outage(self.clock.now())
        outage, now = self._outage, self.clock.now()
        outage.failed(error, [one for one in taken if one.came_at is not None])
        for one in taken:
            if one.came_at is None:
                self._turn_away(one, outage, now)
        self.counters.alarms["ledger"] = outage.text()
        await self._reload(outage)
        self.counters.alarms["ledger"] = outage.text()

    async def _stores_again(self, outage: Outage) -> bool:
        """Return whether to try the ledger now; what waits is tried only once a checkpoint could be stored."""
        if outage.pausing:
            return False
        if outage.waiting and not outage.proved:
            try:
                await self.ledger.commit(())
                await self._checkpoints.store(self.engine.state)
            except Exception as error:
                outage.failed(error, [])
                return False
            outage.proved = True
        return True

    def _turn_away_all(self, outage: Outage) -> None:
        """Refuse what came while the ledger is not tried, and let prices and requests of senders wait."""
        now = self.clock.now()
        while self._inbox:
            self._turn_away(self._inbox.popleft(), outage, now)
        self.counters.alarms["ledger"] = outage.text()

    async def _turn_away_for(self, seconds: float, outage: Outage | None) -> None:
        """Wait; senders are turned away meanwhile, and not left without an answer."""
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            await asyncio.sleep(min(left, TURN_AWAY_SECONDS))
            if outage is not None:
                self._turn_away_all(outage)

    def _turn_away(self, one: Input, outage: Outage, now: datetime) -> None:
        event = one.make(self.engine.state.seq + 1, now)
        if waits(self.engine, event) or outage.keeps_tick(event):
            outage.keep(one, now)
        self._refuse(one, str(outage.error))

    def _end_outage(self) -> None:
        """End the outage when something was stored and nothing waits any more; tell what was put in."""
        outage = self._outage
        if outage is None or outage.waiting:
            return
        self._outage = None
        self.counters.alarms.pop("ledger", None)
        log.warning("the ledger stores again, after %s", outage.text())

    def _next(self) -> Input | None:
        """Return the next input: first those that waited for the ledger."""
        if self._outage is not None and self._outage.waiting:
            return self._outage.waiting.popleft()
        return self._inbox.popleft() if self._inbox else None

    async def _wait(self) -> None:
        """Wait for an input, or until the ledger is to be tried again with what waits for it."""
        outage = self._outage
        if outage is None or not outage.waiting:
            await self._wake.wait()
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(outage.patience):
                await self._wake.wait()

    @staticmethod
    def _refuse(one: Input, reason: str) -> None:
        one.caller.refused(NotStored(reason))

    async def _reload(self, outage: Outage | None = None) -> None:
        """Set the engine back to the state on disk; retry until the ledger can be read.

        With an ``outage``, what comes meanwhile is turned away instead of waiting for a long journal.
        """
        while True:
            reading = asyncio.ensure_future(self.load())
            try:
                while not (await asyncio.wait({reading}, timeout=TURN_AWAY_SECONDS))[0]:
                    if outage is not None:
                        self._turn_away_all(outage)
                reading.result()
                self._ahead_of_disk = False
                return
            except Exception as again:
                log.exception("the ledger cannot be read", exc_info=again)
                self.counters.alarms["ledger"] = f"the ledger cannot be read: {again}"
                await self._turn_away_for(READ_AGAIN_SECONDS, outage)
            finally:
                reading.cancel()

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        self.counters.alarms["engine loop"] = f"the engine loop ended: {error}"
        log.critical("the engine loop ended", exc_info=error)

    # --- start -------------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Make the engine from the last checkpoint and the inputs stored after it. Raises LedgerError."""
        engine = Engine(await self._checkpoints.newest(), self.engine_id)
        self._checkpoints.seq = begun = engine.state.seq
        async for event in self.ledger.journal_after(begun):
            engine.step(event)
        self._checkpoints.started(engine.state.seq - begun)
        self.engine = engine


def market_event(signal_id: str, reply: MarketReply) -> MakeEvent:
    """Return what makes the input of a market reply to a signal."""
    return lambda seq, at: MarketAnswered(
        seq=seq, at=at, signal_id=signal_id, snapshot=reply.snapshot, chain=reply.chain
    )
