"""Detail of one position for the deck: P&L by cause, price path since the entry, and time decay ahead.

A share of the holding period runs from 0 at the entry to 1 at the option's last close, on the trading clock:
a night counts by its variance, not by its hours.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from core.options import price
from core.options.trading_clock import CALENDAR_YEAR_SECONDS
from core.positions.attribution import NO_ATTRIBUTION, Attribution
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
class PnlByCause:
    """P&L of a trade so far in $: by cause, for the contracts held and sold, and its costs.

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
    """One valuation: the option's mid and the underlying in $ a share, at a share of the holding period."""

    at: datetime
    share: float
    mid: float
    underlying: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuePoint:
    """The model's value of the option in $ a share, at a share of the holding period."""

    share: float
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """One position in full; ``sessions`` are the session opens after the entry, each with its share.

    ``decay`` is the option's value from the last mark to its last close with the underlying and the
    volatility unchanged: empty when no volatility is known or the position is closed.
    """

    money: PnlByCause
    exits: tuple[ExitCondition, ...]
    path: tuple[PathPoint, ...]
    decay: tuple[ValuePoint, ...]
    sessions: tuple[tuple[float, datetime], ...]
    now_share: float
    time_exit_share: float


def position_detail(
    position: Position, marks: Iterable[Mark], now: datetime, trading: TradingContext
) -> Detail:
    """Return the detail of a position as of its last mark; ``marks`` are its stored marks, oldest first."""
    holding = _HoldingPeriod(position, trading)
    return Detail(
        money=pnl_by_cause(position),
        exits=exit_conditions(position, now, trading) if position.is_open else (),
        path=_path(position, marks, holding),
        decay=_decay(position, holding, trading) if position.is_open else (),
        sessions=tuple(holding.sessions()),
        now_share=holding.share(max(now, position.opened_at)),
        time_exit_share=holding.share(time_exit_at(position, trading)),
    )


def pnl_by_cause(position: Position) -> PnlByCause:
    """Return the attribution and the costs of a trade so far, including the entry's costs in full."""
    sold = NO_ATTRIBUTION
    for leg in position.legs:
        sold = sold.plus(leg.attribution)
    entry, legs = position.entry, position.legs
    return PnlByCause(
        held=position.running.times(position.remaining),
        sold=sold,
        gross=gross_so_far(position),
        spread_cost=entry.spread_cost + sum(leg.spread_cost for leg in legs),
        slippage=entry.slippage + sum(leg.slippage for leg in legs),
        commission=entry.commission + sum(leg.commission for leg in legs),
        net=net_so_far(position),
    )


def exit_fill_net(position: Position, index: int) -> float:
    """Return the net $ of one exit fill, including its contracts' part of the entry's costs."""
    return pnl_breakdown(position, (position.legs[index],)).net


class _HoldingPeriod:
    """The time from a position's entry to its option's last close, on the trading clock."""

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
        """Return instants from ``start`` to the end, evenly spaced on the trading clock."""
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


def _path(position: Position, marks: Iterable[Mark], holding: _HoldingPeriod) -> tuple[PathPoint, ...]:
    """Return the last valuation in each of POINTS equal parts of the holding period so far, the entry first."""
    entry = position.entry
    points = {
        -1: PathPoint(at=holding.begin, share=0.0, mid=entry.entry_mid, underlying=entry.underlying_at_entry)
    }
    share_now = holding.share(position.last.at) or 1.0
    for mark in (*marks, position.last):
        if mark.at < holding.begin:
            continue
        share = holding.share(mark.at)
        slot = int(share / share_now * (POINTS - 1))
        points[slot] = PathPoint(at=mark.at, share=share, mid=mark.mid, underlying=mark.spot)
    return tuple(sorted(points.values(), key=lambda point: point.at))


def _decay(position: Position, holding: _HoldingPeriod, trading: TradingContext) -> tuple[ValuePoint, ...]:
    last = position.last
    terms = terms_of(position.contract, trading, last.dividends)
    start = max(last.at, holding.begin)
    if last.iv is None or start >= holding.end:
        return ()
    instants = holding.instants(start, POINTS // 2)
    ends = np.full(len(instants), holding.end.timestamp())
    seconds = np.array([each.timestamp() for each in instants])
    values = price(
        last.spot - (last.dividends or 0.0),
        terms.strike,
        holding.clock.years_between_arrays(seconds, ends),
        last.iv,
        terms.is_call,
        rate=terms.rate,
        dividend=terms.dividend,
        carry_years=(ends - seconds) / CALENDAR_YEAR_SECONDS,
        american=terms.american,
    )
    return tuple(
        ValuePoint(share=holding.share(at), value=float(value))
        for at, value in zip(instants, values, strict=True)
        if np.isfinite(value)
    )


__all__ = [
    "Cause",
    "Detail",
    "PathPoint",
    "PnlByCause",
    "ValuePoint",
    "exit_fill_net",
    "pnl_by_cause",
    "position_detail",
]
