"""Build the deck's rows from the engine's state: exchange, decisions, positions, approvals."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from typing import Any

from core.approvals import Approval, ApprovalStatus, mark_now
from core.decision.deciding_reason import text_of, why
from core.engine.kernel import Kernel
from core.engine.one_mark import newest_mark
from core.engine.state import TradeOutcome
from core.events import PriceSeen
from core.exchange.clock_text import exchange_clock
from core.limit_walk import sell_limit, steps_gone, walk_ends_at
from core.model import DecisionRecord, Direction
from core.positions import LiveValues, Position, TradingContext, live_values
from core.positions.live_values import GreekPair, LevelDistance
from core.rules.sections import FillRules
from core.working_order import WorkingOrder
from server.deck.rows import (
    ApprovalRow,
    DecisionRow,
    ExchangeStatus,
    OrderRow,
    PositionRow,
)

log = logging.getLogger("gatedeck.deck")

_LIVE_VALUES = tuple(field.name for field in fields(LiveValues))


def exchange_status(now: datetime, trading: TradingContext) -> ExchangeStatus:
    """Return the exchange's session at an instant, with the seconds until it closes or the next one opens."""
    calendar = trading.calendar
    session = calendar.session_at(now)
    local = exchange_clock(now, calendar)
    label = calendar.session_label(now, trading.rules.clock)
    if session is not None:
        return ExchangeStatus(
            session=label,
            is_open=True,
            closes_in=(session.close - now).total_seconds(),
            early_close=session.minutes < 390,
            local_time=local,
        )
    today = calendar.session(calendar.market_date(now))
    if today is None or now >= today.close:
        today = calendar.next_session(calendar.market_date(now))
    return ExchangeStatus(
        session=label, is_open=False, opens_in=(today.open - now).total_seconds(), local_time=local
    )


def decision_row(record: DecisionRecord, outcome: TradeOutcome | None, now: datetime) -> DecisionRow:
    """Return a decision with the outcome of its trade."""
    return DecisionRow(
        id=record.id,
        at=record.at,
        age=(now - record.at).total_seconds(),
        symbol=record.symbol,
        timeframe=record.timeframe,
        action=record.action,
        direction=record.direction,
        proposed_direction=record.proposed_direction,
        confidence=record.confidence,
        quality=record.quality,
        code=record.code,
        multiplier=record.size.final if record.size is not None else None,
        why=why(record),
        reason=text_of(record) or "",
        outcome=outcome.text if outcome is not None else "",
        pnl_net=outcome.pnl_net if outcome is not None else None,
    )


def position_rows(
    positions: Iterable[Position], now: datetime, trading: TradingContext
) -> tuple[PositionRow, ...]:
    """Return every position as a row; one that cannot be valued is a row that says so, and takes no other with it."""
    return tuple(_row_or_fault(position, now, trading) for position in positions)


def _row_or_fault(position: Position, now: datetime, trading: TradingContext) -> PositionRow:
    try:
        return position_row(position, now, trading)
    except Exception as error:
        fault = f"cannot be valued: {type(error).__name__}: {error}"
        log.exception("position %s %s", position.id, fault, exc_info=error)
        return failed_row(position, now, fault)


def failed_row(position: Position, now: datetime, fault: str) -> PositionRow:
    """Return a position that could not be valued; its values are NaN, which is null in JSON."""
    unknown = GreekPair(now=None, entry=None)
    return PositionRow(
        mark=math.nan,
        mark_age=math.nan,
        stale=True,
        estimated=True,
        underlying=math.nan,
        pnl=math.nan,
        pnl_pct=None,
        r=None,
        delta=unknown,
        gamma=unknown,
        theta=unknown,
        vega=unknown,
        iv=unknown,
        theta_paid=math.nan,
        time_in_trade=(now - position.opened_at).total_seconds(),
        to_stop=_unknown_distance(position.stop),
        to_target_1=None,
        to_target_2=_unknown_distance(position.levels.target_2),
        days_left=(position.contract.expiry - now.date()).days,
        hours_left=math.nan,
        time_exit_in=math.nan,
        nearest_exit=fault,
        half=(position.remaining + 1) // 2,
        break_even=None,
        break_even_sells=False,
        suspended=position.suspended or "",
        fault=fault,
        **_identity(position),
    )


