"""The running engine: its inputs (webhooks, prices, ticks, commands), its feeds, its start and stop."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

from core.effects import (
    Effect,
    FetchMarket,
    Watch,
)
from core.engine import Engine
from core.events import (
    ClockChecked,
    ClosesSeen,
    CloseUnavailable,
    CorporateAction,
    CorporateActionSeen,
    PriceSeen,
    Received,
    RulesChanged,
    Ticked,
    TradingStatusSeen,
)
from core.exchange.calendar import CalendarError
from core.model import Update
from core.options.fills import OptionQuote
from core.rules import Rules, RulesError, parse_rules
from server.config import ConfigError
from server.feeds.base import Markets, request_market
from server.ledger.base import Ledger
from server.runtime.callers import MakeEvent, WebhookCaller
from server.runtime.clock import Clock, OffsetClock, SteadyClock
from server.runtime.command_input import command_event, command_result
from server.runtime.engine_loop import EngineLoop, market_event
from server.runtime.health import STOPPING, HealthCounters
from server.runtime.ledger_watch import LedgerWatch
from server.runtime.ports import (
    Answered,
    Command,
    CommandResult,
    Health,
    NotStored,
    Overloaded,
    WebhookAnswer,
)

log = logging.getLogger("gatedeck.runtime")

STOP_SECONDS = 1.5
"""Longest time that a stop waits for pending work; a feed that hangs must not keep the process running."""
ASK_AGAIN_SECONDS = 0.5
CLOCK_BEHIND = timedelta(minutes=1)
"""Longest lag of the clock behind the journal's last input; meanwhile the engine's time does not advance."""

PAUSED = timedelta(seconds=15)
"""Time without a check of the clock that a person is told of: the machine slept, or the process was stopped."""
CLOCK_STEADY_SECONDS = 1.0
"""Smallest change of the difference to the machine's clock that is stored again."""
AT_START = "start"
"""Author of the rules versions given to the engine when it started; every other author is a person."""


