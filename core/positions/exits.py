"""Exit conditions in order of priority: the table ``EXITS``, of which the first condition that applies acts.

Prices are tested as ranges. A single price, or the open of a bar, is a range of one point: a level at or
behind that point is traded at that price, for stops and targets alike. The inside of a bar is the range from
its low to its high: a level within it is traded at the level. If a bar covers both the stop and a target, the
stop comes first, by the order of the table. Inside a bar the price passes the first target before the second,
so there TARGET_2 waits until TARGET_1 has sold its part, in the same bar; a single price beyond both targets
sells everything as TARGET_2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import lru_cache

from core.exchange.calendar import Calendar
from core.fast_init import fast_init
from core.model import Direction, ExitReason
from core.positions.cache import ClockExits
from core.positions.position import Position
from core.positions.trading_context import TradingContext
from core.thresholds import above, at_least, below, whole_up


@fast_init
@dataclass(frozen=True, slots=True)
class PriceRange:
    """The underlying's prices to test levels against: one point, or the ``inside`` of a bar."""

    low: float
    high: float
    inside: bool

    def crossing(self, level: float, side: int) -> float | None:
        """Return the price at which a level trades, ``None`` when the range does not reach it.

        ``side`` 1: the level is met from below, -1: from above. The price is the level itself inside a bar,
        else the point at or beyond it.
        """
        farthest = self.high if side > 0 else self.low
        if below(farthest * side, level * side):
            return None
        return level if self.inside else farthest


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class ExitInputs:
    """The instant and the prices that the exit conditions are tested with.

    ``spot`` is the underlying's price for exits that no level causes. ``passed`` is the range to test levels
    against, ``None`` when there is no price or it is too old. ``tradable``: options can be traded now.
    ``time_exits``: test the exits by time and theta too. ``manual_contracts`` were asked for by a person,
    ``signal_contracts`` by a sender.
    """

    now: datetime
    spot: float
    tradable: bool
    passed: PriceRange | None = None
    time_exits: bool = False
    manual_contracts: int = 0
    signal_contracts: int = 0


@dataclass(frozen=True, slots=True)
class Exit:
    """An exit that applies: contracts to sell, and the underlying's price it happens at."""

    reason: ExitReason
    contracts: int
    underlying: float


# Contracts to sell and the underlying's price, or None when the exit does not apply.
ContractsAndSpot = tuple[int, float] | None
ExitTest = Callable[[Position, ExitInputs, TradingContext], ContractsAndSpot]


def first_exit(position: Position, inputs: ExitInputs, trading: TradingContext) -> Exit | None:
    """Return the first exit of the table that applies, ``None`` when no exit does."""
    if not position.is_open:
        return None
    tradable = inputs.tradable
    for reason, applies in _exits_to_test(
        inputs.passed is not None and tradable, inputs.time_exits and tradable
    ):
        if (found := applies(position, inputs, trading)) is not None:
            return Exit(reason, *found)
    return None


def crosses_a_level(position: Position, passed: PriceRange) -> bool:
    """Return whether a price range reaches the stop or a target, by the comparisons of ``PriceRange.crossing``.

    A quick test before the whole table: most bars reach neither.
    """
    levels, low, high = position.levels, passed.low, passed.high
    if position.direction is Direction.LONG:
        return not (
            above(low, position.stop) and below(high, levels.target_1) and below(high, levels.target_2)
        )
    return not (below(high, position.stop) and above(low, levels.target_1) and above(low, levels.target_2))


def exit_is_due(
    position: Position, passed: PriceRange | None, now: datetime, trading: TradingContext
) -> bool:
    """Return whether a level or the clock asks for an exit of a position that can be traded now.

    A quick test before the whole table: at most prices nothing does.
    """
    return (passed is not None and crosses_a_level(position, passed)) or due_by_clock(position, now, trading)


def time_exit_at(position: Position, trading: TradingContext) -> datetime:
    """Return the instant at which TIME acts: minutes before the close of the last session allowed.

    An option bought on its expiry day: that session. Otherwise a number of full sessions after the entry's
    session, by the days to expiry at the entry. Never after the option's last session.
    """
    return _clock_exits(position, trading).time


def _clock_exits(position: Position, trading: TradingContext) -> ClockExits:
    known = trading.cache.clock_exits.get(position.id)
    if known is None:
        known = ClockExits(_time_exit_at(position, trading), theta_limit(position, trading))
        trading.cache.remember_clock_exits(position.id, known)
    return known


def due_by_clock(position: Position, now: datetime, trading: TradingContext) -> bool:
    """Return whether THETA_DECAY or TIME applies to a position that can be traded now."""
    due, paid = trading.cache.clock_exits.get(position.id), -position.running.theta
    if due is None:
        due = _clock_exits(position, trading)
    return now >= due.time or (paid > 0 and at_least(paid, due.theta))


def _time_exit_at(position: Position, trading: TradingContext) -> datetime:
    exits, dte = trading.rules.exits, position.entry.dte
    latest = trading.last_close(position.contract.expiry)
    if dte > 0:
        sessions = exits.weekly_sessions if dte <= exits.weekly_max_days else exits.monthly_sessions
        latest = min(latest, _close_after(trading.calendar, position.opened_at, sessions) or latest)
    return latest - timedelta(minutes=exits.minutes_before_close)


