"""The deck of an engine in another process, on this machine or elsewhere, over one connection that mends itself.

Invariants: what is shown without a connection is never shown as live: ages grow, every price is stale, and the
snapshot says for how long the engine has not been heard. A command is carried out at most once: it is sent again
after a lost connection with its own id, which the engine carries out once, and without a connection it is refused.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from core.decision.why_no_trade import WhyNoTrade
from core.effects import Notice
from core.model import DecisionRecord, Tone
from server.deck.challenge_view import ChallengeView
from server.deck.day_view import DayView
from server.deck.hub import READ_ONLY
from server.deck.offers import TakeOffer
from server.deck.position_detail import PositionDetail
from server.deck.reports import LearningView, PerformanceView
from server.deck.rows import DeckSnapshot, SystemView
from server.deck.symbols import SymbolView, WatchedSymbol
from server.deck.wire import delta
from server.deck.wire.asks import ASKS, COMMAND, Hello
from server.deck.wire.build import SnapshotBuilder
from server.deck.wire.codec import dump, load
from server.deck.wire.connect import CannotConnect, Connection, EngineAddress, WrongEngine, connect
from server.deck.wire.flat import Flat, instant
from server.feeds.base import FeedStatus
from server.ledger.paging import Page, PageQuery
from server.runtime.ports import Command, CommandResult

log = logging.getLogger("gatedeck.deck")

QUIET_SECONDS = 3.0
"""Time without a word of the engine after which it is not believed to be connected."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 0.5
"""Pause between two tries while nothing listens there."""
ANSWER_SECONDS = 30.0
"""Longest wait for an answer, lost connections included."""
KEPT_NOTICES = 200


@dataclass(slots=True, eq=False)
class _Pending:
    """An ask without an answer yet."""

    message: bytes
    answer: asyncio.Future[Any]
    gives: Any


@dataclass(slots=True)
class _Link:
    """State of the connection; times by ``monotonic``."""

    open: Connection | None = None
    heard_at: float = field(default_factory=monotonic)
    reason: str = ""
    stopped: str = ""
    """The engine's last word, if it stopped."""


class NotConnected(ConnectionError):
    """The engine cannot be asked now."""


