"""The one line that everything goes through: inputs in order, a step each, a commit, then the effects out.

Invariants: what a step wants stored is on disk before anything of it is answered, shown or sent; inputs get
their seq and instant here and nowhere else; a failed commit leaves no trace, in memory either.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
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
from core.engine import Engine, EngineState
from core.events import Event, MarketAnswered, Ticked
from core.model import DecisionRecord
from server.feeds.base import MarketReply, Markets
from server.ledger.base import Entry, Ledger
from server.ledger.chunked_json import encode_piecemeal
from server.ledger.codec import decode_as
from server.runtime.clock import Clock
from server.runtime.health import HealthCounters
from server.runtime.ports import NotStored, Overloaded

log = logging.getLogger("gatedeck.runtime")

BATCH_SECONDS = 0.004
"""Longest stretch of stepping before the loop gets its turn: a paint or an answer never waits longer."""
BACKLOG = 20_000
MOVING = frozenset({FetchMarket, StoreDecision, StoreTrade, StoreShadow})
"""Effects of a step that may have changed what is watched."""
READ_AGAIN_SECONDS = 0.5
"""Pause before a ledger that could not be read is tried again."""
CHECKPOINT_EVENTS = 10_000
CHECKPOINT_SECONDS = 300.0

Make = Callable[[int, datetime], Event]


@dataclass(slots=True)
class _Item:
    make: Make
    done: asyncio.Future[tuple[Effect, ...]]


_Committed = tuple[_Item | None, tuple[Effect, ...]]
"""An input, ``None`` for a market's answer that was had at once, and what its step asks for."""


