"""Open positions: marks and exits at each price, exit fills, closed trades in the day's book."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from core.effects import Effect, Notice, StoreMarks, StoreTrade
from core.engine.closes import note_close
from core.engine.day import loss_limited_pnl
from core.engine.feed_price import usable_price
from core.engine.kernel import Kernel
from core.engine.mode import set_mode
from core.engine.one_mark import note_mark
from core.engine.price_paths import follow_option, store_price
from core.engine.redecide import reconsider
from core.engine.shadows import shadows_at_price
from core.engine.state import TradeOutcome
from core.engine.underlyings import end_halt, looks_split, suspend, take_effect, untradable
from core.events import PriceSeen
from core.model import Mode, Tone
from core.options.volatility import VIX
from core.positions import (
    ExitFill,
    Position,
    PositionChange,
    PositionState,
    SettlementBasis,
    exit_by_hand,
    limit_now,
    missing_for_settlement,
    net_so_far,
    on_price,
    pnl_breakdown,
)
from core.risk import daily_loss_reached

KEPT_OUTCOMES = 500


def priced(kernel: Kernel, event: PriceSeen) -> list[Effect]:
    """Handle a feed's price: marks and exits first, then the live signals whose decision it may change."""
    return [*see_price(kernel, event), *reconsider(kernel, event.symbol, event.at)]


def see_price(kernel: Kernel, seen: PriceSeen) -> list[Effect]:
    """Store a price, mark the symbol's positions and shadows at it, and exit where a rule says so.

    A price that is late or doubted is not used, nor is any price of a symbol that does not trade, but for an official
    close, which settles expired options.
    """
    state = kernel.state
    effects = _end_of_halt(kernel, seen)
    if untradable(kernel, seen.symbol) is not None and not seen.official_close:
        return effects
    usable = usable_price(kernel, seen)
    if usable is None:
        return effects
    seen = usable
    known = state.prices.get(seen.symbol)
    if known is None or seen.priced_at >= known.priced_at:
        state.prices[seen.symbol] = seen
    if seen.symbol == VIX:
        state.volatility.take_vix(seen.price, seen.priced_at, seen.source)
    effects += take_effect(kernel, seen.at, seen.symbol)
    split = None if known is None else looks_split(known, seen, kernel.trading.calendar, kernel.rules.intake)
    if split is not None:
        effects += suspend(kernel, seen.symbol, split.day, split.text, seen.at)
    effects += store_price(kernel, seen)
    note_close(kernel, seen)
    exits = state.mode is not Mode.HALTED and untradable(kernel, seen.symbol) is None
    for position in [p for p in state.positions.values() if p.symbol == seen.symbol]:
        if position.suspended is None:
            effects += settle_outcome(
                kernel, position, on_price(position, seen, seen.at, kernel.trading, exits=exits), seen.at
            )
    return effects + shadows_at_price(kernel, seen)


def _end_of_halt(kernel: Kernel, seen: PriceSeen) -> list[Effect]:
    """End a halt of an earlier day at the first price of a later session: its end may have been missed."""
    halt = kernel.state.halts.get(seen.symbol)
    calendar = kernel.trading.calendar
    if halt is None or calendar.session_at(seen.priced_at) is None:
        return []
    later = calendar.market_date(seen.priced_at) > calendar.market_date(halt.since)
    return end_halt(kernel, seen.symbol, seen.at) if later else []


def settle_outcome(kernel: Kernel, before: Position, outcome: PositionChange, now: datetime) -> list[Effect]:
    """Put a changed position into the state; return the effects that store and announce the change."""
    state, position = kernel.state, outcome.position
    if position is before and not outcome.marks:
        return []
    effects: list[Effect] = []
    if outcome.marks:
        note_mark(kernel, position)
        effects.append(StoreMarks(position_id=position.id, marks=outcome.marks))
    if (
        not outcome.legs
        and position.state is before.state is PositionState.OPEN
        and position.stop == before.stop
    ):
        state.positions[position.id] = position  # marked alone, as at most prices
        return effects
    if outcome.legs or position.state is not before.state or position.stop != before.stop:
        effects.append(StoreTrade(position=position, legs=outcome.legs))
    for leg in outcome.legs:
        sold = pnl_breakdown(position, (leg,))
        own = leg.spread_cost + leg.slippage + leg.commission
        state.day.sold(position.id, leg.contracts, sold.net, own, late=_is_late(kernel, leg, now))
        text = (
            f"{leg.reason} {position.contract.label}: {leg.contracts} at {leg.price:.2f}, net {sold.net:+,.2f}"
            + _flags(leg)
        )
        tone = Tone.POSITIVE if sold.net > 0 else Tone.NEGATIVE
        effects.append(
            Notice(kind="exit", at=now, text=text, tone=tone, symbol=position.symbol, position_id=position.id)
        )
    pending = position.pending
    if pending is not None and pending.walk is not None and pending != before.pending:
        limit = limit_now(position, now, kernel.rules.fills)
        text = (
            f"{pending.reason} {position.contract.label}: {pending.contracts} work at a limit of {limit:.2f},"
            f" down to {pending.walk.bid:.2f}"
        )
        effects.append(
            Notice(
                kind="exit",
                at=now,
                text=text,
                tone=Tone.NEUTRAL,
                symbol=position.symbol,
                position_id=position.id,
            )
        )
    if position.awaits_settlement and before.state is not position.state:
        text = (
            f"{position.contract.label} expired: awaiting {missing_for_settlement(position, kernel.trading)}"
        )
        effects.append(Notice(kind="exit", at=now, text=text, tone=Tone.NEUTRAL, symbol=position.symbol))
    if position.state is PositionState.CLOSED:
        late = bool(outcome.legs) and _is_late(kernel, outcome.legs[-1], now)
        effects += _closed(kernel, position, now, late=late)
    else:
        state.positions[position.id] = position
    return effects


