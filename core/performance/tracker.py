"""Keep metrics up to date exit by exit, always equal to metrics calculated from all trades at once.

Invariants, tested under these names: incremental_equals_full, order_of_arrival_does_not_matter.
"""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np

from core.performance.accounts import Accounts
from core.performance.breakdown import Bucket, ordered
from core.performance.columns import Floats, Trades
from core.performance.cuts import CUTS, labels_of
from core.performance.days import UNKNOWN_AT, exchange_days, micros, to_date
from core.performance.equity_curve import EquityStats, opened_at
from core.performance.metric import Metrics
from core.performance.metrics import ACCOUNT, SessionSpan, assemble
from core.performance.session_sums import COLUMNS, INDEX, NAMES, SessionSums
from core.performance.trade import Trade

_ATTRIBUTES = {
    "r": "r",
    "hold": "hold_time_seconds",
    "mfe": "mfe",
    "mae": "mae",
    "gross": "pnl_gross",
    "delta": "pnl_from_delta",
    "gamma": "pnl_from_gamma",
    "iv": "pnl_from_iv",
    "theta": "pnl_from_theta",
    "unexplained": "pnl_unexplained",
    "best": "pnl_best",
    "expected": "pnl_expected",
    "worst": "pnl_worst",
}


@dataclass(slots=True)
class GroupTotals:
    """Sums per session and equity statistics of one group of trades; adding a trade takes constant time."""

    equity: EquityStats
    by_day: dict[int, Floats] = field(default_factory=dict)
    of_unknown_day: list[Floats] = field(default_factory=list)
    count: int = 0

    def add(self, row: Floats, day: int) -> None:
        """Add one trade's row to the sums of its day."""
        self.count += 1
        if day == UNKNOWN_AT:
            self.of_unknown_day.append(row)
        elif day in self.by_day:
            self.by_day[day] += row
        else:
            self.by_day[day] = row.copy()

    def sums(self) -> SessionSums:
        days = sorted(self.by_day)
        rows = [*self.of_unknown_day, *(self.by_day[day] for day in days)]
        return SessionSums(
            np.array([UNKNOWN_AT] * len(self.of_unknown_day) + days, dtype=np.int64),
            np.array(rows).reshape(len(rows), len(NAMES)),
        )


@dataclass(frozen=True, slots=True, order=True)
class _TrackedTrade:
    """A trade with its sort key among the exits: instant, id, arrival."""

    at: int
    id: str
    arrived: int
    trade: Trade = field(compare=False)


