"""The exits as one ordered table: the first row that applies acts.

A price is walked in stretches. A single price, and a bar's open, is a stretch of one point: a level that it
has gone through is traded at that price, for stops and targets alike. What lies inside a bar is a stretch
from its low to its high: a level in it is traded at the level, and as the table stands, where both sides lie
inside one bar the stop comes first. Inside a bar the price passes the first target before the second, so
there TARGET_2 waits for TARGET_1's part to have left, in the same bar; a price beyond both sells everything
as TARGET_2.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import lru_cache

from core.exchange.calendar import Calendar
from core.model import ExitReason
from core.positions.position import Position
from core.positions.trading_context import TradingContext


@dataclass(frozen=True, slots=True)
class Stretch:
    """The underlying's prices that were passed: one point, or what lies ``inside`` a bar."""

    low: float
    high: float
    inside: bool

    def crossing(self, level: float, side: int) -> float | None:
        """Where a level was met from below (``side`` 1) or above (-1): at it, or at the point beyond it."""
        farthest = self.high if side > 0 else self.low
        if (farthest - level) * side < 0:
            return None
        return level if self.inside else farthest


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What the exits look at: an instant, and what became of the price.

    ``spot`` is where a trade that no level asks for would be made, ``passed`` the prices for the levels
    (``None`` when they are too old, or none came). ``tradable`` tells whether options trade; ``clock``
    whether exits by time are due to be looked at; ``asked`` how many contracts a person wants out.
    """

    now: datetime
    spot: float
    tradable: bool
    passed: Stretch | None = None
    clock: bool = False
    asked: int = 0


@dataclass(frozen=True, slots=True)
class Exit:
    """An exit that applies: how many contracts leave, at which price of the underlying."""

    reason: ExitReason
    contracts: int
    underlying: float


# Contracts to sell and the underlying's price, or None when the exit does not apply.
Found = tuple[int, float] | None
Predicate = Callable[[Position, Moment, TradingContext], Found]


def first_exit(position: Position, moment: Moment, trading: TradingContext) -> Exit | None:
    """The first exit of the table that applies, ``None`` when the position stays as it is."""
    if not position.is_open:
        return None
    tradable = moment.tradable
    for reason, applies in _rows(moment.passed is not None and tradable, moment.clock and tradable):
        if (found := applies(position, moment, trading)) is not None:
            return Exit(reason, *found)
    return None


def touched(position: Position, stretch: Stretch) -> bool:
    """Whether a stretch meets the stop or a target: most bars meet neither and need no look at the table."""
    side, levels = position.direction.sign, position.levels
    return (
        stretch.crossing(position.stop, -side) is not None
        or stretch.crossing(levels.target_1, side) is not None
        or stretch.crossing(levels.target_2, side) is not None
    )


def time_exit_at(position: Position, trading: TradingContext) -> datetime:
    """When TIME acts: minutes before the close of the session that the contract's term allows.

    The entry's own session for an option that expired on its day, else n full sessions after it by the term
    at the entry; never later than before the expiry's last close.
    """
    known = trading.cache.time_exits.get(position.id)
    if known is None:
        known = _time_exit_at(position, trading)
        trading.cache.remember_time_exit(position.id, known)
    return known


def due_by_clock(position: Position, now: datetime, trading: TradingContext) -> bool:
    """Whether THETA_DECAY or TIME applies to a position that can be traded now."""
    return 0 < -position.running.theta >= theta_limit(position, trading) or now >= time_exit_at(
        position, trading
    )


def _time_exit_at(position: Position, trading: TradingContext) -> datetime:
    exits, dte = trading.rules.exits, position.entry.dte
    latest = trading.last_close(position.contract.expiry)
    if dte > 0:
        sessions = exits.weekly_sessions if dte <= exits.weekly_max_days else exits.monthly_sessions
        latest = min(latest, _close_after(trading.calendar, position.opened_at, sessions) or latest)
    return latest - timedelta(minutes=exits.minutes_before_close)


@lru_cache(maxsize=1024)
def _close_after(calendar: Calendar, opened_at: datetime, sessions: int) -> datetime | None:
    """The close of the n-th session after an entry's own; asked for at every price of every position."""
    day = calendar.market_date(opened_at)
    if sessions:
        return calendar.sessions_after(day, sessions).close
    own = calendar.session(day)
    return None if own is None else own.close


