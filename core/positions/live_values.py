"""Live values of an open position: the numbers the deck shows, and the exit that is nearest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from core.execution_band import ExecutionBand
from core.model import ExitReason
from core.options.volatility import VolatilitySource
from core.positions.dividend_basis import dividend_basis
from core.positions.exits import theta_limit, time_exit_at
from core.positions.pnl import band_so_far, net_so_far
from core.positions.position import STOP, TARGET_1, TARGET_2, Mark, Position, PositionState
from core.positions.settle import known_price, missing_for_settlement
from core.positions.trading_context import TradingContext
from core.positions.transitions import break_even_stop
from core.positions.walking_exit import limit_now


@dataclass(frozen=True, slots=True, kw_only=True)
class GreekPair:
    """A Greek or the volatility, now and at the entry."""

    now: float | None
    entry: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelDistance:
    """Distance from the underlying's price to a level: signed $, % of the price, daily ATRs if known.

    ``moved_at`` and ``moved_by`` are when and by whom the level was last moved, ``None`` and "" since the entry.
    """

    level: float
    dollars: float
    percent: float
    atrs: float | None
    moved_at: datetime | None = None
    moved_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitCondition:
    """One exit that may act, with its distance in ``words``.

    ``left`` is the distance still to go as a share of the distance at the entry: 0 is reached, above 1 is
    farther than at the entry. ``level`` in $ of the underlying or ``due`` as an instant, where the exit has
    one.
    """

    reason: ExitReason
    words: str
    left: float
    level: float | None = None
    due: datetime | None = None

    @property
    def gone(self) -> float:
        """Share of the distance already covered, 0 to 1."""
        return min(1.0, max(0.0, 1 - self.left))


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveValues:
    """State of an open position; money in $, times in seconds, Greeks per share.

    ``pnl`` is gross P&L of the whole trade, mid to mid (contracts sold and held), less all costs paid so far
    including the entry's in full; the costs of selling the rest are not in it. ``pnl_pct`` is % of the
    premium paid, ``r`` planned losses (``None`` when none was planned). ``stale``: a stop would not act on
    the price behind the mark. ``to_target_1`` is ``None`` after that target was sold. ``half`` of the
    contracts held is rounded up. ``break_even`` is the stop that the break-even command would set, ``None``
    when it would not move; ``break_even_sells``: the underlying is already at or beyond it. ``cost`` is the
    underlying's price at the entry, less the dividends since. ``nights`` lie before the
    next session that the option lives to see, 3 on most Fridays; theta is that of a session and one of them. Of an
    option that awaits its settlement, ``expired_at`` is its last close, ``missing`` what it waits for, ``settles_on``
    the price of the underlying that is known best. ``suspended`` says why it is not marked, if it is not.
    ``band`` is ``pnl`` by execution, ``None`` when it is not stored.
    After a split ``new_shares`` stand for one as it was bought; prices of the underlying are those of so many.
    ``iv_source`` is where the volatility comes from, ``iv_basis`` the same in words with the age of what it rests on.
    ``dividend_basis`` says which dividends it is priced with, and who says so. ``taken_by`` is the person who opened
    it against the verdict, empty for a trade of the rules.
    """

    mark: float
    mark_age: float
    stale: bool
    estimated: bool
    underlying: float
    pnl: float
    pnl_pct: float | None
    r: float | None
    delta: GreekPair
    gamma: GreekPair
    theta: GreekPair
    vega: GreekPair
    iv: GreekPair
    theta_paid: float
    time_in_trade: float
    to_stop: LevelDistance
    to_target_1: LevelDistance | None
    to_target_2: LevelDistance
    days_left: int
    hours_left: float
    time_exit_in: float
    nearest_exit: str
    half: int
    break_even: float | None
    break_even_sells: bool
    cost: float = 0.0
    nights: int = 1
    expired_at: datetime | None = None
    missing: str = ""
    settles_on: float | None = None
    suspended: str = ""
    band: ExecutionBand | None = None
    new_shares: float = 1.0
    iv_source: VolatilitySource | None = None
    iv_basis: str = ""
    dividend_basis: str = ""
    taken_by: str = ""


def live_values(position: Position, now: datetime, trading: TradingContext) -> LiveValues:
    """Return the live values of a position as of its last mark, with ages and distances at ``now``."""
    last, entry = position.last, position.entry
    pnl = net_so_far(position)
    close = trading.last_close(position.contract.expiry)
    moved = break_even_stop(position) if position.is_open else position.stop
    return LiveValues(
        mark=last.mid,
        mark_age=trading.price_age(last.spot_at, now),
        stale=trading.is_stale(last.spot_at, now),
        estimated=last.estimated,
        underlying=last.spot,
        pnl=pnl,
        pnl_pct=100 * pnl / position.premium if position.premium > 0 else None,
        r=position.in_r(pnl),
        delta=GreekPair(now=last.delta, entry=entry.entry_delta),
        gamma=GreekPair(now=last.gamma, entry=entry.entry_gamma),
        theta=GreekPair(now=last.theta, entry=entry.entry_theta),
        vega=GreekPair(now=last.vega, entry=entry.entry_vega),
        iv=GreekPair(now=last.iv, entry=entry.entry_iv),
        theta_paid=position.theta_paid,
        time_in_trade=(now - position.opened_at).total_seconds(),
        to_stop=_distance(position, STOP, position.stop),
        to_target_1=(
            None if position.scaled_out else _distance(position, TARGET_1, position.levels.target_1)
        ),
        to_target_2=_distance(position, TARGET_2, position.levels.target_2),
        days_left=trading.dte(position.contract, now),
        hours_left=max(0.0, (close - now).total_seconds() / 3600),
        time_exit_in=(time_exit_at(position, trading) - now).total_seconds(),
        nearest_exit=nearest_exit(position, now, trading),
        half=(position.remaining + 1) // 2,
        break_even=None if moved == position.stop else moved,
        break_even_sells=(last.spot - moved) * position.direction.sign <= 0,
        cost=position.level_at_entry,
        nights=_nights(position, now, trading),
        expired_at=close if position.awaits_settlement else None,
        missing=missing_for_settlement(position, trading) if position.awaits_settlement else "",
        suspended=position.suspended or "",
        new_shares=position.new_shares,
        settles_on=_settles_on(position, trading),
        band=band_so_far(position),
        iv_source=last.iv_source,
        iv_basis=volatility_basis(last, now),
        dividend_basis=dividend_basis(position, now, trading) if position.is_open else "",
        taken_by=position.taken_by or "",
    )


def _settles_on(position: Position, trading: TradingContext) -> float | None:
    """Return the underlying's price that stands for a missing close, else the last known one."""
    if not position.awaits_settlement:
        return None
    found = known_price(position, trading)
    return position.last.spot if found is None else found.price


