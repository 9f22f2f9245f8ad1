"""The deck of an engine in the same process: snapshots from its state, pages from its ledger."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.decision.why_no_trade import WhyNoTrade
from core.effects import Effect, Notice
from core.engine.day import open_today
from core.engine.engine import KEPT_NOTICES
from core.engine.mode import until_text
from core.engine.mode_by_hand import undoable
from core.engine.positions import open_net
from core.engine.risk_view import risk_view
from core.engine.taking import takeable_signals
from core.from_json import read
from core.model import DecisionRecord, Tone
from core.performance.cuts import CUT_TITLES
from core.positions import Position
from core.positions.detail import POINTS
from core.rules import Rules
from server.deck.books import book_fault
from server.deck.build_detail import detail_of
from server.deck.build_rows import (
    approval_rows,
    decision_row,
    exchange_status,
    exit_order_rows,
    order_rows,
    position_row,
    position_rows,
)
from server.deck.build_stops import stops_warnings
from server.deck.build_symbols import sections_of, senders_of, watched_symbols
from server.deck.challenge import challenge_view
from server.deck.challenge_view import START_SUGGESTION, ChallengeView
from server.deck.day_view import DayView
from server.deck.funnel import FunnelReader
from server.deck.offers import TakeOffer, take_offer
from server.deck.performance import Performance, window_days
from server.deck.position_detail import PositionDetail
from server.deck.reports import LearningView, PerformanceView
from server.deck.rows import DeckSnapshot, Latency, PhoneAddress, PnlView, StopsWarning, SystemView
from server.deck.rules_history import rules_change, with_changes
from server.deck.symbols import SymbolView, WatchedSymbol
from server.deck.trade_windows import in_window
from server.deck.why import WhyNoTradeService
from server.feeds.base import FeedStatus
from server.ledger.paging import Page, PageQuery
from server.runtime.credentials import CredentialLog
from server.runtime.ports import Command, CommandResult
from server.runtime.refusals import RefusalLog
from server.runtime.runtime import Runtime

if TYPE_CHECKING:
    from server.deck.learning import LearningService

RECENT = 20
KEPT_EVENTS = KEPT_NOTICES
REFUSALS_SHOWN = 8
DECISIONS_SHOWN = 20
TRADES_SHOWN = 10
PATH_SPAN = timedelta(hours=8)
"""Time that the path of a symbol's prices goes back: a session and what lies around it."""
NOTES_SHOWN = 50
OFFERS_SHOWN = 50
URGENT = frozenset({"execute", "approval", "exit", "risk", "mode", "silence", "feed", "session"})

LOST = frozenset({"DOWN", "KEY_MISSING", "KEY_REFUSED", "NOT_IN_PLAN"})
"""States of a feed that gives nothing."""