@lru_cache(maxsize=1024)
def _close_after(calendar: Calendar, opened_at: datetime, sessions: int) -> datetime | None:
    """Return the close of the n-th session after the entry's session (0: its own session).

    Cached: it is needed for every position at every price.
    """
    day = calendar.market_date(opened_at)
    if sessions:
        return calendar.sessions_after(day, sessions).close
    own = calendar.session(day)
    return None if own is None else own.close


def theta_limit(position: Position, trading: TradingContext) -> float:
    """Return the dollars of time value that one contract may lose before THETA_DECAY acts."""
    return trading.rules.exits.theta_decay_pct / 100 * position.entry.entry_price * position.entry.multiplier


def _theta_is_due(position: Position, trading: TradingContext) -> bool:
    paid = -position.running.theta
    return paid > 0 and at_least(paid, theta_limit(position, trading))


def scale_out(position: Position, trading: TradingContext) -> int:
    """Return the contracts to sell at the first target: the rules' fraction of those held, rounded up."""
    return min(position.remaining, whole_up(position.remaining * trading.rules.exits.scale_out_fraction))


def _manual(position: Position, inputs: ExitInputs, _: TradingContext) -> ContractsAndSpot:
    return (
        (min(inputs.manual_contracts, position.remaining), inputs.spot) if inputs.manual_contracts else None
    )


def _signal(position: Position, inputs: ExitInputs, _: TradingContext) -> ContractsAndSpot:
    return (
        (min(inputs.signal_contracts, position.remaining), inputs.spot) if inputs.signal_contracts else None
    )


def _stop_loss(position: Position, inputs: ExitInputs, _: TradingContext) -> ContractsAndSpot:
    at = _crossed(inputs, position.stop, -position.direction.sign)
    return None if at is None else (position.remaining, at)


def _target_2(position: Position, inputs: ExitInputs, trading: TradingContext) -> ContractsAndSpot:
    at = _crossed(inputs, position.levels.target_2, position.direction.sign)
    if at is None or (_target_1_pending(position, trading) and inputs.passed and inputs.passed.inside):
        return None
    return position.remaining, at


def _target_1(position: Position, inputs: ExitInputs, trading: TradingContext) -> ContractsAndSpot:
    at = _crossed(inputs, position.levels.target_1, position.direction.sign)
    if at is None or not _target_1_pending(position, trading):
        return None
    return scale_out(position, trading), at


def _theta_decay(position: Position, inputs: ExitInputs, trading: TradingContext) -> ContractsAndSpot:
    return (position.remaining, inputs.spot) if _theta_is_due(position, trading) else None


def _time(position: Position, inputs: ExitInputs, trading: TradingContext) -> ContractsAndSpot:
    return (position.remaining, inputs.spot) if inputs.now >= time_exit_at(position, trading) else None


def _expiry(position: Position, inputs: ExitInputs, trading: TradingContext) -> ContractsAndSpot:
    if inputs.now < trading.last_close(position.contract.expiry):
        return None
    return position.remaining, inputs.spot


class ExitTrigger(Enum):
    """When a condition is tested: LEVELS with new prices, CLOCK with time, both only while options trade."""

    ALWAYS = "always"
    LEVELS = "levels"
    CLOCK = "clock"


EXITS: tuple[tuple[ExitReason, ExitTrigger, ExitTest], ...] = (
    (ExitReason.MANUAL, ExitTrigger.ALWAYS, _manual),
    (ExitReason.SIGNAL, ExitTrigger.ALWAYS, _signal),
    (ExitReason.STOP_LOSS, ExitTrigger.LEVELS, _stop_loss),
    (ExitReason.TARGET_2, ExitTrigger.LEVELS, _target_2),
    (ExitReason.TARGET_1, ExitTrigger.LEVELS, _target_1),
    (ExitReason.THETA_DECAY, ExitTrigger.CLOCK, _theta_decay),
    (ExitReason.TIME, ExitTrigger.CLOCK, _time),
    (ExitReason.EXPIRY, ExitTrigger.ALWAYS, _expiry),
)


@lru_cache(maxsize=4)
def _exits_to_test(levels: bool, clock: bool) -> tuple[tuple[ExitReason, ExitTest], ...]:
    """Return the rows of EXITS to test, with or without the conditions of price levels and of time."""
    wanted = {
        ExitTrigger.ALWAYS,
        *((ExitTrigger.LEVELS,) if levels else ()),
        *((ExitTrigger.CLOCK,) if clock else ()),
    }
    return tuple((reason, applies) for reason, trigger, applies in EXITS if trigger in wanted)


def _crossed(inputs: ExitInputs, level: float, side: int) -> float | None:
    assert inputs.passed is not None
    return inputs.passed.crossing(level, side)


def _target_1_pending(position: Position, trading: TradingContext) -> bool:
    return not position.scaled_out and scale_out(position, trading) > 0