def volatility_basis(mark: Mark, now: datetime) -> str:
    """Return in words what a mark's volatility rests on; empty where that is not stored."""
    if mark.iv_source is VolatilitySource.ESTIMATED and mark.level is not None:
        return f"estimated from {mark.level.words(now)}"
    if mark.quoted_at is None or mark.iv_source is None:
        return ""
    quote = f"a quote {max(0.0, (now - mark.quoted_at).total_seconds()):.0f} s old"
    return f"implied by {quote}" if mark.iv_source is VolatilitySource.IMPLIED else f"carried from {quote}"


def _nights(position: Position, now: datetime, trading: TradingContext) -> int:
    """Return the nights to the next session; 1 where the option expires before it."""
    today = trading.calendar.market_date(now)
    if position.contract.expiry <= today:
        return 1
    return (trading.calendar.next_session(today).date - today).days


def nearest_exit(position: Position, now: datetime, trading: TradingContext) -> str:
    """Return the nearest exit as a text for the deck.

    Distances are compared as shares: of a level from the underlying's price at the entry, of TIME from the
    entry, of THETA_DECAY from 0 to its limit.
    """
    if position.awaits_settlement:
        return f"waits for {missing_for_settlement(position, trading)}"
    if position.state is PositionState.CLOSED:
        return "closed"
    if position.suspended is not None:
        return f"none: {position.suspended}"
    if position.pending is not None:
        limit = limit_now(position, now, trading.rules.fills)
        count = f"{position.pending.reason}: {position.pending.contracts}"
        return f"{count} left to sell" if limit is None else f"{count} at {limit:.2f}"
    nearest = nearest_of(exit_conditions(position, now, trading))
    return f"{nearest.reason} {nearest.words}"


def nearest_of(conditions: Iterable[ExitCondition]) -> ExitCondition:
    """Return the condition with the smallest share left to go; raises ValueError when there is none."""
    return min(conditions, key=lambda each: (each.left, each.reason))


def exit_conditions(position: Position, now: datetime, trading: TradingContext) -> tuple[ExitCondition, ...]:
    """Return every automatic exit that is still possible, for display."""
    return tuple(_conditions(position, now, trading))


def _conditions(position: Position, now: datetime, trading: TradingContext) -> Iterator[ExitCondition]:
    rows = [(ExitReason.STOP_LOSS, position.stop), (ExitReason.TARGET_2, position.levels.target_2)]
    if not position.scaled_out:
        rows.append((ExitReason.TARGET_1, position.levels.target_1))
    spot, at_entry = position.last.spot, position.level_at_entry
    for reason, level in rows:
        left = abs(level - spot)
        # A stop at break-even is at the entry price itself, so its distance is measured from the first target.
        begin = at_entry if level != at_entry else position.levels.target_1
        share = left / max(abs(level - begin), 1e-9)
        yield ExitCondition(reason=reason, words=f"${left:.2f} away", left=share, level=level)
    limit = theta_limit(position, trading)
    paid = max(0.0, -position.running.theta)
    if limit > 0:
        share = 100 * paid / (position.entry.entry_price * position.entry.multiplier)
        words = f"at {share:.0f} % of premium, limit {trading.rules.exits.theta_decay_pct:g} %"
        yield ExitCondition(reason=ExitReason.THETA_DECAY, words=words, left=1 - paid / limit)
    due = time_exit_at(position, trading)
    left = max(0.0, (due - now).total_seconds())
    share = left / max((due - position.opened_at).total_seconds(), 1.0)
    yield ExitCondition(reason=ExitReason.TIME, words=f"in {_span(left)}", left=share, due=due)


def _distance(position: Position, name: str, level: float) -> LevelDistance:
    spot, atr = position.last.spot, position.entry.atr
    dollars = level - spot
    moved = next((move for move in position.moves if move.level == name), None)
    return LevelDistance(
        level=level,
        dollars=dollars,
        percent=100 * dollars / spot,
        atrs=dollars / atr if atr else None,
        moved_at=None if moved is None else moved.at,
        moved_by="" if moved is None else moved.by,
    )


def _span(seconds: float) -> str:
    minutes = int(seconds // 60)
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    if days:
        return f"{days}d {hours}h"
    return f"{hours}h {minutes}m" if hours else f"{minutes}m"
