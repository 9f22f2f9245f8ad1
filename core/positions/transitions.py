"""Transitions of a position: on a price, on time passing and on a command. Start with ``on_price``.

Every function returns a ``PositionChange``: the new position with the marks and exit fills made on the way. A
closed position is returned unchanged. The order of exits is in ``exits.EXITS``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from core.events import WEBHOOK, PriceSeen
from core.model import ExitReason
from core.options.quotes import OptionQuote
from core.positions.exits import Exit, ExitInputs, crosses_a_level, due_by_clock, first_exit
from core.positions.fills import marked
from core.positions.marking import quote_of
from core.positions.parity import bid_of, usable
from core.positions.position import (
    STOP,
    TARGET_1,
    TARGET_2,
    LevelMove,
    Pending,
    Position,
    PositionChange,
    PositionState,
    SettlementBasis,
    SettlementPrice,
)
from core.positions.price_facts import PriceFacts, facts_of, is_price
from core.positions.price_steps import PriceSteps, mark_by_model, sell_or_walk
from core.positions.settle import expire, settle_by_price, settle_on
from core.positions.splits import as_bought
from core.positions.trading_context import TradingContext
from core.positions.walking_exit import end_walk, is_over

MARK_EVERY_SECONDS = 60
"""Each position is marked in each such span of the clock, so that all in one contract are marked at one instant."""


def on_price(
    position: Position, seen: PriceSeen, now: datetime, trading: TradingContext, *, exits: bool = True
) -> PositionChange:
    """Mark a position at a price or bar of its underlying, and sell where an exit applies.

    A bar that began before the entry or before a level last moved counts by its close alone. Levels act only on
    a fresh price of the regular session. With ``exits`` false (engine halted: only manual exits) the position is
    marked and can expire, but no exit acts. A price that is older than the price of the last mark, or not a
    positive number, changes nothing.
    """
    if position.split_on is not None:
        seen = as_bought(position, seen, trading)
    if position.awaits_settlement:
        change = PositionChange(position=position)
        return settle_by_price(change, seen, trading) if is_price(seen) else change
    facts, last = facts_of(seen, now, trading), position.last
    after = only_marked(position, facts, exits=exits)
    if after is not None:
        return PositionChange(position=after, marks=(after.last,))
    if not (position.is_open and facts.is_price and seen.priced_at >= last.spot_at and now >= last.at):
        return PositionChange(position=position)
    at = facts.of(position.contract)
    if at.expired:
        change = _walk_last_bar(position, seen, now, trading) if exits else PositionChange(position=position)
        if not change.position.is_open:
            return change
        return settle_by_price(expire(change, trading, seen), seen, trading)

    if not position.by_feed and seen.source != WEBHOOK:
        position = replace(position, by_feed=True)
    if seen.began is not None:
        facts = facts.since_levels(position)
        at = facts.of(position.contract)
    in_session = facts.in_session
    tradable = exits and in_session
    fresh = facts.fresh
    steps = PriceSteps(facts, at.quote, at.dividends if at.new_quote(last) is not None else None)
    change = PositionChange(position=position)
    if in_session:
        change = steps.retry_pending(change, exits)
    if tradable and facts.is_bar and fresh:
        for passed in facts.ranges:
            change = steps.exit_at_levels(change, passed)
    if change.position.is_open:
        change = steps.mark_and_exit_at_end(change, tradable, fresh)
    if not change.legs:
        return change
    protected = _move_stop_after_target_1(position, change.position, now)
    return change if protected is change.position else replace(change, position=protected)


def only_marked(position: Position, facts: PriceFacts, *, exits: bool = True) -> Position | None:
    """Return a position at its next mark where a price does nothing else to it, as at most prices.

    ``None`` where that is not certain: then ``on_price`` tells what the price does.
    """
    if (
        position.state is not PositionState.OPEN
        or position.pending is not None
        or position.split_on is not None
        or not facts.is_price
        or not (position.by_feed or facts.by_sender)
    ):
        return None
    if facts.seen.began is not None:
        facts = facts.since_levels(position)
    at = facts.of(position.contract)
    if at.expired:
        return None
    tradable = exits and facts.in_session
    if tradable and facts.fresh and crosses_a_level(position, facts.whole):
        return None
    mark = at.next_mark(position.last)
    if mark is None:
        return None
    after = marked(position, mark)
    return None if tradable and due_by_clock(after, facts.now, facts.trading) else after


def on_time(
    position: Position,
    now: datetime,
    last_price: PriceSeen | None,
    trading: TradingContext,
    *,
    exits: bool = True,
    doubted: bool = False,
) -> PositionChange:
    """Let time pass: mark once a minute of the session, and exit by TIME, THETA_DECAY or EXPIRY.

    These exits use the last price however old, and then flag the fill as stale; also where a newer one is
    ``doubted``. At the start of a session
    they wait for a first price of that session, for as long as a price counts as fresh.
    """
    if not position.is_open:
        return PositionChange(position=position)
    if is_unchanged_by_time(position, now, trading):
        return PositionChange(position=position)
    last_price = None if last_price is None else as_bought(position, last_price, trading)
    if now >= trading.known(position.contract).last_close:
        change = expire(PositionChange(position=position), trading, last_price)
        return change if last_price is None else settle_by_price(change, last_price, trading)
    marked_already = position.last.at >= _span_start(now)
    session = trading.calendar.session_at(now)
    if session is None or now < position.last.at:
        return PositionChange(position=position)
    change = PositionChange(position=position)
    spot, spot_at = _last_known(position, last_price)
    waiting = spot_at < session.open and not trading.is_stale(session.open, now)
    tradable = exits and not waiting
    over = is_over(position.pending, now, trading)
    due = tradable and (over or (position.pending is None and due_by_clock(position, now, trading)))
    if not due and marked_already:
        return change
    inputs = ExitInputs(now=now, spot=spot, tradable=tradable, time_exits=True)
    change = mark_by_model(change, spot, spot_at, now, trading)
    quotes = () if last_price is None else last_price.quotes
    best = quote_of(position.contract, quotes, now, trading) or bid_of(
        position.contract.occ, quotes, now, trading
    )
    if over:
        return end_walk(change, best, now, trading, doubted=doubted) if tradable else change
    found = _time_based_exit(change.position, inputs, trading.is_stale(spot_at, now), trading)
    if found is None:
        return change
    return sell_or_walk(change, found, best, now, trading, doubted=doubted)


def is_unchanged_by_time(position: Position, now: datetime, trading: TradingContext) -> bool:
    """Return whether time alone does nothing to an open position: it is marked already, and nothing is due."""
    return (
        position.pending is None
        and position.last.at >= _span_start(now)
        and now < trading.known(position.contract).last_close
        and not due_by_clock(position, now, trading)
    )


def exit_by_hand(
    position: Position,
    contracts: int,
    now: datetime,
    last_price: PriceSeen | None,
    quote: OptionQuote | None,
    trading: TradingContext,
    *,
    reason: ExitReason = ExitReason.MANUAL,
    doubted: bool = False,
) -> PositionChange:
    """Sell contracts at once on a person's command: on a fresh quote, else at the model's price.

    The model's price is flagged as stale where a newer price of the underlying is ``doubted``.
    ``reason`` SIGNAL is a sender's request: the same sale, under its own reason. More contracts than held means
    all of them. Raises ValueError for fewer than one. A position without contracts to sell is returned unchanged.
    """
    if contracts < 1:
        raise ValueError(f"an exit needs at least one contract, got {contracts}")
    if not position.is_open:
        return PositionChange(position=position)
    change = PositionChange(position=position)
    last_price = None if last_price is None else as_bought(position, last_price, trading)
    if now >= trading.last_close(position.contract.expiry):
        return expire(change, trading, last_price)
    spot, spot_at = _last_known(position, last_price)
    now = max(now, position.last.at)
    change = mark_by_model(change, spot, spot_at, now, trading)
    quotes = () if last_price is None else last_price.quotes
    best = usable(quote, now, trading) or quote_of(position.contract, quotes, now, trading)
    best = best or bid_of(position.contract.occ, quotes, now, trading)
    by_sender = reason is ExitReason.SIGNAL
    inputs = ExitInputs(
        now=now,
        spot=spot,
        tradable=True,
        manual_contracts=0 if by_sender else contracts,
        signal_contracts=contracts if by_sender else 0,
    )
    found = first_exit(change.position, inputs, trading)
    return change if found is None else sell_or_walk(change, found, best, now, trading, doubted=doubted)


def settle(
    position: Position, official_close: float, now: datetime, trading: TradingContext
) -> PositionChange:
    """Settle an expired position at the official close of its expiry."""
    return _settle_after_close(position, SettlementBasis.OFFICIAL_CLOSE, official_close, now, trading)


def settle_by_hand(
    position: Position, close: float, now: datetime, trading: TradingContext
) -> PositionChange:
    """Settle an expired position at the underlying's close that a person states, in $."""
    return _settle_after_close(position, SettlementBasis.BY_HAND, close * position.new_shares, now, trading)


