"""What a person who opens one position sees of it: where its money came from, its path, and its decay.

Shares of a position's life run from 0 at the entry to 1 at the last close of its option, on the trading
clock: a night is as long as the variance it stands for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from core.options import price
from core.options.trading_clock import CALENDAR_YEAR_SECONDS
from core.positions.attribution import NOTHING, Attribution
from core.positions.exits import time_exit_at
from core.positions.live_values import ExitCondition, exit_conditions
from core.positions.marking import terms_of
from core.positions.pnl import gross_so_far, net_so_far, pnl_breakdown
from core.positions.position import Mark, Position
from core.positions.trading_context import TradingContext

_CAUSES = ("delta", "gamma", "iv", "theta", "unexplained")

POINTS = 240
"""Points of a path or a curve: two for each cell of a wide screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """P&L in $ by one cause: of the contracts still held, of those sold, of all."""

    name: str
    held: float
    sold: float
    total: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """A trade in $ so far: by cause for the contracts held and sold, and its costs.

    The causes of both add up to ``gross``; gross less the three costs is ``net``.
    """

    held: Attribution
    sold: Attribution
    gross: float
    spread_cost: float
    slippage: float
    commission: float
    net: float

    @property
    def causes(self) -> tuple[Cause, ...]:
        """The P&L by delta, gamma, volatility, time and what the model does not explain."""
        pairs = [(name, getattr(self.held, name), getattr(self.sold, name)) for name in _CAUSES]
        return tuple(Cause(name=name, held=held, sold=sold, total=held + sold) for name, held, sold in pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class PathPoint:
    """One valuation: the option's mid and the underlying in $ a share, at a share of the position's life."""

    at: datetime
    share: float
    mid: float
    underlying: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuePoint:
    """The model's value of the option in $ a share, at a share of the position's life."""

    share: float
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """One position in full; ``sessions`` are the openings after the entry, each with its share of life.

    ``decay`` is the value of the option from the last mark to its last close, were the underlying and the
    volatility to stay: empty when no volatility is known or the position is closed.
    """

    money: Money
    exits: tuple[ExitCondition, ...]
    path: tuple[PathPoint, ...]
    decay: tuple[ValuePoint, ...]
    sessions: tuple[tuple[float, datetime], ...]
    now_share: float
    time_exit_share: float


def position_detail(
    position: Position, marks: Iterable[Mark], now: datetime, trading: TradingContext
) -> Detail:
    """One position as of its last mark; ``marks`` are those stored of it, oldest first, all or some."""
    life = _Life(position, trading)
    return Detail(
        money=money_of(position),
        exits=exit_conditions(position, now, trading) if position.is_open else (),
        path=_path(position, marks, life),
        decay=_decay(position, life, trading) if position.is_open else (),
        sessions=tuple(life.sessions()),
        now_share=life.share(max(now, position.opened_at)),
        time_exit_share=life.share(time_exit_at(position, trading)),
    )


def money_of(position: Position) -> Money:
    """The attribution and the costs of a trade so far, those of the whole entry included."""
    sold = NOTHING
    for leg in position.legs:
        sold = sold.plus(leg.attribution)
    entry, legs = position.entry, position.legs
    return Money(
        held=position.running.times(position.remaining),
        sold=sold,
        gross=gross_so_far(position),
        spread_cost=entry.spread_cost + sum(leg.spread_cost for leg in legs),
        slippage=entry.slippage + sum(leg.slippage for leg in legs),
        commission=entry.commission + sum(leg.commission for leg in legs),
        net=net_so_far(position),
    )


def leg_net(position: Position, index: int) -> float:
    """Net $ of one leg, with its contracts' part of the entry's costs."""
    return pnl_breakdown(position, (position.legs[index],)).net


class _Life:
    """A position's life on the trading clock."""

    def __init__(self, position: Position, trading: TradingContext) -> None:
        self.begin = position.opened_at
        self.end = max(trading.last_close(position.contract.expiry), self.begin)
        self.clock, self.calendar = trading.clock, trading.calendar
        self.years = self.clock.years_between(self.begin, self.end)

    def share(self, at: datetime) -> float:
        if self.years <= 0:
            return 1.0
        return min(1.0, self.clock.years_between(self.begin, min(at, self.end)) / self.years)

    def sessions(self) -> Iterable[tuple[float, datetime]]:
        first, last = (self.calendar.market_date(each) for each in (self.begin, self.end))
        for session in self.calendar.sessions_between(first, last):
            if session.open > self.begin:
                yield self.share(session.open), session.open

    def instants(self, start: datetime, count: int) -> list[datetime]:
        """Instants from ``start`` to the end, evenly spaced on the trading clock."""
        knots = [start, self.end]
        for session in self.calendar.sessions_between(
            self.calendar.market_date(start), self.calendar.market_date(self.end)
        ):
            knots += [each for each in (session.open, session.close) if start < each < self.end]
        knots.sort()
        seconds = np.array([knot.timestamp() for knot in knots])
        years = np.array([self.clock.years_between(start, knot) for knot in knots])
        wanted = np.interp(np.linspace(0.0, years[-1], count), years, seconds)
        return [datetime.fromtimestamp(each, UTC) for each in wanted[:-1].tolist()] + [self.end]


def _path(position: Position, marks: Iterable[Mark], life: _Life) -> tuple[PathPoint, ...]:
    """The last valuation of each stretch of the life so far, the entry first."""
    entry = position.entry
    points = {
        -1: PathPoint(at=life.begin, share=0.0, mid=entry.entry_mid, underlying=entry.underlying_at_entry)
    }
    lived = life.share(position.last.at) or 1.0
    for mark in (*marks, position.last):
        if mark.at < life.begin:
            continue
        share = life.share(mark.at)
        stretch = int(share / lived * (POINTS - 1))
        points[stretch] = PathPoint(at=mark.at, share=share, mid=mark.mid, underlying=mark.spot)
    return tuple(sorted(points.values(), key=lambda point: point.at))


def _decay(position: Position, life: _Life, trading: TradingContext) -> tuple[ValuePoint, ...]:
    last, terms = position.last, terms_of(position.contract, trading)
    start = max(last.at, life.begin)
    if last.iv is None or start >= life.end:
        return ()
    instants = life.instants(start, POINTS // 2)
    ends = np.full(len(instants), life.end.timestamp())
    seconds = np.array([each.timestamp() for each in instants])
    values = price(
        last.spot,
        terms.strike,
        life.clock.years_between_arrays(seconds, ends),
        last.iv,
        terms.is_call,
        rate=terms.rate,
        dividend=terms.dividend,
        carry_years=(ends - seconds) / CALENDAR_YEAR_SECONDS,
        american=terms.american,
    )
    return tuple(
        ValuePoint(share=life.share(at), value=float(value))
        for at, value in zip(instants, values, strict=True)
        if np.isfinite(value)
    )


__all__ = ["Cause", "Detail", "Money", "PathPoint", "ValuePoint", "leg_net", "money_of", "position_detail"]
