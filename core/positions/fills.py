"""Apply a mark, a sale or a settlement to a position: the only functions that change its value or contracts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from core.fast_init import copier
from core.model import ExitReason
from core.options.fills import Fill, NotFilled, Side, fill, place
from core.options.quotes import MODEL, OptionQuote
from core.options.spreads import quote_from_model
from core.positions.pnl import gross_at
from core.positions.position import (
    ExitFill,
    Mark,
    Pending,
    Position,
    PositionChange,
    PositionState,
    SettlementPrice,
)
from core.positions.trading_context import TradingContext

_marked = copier(Position, "last", "running", "mfe", "mae")


def apply_mark(change: PositionChange, mark: Mark) -> PositionChange:
    """Return the position at its new mark, with its attribution and its best and worst gross P&L so far."""
    return PositionChange(
        position=marked(change.position, mark), marks=(*change.marks, mark), legs=change.legs
    )


def marked(position: Position, mark: Mark) -> Position:
    """Return a position at its new mark, as ``apply_mark`` does."""
    gross, best, worst = gross_at(position, mark.mid), position.mfe, position.mae
    return _marked(
        position,
        mark,
        position.running.plus(mark.step),
        gross if gross > best else best,
        gross if gross < worst else worst,
    )


def sell(
    change: PositionChange,
    reason: ExitReason,
    contracts: int,
    quote: OptionQuote | None,
    now: datetime,
    trading: TradingContext,
    *,
    inside: bool = False,
    doubted: bool = False,
    evidence: str = "",
) -> PositionChange:
    """Sell contracts at the last mark: targets with a limit order if the rules say so, other exits at market.

    With a ``quote`` the sale is filled on it. If the exit was ``inside`` the bar that the quote closes, the
    quote's relative spread is put around the mark's mid. Without a quote the spread model is used, and the fill is
    flagged as stale while a newer price of the underlying is ``doubted``. Contracts that do not fill stay pending for
    the next price.
    """
    position = change.position
    around = quote_for(position, quote, inside, now, trading)
    must = reason not in (ExitReason.TARGET_1, ExitReason.TARGET_2)
    order = place(position.symbol, Side.SELL, contracts, around, trading.rules.fills, at_market=must)
    done = fill(order, around, now, True, trading.rules.fills, trading.rules.contract)
    if isinstance(done, NotFilled):
        return replace(change, position=_with_pending_exit(position, reason, contracts))
    if doubted and around.is_model:
        done = replace(done, stale=True)
    return record_exit_fill(change, reason, done, evidence=evidence)


def record_exit_fill(
    change: PositionChange,
    reason: ExitReason,
    done: Fill,
    *,
    near_strike: bool = False,
    settled_on: SettlementPrice | None = None,
    evidence: str = "",
) -> PositionChange:
    """Add the fill of a sale or settlement to the position, with the attribution of its contracts.

    A limit that works for another exit goes on with the contracts that are left.
    """
    position, mark = change.position, change.position.last
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
        settlement=None if settled_on is None else settled_on.basis,
        settlement_at=None if settled_on is None else settled_on.at,
        expected=done.expected,
        worst=done.worst,
        without_feed=not position.by_feed,
        iv_source=mark.iv_source,
        evidence=evidence,
    )
    remaining = position.remaining - done.contracts
    after = replace(position, remaining=remaining, legs=(*position.legs, leg))
    if not remaining:
        after = replace(after, state=PositionState.CLOSED, pending=None)
    elif done.remaining:
        after = _with_pending_exit(after, reason, done.remaining)
    elif (other := position.pending) is not None and other.walk is not None and other.reason is not reason:
        after = replace(after, pending=replace(other, contracts=min(other.contracts, remaining)))
    else:
        after = replace(after, state=PositionState.OPEN, pending=None)
    return replace(change, position=after, legs=(*change.legs, leg))


def _with_pending_exit(position: Position, reason: ExitReason, contracts: int) -> Position:
    before = position.pending
    walk = before.walk if before is not None and before.reason is reason else None
    pending = Pending(reason=reason, contracts=contracts, walk=walk)
    return replace(position, state=PositionState.EXITING, pending=pending)


def quote_for(
    position: Position, quote: OptionQuote | None, inside: bool, now: datetime, trading: TradingContext
) -> OptionQuote:
    """Return the quote to sell on at the last mark: a two-sided real one, else one around the mark's mid."""
    mark = position.last
    if quote is not None and quote.bid and not quote.ask:
        # Only buyers quote: the mid is the mark's, the price theirs, and never above the mid.
        bid = min(quote.bid, mark.mid)
        return OptionQuote(bid=bid, ask=2 * mark.mid - bid, at=quote.at, source=MODEL, model_mid=mark.mid)
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
            spot=mark.spot,
            intrinsic=position.contract.intrinsic(mark.spot),
        )
    if not inside:
        return quote
    half = mark.mid * (quote.ask - quote.bid) / (quote.ask + quote.bid)
    return OptionQuote(
        bid=mark.mid - half, ask=mark.mid + half, at=mark.spot_at, source=MODEL, model_mid=mark.mid
    )