def _unknown_distance(level: float) -> LevelDistance:
    return LevelDistance(level=level, dollars=math.nan, percent=math.nan, atrs=None)


def _identity(position: Position) -> dict[str, Any]:
    """Return the fields of a row that need no valuation."""
    entry = position.entry
    return {
        "id": position.id,
        "symbol": position.symbol,
        "direction": position.direction,
        "contract": position.contract.label,
        "occ": position.contract.occ,
        "timeframe": position.timeframe,
        "contracts": entry.filled_contracts,
        "remaining": position.remaining,
        "state": position.state.value,
        "opened_at": position.opened_at,
        "entry_price": entry.entry_price,
        "underlying_at_entry": entry.underlying_at_entry,
        "execution": entry,
        "decision_id": position.decision_id,
    }


def position_row(position: Position, now: datetime, trading: TradingContext) -> PositionRow:
    """Return a position as of its last mark, with ages and distances at ``now``."""
    live = live_values(position, now, trading)
    return PositionRow(**{name: getattr(live, name) for name in _LIVE_VALUES}, **_identity(position))


def order_rows(orders: Iterable[WorkingOrder], now: datetime, fills: FillRules) -> tuple[OrderRow, ...]:
    """Return the limits that work, the oldest first."""
    rows = []
    for order in orders:
        step = order.step(now, fills)
        rows.append(
            OrderRow(
                signal_id=order.signal_id,
                symbol=order.symbol,
                direction=Direction.LONG if order.contract.is_call else Direction.SHORT,
                contract=order.contract.label,
                contracts=order.contracts,
                limit=order.limit(step, fills),
                last=order.limit(fills.walk_steps, fills),
                step=step,
                steps=fills.walk_steps,
                left=max(0.0, (order.ends_at(fills) - now).total_seconds()),
            )
        )
    return tuple(rows)


def exit_order_rows(positions: Iterable[Position], now: datetime, fills: FillRules) -> tuple[OrderRow, ...]:
    """Return the limits that work to sell contracts of positions."""
    rows = []
    for position in positions:
        pending = position.pending
        if pending is None or pending.walk is None:
            continue
        walk = pending.walk
        step = steps_gone(walk.at, now, fills)
        rows.append(
            OrderRow(
                signal_id=position.signal_id,
                symbol=position.symbol,
                direction=position.direction,
                contract=position.contract.label,
                contracts=pending.contracts,
                limit=sell_limit(position.symbol, walk.mid, walk.bid, step, fills),
                last=sell_limit(position.symbol, walk.mid, walk.bid, fills.walk_steps, fills),
                step=step,
                steps=fills.walk_steps,
                left=max(0.0, (walk_ends_at(walk.at, fills) - now).total_seconds()),
                exit=pending.reason,
            )
        )
    return tuple(rows)


def approval_rows(kernel: Kernel, now: datetime) -> tuple[ApprovalRow, ...]:
    """Return the trades that wait for approval, the one that expires first at the top."""
    state = kernel.state
    waiting = [a for a in state.approvals.values() if a.is_open and a.until > now]
    waiting.sort(key=lambda a: (a.until, a.seq))
    return tuple(_approval_row(kernel, each, state.prices.get(each.symbol), now) for each in waiting)


def _approval_row(kernel: Kernel, approval: Approval, seen: PriceSeen | None, now: datetime) -> ApprovalRow:
    trading = kernel.trading
    mark = mark_now(approval, seen, now, trading, newest_mark(kernel, approval.contract))
    return ApprovalRow(
        id=approval.id,
        decision_id=approval.decision_id,
        symbol=approval.symbol,
        direction=approval.direction,
        contract=approval.contract.label,
        occ=approval.contract.occ,
        timeframe=approval.timeframe,
        confidence=approval.confidence,
        contracts=approval.contracts,
        price=approval.price,
        premium=approval.premium,
        planned_loss=approval.planned_loss,
        why=approval.why,
        asked_at=approval.at,
        left=(approval.until - now).total_seconds(),
        approved=approval.status is ApprovalStatus.APPROVED,
        mark=None if mark is None else mark.mid,
        mark_age=None if mark is None else (now - mark.spot_at).total_seconds(),
        stale=mark is None or trading.is_stale(mark.spot_at, now),
        underlying=None if mark is None else mark.spot,
    )