class Tracker:
    """All closed trades so far: their metrics, the metrics of every bucket of every cut, and time windows.

    ``account`` in $, one size or its history. Trades with an exit filled without a fresh price are only counted,
    unless ``include_stale``.
    """

    def __init__(self, account: float | Accounts = ACCOUNT, *, include_stale: bool = False) -> None:
        self.accounts = Accounts.of(account)
        self.stale_left_out = 0
        self._include_stale = include_stale
        self._trades: list[_TrackedTrade] = []
        self._ids: set[str] = set()
        self._clear_sums()
        self._columns = Trades.from_trades(())

    def __len__(self) -> int:
        return len(self._trades)

    def __contains__(self, trade_id: str) -> bool:
        return trade_id in self._ids

    def add(self, trade: Trade) -> None:
        """Add a closed trade; a trade whose id is known already changes nothing.

        Raises ValueError for a net P&L that is not a number.
        """
        if not math.isfinite(trade.pnl_net):
            raise ValueError(f"trade {trade.id}: pnl_net {trade.pnl_net!r} is no amount of money")
        if trade.id:
            if trade.id in self._ids:
                return
            self._ids.add(trade.id)
        if trade.stale_fill and not self._include_stale:
            self.stale_left_out += 1
            return
        at = UNKNOWN_AT if trade.exit_time is None else micros(trade.exit_time)
        entry = _TrackedTrade(at, trade.id, len(self._trades), trade)
        in_order = not self._trades or self._trades[-1] < entry
        insort(self._trades, entry)
        if not in_order:
            # A trade that exited before one already counted: all is counted again.
            self._columns = Trades.from_trades(())
            self._clear_sums()

    def metrics(
        self, *, first: date | None = None, last: date | None = None, sessions: Iterable[date] | None = None
    ) -> Metrics:
        """Return the metrics of all trades so far."""
        span = SessionSpan(first=first, last=last, sessions=None if sessions is None else tuple(sessions))
        self._sum_up()
        whole = self._whole
        return assemble(whole.sums(), whole.equity, span, stale_left_out=self.stale_left_out)

    def breakdown(
        self,
        cut: str,
        *,
        first: date | None = None,
        last: date | None = None,
        sessions: Iterable[date] | None = None,
    ) -> tuple[Bucket, ...]:
        """Return the buckets of a cut over all trades so far; raises ValueError naming an unknown cut."""
        if cut not in CUTS:
            raise ValueError(f"cut: {cut!r} is not one of {', '.join(CUTS)}")
        self._sum_up()
        days = self._whole.sums().days
        known = days[days != UNKNOWN_AT]
        if len(known):
            first = first or to_date(int(known[0]))
            last = last or to_date(int(known[-1]))
        span = SessionSpan(first=first, last=last, sessions=None if sessions is None else tuple(sessions))
        buckets = self._buckets[cut]
        labels = tuple(buckets)
        sizes = np.array([buckets[label].count for label in labels], dtype=np.intp)
        return tuple(
            Bucket(labels[i], assemble(buckets[labels[i]].sums(), buckets[labels[i]].equity, span))
            for i in ordered(cut, labels, sizes)
        )

    def trades(self) -> Trades:
        """Return all trades so far in columns."""
        built = len(self._columns)
        if built < len(self._trades):
            self._columns = self._columns.then(
                Trades.from_trades(entry.trade for entry in self._trades[built:])
            )
        return self._columns

    def ids(self) -> tuple[str, ...]:
        """Return the ids of all trades so far, in the order of ``trades``."""
        return tuple(entry.id for entry in self._trades)

    def window(self, days: int, as_of: datetime) -> Trades:
        """Return the trades that exited within ``days`` times 24 hours before an instant."""
        return self.trades().window(days, as_of)

    def _clear_sums(self) -> None:
        self._summed = 0
        self._whole = GroupTotals(EquityStats(self.accounts))
        self._buckets: dict[str, dict[str, GroupTotals]] = {name: {} for name in CUTS}

    def _sum_up(self) -> None:
        """Add the trades that came since the last call to the sums of their groups."""
        for entry in self._trades[self._summed :]:
            row, day = _row(entry.trade), int(exchange_days(np.array([entry.at]))[0])
            for totals in self._groups_of(entry.trade):
                totals.add(row, day)
                _add_exit(totals.equity, entry)
        self._summed = len(self._trades)

    def _groups_of(self, trade: Trade) -> list[GroupTotals]:
        found = [self._whole]
        for name, label in labels_of(trade).items():
            known = self._buckets[name]
            if label not in known:
                known[label] = GroupTotals(EquityStats(self.accounts))
            found.append(known[label])
        return found


def _add_exit(equity: EquityStats, entry: _TrackedTrade) -> None:
    hold = entry.trade.hold_time_seconds
    equity.add(entry.trade.pnl_net, entry.at, opened_at(entry.at, math.nan if hold is None else hold))


def _row(trade: Trade) -> Floats:
    row = np.zeros(len(NAMES))
    net = trade.pnl_net
    row[INDEX["net"]], row[INDEX["n"]] = net, 1.0
    if net > 0:
        row[INDEX["gain"]], row[INDEX["wins"]] = net, 1.0
    elif net < 0:
        row[INDEX["loss"]], row[INDEX["losses"]] = -net, 1.0
    known = {name: getattr(trade, attribute) for name, attribute in _ATTRIBUTES.items()}
    known["costs"] = None if trade.pnl_gross is None else trade.pnl_gross - net
    for name in COLUMNS[3:]:
        value = known[name]
        if value is not None:
            row[INDEX[name]], row[INDEX[f"#{name}"]] = value, 1.0
    return row