class LocalDeck:
    """The deck that the screens of this process use."""

    def __init__(
        self,
        runtime: Runtime,
        listener: str = "",
        *,
        refusals: RefusalLog | None = None,
        uses: CredentialLog | None = None,
    ) -> None:
        self.listener = listener
        self._refusals = refusals or RefusalLog()
        self._uses = uses or CredentialLog()
        self._runtime = runtime
        self._events: list[Notice] = []
        self._followers: set[asyncio.Queue[Notice]] = set()
        self.notice_listeners: set[Callable[[Notice], None]] = set()
        """Functions called with every notice: the engine's, and those of lost feeds and of stops."""
        self.phone: Callable[[], tuple[PhoneAddress, ...]] = tuple
        """Gives the state of the addresses that notices are sent to."""
        self._down: frozenset[str] = frozenset()
        self._stuck: frozenset[str] = frozenset()
        """Symbols whose stops cannot act."""
        self._kept: DeckSnapshot | None = None
        self._wanted = False
        runtime.engine_loop.on_stored = self._on_stored
        runtime.listeners.add(self._on_effect)
        self._funnel = FunnelReader(runtime.ledger)
        self._why = WhyNoTradeService(runtime.ledger)
        self._performance = Performance(runtime.ledger)
        runtime.listeners.add(self._performance.heard)

    @cached_property
    def _learning(self) -> LearningService:
        # Imported on first use: learning loads scipy, which most sessions never need.
        from server.deck.learning import LearningService

        service = LearningService(self._runtime.ledger, self._runtime)
        self._runtime.listeners.add(service.heard)
        return service

    # --- snapshots -------------------------------------------------------------------------------------

    def snapshot(self) -> DeckSnapshot:
        """Return the state that is on disk: during a commit the snapshot from before it."""
        if self._kept is not None and self._runtime.engine_loop.ahead_of_disk:
            self._wanted = True
            return self._kept
        self._kept = self._snapshot()
        return self._kept

    def _on_stored(self) -> None:
        if self._wanted:
            self._wanted, self._kept = False, self._snapshot()

    def _snapshot(self) -> DeckSnapshot:
        runtime = self._runtime
        state, engine, rules = runtime.engine.state, runtime.engine, runtime.engine.rules
        now = max(runtime.clock.now(), state.at or runtime.clock.now())
        self._watch_feeds(now)
        rows = position_rows(state.positions.values(), now, engine.trading)
        open_pnl = open_today(engine)
        return DeckSnapshot(
            at=now,
            seq=state.seq,
            mode=state.mode,
            mode_reason=state.mode_reason,
            mode_since=state.mode_since,
            mode_until=state.mode_until,
            mode_end=until_text(state.mode_until, engine.trading.calendar),
            mode_before=None if (before := undoable(state, now)) is None else before.mode,
            exchange=exchange_status(now, engine.trading),
            listener=self.listener,
            rules_name=rules.name,
            rules_fingerprint=rules.fingerprint,
            clock_note=runtime.clock.note,
            market_note=runtime.markets.note,
            market_assumed=runtime.markets.assumed,
            sources=senders_of(engine, now),
            decision=state.recent[-1] if state.recent else None,
            why_no_trade=self._why.of_known(state.recent[-1], rules) if state.recent else None,
            recent=tuple(
                decision_row(r, state.outcomes.get(r.id), now) for r in reversed(state.recent[-RECENT:])
            ),
            positions=rows,
            approvals=approval_rows(engine, now),
            orders=(
                *exit_order_rows(state.positions.values(), now, rules.fills),
                *order_rows(state.orders.values(), now, rules.fills),
            ),
            pnl=PnlView(
                realized=state.day.realized,
                open=open_pnl,
                held=open_net(engine),
                total=state.day.realized + open_pnl,
                costs=state.day.costs,
                closed=state.day.closed,
                wins=state.day.wins,
                series=(*state.day.series, state.day.realized + open_pnl) if state.day.series else (),
                assumed=runtime.markets.assumed,
            ),
            risk=risk_view(engine, now),
            events=tuple(reversed(self._events)),
            counters=replace(state.tally),
            alarms=runtime.counters.alarm_texts,
            stops=self._watch_stops(now),
            refused=self._refusals.rows()[:REFUSALS_SHOWN],
            phone=self.phone(),
            challenger_closed=engine.challenger.state.day.closed if engine.challenger is not None else 0,
            wait_at=rules.confidence.wait_at,
            execute_at=rules.confidence.execute_at,
        )

    # --- events ----------------------------------------------------------------------------------------

    def _on_effect(self, effect: Effect) -> None:
        if not isinstance(effect, Notice):
            return
        self._announce(effect)

    def watch(self) -> None:
        """Announce lost feeds and stops that cannot act, also while no screen asks for a snapshot."""
        if not self._runtime.engine_loop.ahead_of_disk:
            now = self._now()
            self._watch_feeds(now)
            self._watch_stops(now)

    def _watch_feeds(self, now: datetime) -> None:
        """Announce feeds that were lost or are back."""
        states = self._runtime.markets.status()
        down = frozenset(each.name for each in states if each.state in LOST)
        for each in states:
            if each.name in down - self._down:
                text = f"Feed {each.name} is lost" + (f": {each.detail}" if each.detail else "")
                self._announce(Notice(at=now, kind="feed", text=text, tone=Tone.NEGATIVE))
            elif each.name in self._down - down:
                self._announce(
                    Notice(at=now, kind="feed", text=f"Feed {each.name} is back", tone=Tone.POSITIVE)
                )
        self._down = down

    def _watch_stops(self, now: datetime) -> tuple[StopsWarning, ...]:
        """Return what keeps stops from acting; announce each symbol's once, and when its stops act again."""
        markets = self._runtime.markets
        warnings = stops_warnings(self._runtime.engine, markets.trouble, markets.assumed, now)
        stuck = {each.symbol or "": each for each in warnings if each.urgent}
        for symbol in stuck.keys() - self._stuck:
            text = stuck[symbol].text
            self._announce(Notice(at=now, kind="feed", text=text, tone=Tone.NEGATIVE, symbol=symbol))
        held = {p.symbol for p in self._runtime.engine.state.positions.values() if p.is_open}
        for symbol in (self._stuck - stuck.keys()) & held:
            text = f"stops act again: {symbol}"
            self._announce(Notice(at=now, kind="feed", text=text, tone=Tone.POSITIVE, symbol=symbol))
        self._stuck = frozenset(stuck)
        return warnings

    def _announce(self, line: Notice) -> None:
        for listener in self.notice_listeners:
            listener(line)
        self._events.append(line)
        if len(self._events) > KEPT_EVENTS:
            del self._events[0]
        if line.kind in URGENT:
            for follower in self._followers:
                if not follower.full():
                    follower.put_nowait(line)

    def resume(self) -> None:
        """Take over the engine's notices of this market day, after a start that restored the engine."""
        calendar, notices = self._runtime.engine.trading.calendar, self._runtime.engine.state.notices
        today = calendar.market_date(self._now())
        before = [line for line in notices if calendar.market_date(line.at) == today]
        self._events = [*before, *(line for line in self._events if line not in notices)]

    def tell_rules_change(self, before: Rules) -> str:
        """Announce that a start put other rules in force, and return the text."""
        text = f"Rules changed by this start: {rules_change(before, self._runtime.engine.rules)}"
        self.tell_of_rules(text)
        return text

    def tell_of_rules(self, text: str) -> None:
        """Announce something about the rules that a person should know."""
        self._announce(Notice(at=self._now(), kind="rules", text=text, tone=Tone.NEGATIVE))

    async def changes(self) -> AsyncIterator[Notice]:
        """Yield urgent events as they happen; a reader that falls behind by 200 misses the newest."""
        queue: asyncio.Queue[Notice] = asyncio.Queue(maxsize=200)
        self._followers.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._followers.discard(queue)

    # --- pages, details and commands -------------------------------------------------------------------

    async def page(self, query: PageQuery) -> Page:
        query = in_window(query, self._now(), self._runtime.engine.trading.calendar)
        return await self._runtime.ledger.page(query)

    async def decision(self, decision_id: str) -> DecisionRecord | None:
        for record in reversed(self._runtime.engine.state.recent):
            if record.id == decision_id:
                return record
        return await self._runtime.ledger.record(decision_id)

    async def why_no_trade(self, decision_id: str) -> WhyNoTrade | None:
        record = await self.decision(decision_id)
        if record is None:
            return None
        return await self._why.of(record, self._runtime.engine.rules)

    async def entry(self, decision_id: str) -> Mapping[str, Any] | None:
        return await self._runtime.ledger.decision(decision_id)

    async def position(self, position_id: str) -> PositionDetail | None:
        runtime = self._runtime
        marks = await runtime.ledger.marks_of(position_id, at_most=POINTS)
        position = runtime.engine.state.positions.get(position_id)
        now = max(runtime.clock.now(), runtime.engine.state.at or runtime.clock.now())
        if position is None:
            stored = await runtime.ledger.position(position_id)
            if stored is None:
                return None
            position = read(Position, stored)
            now = position.legs[-1].at if position.legs else position.last.at
        noted = await runtime.ledger.page(
            PageQuery(what="notes", limit=NOTES_SHOWN, filters={"position": position_id})
        )
        row = position_row(position, now, runtime.engine.trading)
        detail = detail_of(position, row, marks, now, runtime.engine.trading)
        return replace(detail, notes=tuple(reversed(noted.items)))

    async def receipt(self, receipt_id: str) -> Mapping[str, Any] | None:
        return await self._runtime.ledger.receipt(receipt_id)

    async def performance(self, window: str, cut: str) -> PerformanceView:
        runtime = self._runtime
        at = max(runtime.clock.now(), runtime.engine.state.at or runtime.clock.now())
        report = await self._performance.report(runtime.engine.rules, at, window_days(window), (cut,))
        return PerformanceView(
            window=window,
            cut=cut,
            cuts=tuple(CUT_TITLES.items()),
            report=report,
            assumed=runtime.markets.assumed,
        )

    async def learning(self) -> LearningView:
        return await self._learning.view(self._runtime.engine.rules, self._now())

    async def challenge(self) -> ChallengeView:
        return await challenge_view(self._runtime.engine, self._now())

    def _now(self) -> datetime:
        runtime = self._runtime
        return max(runtime.clock.now(), runtime.engine.state.at or runtime.clock.now())

    async def system(self) -> SystemView:
        runtime = self._runtime
        stats = await runtime.ledger.stats()
        health = runtime.health()
        return SystemView(
            uptime=health.uptime,
            queue=health.queue,
            webhooks=_latency(runtime.counters.webhook_ms),
            commits=_latency(runtime.counters.commit_ms),
            ledger_name=runtime.ledger_name,
            ledger_bytes=stats.bytes_on_disk,
            ledger_rows=stats.rows,
            journal_seq=stats.last_seq,
            feeds=runtime.markets.status(),
            rules_versions=with_changes(await runtime.ledger.rules_versions()),
            resident_bytes=resident_bytes(),
            funnel=await self._funnel.read(self._now(), runtime.engine.trading.calendar),
            credentials=self._uses.rows(),
            ledger_removed=(await runtime.ledger.removed()).texts,
        )

    async def day(self) -> DayView:
        funnel = await self._funnel.read(self._now(), self._runtime.engine.trading.calendar)
        now = self.snapshot()
        return DayView(at=now.at, pnl=now.pnl, funnel=funnel)

    async def symbols(self) -> tuple[WatchedSymbol, ...]:
        return watched_symbols(self._runtime.engine, self._now())

    async def symbol(self, symbol: str) -> SymbolView | None:
        runtime, now = self._runtime, self._now()
        day = runtime.engine.trading.calendar.market_date(now)
        mine = {"symbol": symbol}
        today = PageQuery(what="decisions", limit=DECISIONS_SHOWN, filters=mine | {"from": day.isoformat()})
        decisions = await runtime.ledger.page(today)
        trades = await runtime.ledger.page(PageQuery(what="trades", limit=TRADES_SHOWN, filters=mine))
        # The engine's state is read last and at once: an await in between could mix two instants.
        path = await runtime.ledger.prices_of(symbol, now - PATH_SPAN, at_most=POINTS)
        engine, now = runtime.engine, self._now()
        watched = next((each for each in watched_symbols(engine, now) if each.symbol == symbol), None)
        if watched is None and not decisions.items and not trades.items:
            return None
        held = [each for each in engine.state.positions.values() if each.symbol == symbol]
        return SymbolView(
            symbol=symbol,
            at=now,
            watched=watched or WatchedSymbol(symbol=symbol),
            sections=sections_of(engine, symbol, now),
            path=path,
            positions=position_rows(held, now, engine.trading),
            senders=senders_of(engine, now, symbol),
            decisions=decisions.items,
            trades=trades.items,
        )

    async def offers(self, decision_id: str = "") -> tuple[TakeOffer, ...]:
        engine = self._runtime.engine
        signals = takeable_signals(engine, self._now())
        wanted = [s for s in reversed(signals) if decision_id in ("", s.last_decision_id)][:OFFERS_SHOWN]
        found = []
        for signal in wanted:
            record = await self.decision(signal.last_decision_id or "")
            if record is not None:
                found.append(take_offer(engine, signal, record, self._now()))
        return tuple(found)

    def feeds(self) -> tuple[FeedStatus, ...]:
        return self._runtime.markets.status()

    async def command(self, command: Command) -> CommandResult:
        if command.name in ("approve", "reject", START_SUGGESTION) and command.argument is not None:
            done = self._runtime.engine.state.commands.get(command.id)
            if done is not None:
                return CommandResult(ok=done.ok, code=done.code, text=done.text)
            act = self._learning.challenge if command.name == START_SUGGESTION else self._learning.judge
            return await act(command, self._runtime.engine.rules, self._now())
        if command.name == "rollback":
            from server.deck.learning import roll_back

            versions = await self._runtime.ledger.rules_versions()
            in_force = self._runtime.engine.rules.fingerprint
            return await roll_back(versions, self._runtime, command, in_force)
        if missing := await self._note_fault(command) or await book_fault(self._runtime.ledger, command):
            return missing
        result = await self._runtime.command(command)
        if result.code == "NOT_OPEN" and command.position_id is not None:
            if await self._runtime.ledger.position(command.position_id) is None:
                return CommandResult(ok=False, code="UNKNOWN_POSITION", text="There is no such position")
        return result

    async def _note_fault(self, command: Command) -> CommandResult | None:
        """Return the refusal of a note on an unknown trade, or of removing an unknown one; ``None`` for the rest."""
        ledger = self._runtime.ledger
        if command.name == "note" and command.position_id is not None:
            if await ledger.position(command.position_id) is None:
                return CommandResult(ok=False, code="UNKNOWN_POSITION", text="There is no such trade")
        elif command.name == "remove_note" and command.argument:
            known = await ledger.page(PageQuery(what="notes", filters={"id": command.argument}))
            if not known.items:
                return CommandResult(ok=False, code="NO_NOTE", text="There is no such note")
        return None


def _latency(values: Sequence[float]) -> Latency:
    if not values:
        return Latency(n=0, p50=None, p99=None)
    ordered = sorted(values)
    last = len(ordered) - 1
    return Latency(n=len(ordered), p50=ordered[round(0.5 * last)], p99=ordered[round(0.99 * last)])


def resident_bytes() -> int | None:
    """Return the resident memory of this process in bytes; ``None`` where the system does not report it."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