class RemoteDeck:
    """The deck of an engine in another process. ``start`` it before use, and ``close`` it."""

    def __init__(self, address: EngineAddress) -> None:
        self.address = address
        self.hello: Hello | None = None
        """Return what the engine said of itself when it was last connected."""
        self._link = _Link()
        self._flat: Flat | None = None
        self._n = 0
        self._flat_at = 0.0
        self._problem = ""
        self._builder = SnapshotBuilder()
        self._shown: tuple[Flat, DeckSnapshot] | None = None
        self._pending: dict[int, _Pending] = {}
        self._asked = 0
        self._followers: set[asyncio.Queue[Notice]] = set()
        self._task: asyncio.Task[None] | None = None
        self._arrived = asyncio.Event()

    # --- the connection ---------------------------------------------------------------------------------------

    async def start(self, within: float = 10.0) -> None:
        """Connect and wait for the first snapshot. Raises CannotConnect."""
        try:
            first = await asyncio.wait_for(connect(self.address), within)
        except TimeoutError:
            raise CannotConnect("no answer") from None
        self._task = asyncio.create_task(self._keep(first), name="connection to the engine")
        arriving = asyncio.create_task(self._arrived.wait())
        await asyncio.wait({arriving, self._task}, timeout=within, return_when=asyncio.FIRST_COMPLETED)
        arriving.cancel()
        if not self._arrived.is_set():
            await self.close()
            raise CannotConnect("the engine sends no snapshot")

    async def close(self) -> None:
        """End the connection; the engine goes on."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _keep(self, connection: Connection) -> None:
        """Hold the connection, and open another whenever it is lost, until cancelled."""
        found: Connection | None = connection
        pause = FIRST_PAUSE
        while True:
            try:
                async with found or await connect(self.address) as connection:
                    found = None
                    pause = FIRST_PAUSE
                    await self._use(connection)
                reason = "the engine closed the connection"
            except TimeoutError:
                reason = "nothing arrives"
            except (CannotConnect, ConnectionError, delta.DoesNotFit) as error:
                reason = str(error) or repr(error)
                if isinstance(error, WrongEngine):
                    pause = LONGEST_PAUSE
            except Exception as error:
                log.exception("the connection to the engine failed")
                reason, pause = repr(error), LONGEST_PAUSE
            self._lost(reason)
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE, 2 * pause)

    async def _use(self, connection: Connection) -> None:
        """Take messages until the engine closes. Raises TimeoutError when it is quiet for too long."""
        self.hello, self._link.reason, self._link.stopped = connection.hello, "", ""
        while (message := await connection.receive(QUIET_SECONDS)) is not None:
            self._link.heard_at = monotonic()
            match message["kind"]:
                case "whole":
                    self._take(message["n"], delta.from_whole(message))
                    await connection.send(dump({"kind": "ack", "n": message["n"]}))
                    if self._link.open is None:
                        await self._connected(connection)
                case "change":
                    if self._flat is None or message["n"] != self._n + 1:
                        raise delta.DoesNotFit("a snapshot is missing")
                    self._take(message["n"], delta.apply(self._flat, message))
                    await connection.send(dump({"kind": "ack", "n": message["n"]}))
                case "problem":
                    self._problem = message["text"]
                case "notice":
                    self._tell(load(Notice, dump(message["notice"])))
                case "answer":
                    self._answered(message)
                case "bye":
                    self._link.stopped = f"the engine stopped: {message['text']}"

    def _take(self, n: int, flat: Flat) -> None:
        self._n, self._flat, self._flat_at, self._problem = n, flat, monotonic(), ""
        self._arrived.set()

    async def _connected(self, connection: Connection) -> None:
        """Go on with a new connection: what had no answer on the last one is sent again, under the same ids."""
        self._link.open = connection
        if self._shown is not None:
            self._tell(self._notice("Connected to the engine again", Tone.POSITIVE))
        for pending in list(self._pending.values()):
            await connection.send(pending.message)

    def _lost(self, reason: str) -> None:
        reason = self._link.stopped or reason
        if self._link.open is not None:
            self._tell(self._notice(f"The connection to the engine is lost: {reason}", Tone.NEGATIVE))
        self._link.open, self._link.reason = None, reason

    @property
    def connected(self) -> bool:
        return self._link.open is not None

    @property
    def reason(self) -> str:
        """Reason why there is no connection; of the last one while there is."""
        return self._link.reason

    def connection_note(self) -> str:
        """Return for how long the engine has not been heard, and why; empty while it is connected."""
        return (
            "" if self.connected else f"{self._disconnected()}: everything below is old ({self._link.reason})"
        )

    def _disconnected(self) -> str:
        seconds = monotonic() - self._link.heard_at
        return f"disconnected {seconds:.0f} s" if seconds < 120 else f"disconnected {seconds / 60:.0f} min"

    # --- snapshots and notices ----------------------------------------------------------------------------------

    def snapshot(self) -> DeckSnapshot:
        if self._flat is None:
            raise NotConnected(self._link.reason or "no snapshot yet")
        if self._problem:
            raise RuntimeError(self._problem)
        if self.connected:
            if self._shown is None or self._shown[0] is not self._flat:
                self._shown = (self._flat, self._builder.snapshot(self._flat, listener=self._listener()))
            return self._shown[1]
        now = self._flat.at + monotonic() - self._flat_at
        return self._builder.snapshot(
            self._flat, now, stale=True, listener=self._listener(), connection_note=self.connection_note()
        )

    def _listener(self) -> str:
        looks = "" if self.hello is None or self.hello.may_command else ", only to look"
        at = self.address.url or (self.hello.url if self.hello else "")
        return f"{at} (attached{looks})"

    def feeds(self) -> tuple[FeedStatus, ...]:
        if self._flat is None:
            return ()
        elapsed = 0.0 if self.connected else monotonic() - self._flat_at
        return self._builder.feeds(self._flat, self._flat.at + elapsed)

    async def changes(self) -> AsyncIterator[Notice]:
        queue: asyncio.Queue[Notice] = asyncio.Queue(maxsize=KEPT_NOTICES)
        self._followers.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._followers.discard(queue)

    def _tell(self, notice: Notice) -> None:
        for follower in self._followers:
            if not follower.full():
                follower.put_nowait(notice)

    def _notice(self, text: str, tone: Tone) -> Notice:
        at = datetime.now(UTC) if self._flat is None else instant(self._flat.at)
        return Notice(kind="feed", at=at, text=text, tone=tone)

    # --- asks ---------------------------------------------------------------------------------------------------

    async def _ask(self, what: str, *given: Any) -> Any:
        """Return the engine's answer. Raises NotConnected, TimeoutError, and ValueError as the engine's deck does."""
        connection = self._link.open
        if connection is None:
            raise NotConnected(f"{self._disconnected()} ({self._link.reason})")
        self._asked += 1
        number = self._asked
        message = dump({"kind": "ask", "id": number, "what": what, "with": given})
        pending = _Pending(message, asyncio.get_running_loop().create_future(), ASKS[what].gives)
        self._pending[number] = pending
        try:
            with suppress(ConnectionError):  # sent again on the next connection
                await connection.send(message)
            return await asyncio.wait_for(pending.answer, ANSWER_SECONDS)
        finally:
            del self._pending[number]

    def _answered(self, message: Mapping[str, Any]) -> None:
        pending = self._pending.get(message["id"])
        if pending is None or pending.answer.done():
            return
        error = message.get("error")
        if error is not None:
            kind = ValueError if error == "value" else RuntimeError
            pending.answer.set_exception(kind(message["text"]))
            return
        try:
            pending.answer.set_result(load(pending.gives, dump(message["value"])))
        except Exception as wrong:
            pending.answer.set_exception(RuntimeError(f"the answer cannot be read: {wrong}"))

    async def page(self, query: PageQuery) -> Page:
        found: Page = await self._ask("page", query)
        return found

    async def decision(self, decision_id: str) -> DecisionRecord | None:
        found: DecisionRecord | None = await self._ask("decision", decision_id)
        return found

    async def why_no_trade(self, decision_id: str) -> WhyNoTrade | None:
        found: WhyNoTrade | None = await self._ask("why_no_trade", decision_id)
        return found

    async def entry(self, decision_id: str) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = await self._ask("entry", decision_id)
        return found

    async def position(self, position_id: str) -> PositionDetail | None:
        found: PositionDetail | None = await self._ask("position", position_id)
        return found

    async def receipt(self, receipt_id: str) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = await self._ask("receipt", receipt_id)
        return found

    async def system(self) -> SystemView:
        found: SystemView = await self._ask("system")
        return found

    async def performance(self, window: str, cut: str) -> PerformanceView:
        found: PerformanceView = await self._ask("performance", window, cut)
        return found

    async def learning(self) -> LearningView:
        found: LearningView = await self._ask("learning")
        return found

    async def challenge(self) -> ChallengeView:
        found: ChallengeView = await self._ask("challenge")
        return found

    async def day(self) -> DayView:
        found: DayView = await self._ask("day")
        return found

    async def symbols(self) -> tuple[WatchedSymbol, ...]:
        found: tuple[WatchedSymbol, ...] = await self._ask("symbols")
        return found

    async def symbol(self, symbol: str) -> SymbolView | None:
        found: SymbolView | None = await self._ask("symbol", symbol)
        return found

    async def offers(self, decision_id: str = "") -> tuple[TakeOffer, ...]:
        found: tuple[TakeOffer, ...] = await self._ask("offers", decision_id)
        return found

    async def command(self, command: Command) -> CommandResult:
        """Carry out a command; a lost connection or a restarted engine meanwhile does not double it."""
        if self.hello is not None and not self.hello.may_command:
            return READ_ONLY
        if not self.connected:
            return CommandResult(
                ok=False, code="DISCONNECTED", text=f"not sent: {self._disconnected()} ({self._link.reason})"
            )
        try:
            found: CommandResult = await self._ask(COMMAND, command)
        except TimeoutError:
            return CommandResult(
                ok=False,
                code="OUTCOME_UNKNOWN",
                text=f"not known whether it was carried out: no answer for {ANSWER_SECONDS:.0f} s; "
                "it is not sent again",
            )
        return found
