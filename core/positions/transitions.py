"""What a price, the passing of time and a person's command make of a position.

Every function returns a new position with the marks that were made and the exit fills among them. A position
that is closed is returned as it is.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from core.events import PriceSeen
from core.exchange.calendar import Calendar, TradingDay
from core.model import ExitReason
from core.options.quotes import OptionQuote
from core.positions.exits import Exit, Moment, Stretch, due_by_clock, first_exit, touched
from core.positions.fills import marked, sold
from core.positions.marking import iv_from_quote, next_mark, quote_of, usable
from core.positions.position import Position, PositionChange, PositionState
from core.positions.settle import expire, settled
from core.positions.trading_context import TradingContext

MARK_EVERY_SECONDS = 60.0


def on_price(
    position: Position, seen: PriceSeen, now: datetime, trading: TradingContext, *, exits: bool = True
) -> PositionChange:
    """Mark a position at a price or a bar of its underlying, and exit where an exit applies.

    A bar must not reach back before the position was opened. Levels need a price of the regular session that
    is not stale. With ``exits`` false (halted: exits only by hand) it is only marked, and expires. A price
    made before the one behind the last mark, or not a positive number, changes nothing.
    """
    if position.state is PositionState.AWAITING_SETTLEMENT:
        return _official_close(PositionChange(position=position), seen, now, trading)
    if not position.is_open or not _sound(position, seen) or now < position.last.at:
        return PositionChange(position=position)
    if now >= trading.last_close(position.contract.expiry):
        return _official_close(expire(PositionChange(position=position), trading), seen, now, trading)

    quote = quote_of(position.contract, seen.quotes, now, trading)
    walk = _Walk(seen, quote, now, trading)
    outcome = PositionChange(position=position)
    in_session = _in_session(seen, now, trading)
    tradable = exits and in_session
    fresh = not trading.is_stale(seen.priced_at, now)
    if in_session:
        outcome = walk.retry(outcome, exits)
    if tradable and walk.is_bar and fresh:
        for stretch in walk.stretches:
            outcome = walk.through(outcome, stretch)
    if outcome.position.is_open:
        outcome = walk.to_the_end(outcome, tradable, fresh)
    moved = _stop_moved(position, outcome.position)
    return outcome if moved is outcome.position else replace(outcome, position=moved)


def on_time(
    position: Position,
    now: datetime,
    last_price: PriceSeen | None,
    trading: TradingContext,
    *,
    exits: bool = True,
) -> PositionChange:
    """Let time pass: mark once a minute of the session, and exit by TIME, THETA_DECAY or EXPIRY.

    These act on the last price however old, flagged so; only in the first moments of a session is a price of
    that session waited for, as long as a price counts as fresh.
    """
    if not position.is_open:
        return PositionChange(position=position)
    if now >= trading.last_close(position.contract.expiry):
        outcome = expire(PositionChange(position=position), trading)
        return outcome if last_price is None else _official_close(outcome, last_price, now, trading)
    session = trading.calendar.session_at(now)
    if session is None or now < position.last.at:
        return PositionChange(position=position)
    outcome = PositionChange(position=position)
    spot, spot_at = _last_known(position, last_price)
    since_mark = (now - position.last.at).total_seconds()
    waiting = spot_at < session.open and not trading.is_stale(session.open, now)
    tradable = exits and not waiting
    due = tradable and position.pending is None and due_by_clock(position, now, trading)
    if not due and since_mark < MARK_EVERY_SECONDS:
        return outcome
    moment = Moment(now=now, spot=spot, tradable=tradable, clock=True)
    outcome = _marked_by_model(outcome, spot, spot_at, now, trading)
    found = _exit_by_clock(outcome.position, moment, trading.is_stale(spot_at, now), trading)
    if found is None:
        return outcome
    quotes = () if last_price is None else last_price.quotes
    return _sell_now(outcome, found, quote_of(position.contract, quotes, now, trading), now, trading)


def exit_by_hand(
    position: Position,
    contracts: int,
    now: datetime,
    last_price: PriceSeen | None,
    quote: OptionQuote | None,
    trading: TradingContext,
) -> PositionChange:
    """Sell contracts because a person says so, at once: on a fresh quote, else by the model.

    More than are held means all of them. Raises ValueError for less than one; a position that holds nothing
    to sell is returned as it is.
    """
    if contracts < 1:
        raise ValueError(f"an exit needs at least one contract, got {contracts}")
    if not position.is_open:
        return PositionChange(position=position)
    outcome = PositionChange(position=position)
    if now >= trading.last_close(position.contract.expiry):
        return expire(outcome, trading)
    spot, spot_at = _last_known(position, last_price)
    now = max(now, position.last.at)
    outcome = _marked_by_model(outcome, spot, spot_at, now, trading)
    quotes = () if last_price is None else last_price.quotes
    best = usable(quote, now, trading) or quote_of(position.contract, quotes, now, trading)
    found = first_exit(outcome.position, Moment(now=now, spot=spot, tradable=True, asked=contracts), trading)
    return outcome if found is None else _sell_now(outcome, found, best, now, trading)


def settle(
    position: Position, official_close: float, now: datetime, trading: TradingContext
) -> PositionChange:
    """Settle a position that awaits it, or whose option has expired, at the official close of its expiry."""
    outcome = PositionChange(position=position)
    if position.is_open and now >= trading.last_close(position.contract.expiry):
        outcome = expire(outcome, trading)
    return settled(outcome, official_close, now, trading)


def stop_to_break_even(position: Position) -> Position:
    """Move the stop to the underlying's price at the entry, unless it already lies closer than that."""
    return replace(position, stop=break_even_stop(position)) if position.is_open else position


