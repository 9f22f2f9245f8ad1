"""Trades in columns, ordered by exit: the form in which a million trades are measured at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from core.performance.cuts import CUTS
from core.performance.days import UNKNOWN_AT, Ints, exchange_days, micros
from core.performance.trade import NotClosed, Trade, trade_from_entry

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_OPTIONAL = (
    ("gross", "pnl_gross"),
    ("r", "r"),
    ("risk", "risk_amount"),
    ("hold", "hold_time_seconds"),
    ("delta", "pnl_from_delta"),
    ("gamma", "pnl_from_gamma"),
    ("iv", "pnl_from_iv"),
    ("theta", "pnl_from_theta"),
    ("unexplained", "pnl_unexplained"),
    ("mfe", "mfe"),
    ("mae", "mae"),
    ("best", "pnl_best"),
    ("expected", "pnl_expected"),
    ("worst", "pnl_worst"),
)


@dataclass(frozen=True, slots=True)
class Codes:
    """A column of texts stored as numbers: the text of row i is ``labels[codes[i]]``."""

    labels: tuple[str, ...]
    codes: NDArray[np.int32]

    def then(self, later: Codes) -> Codes:
        """Return these rows followed by the rows of another column."""
        places = {label: code for code, label in enumerate(self.labels)}
        moved = [places.setdefault(label, len(places)) for label in later.labels]
        codes = np.array(moved, dtype=np.int32)[later.codes] if moved else later.codes
        return Codes(tuple(places), np.concatenate((self.codes, codes)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trades:
    """Columns of equal length in the order of exit; NaN is unknown.

    ``net``, ``gross`` and the parts in $, ``hold`` in seconds, ``exit_at`` in microseconds since 1970 UTC
    (``UNKNOWN_AT`` sorts first), ``day`` the exchange day of the exit. ``cuts`` holds each row's bucket per
    cut. Made by ``Trades.from_trades`` from trades, by ``Trades.from_columns`` from arrays.
    """

    net: Floats
    exit_at: Ints
    day: Ints
    gross: Floats
    r: Floats
    risk: Floats
    hold: Floats
    delta: Floats
    gamma: Floats
    iv: Floats
    theta: Floats
    unexplained: Floats
    mfe: Floats
    mae: Floats
    best: Floats
    expected: Floats
    worst: Floats
    stale: Bools
    without_feed: Bools
    settled_estimate: Bools
    cuts: Mapping[str, Codes] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.net)

    @classmethod
    def from_trades(cls, trades: Iterable[Trade | Mapping[str, Any]], *, cuts: Iterable[str] = CUTS) -> Self:
        """Return trades or ledger entries in columns; entries that are not closed trades are skipped.

        ``cuts`` names the breakdowns to prepare, by default all. Exits at the same instant are ordered by id,
        then as given. Raises ValueError for a net P&L that is not a number.
        """
        cuts = tuple(cuts)
        rows = _rows(trades, figures_only=not cuts)
        count = len(rows)
        at = np.fromiter(
            (UNKNOWN_AT if t.exit_time is None else micros(t.exit_time) for t in rows), np.int64, count
        )
        columns = {
            column: np.array([getattr(t, name) for t in rows], dtype=np.float64)
            for column, name in (("net", "pnl_net"), *_OPTIONAL)
        }
        if not np.isfinite(columns["net"]).all():
            bad = rows[int(np.flatnonzero(~np.isfinite(columns["net"]))[0])]
            raise ValueError(f"trade {bad.id}: pnl_net {bad.pnl_net!r} is no amount of money")
        return cls.from_columns(
            exit_at=at,
            stale=np.fromiter((t.stale_fill for t in rows), np.bool_, count),
            without_feed=np.fromiter((t.without_feed for t in rows), np.bool_, count),
            settled_estimate=np.fromiter((t.settled_estimate for t in rows), np.bool_, count),
            cuts={name: _codes([CUTS[name].label(t) for t in rows]) for name in cuts},
            order=sorted(range(count), key=lambda i: (int(at[i]), rows[i].id)),
            **columns,
        )

    @classmethod
    def from_columns(
        cls,
        net: Floats,
        exit_at: Ints,
        *,
        stale: Bools | None = None,
        without_feed: Bools | None = None,
        settled_estimate: Bools | None = None,
        cuts: Mapping[str, Codes] | None = None,
        order: Iterable[int] | None = None,
        **optional: Floats,
    ) -> Self:
        """Return arrays of one length as trades; omitted columns are unknown.

        The rows are sorted by exit, or put into the given ``order``.
        """
        missing, none = np.full(len(net), np.nan), np.zeros(len(net), dtype=np.bool_)
        values = {name: optional.pop(name, missing) for name, _ in _OPTIONAL}
        if optional:
            raise TypeError(f"no such column: {', '.join(optional)}")
        trades = cls(
            net=np.asarray(net, dtype=np.float64),
            exit_at=exit_at,
            day=exit_at,
            stale=none if stale is None else stale,
            without_feed=none if without_feed is None else without_feed,
            settled_estimate=none if settled_estimate is None else settled_estimate,
            cuts=cuts or {},
            **values,
        )
        if order is not None:
            trades = trades._select(np.fromiter(order, np.int64, len(net)))
        elif not np.all(exit_at[1:] >= exit_at[:-1]):
            trades = trades._select(np.argsort(exit_at, kind="stable"))
        # Looked up after sorting, because sorted instants are several times as fast to look up.
        return replace(trades, day=exchange_days(trades.exit_at))

    def where(self, mask: Bools) -> Self:
        """Return the rows of a mask, in their order."""
        return self if mask.all() else self._select(mask)

    def fresh(self) -> Self:
        """Return the trades without those that have an exit filled without a fresh price."""
        return self.where(~self.stale)

    def window(self, days: int, as_of: datetime) -> Self:
        """Return the trades that exited within the last ``days`` times 24 hours before an instant."""
        start, end = micros(as_of - timedelta(days=days)), micros(as_of)
        return self.where((self.exit_at > start) & (self.exit_at <= end))

    def since(self, first: date, last: date) -> Self:
        """Return the trades that exited on the exchange days from ``first`` to ``last``, both included."""
        low, high = np.datetime64(first, "D").astype(np.int64), np.datetime64(last, "D").astype(np.int64)
        return self.where((self.day >= low) & (self.day <= high))

    def then(self, later: Self) -> Self:
        """Return these trades followed by later ones; no later trade may exit before the last of these."""
        joined: dict[str, Any] = {
            f.name: np.concatenate((getattr(self, f.name), getattr(later, f.name)))
            for f in fields(self)
            if f.name != "cuts"
        }
        joined["cuts"] = {name: codes.then(later.cuts[name]) for name, codes in self.cuts.items()}
        return replace(self, **joined)

    def _select(self, rows: Any) -> Self:
        chosen: dict[str, Any] = {
            f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name != "cuts"
        }
        chosen["cuts"] = {name: Codes(c.labels, c.codes[rows]) for name, c in self.cuts.items()}
        return replace(self, **chosen)


def _rows(trades: Iterable[Trade | Mapping[str, Any]], *, figures_only: bool) -> list[Trade]:
    rows = []
    for trade in trades:
        if isinstance(trade, Trade):
            rows.append(trade)
            continue
        try:
            rows.append(trade_from_entry(trade, figures_only=figures_only))
        except NotClosed:
            continue
    return rows


def _codes(texts: list[str]) -> Codes:
    known: dict[str, int] = {}
    codes = np.fromiter((known.setdefault(t, len(known)) for t in texts), np.int32, len(texts))
    return Codes(tuple(known), codes)