def theta_limit(position: Position, trading: TradingContext) -> float:
    """Dollars of time value one contract may pay before THETA_DECAY acts."""
    return trading.rules.exits.theta_decay_pct / 100 * position.entry.entry_price * position.entry.multiplier


def scale_out(position: Position, trading: TradingContext) -> int:
    """How many contracts leave at the first target: the rules' part of those held, rounded up."""
    return min(
        position.remaining, math.ceil(position.remaining * trading.rules.exits.scale_out_fraction - 1e-9)
    )


def _manual(position: Position, moment: Moment, _: TradingContext) -> Found:
    return (min(moment.asked, position.remaining), moment.spot) if moment.asked else None


def _stop_loss(position: Position, moment: Moment, _: TradingContext) -> Found:
    at = _crossed(moment, position.stop, -position.direction.sign)
    return None if at is None else (position.remaining, at)


def _target_2(position: Position, moment: Moment, trading: TradingContext) -> Found:
    at = _crossed(moment, position.levels.target_2, position.direction.sign)
    if at is None or (_first_target_ahead(position, trading) and moment.passed and moment.passed.inside):
        return None
    return position.remaining, at


def _target_1(position: Position, moment: Moment, trading: TradingContext) -> Found:
    at = _crossed(moment, position.levels.target_1, position.direction.sign)
    if at is None or not _first_target_ahead(position, trading):
        return None
    return scale_out(position, trading), at


def _theta_decay(position: Position, moment: Moment, trading: TradingContext) -> Found:
    paid = -position.running.theta
    return (position.remaining, moment.spot) if 0 < paid >= theta_limit(position, trading) else None


def _time(position: Position, moment: Moment, trading: TradingContext) -> Found:
    return (position.remaining, moment.spot) if moment.now >= time_exit_at(position, trading) else None


def _expiry(position: Position, moment: Moment, trading: TradingContext) -> Found:
    if moment.now < trading.last_close(position.contract.expiry):
        return None
    return position.remaining, moment.spot


class Looks(Enum):
    """At what a row looks: LEVELS at the prices that were passed, CLOCK at the time; both while options trade."""

    ALWAYS = "always"
    LEVELS = "levels"
    CLOCK = "clock"


EXITS: tuple[tuple[ExitReason, Looks, Predicate], ...] = (
    (ExitReason.MANUAL, Looks.ALWAYS, _manual),
    (ExitReason.STOP_LOSS, Looks.LEVELS, _stop_loss),
    (ExitReason.TARGET_2, Looks.LEVELS, _target_2),
    (ExitReason.TARGET_1, Looks.LEVELS, _target_1),
    (ExitReason.THETA_DECAY, Looks.CLOCK, _theta_decay),
    (ExitReason.TIME, Looks.CLOCK, _time),
    (ExitReason.EXPIRY, Looks.ALWAYS, _expiry),
)


@lru_cache(maxsize=4)
def _rows(levels: bool, clock: bool) -> tuple[tuple[ExitReason, Predicate], ...]:
    """The rows of the table that can apply where levels, or the clock, are looked at."""
    looked = {Looks.ALWAYS, *((Looks.LEVELS,) if levels else ()), *((Looks.CLOCK,) if clock else ())}
    return tuple((reason, applies) for reason, looks, applies in EXITS if looks in looked)


def _crossed(moment: Moment, level: float, side: int) -> float | None:
    assert moment.passed is not None
    return moment.passed.crossing(level, side)


def _first_target_ahead(position: Position, trading: TradingContext) -> bool:
    return not position.scaled_out and scale_out(position, trading) > 0