def break_even_stop(position: Position) -> float:
    """Where that stop lies: the closer one of the stop and the underlying's price at the entry."""
    sign = position.direction.sign
    return sign * max(sign * position.stop, sign * position.entry.underlying_at_entry)


class _Walk:
    """One price or bar, walked through in stretches."""

    def __init__(
        self, seen: PriceSeen, quote: OptionQuote | None, now: datetime, trading: TradingContext
    ) -> None:
        self.seen, self.quote, self.now, self.trading = seen, quote, now, trading
        self.is_bar = seen.open is not None or seen.high is not None or seen.low is not None
        first = seen.price if seen.open is None else seen.open
        met = [first, seen.price, *(x for x in (seen.high, seen.low) if x is not None)]
        self.first = first
        self.stretches = (Stretch(first, first, False), Stretch(min(met), max(met), True))
        self.iv: float | None = None

    def retry(self, outcome: PositionChange, exits: bool) -> PositionChange:
        """Sell what the last exit left over, at the first price there is."""
        pending = outcome.position.pending
        if pending is None or not (exits or pending.reason is ExitReason.MANUAL):
            return outcome
        contracts = min(pending.contracts, outcome.position.remaining)
        return self._sell(outcome, Exit(pending.reason, contracts, self.first))

    def through(self, outcome: PositionChange, stretch: Stretch) -> PositionChange:
        """Exit at every level that a stretch of the bar crosses."""
        if not touched(outcome.position, stretch):
            return outcome
        moment = Moment(now=self.now, spot=self.first, tradable=True, passed=stretch)
        while outcome.position.pending is None:
            found = first_exit(outcome.position, moment, self.trading)
            if found is None:
                break
            outcome = self._sell(outcome, found)
        return outcome

    def to_the_end(self, outcome: PositionChange, tradable: bool, fresh: bool) -> PositionChange:
        """Mark at the price itself (a bar's close), then exit where an exit applies there."""
        seen, now, trading = self.seen, self.now, self.trading
        position = outcome.position
        quote = self.quote if self._is_news(position, self.quote) else None
        mark = next_mark(
            position.contract,
            position.last,
            spot=seen.price,
            spot_at=seen.priced_at,
            now=now,
            trading=trading,
            quote=quote,
        )
        outcome = marked(outcome, mark)
        levels = tradable and fresh and not self.is_bar
        moment = Moment(
            now=now,
            spot=seen.price,
            tradable=tradable,
            passed=Stretch(seen.price, seen.price, False) if levels else None,
            clock=True,
        )
        while outcome.position.pending is None:
            found = first_exit(outcome.position, moment, trading)
            if found is None:
                break
            outcome = _sell_now(outcome, found, self.quote, now, trading)
        return outcome

    def _sell(self, outcome: PositionChange, found: Exit) -> PositionChange:
        """Sell inside the bar or at its open, by the model at the volatility its end implies."""
        position, now, trading = outcome.position, self.now, self.trading
        if not self.is_bar:
            outcome = _marked_by_model(outcome, self.seen.price, self.seen.priced_at, now, trading)
            return _sell_now(outcome, found, self.quote, now, trading)
        if self.iv is None and self.quote is not None:
            self.iv = iv_from_quote(position.contract, self.quote, self.seen.price, now, trading)
        mark = next_mark(
            position.contract,
            position.last,
            spot=found.underlying,
            spot_at=self.seen.priced_at,
            now=now,
            trading=trading,
            iv=self.iv,
        )
        outcome = marked(outcome, mark)
        return sold(outcome, found.reason, found.contracts, self.quote, now, trading, inside=True)

    @staticmethod
    def _is_news(position: Position, quote: OptionQuote | None) -> bool:
        seen_before = position.last.quoted_at
        return quote is not None and (seen_before is None or quote.at > seen_before)


