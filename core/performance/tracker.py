"""Metrics kept up to date exit by exit; at any time equal to those computed from all trades anew.

Invariants, tested under these names: incremental_equals_full, order_of_arrival_does_not_matter.
"""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np

from core.performance.breakdown import Bucket, ordered
from core.performance.columns import Floats, Trades
from core.performance.cuts import CUTS, labels_of
from core.performance.days import UNKNOWN_AT, exchange_days, micros, to_date
from core.performance.equity_curve import Path, opened_at
from core.performance.metric import Metrics
from core.performance.metrics import ACCOUNT, Span, assemble
from core.performance.session_sums import COLUMNS, INDEX, NAMES, Sums
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
}


@dataclass(slots=True)
class Running:
    """The sums and the path of some trades; ``add`` costs the same however many there are."""

    path: Path
    by_day: dict[int, Floats] = field(default_factory=dict)
    of_unknown_day: list[Floats] = field(default_factory=list)
    count: int = 0

    def add(self, row: Floats, day: int) -> None:
        """One more trade's share in the sums."""
        self.count += 1
        if day == UNKNOWN_AT:
            self.of_unknown_day.append(row)
        elif day in self.by_day:
            self.by_day[day] += row
        else:
            self.by_day[day] = row.copy()

    def sums(self) -> Sums:
        days = sorted(self.by_day)
        rows = [*self.of_unknown_day, *(self.by_day[day] for day in days)]
        return Sums(
            np.array([UNKNOWN_AT] * len(self.of_unknown_day) + days, dtype=np.int64),
            np.array(rows).reshape(len(rows), len(NAMES)),
        )


@dataclass(frozen=True, slots=True, order=True)
class _Left:
    """A trade in its place among the exits."""

    at: int
    id: str
    arrived: int
    trade: Trade = field(compare=False)


class Tracker:
    """All trades so far: their metrics, those of every bucket of every cut, and those of a window.

    ``account`` in $. Trades with a leg sold without a fresh price are counted apart unless ``include_stale``.
    """

    def __init__(self, account: float = ACCOUNT, *, include_stale: bool = False) -> None:
        self.account = account
        self.stale_left_out = 0
        self._include_stale = include_stale
        self._left: list[_Left] = []
        self._ids: set[str] = set()
        self._whole = Running(Path(account))
        self._buckets: dict[str, dict[str, Running]] = {name: {} for name in CUTS}
        self._columns = Trades.of(())

    def __len__(self) -> int:
        return len(self._left)

    def __contains__(self, trade_id: str) -> bool:
        return trade_id in self._ids

    def add(self, trade: Trade) -> None:
        """Count one more closed trade; one whose id is counted already changes nothing.

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
        left = _Left(at, trade.id, len(self._left), trade)
        in_order = not self._left or self._left[-1] < left
        insort(self._left, left)
        if not in_order:
            self._columns = Trades.of(())
        row, day = _row(trade), int(exchange_days(np.array([at]))[0])
        for running, label in self._of(trade):
            running.add(row, day)
            if in_order:
                _walk(running.path, left)
            else:
                running.path = self._path(label)

    def metrics(
        self, *, first: date | None = None, last: date | None = None, sessions: Iterable[date] | None = None
    ) -> Metrics:
        """The metrics of all trades so far."""
        span = Span(first=first, last=last, sessions=None if sessions is None else tuple(sessions))
        whole = self._whole
        return assemble(whole.sums(), whole.path, span, stale_left_out=self.stale_left_out)

    def breakdown(
        self,
        cut: str,
        *,
        first: date | None = None,
        last: date | None = None,
        sessions: Iterable[date] | None = None,
    ) -> tuple[Bucket, ...]:
        """The buckets of a cut over all trades so far; raises ValueError naming an unknown cut."""
        if cut not in CUTS:
            raise ValueError(f"cut: {cut!r} is not one of {', '.join(CUTS)}")
        days = self._whole.sums().days
        known = days[days != UNKNOWN_AT]
        if len(known):
            first = first or to_date(int(known[0]))
            last = last or to_date(int(known[-1]))
        span = Span(first=first, last=last, sessions=None if sessions is None else tuple(sessions))
        buckets = self._buckets[cut]
        labels = tuple(buckets)
        sizes = np.array([buckets[label].count for label in labels], dtype=np.intp)
        return tuple(
            Bucket(labels[i], assemble(buckets[labels[i]].sums(), buckets[labels[i]].path, span))
            for i in ordered(cut, labels, sizes)
        )

    def trades(self) -> Trades:
        """All trades so far in columns."""
        built = len(self._columns)
        if built < len(self._left):
            self._columns = self._columns.then(Trades.of(left.trade for left in self._left[built:]))
        return self._columns

    def window(self, days: int, as_of: datetime) -> Trades:
        """The trades that left within so many days up to an instant, for ``metrics`` and ``breakdown``."""
        return self.trades().window(days, as_of)

    def _of(self, trade: Trade) -> list[tuple[Running, tuple[str, str] | None]]:
        found: list[tuple[Running, tuple[str, str] | None]] = [(self._whole, None)]
        for name, label in labels_of(trade).items():
            known = self._buckets[name]
            if label not in known:
                known[label] = Running(Path(self.account))
            found.append((known[label], (name, label)))
        return found

    def _path(self, bucket: tuple[str, str] | None) -> Path:
        """The path walked again, for a trade that left before one that was counted already."""
        path = Path(self.account)
        for left in self._left:
            if bucket is None or CUTS[bucket[0]].label(left.trade) == bucket[1]:
                _walk(path, left)
        return path


def _walk(path: Path, left: _Left) -> None:
    hold = left.trade.hold_time_seconds
    path.add(left.trade.pnl_net, left.at, opened_at(left.at, math.nan if hold is None else hold))


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