class Runtime:
    """A running engine: the engine loop, the market requests it makes, and its inputs by name."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        markets: Markets,
        *,
        engine_id: str,
        rules_text: str | None,
        decision_wait: float = 0.25,
        ledger_name: str = "",
        ledger_ahead: bool = False,
    ) -> None:
        """Restore nothing yet. Without ``rules_text`` the rules in force stay; a new ledger gets the defaults.

        With ``ledger_ahead`` a person accepts a ledger that is ahead of the clock.
        """
        self.ledger = ledger
        self.clock = clock
        self.markets = markets
        self.engine_id = engine_id
        self.ledger_name = ledger_name
        self.started = time.monotonic()
        self.engine_loop = EngineLoop(
            ledger, clock, markets, engine_id, ask_market=self._ask, update_watch=self._watch
        )
        self._ledger_watch = LedgerWatch(ledger, self.counters)
        self._rules_text = rules_text
        self.rules_replaced: Rules | None = None
        """The rules that were in force before this start put others in force."""
        self._decision_wait = decision_wait
        self._requests: set[asyncio.Task[None]] = set()
        """Market requests under way."""
        self._watched: tuple[Watch, ...] = ()
        self._ledger_ahead = ledger_ahead
        self._checked_at: datetime | None = None

    @property
    def engine(self) -> Engine:
        """The engine; only the engine loop steps it."""
        return self.engine_loop.engine

    @property
    def counters(self) -> HealthCounters:
        """Counters, latencies and alarms."""
        return self.engine_loop.counters

    @property
    def listeners(self) -> set[Callable[[Effect], None]]:
        """Functions called with every effect once it is stored."""
        return self.engine_loop.listeners

    # --- start and stop --------------------------------------------------------------------------------

    async def start(self) -> None:
        """Restore the engine from the ledger, put the rules in force and begin to take inputs.

        Raises RulesError when the rules text is invalid, LedgerError when the ledger cannot be read,
        ConfigError when the clock is behind the ledger or outside the calendar.
        """
        wanted = parse_rules(self._rules_text or "")
        await self.engine_loop.load()
        self._check_clock()
        self.engine_loop.start()
        is_new = self.engine.state.seq == 0
        if is_new or (self._rules_text is not None and not await self._in_force(wanted)):
            text, before = self._rules_text or "", self.engine.rules
            await self.post(lambda seq, at: RulesChanged(seq=seq, at=at, toml=text, author=AT_START))
            self.rules_replaced = None if is_new else before
        for ask in self.engine.unanswered():
            self._ask(ask)
        await self._watch()

    async def _in_force(self, wanted: Rules) -> bool:
        """Return whether these rules are in force, or were until a person changed them.

        A restart must not undo a change that a person approved.
        """
        if wanted.fingerprint == self.engine.rules.fingerprint:
            return True
        for version in await self.ledger.rules_versions():
            if version["author"] == AT_START:
                with suppress(RulesError):
                    return parse_rules(version["toml"]).fingerprint == wanted.fingerprint
                return False
        return False

    def _check_clock(self) -> None:
        """Compare the clock with the journal's last instant.

        Raises ConfigError when the clock is behind the ledger or outside the calendar.
        """
        last = self.engine.state.at
        now = self.clock.now()
        if last is not None and last - now > CLOCK_BEHIND and isinstance(self.clock, OffsetClock):
            raise ConfigError(
                f"clock: --clock {now:%Y-%m-%d %H:%M:%S} UTC is before the ledger's last entry, of "
                f"{last:%Y-%m-%d %H:%M:%S} UTC; leave --clock out to go by the machine's clock, give --clock "
                f"{last:%Y-%m-%dT%H:%M:%S}Z or a later time, or choose another ledger with --db"
            )
        if last is not None and last - now > CLOCK_BEHIND:
            if not (self._ledger_ahead and isinstance(self.clock, SteadyClock)):
                raise ConfigError(
                    f"clock: the ledger's last entry is of {last:%Y-%m-%d %H:%M:%S} UTC, {last - now} ahead of the "
                    "clock; if the clock is right, go on from that entry at normal speed with --ledger-ahead (an "
                    f"alarm stands until the clocks agree), or with --clock {last:%Y-%m-%dT%H:%M:%S}Z and no "
                    "feeds, or choose another ledger with --db"
                )
            self.clock.go_on_from(last)
        try:
            self.engine.trading.calendar.session_at(now)
        except CalendarError as error:
            raise ConfigError(f"clock: {error}") from None

    async def stop(self) -> None:
        """Finish the inputs taken so far, store a checkpoint and close the ledger."""
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.settled(), STOP_SECONDS)
            requests = list(self._requests)
            for task in requests:
                task.cancel()
            await asyncio.gather(*requests, return_exceptions=True)
            await self.engine_loop.stop()
        finally:
            await self.ledger.close()

    async def settled(self) -> None:
        """Wait until every input taken so far, and every market reply to it, is stored."""
        while self.engine_loop.busy or self._requests:
            if self.engine_loop.ended:
                return
            await asyncio.sleep(0 if self.engine_loop.busy else 0.001)

    def exchange_is_closed(self) -> bool:
        """Return whether no session is open now; a day outside the calendar has no session."""
        with suppress(CalendarError):
            return self.engine.trading.calendar.session_at(self.clock.now()) is None
        return True

    def health(self) -> Health:
        return Health(
            ready=self.engine_loop.takes_inputs and STOPPING.isdisjoint(self.counters.alarms),
            uptime=time.monotonic() - self.started,
            queue=self.engine_loop.backlog,
            last_commit_ms=self.counters.last_commit_ms,
            alarms=self.counters.alarm_texts,
            clock=self.clock.now(),
            upkeep=dict(self.counters.upkeep),
        )

    # --- inputs ----------------------------------------------------------------------------------------

    def post(self, make: MakeEvent) -> Coroutine[Any, Any, tuple[Effect, ...]]:
        """Queue one input and return its effects once they are on disk. Raises Overloaded, NotStored."""
        return self.engine_loop.post(make)

    async def submit(self, body: str, endpoint: str | None) -> WebhookAnswer:
        """Store the body of one webhook and return its answer, with the decision if it is made in time.

        Raises NotStored when the ledger could not store it, Overloaded when too many inputs wait.
        """
        answered: asyncio.Future[WebhookAnswer] = asyncio.get_running_loop().create_future()

        def done(given: WebhookAnswer | Exception) -> None:
            if answered.done():
                return
            if isinstance(given, Exception):
                answered.set_exception(given)
            else:
                answered.set_result(given)

        self.take(body, endpoint, done, answered.done)
        return await answered

    def take(self, body: str, endpoint: str | None, done: Answered, gone: Callable[[], bool]) -> None:
        """Store the body of one webhook and call ``done`` with its answer, or with NotStored or Overloaded.

        ``gone`` tells whether the sender waits no longer.
        """
        loop = self.engine_loop
        if loop.storing:
            self.engine.read_ahead(body, endpoint)
        caller = WebhookCaller(
            done,
            gone,
            seconds=self._decision_wait,
            when_decided=loop.when_decided,
            took=self.counters.webhook_took,
        )
        try:
            loop.put(
                lambda seq, at: Received(
                    seq=seq, at=at, receipt_id=loop.make_id(seq), body=body, endpoint=endpoint
                ),
                caller,
            )
        except (NotStored, Overloaded) as error:
            done(error)

    def read(self, body: str, endpoint: str | None) -> Update | None:
        """Return what a body means under the rules in force, ``None`` if it cannot be read; it has no effect."""
        return self.engine.read_ahead(body, endpoint)

    async def price(
        self,
        symbol: str,
        price: float,
        source: str,
        *,
        priced_at: datetime | None = None,
        bar: tuple[float, float, float] | None = None,
        began: datetime | None = None,
        quotes: tuple[tuple[str, OptionQuote], ...] = (),
        official_close: bool = False,
    ) -> None:
        """Post a price of an underlying to the engine in dollars, made at ``priced_at``, else now.

        ``bar`` is (open, high, low) of what was seen since ``began``. Raises NotStored, Overloaded, and ValueError
        naming a number that is not finite.
        """
        for name, value in zip(("price", "open", "high", "low"), (price, *(bar or ())), strict=False):
            if not math.isfinite(value):
                raise ValueError(f"{name}: {value} is not a price of {symbol}")
        o, h, low = bar if bar is not None else (None, None, None)
        await self.post(
            lambda seq, at: PriceSeen(
                seq=seq, at=at, symbol=symbol, price=price, priced_at=at if priced_at is None else min(at, priced_at),
                source=source, open=o, high=h, low=low, quotes=quotes, official_close=official_close, began=began,
            )
        )  # fmt: skip

    async def closes(self, symbol: str, source: str, closes: tuple[tuple[date, float], ...]) -> None:
        """Post the daily closes of an underlying to the engine, in dollars and oldest first."""
        await self.post(
            lambda seq, at: ClosesSeen(seq=seq, at=at, symbol=symbol, source=source, closes=closes)
        )

    async def trading_status(self, symbol: str, halted: bool, source: str, reason: str = "") -> None:
        """Post to the engine that an underlying is halted, or trades again."""
        await self.post(
            lambda seq, at: TradingStatusSeen(
                seq=seq, at=at, symbol=symbol, halted=halted, source=source, reason=reason
            )
        )

    async def corporate_action(
        self,
        symbol: str,
        action: CorporateAction,
        source: str,
        *,
        ex_date: date | None = None,
        amount: float | None = None,
        ratio: float | None = None,
        text: str = "",
    ) -> None:
        """Post a corporate action to the engine; ``amount`` in dollars, ``ratio`` new shares for an old one."""
        await self.post(
            lambda seq, at: CorporateActionSeen(
                seq=seq, at=at, symbol=symbol, action=action, source=source, ex_date=ex_date, amount=amount,
                ratio=ratio, text=text,
            )
        )  # fmt: skip

    async def check_ledger(self) -> None:
        """Check the ledger's files, and copy its log into the file when that is due; call it each second."""
        await self._ledger_watch.check()

    async def check_clock(self) -> None:
        """Tell the engine when the machine's clock was set, and when nothing ran for PAUSED; call it each second."""
        now, ahead, before = self.clock.now(), self.clock.ahead(), self._checked_at
        self._checked_at = now
        paused = 0.0 if before is None or now - before < PAUSED else (now - before).total_seconds()
        if paused or abs(ahead - self.engine.state.clock_ahead) > CLOCK_STEADY_SECONDS:
            await self.post(lambda seq, at: ClockChecked(seq=seq, at=at, ahead=ahead, paused=paused))

    async def close_unavailable(self, symbol: str, day: date, why: str) -> None:
        """Post to the engine that no feed gives the official close of an underlying on a day."""
        await self.post(lambda seq, at: CloseUnavailable(seq=seq, at=at, symbol=symbol, day=day, why=why))

    async def tick(self) -> None:
        """Post a timer tick to the engine: exits by time and expired signals depend on it."""
        await self.post(lambda seq, at: Ticked(seq=seq, at=at))

    async def command(self, command: Command) -> CommandResult:
        """Carry out a command of a person and return its result. Raises NotStored, Overloaded."""
        return command_result(await self.post(command_event(command)))

    # --- the feeds -------------------------------------------------------------------------------------

    def _ask(self, ask: FetchMarket) -> None:
        task = asyncio.create_task(self._answer_market(ask), name=f"market {ask.symbol}")
        self._requests.add(task)
        task.add_done_callback(self._requests.discard)

    async def _answer_market(self, ask: FetchMarket) -> None:
        """Ask the feeds and post their reply; retry until it is stored, because the signal's decision needs it."""
        while True:
            reply = await request_market(self.markets, ask, self.clock.now(), self.engine.rules)
            try:
                await self.post(market_event(ask.signal_id, reply))
                return
            except (NotStored, Overloaded):
                log.warning("the market reply for %s was not stored", ask.symbol)
            if self.engine_loop.ended:
                return
            await asyncio.sleep(ASK_AGAIN_SECONDS)

    async def _watch(self) -> None:
        """Tell the feeds which prices the engine needs, if they have changed."""
        wanted = self.engine.watched()
        if wanted == self._watched:
            return
        try:
            await self.markets.watch(wanted)
            self._watched = wanted
        except Exception as error:
            log.exception("the feeds could not be given the watched symbols", exc_info=error)
