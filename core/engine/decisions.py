"""Decisions: the market's answer for a signal becomes a decision, and an EXECUTE at most one position."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from core.decision import decide, inputs_from, levels_for, position_size
from core.decision.market_gate import without_stale_quotes
from core.decision.size_inputs import quality_of
from core.effects import AnswerDecision, Effect, Notice, StoreDecision, StoreMarks, StoreTrade
from core.engine.approvals import NEEDED, approval_of, update_approval
from core.engine.entries import EntryResult, TradeTerms, enter
from core.engine.kernel import Kernel
from core.engine.listed_contract import CHAIN_INCOMPLETE, CHAIN_STALE
from core.engine.notes import stored_note
from core.engine.one_mark import note_mark
from core.engine.positions import close_first, note_outcome, see_price
from core.engine.shadows import SHADOW_SIZE, open_shadow, supersede
from core.engine.state import TradeOutcome
from core.engine.taking import by_hand_reason, keep_passed, not_taken, unanswered
from core.engine.working_orders import WORKING, placed, withdraw_order
from core.events import MarketAnswered, PriceSeen
from core.live_signal import LiveSignal, stays_open
from core.model import BY_HAND, Action, Decision, DecisionRecord, MarketSnapshot, Reason, Tone
from core.options.quotes import OptionQuote
from core.positions import Mark, Position
from core.risk import CLOSE_FIRST

CANCELLED = "CANCELLED"
"""The code of a signal that its sender has left or taken back."""
TRANSIENT = frozenset({"STALE_PRICE", "STALE_QUOTE", CHAIN_INCOMPLETE, CHAIN_STALE})
"""Codes that do not refuse the signal for good: a fresher price or chain may still execute it."""


def answered(kernel: Kernel, event: MarketAnswered) -> list[Effect]:
    """Decide the signal that asked for this answer; ignore an answer that no signal waits for."""
    state = kernel.state
    signal = state.signals.get(event.signal_id)
    if signal is None or not signal.asked:
        return []
    signal.asked = False
    signal.changed = False
    effects = use_price(kernel, event)
    if signal.last_decision_id is not None and not signal.is_live(event.at):
        effects += unanswered(signal, event.at)
        signal.taken = None
        return effects
    return effects + _decide(kernel, signal, event)


def use_price(kernel: Kernel, event: MarketAnswered) -> list[Effect]:
    """Use the price of the snapshot unless a newer one is known, and the chain's quotes of what is held."""
    snapshot = event.snapshot
    if snapshot.iv_percentile is not None and "iv_percentile" not in snapshot.assumed:
        kernel.state.volatility.percentiles[snapshot.symbol] = snapshot.iv_percentile
    quotes = _quotes_of_held(kernel, event)
    known = kernel.state.prices.get(snapshot.symbol)
    if snapshot.price is None:
        return _quoted_again(kernel, event, quotes)
    priced_at = event.at - timedelta(seconds=snapshot.ages.get("price", 0.0))
    if known is not None and known.priced_at >= priced_at and known.source == snapshot.feeds.get("price"):
        return _quoted_again(kernel, event, quotes)
    seen = PriceSeen(
        seq=event.seq,
        at=event.at,
        symbol=snapshot.symbol,
        price=snapshot.price,
        priced_at=priced_at,
        source=snapshot.feeds.get("price", "feed"),
        quotes=quotes,
    )
    return see_price(kernel, seen)


def _quotes_of_held(kernel: Kernel, event: MarketAnswered) -> tuple[tuple[str, OptionQuote], ...]:
    """Return the chain's quotes of held contracts and their twins: an entry knows no more of one than its mark."""
    if event.chain is None:
        return ()
    symbol = event.snapshot.symbol
    held = [p.contract for p in kernel.state.positions.values() if p.symbol == symbol]
    held += [p.contract for p in kernel.shadows_of(symbol)]
    known = {kernel.trading.known(contract) for contract in held}
    wanted = {occ for contract in known for occ in (contract.occ, contract.twin)}
    return tuple(quote for quote in event.chain.quotes if quote[0] in wanted)


