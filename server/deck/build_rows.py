"""The rows of the deck: a decision, a position and the exchange, as a screen shows them at one instant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from core.approvals import Approval, ApprovalStatus, mark_now
from core.decision.deciding_reason import why
from core.engine.state import TradeOutcome
from core.events import PriceSeen
from core.model import DecisionRecord
from core.positions import Position, TradingContext, live_values
from core.positions.live_values import Distance, Pair
from server.deck.rows import (
    ApprovalRow,
    DecisionRow,
    ExchangeStatus,
    ExecutionView,
    GreekPair,
    LevelDistance,
    PositionRow,
)


def exchange_status(now: datetime, trading: TradingContext) -> ExchangeStatus:
    """The exchange's session at an instant, and how long it or the wait for it lasts."""
    calendar = trading.calendar
    session = calendar.session_at(now)
    minutes = calendar.market_minute(now)
    local = f"{minutes // 60:02d}:{minutes % 60:02d} ET"
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
    """A decision, and what became of its trade."""
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
        outcome=outcome.text if outcome is not None else "",
        pnl_net=outcome.pnl_net if outcome is not None else None,
    )


def position_row(position: Position, now: datetime, trading: TradingContext) -> PositionRow:
    """A position as of its last mark, with ages and distances at ``now``."""
    v = live_values(position, now, trading)
    entry = position.entry
    return PositionRow(
        id=position.id,
        symbol=position.symbol,
        direction=position.direction,
        contract=position.contract.label,
        occ=position.contract.occ,
        timeframe=position.timeframe,
        contracts=entry.filled_contracts,
        remaining=position.remaining,
        state=position.state.value,
        opened_at=position.opened_at,
        time_in_trade=v.time_in_trade,
        entry_price=entry.entry_price,
        mark=v.mark,
        mark_age=v.mark_age,
        stale=v.stale,
        estimated=v.estimated,
        underlying=v.underlying,
        underlying_at_entry=entry.underlying_at_entry,
        pnl=v.pnl,
        pnl_pct=v.pnl_pct,
        r=v.r,
        delta=_pair(v.delta),
        gamma=_pair(v.gamma),
        theta=_pair(v.theta),
        vega=_pair(v.vega),
        iv=_pair(v.iv),
        theta_paid=v.theta_paid,
        to_stop=_distance(v.to_stop),
        to_target_1=_distance(v.to_target_1),
        to_target_2=_distance(v.to_target_2),
        days_left=v.days_left,
        hours_left=v.hours_left,
        nearest_exit=v.nearest_exit,
        execution=ExecutionView(
            option_type=entry.option_type,
            strike=entry.strike,
            expiry=entry.expiry,
            dte=entry.dte,
            filled_contracts=entry.filled_contracts,
            fill_quality=entry.fill_quality,
            spread_cost=entry.spread_cost,
            slippage=entry.slippage,
            commission=entry.commission,
            risk_amount=entry.risk_amount,
        ),
        decision_id=position.decision_id,
        half=v.half,
        break_even=v.break_even,
        break_even_sells=v.break_even_sells,
    )


def approval_rows(
    approvals: Iterable[Approval], prices: Mapping[str, PriceSeen], now: datetime, trading: TradingContext
) -> tuple[ApprovalRow, ...]:
    """Those that are open, the one whose time ends first before the others."""
    asked = [a for a in approvals if a.is_open and a.until > now]
    asked.sort(key=lambda a: (a.until, a.seq))
    return tuple(_approval_row(each, prices.get(each.symbol), now, trading) for each in asked)


def _approval_row(
    asked: Approval, seen: PriceSeen | None, now: datetime, trading: TradingContext
) -> ApprovalRow:
    mark = mark_now(asked, seen, now, trading)
    return ApprovalRow(
        id=asked.id,
        decision_id=asked.decision_id,
        symbol=asked.symbol,
        direction=asked.direction,
        contract=asked.contract.label,
        occ=asked.contract.occ,
        timeframe=asked.timeframe,
        confidence=asked.confidence,
        contracts=asked.contracts,
        price=asked.price,
        premium=asked.premium,
        planned_loss=asked.planned_loss,
        why=asked.why,
        asked_at=asked.at,
        left=(asked.until - now).total_seconds(),
        approved=asked.status is ApprovalStatus.APPROVED,
        mark=None if mark is None else mark.mid,
        mark_age=None if mark is None else (now - mark.spot_at).total_seconds(),
        stale=mark is None or trading.is_stale(mark.spot_at, now),
        underlying=None if mark is None else mark.spot,
    )


def _pair(pair: Pair) -> GreekPair:
    return GreekPair(now=pair.now, entry=pair.entry)


def _distance(distance: Distance | None) -> LevelDistance | None:
    if distance is None:
        return None
    return LevelDistance(
        level=distance.level, dollars=distance.dollars, percent=distance.percent, atrs=distance.atrs
    )
