"""The two things that happen to an open position: it is marked, and contracts are sold."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from core.model import ExitReason
from core.options.fills import Fill, NotFilled, Side, fill, place
from core.options.quotes import MODEL, OptionQuote
from core.options.spreads import quote_from_model
from core.positions.pnl import gross_at
from core.positions.position import ExitFill, Mark, Pending, Position, PositionChange, PositionState
from core.positions.trading_context import TradingContext


def marked(outcome: PositionChange, mark: Mark) -> PositionChange:
    """The position at its new mark, with what it has gained or lost so far at best and worst."""
    before = outcome.position
    gross = gross_at(before, mark.mid)
    # Field by field: ``replace`` asks the class for them anew, at every mark of every position.
    position = Position(
        id=before.id,
        signal_id=before.signal_id,
        decision_id=before.decision_id,
        symbol=before.symbol,
        direction=before.direction,
        contract=before.contract,
        timeframe=before.timeframe,
        opened_at=before.opened_at,
        levels=before.levels,
        stop=before.stop,
        entry=before.entry,
        remaining=before.remaining,
        last=mark,
        legs=before.legs,
        running=before.running.plus(mark.step),
        mfe=max(before.mfe, gross),
        mae=min(before.mae, gross),
        state=before.state,
        pending=before.pending,
        first=before.first,
    )
    return PositionChange(position=position, marks=(*outcome.marks, mark), legs=outcome.legs)


def sold(
    outcome: PositionChange,
    reason: ExitReason,
    contracts: int,
    quote: OptionQuote | None,
    now: datetime,
    trading: TradingContext,
    *,
    inside: bool = False,
) -> PositionChange:
    """Sell contracts at the last mark: targets as the rules say, everything else at market.

    On the real ``quote`` when the mark is that quote's; on its relative spread around the mark when
    (``inside``) the exit lay before it, in the bar that it closes; without one on the spread model. What does
    not fill waits for the next price.
    """
    position = outcome.position
    around = _quote_for(position, quote, inside, now, trading)
    must = reason not in (ExitReason.TARGET_1, ExitReason.TARGET_2)
    order = place(position.symbol, Side.SELL, contracts, around, trading.rules.fills, at_market=must)
    done = fill(order, around, now, True, trading.rules.fills, trading.rules.contract)
    if isinstance(done, NotFilled):
        return replace(outcome, position=_waiting(position, reason, contracts))
    return leave(outcome, reason, done)


def leave(
    outcome: PositionChange, reason: ExitReason, done: Fill, *, near_strike: bool = False
) -> PositionChange:
    """Book a sale or a settlement as a leg at the last mark."""
    position, mark = outcome.position, outcome.position.last
    leg = ExitFill(
        id=f"{position.id}/{len(position.legs) + 1}",
        at=done.at,
        reason=reason,
        contracts=done.contracts,
        underlying=mark.spot,
        mid=done.mid,
        price=done.price,
        iv=mark.iv,
        delta=mark.delta,
        spread_cost=done.spread_cost,
        slippage=done.slippage,
        commission=done.commission,
        attribution=position.running.times(done.contracts),
        stale_fill=done.stale,
        near_strike=near_strike,
    )
    remaining = position.remaining - done.contracts
    after = replace(position, remaining=remaining, legs=(*position.legs, leg))
    if not remaining:
        after = replace(after, state=PositionState.CLOSED, pending=None)
    elif done.remaining:
        after = _waiting(after, reason, done.remaining)
    else:
        after = replace(after, state=PositionState.OPEN, pending=None)
    return replace(outcome, position=after, legs=(*outcome.legs, leg))


def _waiting(position: Position, reason: ExitReason, contracts: int) -> Position:
    return replace(position, state=PositionState.EXITING, pending=Pending(reason=reason, contracts=contracts))


def _quote_for(
    position: Position, quote: OptionQuote | None, inside: bool, now: datetime, trading: TradingContext
) -> OptionQuote:
    mark = position.last
    if quote is None or quote.bid is None or quote.ask is None:
        return quote_from_model(
            mark.mid,
            symbol=position.symbol,
            dte=trading.dte(position.contract, now),
            entry_id=position.id,
            priced_at=mark.spot_at,
            now=now,
            day=trading.calendar.session_at(now),
            rules=trading.rules.fills,
        )
    if not inside:
        return quote
    half = mark.mid * (quote.ask - quote.bid) / (quote.ask + quote.bid)
    return OptionQuote(
        bid=mark.mid - half, ask=mark.mid + half, at=mark.spot_at, source=MODEL, model_mid=mark.mid
    )