def _quoted_again(
    kernel: Kernel, event: MarketAnswered, quotes: tuple[tuple[str, OptionQuote], ...]
) -> list[Effect]:
    """Mark what is held on the chain's quotes at the last known price, where there are any."""
    known = kernel.state.prices.get(event.snapshot.symbol)
    if known is None or not quotes:
        return []
    seen = replace(
        known, seq=event.seq, at=event.at, quotes=quotes, official_close=False,
        open=None, high=None, low=None, began=None,
    )  # fmt: skip
    return see_price(kernel, seen)


def _decide(kernel: Kernel, signal: LiveSignal, event: MarketAnswered) -> list[Effect]:
    state, rules, now = kernel.state, kernel.rules, event.at
    expert = signal.update.signal
    assert expert is not None
    symbol = signal.update.symbol
    price = state.prices.get(symbol)
    session = kernel.trading.calendar.session_label(now, rules.clock)
    context = state.contexts.context_for(
        symbol, now, session, price.price if price is not None else None, rules, signal
    )
    market = without_stale_quotes(event.snapshot, rules)
    verdict = decide(context, market, rules)
    levels = levels_for(context, market, rules)
    # After a signal's own stated decay time the context has no expert: no size, and never an EXECUTE.
    size = position_size(inputs_from(context, market, rules, levels), rules) if context.expert else None
    decision_id, position_id = kernel.new_id("decision"), kernel.new_id("position")
    terms = TradeTerms(
        signal=signal,
        context=context,
        market=market,
        levels=levels,
        size=size or SHADOW_SIZE,
        chain=event.chain,
        price=price,
        now=now,
        decision_id=decision_id,
        position_id=position_id,
        approval=approval_of(kernel, signal),
    )
    taken = signal.taken
    by_hand = taken is not None and verdict.action is not Action.EXECUTE
    if by_hand and taken is not None:
        terms = replace(terms, taken_by=taken.author)
    entry, effects = EntryResult(), list[Effect]()
    blocks: tuple[Reason, ...] = ()
    signal.late = signal.late or _answered_too_late(signal, now)
    if signal.late is not None or signal.update.blocks:
        blocks = ((signal.late,) if signal.late is not None else ()) + signal.update.blocks
    elif (verdict.action is Action.EXECUTE or by_hand) and size is not None:
        entry, effects = try_entry(kernel, terms)
        blocks = entry.reasons
    elif by_hand:
        blocks = (Reason("SIGNAL_ENDED", "The time that its sender gave it is over", Tone.NEGATIVE),)
    is_working = bool(blocks) and blocks[0].code == WORKING
    if not is_working:
        effects += withdraw_order(kernel, signal.id, now)
    wanted = Action.EXECUTE if by_hand else verdict.action
    action = wanted if not blocks else Action.WAIT if entry.request or is_working else Action.SKIP
    changed = signal.decided(now, action, verdict.gates, (*blocks, *verdict.reasons))
    refused = taken is not None and bool(blocks) and not _still_waits(signal, blocks[0].code)
    if refused:
        effects.append(not_taken(signal, blocks[0].text, now))
        signal.taken = None
    if blocks and refused and by_hand:
        signal.dead, signal.open_to_change = False, stays_open(verdict.action, verdict.gates)
    elif blocks:
        waits = blocks[0].code in (*TRANSIENT, NEEDED, WORKING)
        signal.dead, signal.open_to_change = not waits, waits
    if not changed and not refused:
        return effects
    first = signal.last_decision_id is None
    new_approval_id = kernel.new_id("approval") if entry.request is not None else None
    record = DecisionRecord(
        id=decision_id,
        seq=event.seq,
        at=now,
        signal_id=signal.id,
        receipt_id=signal.receipt_id or "",
        symbol=symbol,
        source=signal.update.source,
        timeframe=signal.update.timeframe,
        quality=expert.quality or quality_of(expert.ai_score, rules),
        action=action,
        direction=expert.direction if action is Action.EXECUTE else None,
        proposed_direction=expert.direction,
        confidence=verdict.confidence,
        code=blocks[0].code if blocks else BY_HAND if by_hand else None,
        verdict=verdict,
        blocks=blocks,
        size=size,
        count=entry.count,
        contract=entry.contract,
        levels=levels,
        context=context,
        market=market,
        supersedes=signal.last_decision_id,
        position_id=position_id if entry.position is not None else None,
        trigger="signal" if first else "person" if taken is not None else "change",
        approval_id=signal.approval_id or new_approval_id,
        notes=(*entry.notes, by_hand_reason(taken, verdict)) if by_hand and not refused else entry.notes,
        strategy=signal.update.strategy,
        option=signal.update.option,
    )
    signal.last_decision_id = record.id
    effects.append(StoreDecision(record=record))
    over = entry.position is not None or record.code == CANCELLED
    state.bar_signals.decided(signal.update, signal.id, record.id, signal.last_key, over=over)
    if entry.position is not None and entry.mark is not None:
        signal.executed = True
        effects += open_trade(kernel, record.id, entry.position, entry.mark, now)
        if not by_hand:  # what the rules did not take is followed on, so that learning sees all of it
            effects += supersede(kernel, signal.id)
        if taken is not None and taken.note is not None:
            effects.append(stored_note(kernel, entry.position.id, taken.note, taken.author, now))
    elif first:
        effects += open_shadow(kernel, replace(terms, position_id=kernel.new_id("shadow"), size=SHADOW_SIZE))
    effects += update_approval(
        kernel, signal, record, entry.request, bool(blocks) and blocks[0].code in TRANSIENT
    )
    kernel.remember_decision(record)
    if first and signal.receipt_id is not None:
        effects.append(AnswerDecision(receipt_id=signal.receipt_id, record=record))
    if entry.order is not None:
        effects += placed(entry.order, record, kernel)
    elif action is Action.EXECUTE or (blocks and entry.request is None and not refused):
        effects.append(_notice(record, verdict, market))
    if not signal.is_live(now) or not signal.open_to_change:
        kernel.drop_signal(signal.id)
        keep_passed(kernel, signal, now)
    return effects