def _settle_after_close(
    position: Position, basis: SettlementBasis, price: float, now: datetime, trading: TradingContext
) -> PositionChange:
    change = PositionChange(position=position)
    close = trading.last_close(position.contract.expiry)
    if position.is_open and now >= close:
        change = expire(change, trading)
    return settle_on(change, SettlementPrice(basis, price, close), trading)


def exit_at_next_price(position: Position, contracts: int, reason: ExitReason) -> Position:
    """Return the position with an exit ordered that is filled at the next price of a session.

    An exit that is ordered already stays, with the larger number of contracts; a limit that works ends.
    """
    if not position.is_open:
        return position
    ordered = position.pending
    if ordered is None or ordered.walk is not None:
        ordered = Pending(reason=reason, contracts=0)
    wanted = min(position.remaining, max(ordered.contracts, contracts))
    pending = replace(ordered, contracts=wanted)
    return replace(position, state=PositionState.EXITING, pending=pending)


def stop_to_break_even(position: Position, now: datetime, by: str) -> Position:
    """Move the stop to the underlying's price at the entry, unless the stop is already closer than that.

    Called by a command, by a sender's request, and by ``_move_stop_after_target_1``.
    """
    return levels_moved(position, {STOP: break_even_stop(position)}, now, by)


def levels_moved(position: Position, levels: Mapping[str, float], now: datetime, by: str) -> Position:
    """Return the position with levels (by their names) at other prices of the underlying, in force since ``now``.

    ``by`` is who or what moves them. A level that stays where it is has not moved.
    """
    before = {STOP: position.stop, TARGET_1: position.levels.target_1, TARGET_2: position.levels.target_2}
    moved = {name: level for name, level in levels.items() if level != before[name]}
    if not position.is_open or not moved:
        return position
    after = before | moved
    kept = tuple(move for move in position.moves if move.level not in moved)
    return replace(
        position,
        stop=after[STOP],
        levels=replace(position.levels, target_1=after[TARGET_1], target_2=after[TARGET_2]),
        moves=(*kept, *(LevelMove(level=name, at=now, by=by) for name in moved)),
    )