def _is_late(kernel: Kernel, leg: ExitFill, now: datetime) -> bool:
    """Return whether an option was settled after the day of its expiry: what it lost is no loss of today."""
    calendar = kernel.trading.calendar
    return leg.settlement is not None and calendar.market_date(leg.at) < calendar.market_date(now)


def _flags(leg: ExitFill) -> str:
    """Return in brackets how a fill was priced, where that is not by a fresh price."""
    told = [] if leg.settlement is None else [f"settled on the {leg.settlement}"]
    if leg.settlement is SettlementBasis.BY_HAND:
        told = [f"settled on a close {leg.settlement}"]
    if leg.stale_fill:
        told.append("stale price")
    if leg.near_strike:
        told.append("close to the strike")
    return f" ({', '.join(told)})" if told else ""


def _closed(kernel: Kernel, position: Position, now: datetime, *, late: bool = False) -> list[Effect]:
    state, rules = kernel.state, kernel.rules
    state.positions.pop(position.id, None)
    follow_option(kernel, position)
    net = pnl_breakdown(position).net
    if not late:
        state.day.trade(net)
    state.alerts.exited(now, net)
    note_outcome(kernel, position.decision_id, TradeOutcome(position.legs[-1].reason.value, net))
    effects: list[Effect] = []
    if not late and net < 0 and state.day.losses_in_a_row >= rules.risk.losses_in_a_row:
        state.day.start_cool_down(now, rules.risk.cool_down_minutes)
        text = f"{state.day.losses_in_a_row} losses in a row: no entries for {rules.risk.cool_down_minutes:g} min"
        effects.append(Notice(kind="risk", at=now, text=text, tone=Tone.NEGATIVE))
    return effects + check_daily_loss(kernel, now)


def close_first(kernel: Kernel, held: Iterable[Position], now: datetime) -> list[Effect]:
    """Exit positions at the current price, because an opposite entry in their symbol is about to be made."""
    effects: list[Effect] = []
    for position in held:
        last, doubted = kernel.state.prices.get(position.symbol), position.symbol in kernel.state.doubts
        outcome = exit_by_hand(
            position, max(1, position.remaining), now, last, None, kernel.trading, doubted=doubted
        )
        effects += settle_outcome(kernel, position, outcome, now)
    return effects


def check_daily_loss(kernel: Kernel, now: datetime) -> list[Effect]:
    """Change the mode from ACTIVE to REDUCING when the day's loss reaches its limit; see ``day``."""
    risk, pnl = kernel.rules.risk, loss_limited_pnl(kernel)
    if kernel.state.mode is not Mode.ACTIVE or not daily_loss_reached(pnl, kernel.rules):
        return []
    until = None
    if risk.daily_loss_resets:
        calendar = kernel.trading.calendar
        until = calendar.next_session(calendar.market_date(now)).open
    reason = f"daily loss of ${risk.daily_loss:,.0f} reached, P&L today -${-pnl:,.2f}"
    return set_mode(kernel, now, Mode.REDUCING, reason, until, kind="risk")


def open_net(kernel: Kernel) -> float:
    """Return the net P&L in dollars of the contracts still held; the exit fills' own P&L is not included."""
    return sum(
        net_so_far(p) - (pnl_breakdown(p).net if p.legs else 0.0) for p in kernel.state.positions.values()
    )


def note_outcome(kernel: Kernel, decision_id: str, outcome: TradeOutcome) -> None:
    """Keep the outcome of a decision for the lists of recent decisions."""
    outcomes = kernel.state.outcomes
    outcomes[decision_id] = outcome
    if len(outcomes) > KEPT_OUTCOMES:
        del outcomes[next(iter(outcomes))]
