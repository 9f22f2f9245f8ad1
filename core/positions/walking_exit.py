"""Exits that can wait work a limit from the mid to the bid, step by step, until a later quote meets it.

Only a quote made after the start fills it, and only with a bid at or above the limit. What nobody met by the end of
the last step is sold at the bid: an exit is never given up. A stop, a person's or a sender's exit and the expiry do
not wait, and overtake a limit that works.

Invariants, tested under these names: nothing is sold twice; a stop crossed while a limit works sells at once.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from core.exchange.clock_text import exchange_clock
from core.limit_walk import WALK, sell_limit, steps_gone, walk_ends_at
from core.model import ExitReason
from core.options.fills import Fill, Order, OrderType, Side, fill
from core.options.quotes import OptionQuote
from core.positions.exits import Exit
from core.positions.fills import quote_for, record_exit_fill, sell
from core.positions.position import ExitWalk, Pending, Position, PositionChange, PositionState
from core.positions.trading_context import TradingContext
from core.rules.sections import FillRules

WALKING_EXITS = frozenset({ExitReason.TARGET_1, ExitReason.TARGET_2, ExitReason.THETA_DECAY, ExitReason.TIME})
"""The exits whose limit walks where the rule ``order_type`` is "walk"; every other one sells at once."""

OVERTAKEN_BY = {
    ExitReason.TARGET_1: frozenset({ExitReason.STOP_LOSS, ExitReason.EXPIRY, ExitReason.TARGET_2}),
    ExitReason.TARGET_2: frozenset({ExitReason.STOP_LOSS, ExitReason.EXPIRY}),
    ExitReason.THETA_DECAY: frozenset({ExitReason.STOP_LOSS, ExitReason.EXPIRY}),
    ExitReason.TIME: frozenset({ExitReason.STOP_LOSS, ExitReason.EXPIRY}),
}
"""The exits that take the place of a limit that works for another exit."""

BEFORE_CLOSE = timedelta(minutes=1)
"""A limit has to end so long before the close; otherwise the exit sells at once."""


def overtakes(found: Exit, pending: Pending | None) -> bool:
    """Return whether an exit acts now although contracts of an earlier one are not sold yet."""
    if pending is None:
        return True
    return pending.walk is not None and found.reason in OVERTAKEN_BY[pending.reason]


def walks(position: Position, reason: ExitReason, now: datetime, trading: TradingContext) -> bool:
    """Return whether an exit works a limit instead of selling at once: not on an old price, nor near the close."""
    rules = trading.rules.fills
    if rules.order_type != WALK or reason not in WALKING_EXITS:
        return False
    session = trading.calendar.session_at(now)
    if session is None or trading.is_stale(position.last.spot_at, now):
        return False
    return walk_ends_at(now, rules) + BEFORE_CLOSE <= session.close


def begin_walk(
    change: PositionChange, found: Exit, quote: OptionQuote | None, now: datetime, trading: TradingContext
) -> PositionChange:
    """Put a limit to work for an exit, from the mid of the quote or the model to its bid.

    Without a bid it is sold at once.
    """
    position = change.position
    around = quote_for(position, quote, False, now, trading)
    if around.mid is None or not around.bid:
        return sell(change, found.reason, found.contracts, quote, now, trading)
    walk = ExitWalk(at=now, mid=around.mid, bid=around.bid, modelled=around.is_model)
    pending = Pending(reason=found.reason, contracts=min(found.contracts, position.remaining), walk=walk)
    return replace(change, position=replace(position, state=PositionState.EXITING, pending=pending))


def work(
    change: PositionChange,
    quote: OptionQuote | None,
    priced_at: datetime,
    now: datetime,
    trading: TradingContext,
) -> PositionChange:
    """Fill the limit that works on a later quote, sell what is left at its end, or leave it.

    ``priced_at`` is the time of the underlying's price: without a later quote, a limit that began on the model's
    quote is met by the model's at a later price.
    """
    position, rules = change.position, trading.rules.fills
    pending = position.pending
    if pending is None or pending.walk is None:
        return change
    walk = pending.walk
    real = quote if quote is not None and quote.at > walk.at else None
    later = real is not None or (walk.modelled and priced_at > walk.at)
    contracts = min(pending.contracts, position.remaining)
    if later:
        step = steps_gone(walk.at, now, rules)
        limit = sell_limit(position.symbol, walk.mid, walk.bid, step, rules)
        around = quote_for(position, real, False, now, trading)
        order = Order(symbol=position.symbol, side=Side.SELL, contracts=contracts, type=OrderType.LIMIT,
                      limit=round(limit, 2), accept_stale=True) if limit > 0 else None  # fmt: skip
        done = None if order is None else fill(order, around, now, True, rules, trading.rules.contract)
        if isinstance(done, Fill):
            modelled = ", modelled" if around.is_model else ""
            quoted = f"bid {around.bid:.2f} at {exchange_clock(around.at, trading.calendar, seconds=True)}{modelled}"
            met = f"{quoted}: limit {limit:.2f}, step {step} of {rules.walk_steps}"
            return record_exit_fill(change, pending.reason, done, evidence=met)
    return end_walk(change, quote, now, trading) if is_over(pending, now, trading) else change


def end_walk(
    change: PositionChange,
    quote: OptionQuote | None,
    now: datetime,
    trading: TradingContext,
    *,
    doubted: bool = False,
) -> PositionChange:
    """Sell at the bid what nobody bought at the limit."""
    position, rules = change.position, trading.rules.fills
    pending = position.pending
    assert pending is not None and pending.walk is not None
    lowest = sell_limit(position.symbol, pending.walk.mid, pending.walk.bid, rules.walk_steps, rules)
    waited = (now - pending.walk.at).total_seconds()
    evidence = f"nobody bid {lowest:.2f} within {waited:.0f} s: sold at the bid"
    contracts = min(pending.contracts, position.remaining)
    without = replace(change, position=replace(position, pending=None))
    return sell(without, pending.reason, contracts, quote, now, trading, doubted=doubted, evidence=evidence)


def is_over(pending: Pending | None, now: datetime, trading: TradingContext) -> bool:
    """Return whether the last limit of a walk has stood for one step, or the close is so near that it may not wait.

    The close is looked at again, because rules that change meanwhile can make a walk longer.
    """
    if pending is None or pending.walk is None:
        return False
    session = trading.calendar.session_at(now)
    near = session is not None and now >= session.close - BEFORE_CLOSE
    return near or now >= walk_ends_at(pending.walk.at, trading.rules.fills)


def limit_now(position: Position, now: datetime, rules: FillRules) -> float | None:
    """Return the limit in $ a share at which contracts work to be sold, ``None`` when none do."""
    if position.pending is None or position.pending.walk is None:
        return None
    walk = position.pending.walk
    return sell_limit(position.symbol, walk.mid, walk.bid, steps_gone(walk.at, now, rules), rules)
