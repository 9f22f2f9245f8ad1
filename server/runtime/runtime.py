"""The running engine: what may be put to it (webhooks, prices, ticks, commands), its feeds, its start and stop."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from datetime import timedelta

from core.effects import (
    AnswerCommand,
    AnswerReceipt,
    FetchMarket,
    StoreReceipt,
    Watch,
)
from core.events import Commanded, PriceSeen, Received, RulesChanged, Ticked
from core.exchange.calendar import CalendarError
from core.model import DecisionRecord, MarketSnapshot
from core.options.fills import OptionQuote
from core.rules import Rules, RulesError
from server.config import ConfigError
from server.feeds.base import MarketReply, Markets
from server.ledger.base import Ledger
from server.runtime.clock import Clock
from server.runtime.engine_loop import Writer, market_event
from server.runtime.ports import Command, CommandResult, Health, NotStored, Overloaded, WebhookAnswer

log = logging.getLogger("gatedeck.runtime")

LAST_WORD_SECONDS = 1.5
"""How long a stop waits for what is under way; a feed that hangs must not hold the process up."""
ASK_AGAIN_SECONDS = 0.5
STOPPING = frozenset({"ledger", "writer"})
"""Alarms with which no webhook can be stored; with the others there is something to look at."""
CLOCK_BEHIND = timedelta(minutes=1)
"""How far the clock may lie behind the journal's last instant: the engine's time stands still for as long."""

AT_START = "start"
"""Author of the rules versions that were given to the engine when it started; every other is a person."""


class Runtime(Writer):
    """The writer's line with its feeds, its start and stop, and the inputs by name."""

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
        super().__init__(ledger, clock, markets, engine_id)
        self.ledger_name = ledger_name
        self.started = time.monotonic()
        self._rules_text = rules_text
        self._decision_wait = decision_wait
        self._watched: tuple[Watch, ...] = ()

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
            self.engine.trading.calendar.session_at(now)
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

    def exchange_is_closed(self) -> bool:
        """Whether no session is on now; a day outside the calendar has none."""
        with suppress(CalendarError):
            return self.engine.trading.calendar.session_at(self.clock.now()) is None
        return True

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

    # --- the feeds -------------------------------------------------------------------------------------

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
                await self.post(market_event(ask.signal_id, reply))
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