def break_even_stop(position: Position) -> float:
    """Return the stop at break-even: the closer of the present stop and the underlying's price at the entry."""
    sign = position.direction.sign
    return sign * max(sign * position.stop, sign * position.level_at_entry)


def _time_based_exit(
    position: Position, inputs: ExitInputs, stale: bool, trading: TradingContext
) -> Exit | None:
    """Return the exit that applies by time, or the retry of a partial fill if no fresh price will retry it."""
    if position.pending is None:
        return first_exit(position, inputs, trading)
    if not (stale and inputs.tradable):
        return None
    return Exit(position.pending.reason, min(position.pending.contracts, position.remaining), inputs.spot)


@lru_cache(maxsize=4)
def _span_start(at: datetime) -> datetime:
    """Return the start of the span of MARK_EVERY_SECONDS with this instant; kept for all positions of a tick."""
    return datetime.fromtimestamp(at.timestamp() // MARK_EVERY_SECONDS * MARK_EVERY_SECONDS, UTC)


def _last_known(position: Position, last_price: PriceSeen | None) -> tuple[float, datetime]:
    if last_price is None or not _is_valid(position, last_price):
        return position.last.spot, position.last.spot_at
    return last_price.price, last_price.priced_at


def _is_valid(position: Position, seen: PriceSeen) -> bool:
    """Return whether a price is positive, finite and not older than the price of the last mark."""
    return seen.priced_at >= position.last.spot_at and is_price(seen)


def _walk_last_bar(
    position: Position, seen: PriceSeen, now: datetime, trading: TradingContext
) -> PositionChange:
    """Sell at the levels that the last bar before the expiry reached: it arrives when the option has expired."""
    change, close = PositionChange(position=position), trading.last_close(position.contract.expiry)
    facts = facts_of(seen, now, trading)
    if not (facts.fresh and facts.in_session) or seen.priced_at > close or position.last.at >= close:
        return change
    at = close - timedelta(microseconds=1)
    last_bar = replace(facts.since_levels(position).seen, at=at, priced_at=min(seen.priced_at, at))
    facts = PriceFacts(last_bar, at, trading)
    steps = PriceSteps(facts, None, None)
    for passed in facts.ranges if facts.is_bar else ():
        change = steps.exit_at_levels(change, passed)
    return change


def _move_stop_after_target_1(before: Position, after: Position, now: datetime) -> Position:
    """Move the stop to break-even after the first target has been sold; it acts from the next price on."""
    if before.scaled_out or not after.scaled_out:
        return after
    return stop_to_break_even(after, now, ExitReason.TARGET_1.value)
