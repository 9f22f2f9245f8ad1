"""Work limit orders at prices and ticks: fill them, let them rise, or give them up.

Invariants, tested under these names: only a later ask fills; a working order fills or ends once; nothing works past
its signal, a mode without entries, a halt or an exit of all.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from core.decision import level_test
from core.effects import Effect, Notice, StoreDecision, StoreMarks, StoreTrade
from core.engine.kernel import Kernel
from core.engine.mode import mode_refusal
from core.engine.notes import stored_note
from core.engine.one_mark import note_mark
from core.engine.positions import note_outcome
from core.engine.shadows import supersede
from core.engine.state import TradeOutcome
from core.engine.underlyings import untradable
from core.events import WEBHOOK, PriceSeen
from core.exchange.clock_text import exchange_clock
from core.exposure import exposure_of
from core.live_signal import LiveSignal
from core.model import BY_HAND, Action, ContractCount, DecisionRecord, Reason, Tone
from core.options.fills import Fill, Order, OrderType, Side, fill
from core.options.quotes import OptionQuote
from core.options.spreads import quote_from_model
from core.positions import Mark, Position, next_mark, open_position
from core.positions.attribution import NO_ATTRIBUTION
from core.positions.parity import quotes_at
from core.risk import Proposal, limited
from core.working_order import NOT_FILLED, WORKING, WorkingOrder

TAKE = "take"


def work_orders(kernel: Kernel, now: datetime) -> list[Effect]:
    """Fill, end or leave every working order as of an instant."""
    effects: list[Effect] = []
    for order in list(kernel.state.orders.values()):
        signal = kernel.state.signals.get(order.signal_id)
        if signal is not None and signal.late is not None:
            effects += _withdraw(kernel, order, now, signal.late.text)  # its own decision follows
        elif (why := _ended(kernel, order, now)) is not None:
            effects += _give_up(kernel, order, why, now)
        else:
            effects += _work(kernel, order, now)
    return effects


def cancel_orders(kernel: Kernel, now: datetime, text: str) -> list[Effect]:
    """End every working order, with a text that says why."""
    effects: list[Effect] = []
    for order in list(kernel.state.orders.values()):
        effects += _give_up(kernel, order, Reason("CANCELLED", text, Tone.NEGATIVE), now)
    return effects


def placed(order: WorkingOrder, record: DecisionRecord, kernel: Kernel) -> list[Effect]:
    """Put an order to work; return the notice of it."""
    kernel.state.orders[order.signal_id] = replace(order, record=record)
    text = f"Working {order.text(order.limit(0, kernel.rules.fills))}, up to {order.ask:.2f}"
    return [_notice(order, record.at, text, Tone.NEUTRAL)]


def _withdraw(kernel: Kernel, order: WorkingOrder, now: datetime, why: str) -> list[Effect]:
    del kernel.state.orders[order.signal_id]
    return [
        _notice(
            order, now, f"Order withdrawn: {order.contract.label} × {order.contracts}: {why}", Tone.NEGATIVE
        )
    ]


def withdraw_order(kernel: Kernel, signal_id: str, now: datetime) -> list[Effect]:
    """End the order of a signal whose verdict is another now; its decision is recorded by the caller."""
    order = kernel.state.orders.get(signal_id)
    return [] if order is None else _withdraw(kernel, order, now, "its signal is decided otherwise now")


def _ended(kernel: Kernel, order: WorkingOrder, now: datetime) -> Reason | None:
    """Return the reason why an order may not work any longer."""
    if (refused := mode_refusal(kernel)) is not None:
        return refused
    if (blocked := untradable(kernel, order.symbol)) is not None:
        return blocked
    signal = kernel.state.signals.get(order.signal_id)
    if signal is None or not signal.is_live(now):
        return Reason(NOT_FILLED, "The signal ended before its limit was met", Tone.NEGATIVE)
    return None


def _work(kernel: Kernel, order: WorkingOrder, now: datetime) -> list[Effect]:
    rules = kernel.rules.fills
    step = order.step(now, rules)
    limit = order.limit(step, rules)
    seen = kernel.state.prices.get(order.symbol)
    found = None if seen is None else _later_quote(kernel, order, seen, now)
    over = now >= order.ends_at(rules)
    if found is not None:
        quote, mark = found
        done = _bought(kernel, order, quote, limit, now)
        if done is None and over and rules.walk_end == TAKE:
            done = _bought(kernel, order, quote, None, now)
        if done is not None:
            at = (
                f"limit {limit:.2f}, step {step} of {rules.walk_steps}"
                if done.price <= limit
                else "at market"
            )
            modelled = ", modelled" if quote.is_model else ""
            clock = exchange_clock(quote.at, kernel.trading.calendar, seconds=True)
            evidence = f"ask {quote.ask:.2f} at {clock}{modelled}: {at}"
            return _open(kernel, order, mark, done, evidence, now)
    if not over:
        return []
    asked = "no later quote came" if found is None else f"the ask was {found[0].ask:.2f}"
    why = f"Nobody sold at {limit:.2f} within {(now - order.at).total_seconds():.0f} s, {asked}"
    return _give_up(kernel, order, Reason(NOT_FILLED, why, Tone.NEGATIVE), now)


def _later_quote(
    kernel: Kernel, order: WorkingOrder, seen: PriceSeen, now: datetime
) -> tuple[OptionQuote, Mark] | None:
    """Return a quote made after the order was placed, with the mark on it, ``None`` without one."""
    contract, trading = order.contract, kernel.trading
    real = quotes_at(seen.quotes, now, trading).get(contract.occ)
    if real is not None and (real.at <= order.at or real.mid is None):
        real = None
    if real is None and not (order.modelled and seen.priced_at > order.at):
        return None
    mark = next_mark(
        contract, order.mark, spot=seen.price, spot_at=seen.priced_at, now=now, trading=trading, quote=real
    )
    mark = replace(mark, step=NO_ATTRIBUTION)
    if real is not None:
        return real, mark
    modelled = quote_from_model(
        mark.mid,
        symbol=order.symbol,
        dte=trading.dte(contract, now),
        entry_id=order.position_id,
        priced_at=seen.priced_at,
        now=now,
        day=trading.calendar.session_at(now),
        rules=kernel.rules.fills,
        spot=mark.spot,
        intrinsic=contract.intrinsic(mark.spot),
    )
    return modelled, mark


def _bought(
    kernel: Kernel, order: WorkingOrder, quote: OptionQuote, limit: float | None, now: datetime
) -> Fill | None:
    """Return the fill of the order on a quote, at market without a limit; ``None`` when it does not fill."""
    if limit is not None and limit <= 0:
        return None
    wanted = Order(
        symbol=order.symbol,
        side=Side.BUY,
        contracts=order.contracts,
        type=OrderType.MARKET if limit is None else OrderType.LIMIT,
        limit=limit,
    )
    is_open = kernel.trading.calendar.session_at(now) is not None
    done = fill(wanted, quote, now, is_open, kernel.rules.fills, kernel.rules.contract)
    return done if isinstance(done, Fill) else None


def _open(
    kernel: Kernel, order: WorkingOrder, mark: Mark, done: Fill, evidence: str, now: datetime
) -> list[Effect]:
    """Open the position of a filled order, unless its levels or the limits forbid it by now."""
    record, state, rules = order.record, kernel.state, kernel.rules
    assert record is not None and record.context.expert is not None and record.count is not None
    passed = level_test(order.levels, record.context.expert, mark.spot, rules, order.reference)
    if passed is not None:
        return _give_up(kernel, order, passed, now)
    each = done.price * order.contract.multiplier
    proposal = Proposal(
        symbol=order.symbol,
        direction=record.proposed_direction,
        count=replace(record.count, contracts=done.contracts),
        paid=lambda contracts: each * contracts,
        each=exposure_of(order.contract, mark, 1),
    )
    held = [p for p in state.positions.values() if not p.awaits_settlement]
    count = limited(proposal, held, state.day, state.closes, now, rules)
    if isinstance(count, tuple):
        return _give_up(kernel, order, count[0], now)
    if count.contracts < done.contracts:
        part = count.contracts / done.contracts
        done = replace(
            done,
            contracts=count.contracts,
            requested=count.contracts,
            spread_cost=done.spread_cost * part,
            slippage=done.slippage * part,
            commission=round(done.commission * part, 2),
        )
    signal = state.signals.get(order.signal_id)
    by_hand = record.verdict.action is not Action.EXECUTE
    taken = signal.taken if signal is not None and by_hand else None
    position = open_position(
        id=order.position_id,
        signal_id=order.signal_id,
        decision_id=kernel.new_id(f"decision:{order.signal_id}"),
        contract=order.contract,
        direction=record.proposed_direction,
        timeframe=record.context.timeframe,
        levels=order.levels,
        fill=done,
        mark=mark,
        risk_amount=order.planned_loss * done.contracts,
        atr=order.atr,
        now=now,
        trading=kernel.trading,
        strategy=order.strategy,
        evidence=evidence,
        by_feed=state.prices[order.symbol].source != WEBHOOK,
    )
    if taken is not None:
        position = replace(position, taken_by=taken.author)
    filled = Reason("LIMIT_FILLED", f"Filled at {done.price:.2f}: {evidence}", Tone.POSITIVE)
    effects = _decided(
        kernel,
        order,
        now,
        Action.EXECUTE,
        code=BY_HAND if by_hand else None,
        position_id=position.id,
        notes=(*record.notes, filled),
        count=count,
    )
    state.alerts.entered(now, position.entry.risk_amount)
    state.positions[position.id] = position
    note_mark(kernel, position)
    state.day.bought(done.spread_cost + done.slippage + done.commission)
    note_outcome(kernel, position.decision_id, TradeOutcome("open"))
    text = f"EXECUTE {position.direction} {order.contract.label} × {done.contracts}: {filled.text}"
    return [
        *effects,
        StoreTrade(position=position, bought=True),
        StoreMarks(position_id=position.id, marks=(mark,)),
        *(() if by_hand else supersede(kernel, order.signal_id)),
        *_note_of(kernel, position, signal, now),
        Notice(
            kind="execute",
            at=now,
            text=text,
            tone=Tone.POSITIVE,
            symbol=order.symbol,
            position_id=position.id,
        ),
    ]


def _note_of(kernel: Kernel, position: Position, signal: LiveSignal | None, now: datetime) -> list[Effect]:
    """Return the note of the person who took the trade, if there is one."""
    taken = None if signal is None else signal.taken
    if taken is None or taken.note is None:
        return []
    return [stored_note(kernel, position.id, taken.note, taken.author, now)]


def _give_up(kernel: Kernel, order: WorkingOrder, why: Reason, now: datetime) -> list[Effect]:
    """End an order with a SKIP of its signal."""
    effects = _decided(kernel, order, now, Action.SKIP, blocks=(why,))
    text = f"Not bought: {order.contract.label} × {order.contracts}: {why.text}"
    return [*effects, _notice(order, now, text, Tone.NEGATIVE)]


def _decided(
    kernel: Kernel,
    order: WorkingOrder,
    now: datetime,
    action: Action,
    *,
    code: str | None = None,
    blocks: tuple[Reason, ...] = (),
    notes: tuple[Reason, ...] = (),
    position_id: str | None = None,
    count: ContractCount | None = None,
) -> list[Effect]:
    """Record the end of an order as a decision on the evidence of the one that placed it, and end its signal."""
    placed_by, state = order.record, kernel.state
    assert placed_by is not None
    del state.orders[order.signal_id]
    signal = state.signals.get(order.signal_id)
    record = replace(
        placed_by,
        id=kernel.new_id(f"decision:{order.signal_id}"),
        seq=state.seq,
        at=now,
        action=action,
        direction=placed_by.proposed_direction if action is Action.EXECUTE else None,
        code=blocks[0].code if blocks else code,
        blocks=blocks,
        notes=notes,
        position_id=position_id,
        count=count or placed_by.count,
        supersedes=placed_by.id if signal is None else signal.last_decision_id,
        trigger="order",
    )
    if signal is not None:
        signal.last_decision_id = record.id
        signal.executed = action is Action.EXECUTE
        signal.dead = not signal.executed
        state.bar_signals.decided(signal.update, signal.id, record.id, signal.last_key, over=True)
        kernel.drop_signal(signal.id)
    kernel.remember_decision(record)
    return [StoreDecision(record=record)]


def _notice(order: WorkingOrder, at: datetime, text: str, tone: Tone) -> Notice:
    return Notice(kind="order", at=at, text=text, tone=tone, symbol=order.symbol)


__all__ = ["NOT_FILLED", "WORKING", "cancel_orders", "placed", "withdraw_order", "work_orders"]