def _still_waits(signal: LiveSignal, code: str) -> bool:
    """Return whether a trade that a person wants waits: for an approval, for its limit, or approved for a price."""
    return code in (NEEDED, WORKING) or (code in TRANSIENT and signal.approval_id is not None)


def try_entry(kernel: Kernel, terms: TradeTerms) -> tuple[EntryResult, list[Effect]]:
    """Return the result of an entry, and the effects of the positions that were closed for it."""
    entry = enter(kernel, terms, may_close=kernel.rules.risk.opposite == CLOSE_FIRST)
    if not entry.closes:
        return entry, []
    effects = close_first(kernel, entry.closes, terms.now)
    return enter(kernel, terms), effects


def open_trade(
    kernel: Kernel, decision_id: str, position: Position, mark: Mark, now: datetime
) -> list[Effect]:
    """Put a new position into the state and the day's book; return the effects that store it."""
    state, bought = kernel.state, position.entry
    state.alerts.entered(now, bought.risk_amount)
    state.positions[position.id] = position
    note_mark(kernel, position)
    state.day.bought(bought.spread_cost + bought.slippage + bought.commission)
    note_outcome(kernel, decision_id, TradeOutcome("open"))
    return [StoreTrade(position=position, bought=True), StoreMarks(position_id=position.id, marks=(mark,))]


def _answered_too_late(signal: LiveSignal, now: datetime) -> Reason | None:
    """Return the reason when a signal arrived in time but the market's answer came too late."""
    if signal.is_live(now):
        return None
    waited = (now - signal.arrived).total_seconds() / 60
    limit = (signal.live_until - signal.arrived).total_seconds() / 60
    return Reason("LATE", f"Decided {waited:.1f} min after it arrived, at most {limit:g}", Tone.NEGATIVE)


def _notice(record: DecisionRecord, verdict: Decision, market: MarketSnapshot) -> Notice:
    if record.action is Action.EXECUTE and record.contract is not None and record.count is not None:
        text = f"EXECUTE {record.proposed_direction} {record.contract.label} × {record.count.contracts}"
        text += " by hand" if record.code == BY_HAND else ""
        assumed = " (market assumed)" if market.assumed else ""
        return Notice(
            kind="execute",
            at=record.at,
            text=f"{text}, confidence {verdict.confidence:.1f}{assumed}",
            tone=Tone.POSITIVE,
            symbol=record.symbol,
            position_id=record.position_id,
        )
    why = record.blocks[0]
    text = f"SKIP {record.symbol} {record.proposed_direction}: {why.text}"
    return Notice(kind="refused", at=record.at, text=text, tone=Tone.NEUTRAL, symbol=record.symbol)