class Writer:
    """Owns the engine, the ledger's writing side and the order of everything that happens.

    ``_ask`` is called with a question that the feeds must be waited for, ``_watch`` after each commit.
    """

    def __init__(self, ledger: Ledger, clock: Clock, markets: Markets, engine_id: str) -> None:
        self.ledger = ledger
        self.clock = clock
        self.markets = markets
        self.engine_id = engine_id
        self.engine = Engine(engine_id=engine_id)
        self.pulse = HealthCounters()
        self.listeners: set[Callable[[Effect], None]] = set()
        self.landed: Callable[[], None] | None = None
        self._inbox: deque[_Item] = deque()
        self._wake = asyncio.Event()
        self._busy = False
        self._awaiting: dict[str, asyncio.Future[DecisionRecord]] = {}
        self._asks: set[asyncio.Task[None]] = set()
        self._writer: asyncio.Task[None] | None = None
        self._checkpoint_seq = 0
        self._checkpoint_at = time.monotonic()
        self._moved = True
        self._dirty = False
        """Whether memory may hold what the disk does not: then it is not to be kept as a checkpoint."""
        self._salt = hashlib.sha1(engine_id.encode())

    def _ask(self, ask: FetchMarket) -> None:
        raise LookupError("questions to the market are put by the runtime")

    async def _watch(self) -> None:
        """Tell the feeds what is watched now; nothing without any."""

    @property
    def ahead_of_disk(self) -> bool:
        """Whether the engine's state holds what is not stored yet; ``landed`` is called when it no longer does."""
        return self._dirty

    async def settled(self) -> None:
        """Wait until every input taken so far, and what followed from it, is done."""
        while self._inbox or self._busy or self._asks:
            if self._writer is not None and self._writer.done():
                return
            await asyncio.sleep(0 if self._inbox or self._busy else 0.001)

    async def post(self, make: Make) -> tuple[Effect, ...]:
        """Put one input in line; returns its effects once they are on disk."""
        if len(self._inbox) >= BACKLOG:
            raise Overloaded(f"{BACKLOG} inputs wait already")
        if self._writer is not None and self._writer.done():
            raise NotStored("the writer has ended")
        done: asyncio.Future[tuple[Effect, ...]] = asyncio.get_running_loop().create_future()
        self._inbox.append(_Item(make, done))
        self._wake.set()
        return await done

    # --- the line ----------------------------------------------------------------------------------------

    async def _write(self) -> None:
        while True:
            if not self._inbox:
                self._busy = False
                self._wake.clear()
                await self._wake.wait()
            self._busy = True
            batch: list[Entry] = []
            committed: list[_Committed] = []
            asks: list[FetchMarket] = []
            items: list[_Item] = []
            until = time.perf_counter() + BATCH_SECONDS
            self._dirty = True
            try:
                while self._inbox and (not items or time.perf_counter() < until):
                    item = self._inbox.popleft()
                    items.append(item)
                    self._step(item.make, item, batch, committed, asks)
            except Exception as error:
                await self._expel(items, error)
                continue
            try:
                begun = time.perf_counter()
                await self.ledger.commit(batch)
                self.pulse.last_commit_ms = (time.perf_counter() - begun) * 1000
                self.pulse.commit_ms.append(self.pulse.last_commit_ms)
            except Exception as error:
                await self._undo(items, error)
                continue
            self._dirty = False
            self.pulse.commits += 1
            self.pulse.events += len(batch)
            self.pulse.alarms.pop("ledger", None)
            self._deliver(committed)
            if self.landed is not None:
                self.landed()
            for ask in asks:
                self._ask(ask)
            await self._watch()
            await self._checkpoint_if_due()
            # What was answered goes out, and what has come is read, before the next stretch of stepping.
            await asyncio.sleep(0)

    def _step(
        self,
        make: Make,
        item: _Item | None,
        batch: list[Entry],
        committed: list[_Committed],
        asks: list[FetchMarket],
    ) -> None:
        state = self.engine.state
        now = self.clock.now()
        if state.at is not None and now < state.at:
            now = state.at
        event = make(state.seq + 1, now)
        effects = self.engine.step(event)
        batch.append((event, effects))
        committed.append((item, effects))
        if not self._moved:
            self._moved = type(event) is Ticked or not MOVING.isdisjoint(map(type, effects))
        for effect in effects:
            if type(effect) is FetchMarket:
                reply = self.markets.at_once(effect, now)
                if reply is None:
                    asks.append(effect)
                else:
                    self._step(market_event(effect.signal_id, reply), None, batch, committed, asks)

    def make_id(self, seq: int) -> str:
        """An id that this engine gives this seq and no other: a name-based (version 5 style) UUID."""
        digest = self._salt.copy()
        digest.update(b"%d" % seq)
        h = digest.hexdigest()
        return f"{h[:8]}-{h[8:12]}-5{h[13:16]}-a{h[17:20]}-{h[20:32]}"

    def _deliver(self, committed: list[_Committed]) -> None:
        for item, effects in committed:
            for effect in effects:
                if isinstance(effect, AnswerDecision):
                    waiter = self._awaiting.get(effect.receipt_id)
                    if waiter is not None and not waiter.done():
                        waiter.set_result(effect.record)
                elif isinstance(effect, AnswerReceipt):
                    # A sender that went away leaves nothing behind that could be waited for.
                    if effect.awaits_decision and item is not None and not item.done.done():
                        self._awaiting[effect.receipt_id] = asyncio.get_running_loop().create_future()
                else:
                    self._tell(effect)
            if item is not None and not item.done.done():
                item.done.set_result(effects)

    def _tell(self, effect: Effect) -> None:
        for listener in tuple(self.listeners):
            try:
                listener(effect)
            except Exception as error:  # whoever listens must not stop the writer
                log.exception("a listener failed", exc_info=error)

    async def _expel(self, items: list[_Item], error: Exception) -> None:
        """An input that the engine failed on is refused alone; what came with it is taken again."""
        culprit = items.pop()
        log.exception("the engine failed on an input", exc_info=error)
        self.pulse.alarms["engine"] = f"an input was refused, the engine failed on it: {error!r}"
        await self._reload()
        self._inbox.extendleft(reversed(items))
        self._refuse(culprit, f"the engine failed on it: {error!r}")

    async def _undo(self, items: list[_Item], error: Exception) -> None:
        """Bring memory back to what the disk holds: senders are told to come again."""
        log.exception("commit failed; going back to the ledger's last state", exc_info=error)
        self.pulse.alarms["ledger"] = f"ledger cannot store: {error}"
        await self._reload()
        for item in items:
            self._refuse(item, str(error))

    @staticmethod
    def _refuse(item: _Item, why: str) -> None:
        if not item.done.done():
            item.done.set_exception(NotStored(why))

    async def _reload(self) -> None:
        """Have memory be what the disk holds, however long the disk takes to be read."""
        while True:
            try:
                await self._load()
                self._dirty = False
                return
            except Exception as again:
                log.exception("the ledger cannot be read", exc_info=again)
                self.pulse.alarms["ledger"] = f"ledger cannot be read: {again}"
                await asyncio.sleep(READ_AGAIN_SECONDS)

    def _writer_ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        self.pulse.alarms["writer"] = f"the engine's writer ended: {error}"
        log.critical("the writer ended", exc_info=error)

    # --- checkpoints -------------------------------------------------------------------------------------

    async def _load(self) -> None:
        saved = await self.ledger.last_checkpoint()
        state = None
        if saved is not None:
            try:
                state = decode_state(saved.state)
            except ValueError as error:  # the journal is the truth, and holds it all
                log.error("the checkpoint of seq %s cannot be read: %s", saved.seq, error)
        engine = Engine(state, self.engine_id)
        self._checkpoint_seq = engine.state.seq
        async for event in self.ledger.journal_after(engine.state.seq):
            engine.step(event)
        self.engine = engine

    async def _checkpoint_if_due(self) -> None:
        state = self.engine.state
        behind = state.seq - self._checkpoint_seq
        old = time.monotonic() - self._checkpoint_at > CHECKPOINT_SECONDS
        # A state that has grown large is written more seldom, so that its writing stays a small part of the work.
        many = max(CHECKPOINT_EVENTS, len(state.duplicates.keys))
        if not (behind >= many or (behind and old)):
            return
        try:
            await self._checkpoint()
            self.pulse.alarms.pop("checkpoint", None)
        except Exception as error:  # only the next start pays for one that is missing
            log.exception("no checkpoint", exc_info=error)
            self.pulse.alarms["checkpoint"] = f"no checkpoint could be stored: {error}"
            self._checkpoint_seq, self._checkpoint_at = self.engine.state.seq, time.monotonic()

    async def _checkpoint(self) -> None:
        """Store the state; it does not change meanwhile, because only the line that waits here changes it."""
        state: EngineState = self.engine.state
        assert state.at is not None
        await self.ledger.save_checkpoint(state.seq, state.at, await encode_piecemeal(state))
        self._checkpoint_seq, self._checkpoint_at = state.seq, time.monotonic()


def market_event(signal_id: str, reply: MarketReply) -> Make:
    return lambda seq, at: MarketAnswered(
        seq=seq, at=at, signal_id=signal_id, snapshot=reply.snapshot, chain=reply.chain
    )


def decode_state(raw: bytes) -> EngineState:
    """An engine's state from the JSON of a checkpoint."""
    return decode_as(EngineState, raw)