def _sell_now(
    outcome: PositionChange, found: Exit, quote: OptionQuote | None, now: datetime, trading: TradingContext
) -> PositionChange:
    """Sell at the instant and price of the last mark, marked at the real quote first if there is one."""
    position = outcome.position
    last = position.last
    if quote is not None and last.mid != quote.mid:
        mark = next_mark(
            position.contract,
            last,
            spot=last.spot,
            spot_at=last.spot_at,
            now=now,
            trading=trading,
            quote=quote,
        )
        outcome = marked(outcome, mark)
    return sold(outcome, found.reason, found.contracts, quote, now, trading)


def _exit_by_clock(position: Position, moment: Moment, stale: bool, trading: TradingContext) -> Exit | None:
    """The exit that time asks for; the rest of one that filled in part only if no price comes to retry it."""
    if position.pending is None:
        return first_exit(position, moment, trading)
    if not (stale and moment.tradable):
        return None
    return Exit(position.pending.reason, min(position.pending.contracts, position.remaining), moment.spot)


def _marked_by_model(
    outcome: PositionChange, spot: float, spot_at: datetime, now: datetime, trading: TradingContext
) -> PositionChange:
    """Mark by the model, unless the position already stands marked at that price and instant."""
    last = outcome.position.last
    if (last.at, last.spot) == (now, spot):
        return outcome
    contract = outcome.position.contract
    return marked(outcome, next_mark(contract, last, spot=spot, spot_at=spot_at, now=now, trading=trading))


def _last_known(position: Position, last_price: PriceSeen | None) -> tuple[float, datetime]:
    if last_price is None or not _sound(position, last_price):
        return position.last.spot, position.last.spot_at
    return last_price.price, last_price.priced_at


def _sound(position: Position, seen: PriceSeen) -> bool:
    if seen.priced_at < position.last.spot_at:
        return False
    for price in (seen.price, seen.open, seen.high, seen.low):
        if price is not None and not 0 < price < math.inf:
            return False
    return True


def _in_session(seen: PriceSeen, now: datetime, trading: TradingContext) -> bool:
    """Whether a price was made in the regular session that is under way, or that closed a moment ago.

    The last bar arrives after the close; a bar that ends at the open lies before it.
    """
    session = _session_of(trading.calendar, seen.priced_at)
    if session is None or not session.open <= seen.priced_at <= session.close:
        return False
    if seen.open is not None and seen.priced_at == session.open:
        return False
    return now < session.close or not trading.is_stale(session.close, now)


@lru_cache(maxsize=64)
def _session_of(calendar: Calendar, instant: datetime) -> TradingDay | None:
    """The session of an instant's date; a price comes to many positions at once."""
    return calendar.session(calendar.market_date(instant))


def _official_close(
    outcome: PositionChange, seen: PriceSeen, now: datetime, trading: TradingContext
) -> PositionChange:
    """Settle if this price is the official close of the expiry's session."""
    expiry = trading.calendar.market_date(trading.last_close(outcome.position.contract.expiry))
    if not seen.official_close or trading.calendar.market_date(seen.priced_at) != expiry:
        return outcome
    return settled(outcome, seen.price, now, trading)


def _stop_moved(before: Position, after: Position) -> Position:
    """Once the first target has taken its part the stop is at break-even, from the next price on."""
    return stop_to_break_even(after) if after.scaled_out and not before.scaled_out else after
