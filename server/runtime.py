"""The one loop that runs the core: takes inputs in order, steps the engine, commits, then lets effects out.

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
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.effects import (
    AnswerCommand,
    AnswerDecision,
    AnswerReceipt,
    Effect,
    FetchMarket,
    StoreDecision,
    StoreReceipt,
    StoreShadow,
    StoreTrade,
    Watch,
)
from core.engine import Engine, EngineState
from core.events import Commanded, Event, MarketAnswered, PriceSeen, Received, RulesChanged, Ticked
from core.model import DecisionRecord, MarketSnapshot
from core.options.calendar import CalendarError
from core.options.fills import OptionQuote
from core.rules import Rules, RulesError
from server.clock import Clock
from server.config import ConfigError
from server.deck import Command, CommandResult
from server.feeds.base import MarketReply, Markets
from server.http.ports import Health, NotStored, Overloaded, WebhookAnswer
from server.ledger.base import Entry, Ledger
from server.ledger.codec import decode_as, encode_any

log = logging.getLogger("gatedeck.runtime")

BATCH_SECONDS = 0.004
"""Longest stretch of stepping before the loop gets its turn: a paint or an answer never waits longer."""
BACKLOG = 20_000
LATEST = 2048
"""How many latencies are kept for the percentiles."""
MOVING = frozenset({FetchMarket, StoreDecision, StoreTrade, StoreShadow})
"""Effects of a step that may have changed what is watched."""
CHECKPOINT_EVENTS = 10_000
CHECKPOINT_SECONDS = 300.0
LAST_WORD_SECONDS = 1.5
"""How long a stop waits for what is under way; a feed that hangs must not hold the process up."""
ASK_AGAIN_SECONDS = 0.5
STOPPING = frozenset({"ledger", "writer"})
"""Alarms with which no webhook can be stored; with the others there is something to look at."""
CLOCK_BEHIND = timedelta(minutes=1)
"""How far the clock may lie behind the journal's last instant: the engine's time stands still for as long."""

AT_START = "start"
"""Author of the rules versions that were given to the engine when it started; every other is a person."""

Make = Callable[[int, datetime], Event]


@dataclass(slots=True)
class _Item:
    make: Make
    done: asyncio.Future[tuple[Effect, ...]]


@dataclass(slots=True)
class _Committed:
    item: _Item | None
    effects: tuple[Effect, ...]


@dataclass(slots=True)
class Pulse:
    """How the runtime is doing, for the System screen and readiness."""

    events: int = 0
    commits: int = 0
    last_commit_ms: float = 0.0
    webhook_ms: deque[float] = field(default_factory=lambda: deque(maxlen=LATEST))
    commit_ms: deque[float] = field(default_factory=lambda: deque(maxlen=LATEST))
    alarms: dict[str, str] = field(default_factory=dict)


class Runtime:
    """Owns the engine, the ledger's writer and the order of everything that happens."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        markets: Markets,
        *,
        engine_id: str,
        rules_text: str,
        decision_wait: float = 0.25,
        ledger_name: str = "",
    ) -> None:
        self.ledger = ledger
        self.clock = clock
        self.markets = markets
        self.engine_id = engine_id
        self.ledger_name = ledger_name
        self.engine = Engine(engine_id=engine_id)
        self.pulse = Pulse()
        self.started = time.monotonic()
        self.listeners: set[Callable[[Effect], None]] = set()
        self.landed: Callable[[], None] | None = None
        self._rules_text = rules_text
        self._decision_wait = decision_wait
        self._inbox: deque[_Item] = deque()
        self._wake = asyncio.Event()
        self._busy = False
        self._awaiting: dict[str, asyncio.Future[DecisionRecord]] = {}
        self._asks: set[asyncio.Task[None]] = set()
        self._writer: asyncio.Task[None] | None = None
        self._checkpoint_seq = 0
        self._checkpoint_at = time.monotonic()
        self._watched: tuple[Watch, ...] = ()
        self._moved = True
        self._dirty = False
        """Whether memory may hold what the disk does not: then it is not to be kept as a checkpoint."""
        self._salt = hashlib.sha1(engine_id.encode())

    # --- life ------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Fold the ledger into the engine, put the rules in force and begin to take inputs.

        Raises RulesError when the rules text cannot be taken, LedgerError when the ledger cannot be read,
        ConfigError when the clock lies behind it or outside the calendar.
        """
        wanted = Rules.parse(self._rules_text)
        await self._load()
        self._follow_on()
        self._writer = asyncio.create_task(self._write(), name="writer")
        self._writer.add_done_callback(self._writer_ended)
        if self.engine.state.seq == 0 or not await self._in_force(wanted):
            text = self._rules_text
            await self.post(lambda seq, at: RulesChanged(seq=seq, at=at, toml=text, author=AT_START))
        for ask in self.engine.unanswered():
            self._ask(ask)
        await self._watch()

    async def _in_force(self, wanted: Rules) -> bool:
        """Whether these rules hold, or did until a person changed them: a restart undoes no approval."""
        if wanted.fingerprint == self.engine.rules.fingerprint:
            return True
        for version in await self.ledger.rules_versions():
            if version["author"] == AT_START:
                with suppress(RulesError):
                    return Rules.parse(version["toml"]).fingerprint == wanted.fingerprint
                return False
        return False

    def _follow_on(self) -> None:
        """Time goes on from the journal's last instant; a clock that can be set forward is."""
        last = self.engine.state.at
        not_before = getattr(self.clock, "not_before", None)
        if last is not None and not_before is not None:
            not_before(last)
        now = self.clock.now()
        if last is not None and last - now > CLOCK_BEHIND:
            raise ConfigError(
                f"clock: the ledger's last entry is of {last:%Y-%m-%d %H:%M:%S} UTC, {last - now} ahead of the "
                f"clock; go on from there with --clock {last:%Y-%m-%dT%H:%M:%S}Z, or choose another ledger with --db"
            )
        try:
            self.engine.env.calendar.session_at(now)
        except CalendarError as error:
            raise ConfigError(f"clock: {error}") from None

    async def stop(self) -> None:
        """Finish what was taken in, leave a checkpoint and let go of the ledger."""
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.settled(), LAST_WORD_SECONDS)
            ending = [*self._asks, *([self._writer] if self._writer is not None else [])]
            for task in ending:
                task.cancel()
            await asyncio.gather(*ending, return_exceptions=True)
            while self._inbox:
                self._refuse(self._inbox.popleft(), "the engine stops")
            if self.engine.state.seq > self._checkpoint_seq and not self._dirty:
                await self._checkpoint()
        finally:
            await self.ledger.close()

    def health(self) -> Health:
        alive = self._writer is not None and not self._writer.done()
        return Health(
            ready=alive and STOPPING.isdisjoint(self.pulse.alarms),
            uptime=time.monotonic() - self.started,
            queue=len(self._inbox),
            last_commit_ms=self.pulse.last_commit_ms,
            alarms=tuple(self.pulse.alarms.values()),
            clock=self.clock.now(),
        )

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

    # --- inputs ----------------------------------------------------------------------------------------

    async def submit(self, body: str, endpoint: str | None) -> WebhookAnswer:
        """Store one body and answer for it, with its decision if that is there in time.

        Raises NotStored when the ledger could not take it, Overloaded when too much waits.
        """
        begun = time.perf_counter()
        effects = await self.post(
            lambda seq, at: Received(
                seq=seq, at=at, receipt_id=self.make_id(seq), body=body, endpoint=endpoint
            )
        )  # fmt: skip
        receipt, awaits, record = None, False, None
        for effect in effects:
            if isinstance(effect, StoreReceipt):
                receipt = effect
            elif isinstance(effect, AnswerReceipt):
                awaits = effect.awaits_decision
        if receipt is None:
            raise NotStored("the engine kept no receipt")
        if awaits:
            record = await self._await_decision(receipt.id)
        self.pulse.webhook_ms.append((time.perf_counter() - begun) * 1000)
        return _answer(receipt, record)

    async def price(
        self,
        symbol: str,
        price: float,
        source: str,
        *,
        bar: tuple[float, float, float] | None = None,
        quotes: tuple[tuple[str, OptionQuote], ...] = (),
        official_close: bool = False,
    ) -> None:
        """Tell a price of an underlying, made now; ``bar`` is (open, high, low)."""
        o, h, low = bar if bar is not None else (None, None, None)
        await self.post(
            lambda seq, at: PriceSeen(
                seq=seq, at=at, symbol=symbol, price=price, priced_at=at, source=source, open=o, high=h, low=low,
                quotes=quotes, official_close=official_close,
            )
        )  # fmt: skip

    async def tick(self) -> None:
        await self.post(lambda seq, at: Ticked(seq=seq, at=at))

    async def command(self, command: Command) -> CommandResult:
        """Do what a person asked for and tell how it went."""
        effects = await self.post(
            lambda seq, at: Commanded(
                seq=seq, at=at, command_id=command.id, name=command.name, position_id=command.position_id,
                contracts=command.contracts, expected=command.expected, argument=command.argument,
                author=command.author,
            )
        )  # fmt: skip
        for effect in effects:
            if isinstance(effect, AnswerCommand):
                return CommandResult(ok=effect.ok, code=effect.code, text=effect.text)
        return CommandResult(ok=False, code="NO_ANSWER", text="the engine gave no answer")

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

    # --- the writer ------------------------------------------------------------------------------------

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
        committed.append(_Committed(item, effects))
        self._moved = self._moved or isinstance(event, Ticked) or any(type(e) in MOVING for e in effects)
        for effect in effects:
            if isinstance(effect, FetchMarket):
                reply = self.markets.at_once(effect, now)
                if reply is None:
                    asks.append(effect)
                else:
                    self._step(_market(effect.signal_id, reply), None, batch, committed, asks)

    def make_id(self, seq: int) -> str:
        """An id that this engine gives this seq and no other: a name-based (version 5 style) UUID."""
        digest = self._salt.copy()
        digest.update(b"%d" % seq)
        h = digest.hexdigest()
        return f"{h[:8]}-{h[8:12]}-5{h[13:16]}-a{h[17:20]}-{h[20:32]}"

    def _deliver(self, committed: list[_Committed]) -> None:
        for done in committed:
            for effect in done.effects:
                if isinstance(effect, AnswerDecision):
                    waiter = self._awaiting.get(effect.receipt_id)
                    if waiter is not None and not waiter.done():
                        waiter.set_result(effect.record)
                elif isinstance(effect, AnswerReceipt):
                    # A sender that went away leaves nothing behind that could be waited for.
                    if effect.awaits_decision and done.item is not None and not done.item.done.done():
                        self._awaiting[effect.receipt_id] = asyncio.get_running_loop().create_future()
                else:
                    self._tell(effect)
            if done.item is not None and not done.item.done.done():
                done.item.done.set_result(done.effects)

    def _tell(self, effect: Effect) -> None:
        for listener in tuple(self.listeners):
            try:
                listener(effect)
            except Exception as error:  # whoever listens must not stop the writer
                log.exception("a listener failed", exc_info=error)

    async def _await_decision(self, receipt_id: str) -> DecisionRecord | None:
        waiter = self._awaiting.get(receipt_id)
        if waiter is None:
            return None
        try:
            if waiter.done():
                return waiter.result()
            return await asyncio.wait_for(asyncio.shield(waiter), self._decision_wait)
        except TimeoutError:
            return None
        finally:
            self._awaiting.pop(receipt_id, None)

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
                await asyncio.sleep(ASK_AGAIN_SECONDS)

    # --- asking the market -----------------------------------------------------------------------------

    def _ask(self, ask: FetchMarket) -> None:
        task = asyncio.create_task(self._answer_market(ask), name=f"market {ask.symbol}")
        self._asks.add(task)
        task.add_done_callback(self._asks.discard)

    async def _answer_market(self, ask: FetchMarket) -> None:
        """Ask until the answer is on disk: a signal that awaits its market is decided by nothing else."""
        while True:
            now = self.clock.now()
            try:
                reply = await self.markets.ask(ask, now)
            except Exception as error:
                log.exception("the market of %s could not be asked", ask.symbol, exc_info=error)
                reply = MarketReply(MarketSnapshot(symbol=ask.symbol, as_of=now))
            try:
                await self.post(_market(ask.signal_id, reply))
                return
            except (NotStored, Overloaded):
                log.warning("the market's answer for %s was not stored", ask.symbol)
            if self._writer is not None and self._writer.done():
                return
            await asyncio.sleep(ASK_AGAIN_SECONDS)

    async def _watch(self) -> None:
        """Tell the feeds what is watched, where an input may have changed it."""
        if not self._moved:
            return
        self._moved = False
        wanted = self.engine.watched()
        if wanted == self._watched:
            return
        try:
            await self.markets.watch(wanted)
            self._watched = wanted
        except Exception as error:
            log.exception("the feeds could not be told what is watched", exc_info=error)

    # --- checkpoints -----------------------------------------------------------------------------------

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
        state: EngineState = self.engine.state
        assert state.at is not None
        await self.ledger.save_checkpoint(state.seq, state.at, encode_any(state))
        self._checkpoint_seq, self._checkpoint_at = state.seq, time.monotonic()

    def _writer_ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        self.pulse.alarms["writer"] = f"the engine's writer ended: {error}"
        log.critical("the writer ended", exc_info=error)


def _market(signal_id: str, reply: MarketReply) -> Make:
    return lambda seq, at: MarketAnswered(
        seq=seq, at=at, signal_id=signal_id, snapshot=reply.snapshot, chain=reply.chain
    )


def _answer(receipt: StoreReceipt, record: DecisionRecord | None) -> WebhookAnswer:
    return WebhookAnswer(
        http_status=receipt.http_status,
        status=receipt.status.value,
        receipt_id=receipt.duplicate_of or receipt.id,
        source=receipt.source,
        symbol=receipt.symbol,
        notes=receipt.notes,
        decision=record,
        reason=receipt.reason,
        code=receipt.code,
    )


def decode_state(raw: bytes) -> EngineState:
    """An engine's state from the JSON of a checkpoint."""
    return decode_as(EngineState, raw)
