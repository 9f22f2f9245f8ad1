"""Replay the trades of a ledger under other rules, by the engine's own entries, limits, marks and exits.

A decision that the rules execute is entered again on the market answer that it was made on: contract, quote, number
of contracts and every limit as at that instant, with the positions that these rules hold by then. From there the
trade follows the stored prices, the clock and what people and senders asked for. Shadows are not opened, and
contexts are only kept where decisions are to be made that are not stored. A decision without a stored market answer
is not made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from core.approvals import Approval
from core.decision import decide, inputs_from, late, levels_for, position_size
from core.decision.market_gate import without_stale_quotes
from core.effects import Effect, StoreTrade
from core.engine.bars import price_of
from core.engine.challenger import CHALLENGE_COMMANDS
from core.engine.closes import closes_seen
from core.engine.commands import command
from core.engine.day import turn_day
from core.engine.decisions import TRANSIENT, open_trade, try_entry, use_price
from core.engine.entries import TradeTerms
from core.engine.kernel import Kernel
from core.engine.one_mark import align_marks
from core.engine.positions import see_price
from core.engine.receipts import ABSORBED, REQUESTS
from core.engine.requests import obey
from core.engine.settlement import close_unavailable
from core.engine.ticks import tick
from core.engine.underlyings import corporate_action, trading_status
from core.events import (
    ClosesSeen,
    CloseUnavailable,
    Commanded,
    CorporateActionSeen,
    Event,
    MarketAnswered,
    PriceSeen,
    Received,
    Ticked,
    TradingStatusSeen,
)
from core.execution_band import ExecutionBand
from core.intake import IntakeError
from core.learning.trades_made import APPROVAL, GAP, NO_ANSWER, OPEN, STALE
from core.live_signal import LiveSignal, stays_open
from core.model import Action, Context, Intent, Update
from core.positions import Position, PositionState, pnl_breakdown
from core.positions.pnl import pnl_band
from core.positions.trading_context import TradingContext
from core.rules import Rules

MOST_GAP = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDecision:
    """A decision of the ledger: its signal's body, its context, and the market answer that it was made on.

    ``row`` numbers it. ``context`` is ``None`` for an answer after which nothing was stored, because the second
    decision on it was like the one before; ``row`` is then that one's. ``approval`` is a person's approval of its
    signal, if there was one, and ``asked`` whether one was asked for. ``followed_until`` is when the ledger's own
    trade or shadow of the signal ended: up to then its prices are those that the engine saw.
    """

    row: int
    answer: MarketAnswered
    context: Context | None
    body: Received
    approval: Approval | None = None
    asked: bool = False
    followed_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Traded:
    """The result of one decision: the position it opened, or the code that refused it, or why neither is known."""

    position: Position | None = None
    refused: str = ""
    why: str = ""

    @property
    def net(self) -> float | None:
        """Net P&L in $ of a trade that has ended and whose result is known."""
        if self.position is None or self.why:
            return None
        return pnl_breakdown(self.position).net

    @property
    def band(self) -> ExecutionBand | None:
        """The net P&L by execution, ``None`` where it is not known."""
        return None if self.net is None or self.position is None else pnl_band(self.position)

    @property
    def exit_at(self) -> datetime | None:
        """Instant of the last exit, ``None`` while it is not known."""
        return None if self.net is None or self.position is None else self.position.legs[-1].at


def same_trade(one: Position, other: Position) -> bool:
    """Return whether two positions were bought, protected and sold alike so far.

    Marks are not compared: their last digits depend on what else is marked at the same price.
    """
    return _deeds(one) == _deeds(other)


def _deeds(position: Position) -> tuple[object, ...]:
    entry = position.entry
    sold = tuple((leg.at, leg.reason, leg.contracts, round(leg.price, 4)) for leg in position.legs)
    bought = position.contract, entry.filled_contracts, round(entry.entry_price, 4)
    levels = (position.stop, position.levels.target_1, position.levels.target_2)
    return bought, position.opened_at, tuple(round(level, 6) for level in levels), position.state, sold


class TradeReplay:
    """The trades of one set of rules. Take everything in order of seq, a decision after the prices of its seq."""

    def __init__(self, engine_id: str, rules: Rules, beside: TradeReplay | None = None) -> None:
        """Begin without a position; a body that the replay ``beside`` has read alike is not read again."""
        self._kernel = Kernel(engine_id=engine_id)
        self._kernel.take_rules(rules.to_toml())
        alike = beside is not None and beside._kernel.rules.intake == self._kernel.rules.intake
        self._beside = beside if alike else None
        self._last_read: tuple[Received | None, Update | None] = (None, None)
        self._row_of: dict[str, int] = {}
        self._opened: dict[int, Position] = {}
        self._refused: dict[int, str] = {}
        self._why: dict[int, str] = {}
        self._over: set[str] = set()
        self._until: dict[str, datetime | None] = {}
        self._priced: dict[str, datetime] = {}

    def take(self, event: Event) -> None:
        """Take a price, a tick, a command or what happened to an underlying; other inputs change nothing."""
        handler = _HANDLERS.get(type(event))
        if handler is None or (isinstance(event, Commanded) and event.name in CHALLENGE_COMMANDS):
            return
        if isinstance(event, PriceSeen):
            self._note_gaps(event)
        self._heard([*self._begin(event), *handler(self._kernel, event), *align_marks(self._kernel)])

    def receive(
        self, event: Received, seen: PriceSeen | None, *, absorbs: bool = False, states_price: bool = False
    ) -> None:
        """Take a body: what it asks for positions, and with ``absorbs`` the context that it gives.

        ``seen`` is its price as stored with a path. With ``states_price`` the price that it states is used where none
        is stored: without a feed an entry is made at the last one.
        """
        update, kernel = self._read(event), self._kernel
        if update is None:
            return
        proposes = update.intent is Intent.ENTRY and update.signal is not None
        is_late = proposes and late(update, event.at, kernel.rules) is not None
        stated = None
        if states_price and seen is None and not is_late:
            stated, _ = price_of(kernel, update, event)
        flips = update.intent is Intent.ENTRY and update.request is not None
        if update.intent in REQUESTS or flips:
            effects = self._begin(event)
            intent = Intent.EXIT if flips else None
            effects += obey(kernel, update, event, seen or stated, intent).effects
            self._heard([*effects, *align_marks(kernel)])
        if absorbs and update.intent in ABSORBED and not (proposes and (update.blocks or is_late)):
            kernel.state.contexts.absorb(update, event.at, event.receipt_id, kernel.rules)
        if stated is not None:
            self.take(stated)

    def wants(self, signal_id: str) -> bool:
        """Return whether another decision of a signal could still open its trade."""
        return signal_id not in self._over

    def decide(self, stored: StoredDecision) -> None:
        """Enter a decision that the rules execute, unless its signal has traded or was refused for good.

        Without a stored context it is decided first, in the context that was absorbed.
        """
        answer, kernel = stored.answer, self._kernel
        if answer.signal_id in self._over:
            return
        self._heard([*self._begin(answer), *use_price(kernel, answer)])
        update = self._read(stored.body)
        if update is None or update.signal is None:
            self.unanswered(stored.row)
            self._over.add(answer.signal_id)
            return
        if update.blocks:
            self._refuse(stored, update.blocks[0].code)
            return
        signal = LiveSignal.arriving(
            answer.signal_id, stored.body.receipt_id, update, stored.body.at, kernel.rules
        )
        context = stored.context or self._decided_context(answer, signal)
        if context is not None and context.expert is not None:
            self._enter(stored, signal, context)

    def _decided_context(self, answer: MarketAnswered, signal: LiveSignal) -> Context | None:
        """Return the context of a decision that these rules execute; ``None`` if they do not."""
        kernel, now = self._kernel, answer.at
        if not signal.is_live(now):
            return None
        rules, price = kernel.rules, kernel.state.prices.get(signal.update.symbol)
        session = kernel.trading.calendar.session_label(now, rules.clock)
        context = kernel.state.contexts.context_for(
            signal.update.symbol, now, session, None if price is None else price.price, rules, signal
        )
        verdict = decide(context, without_stale_quotes(answer.snapshot, rules), rules)
        if verdict.action is Action.EXECUTE:
            return context
        if not stays_open(verdict.action, verdict.gates):
            self._over.add(signal.id)
        return None

    def _enter(self, stored: StoredDecision, signal: LiveSignal, context: Context) -> None:
        kernel, answer = self._kernel, stored.answer
        rules = kernel.rules
        market = without_stale_quotes(answer.snapshot, rules)
        levels = levels_for(context, market, rules)
        terms = TradeTerms(
            signal=signal,
            context=context,
            market=market,
            levels=levels,
            size=position_size(inputs_from(context, market, rules, levels), rules),
            chain=answer.chain,
            price=kernel.state.prices.get(context.symbol),
            now=answer.at,
            decision_id=kernel.new_id("decision"),
            position_id=kernel.new_id("position"),
            approval=stored.approval,
        )
        entry, effects = try_entry(kernel, terms)
        self._heard(effects)
        if entry.request is not None:
            self._wait_for_a_person(stored)
        elif entry.position is None or entry.mark is None:
            code = entry.reasons[0].code
            if code in TRANSIENT:
                self._refused[stored.row] = code
            else:
                self._refuse(stored, code)
        else:
            self._over.add(answer.signal_id)
            self._row_of[entry.position.id] = stored.row
            self._opened[stored.row] = entry.position
            self._until[entry.position.id] = stored.followed_until
            open_trade(kernel, terms.decision_id, entry.position, entry.mark, terms.now)
            align_marks(kernel)

    def results(self) -> Mapping[int, Traded]:
        """Return the result of every decision that was entered or refused, by row."""
        for position in self._kernel.state.positions.values():
            row = self._row_of[position.id]
            self._opened[row] = position
            self._why.setdefault(row, OPEN)
        found = {row: Traded(refused=code) for row, code in self._refused.items()}
        found |= {row: Traded(why=why) for row, why in self._why.items()}
        return found | {
            row: Traded(position=position, why=self._why.get(row, ""))
            for row, position in self._opened.items()
        }

    def unanswered(self, row: int) -> None:
        """Note a decision whose market answer or body is not stored."""
        self._why[row] = NO_ANSWER

    def _begin(self, event: Event) -> list[Effect]:
        self._kernel.state.seq, self._kernel.state.at = event.seq, event.at
        return turn_day(self._kernel, event.at)

    def _read(self, event: Received) -> Update | None:
        if self._beside is not None:
            return self._beside._read(event)
        if self._last_read[0] is not event:
            try:
                self._last_read = event, self._kernel.read(event.body, event.endpoint)
            except IntakeError:
                self._last_read = event, None
        return self._last_read[1]

    def _refuse(self, stored: StoredDecision, code: str) -> None:
        self._refused[stored.row] = code
        self._over.add(stored.answer.signal_id)

    def _wait_for_a_person(self, stored: StoredDecision) -> None:
        """Note that the trade waits; where nobody was asked in the ledger, nobody's answer is known."""
        self._refused[stored.row] = "APPROVAL_NEEDED"
        if not stored.asked:
            self._why[stored.row] = APPROVAL
            self._over.add(stored.answer.signal_id)

    def _heard(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            if not isinstance(effect, StoreTrade) or effect.position.id not in self._row_of:
                continue
            position, row = effect.position, self._row_of[effect.position.id]
            self._opened[row] = position
            if position.state is PositionState.CLOSED and any(leg.is_left_out for leg in position.legs):
                self._why.setdefault(row, STALE)

    def _note_gaps(self, seen: PriceSeen) -> None:
        """Note the trades of a symbol whose prices have a gap after those that the engine followed."""
        before = self._priced.get(seen.symbol)
        self._priced[seen.symbol] = seen.at
        for position in self._kernel.state.positions.values():
            if position.symbol != seen.symbol:
                continue
            since = position.opened_at if before is None else max(before, position.opened_at)
            if seen.at - since <= MOST_GAP or not _has_gap(since, seen.at, self._kernel.trading):
                continue
            until = self._until[position.id]
            if until is None or since >= until:
                self._why.setdefault(self._row_of[position.id], GAP)


def _has_gap(before: datetime, after: datetime, trading: TradingContext) -> bool:
    """Return whether more than MOST_GAP of a session lies between two prices."""
    calendar = trading.calendar
    first, second = calendar.market_date(before), calendar.market_date(after)
    if first == second:
        day = calendar.session(first)
        return day is not None and min(after, day.close) - max(before, day.open) > MOST_GAP
    earlier, later = calendar.session(first), calendar.session(second)
    if earlier is not None and earlier.close - max(before, earlier.open) > MOST_GAP:
        return True
    if later is not None and min(after, later.close) - later.open > MOST_GAP:
        return True
    return calendar.next_session(first).open < (later.open if later is not None else after)


_HANDLERS: Mapping[type, Callable[[Kernel, Any], list[Effect]]] = {
    PriceSeen: see_price,
    Ticked: partial(tick, alerts=False),
    Commanded: command,
    TradingStatusSeen: trading_status,
    CorporateActionSeen: corporate_action,
    ClosesSeen: closes_seen,
    CloseUnavailable: close_unavailable,
}
