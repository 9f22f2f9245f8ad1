"""Equity curve: drawdown and streaks, which depend on the order of exits; one exit at a time or all at once.

Equity is the account in force plus the cumulative net P&L. Exits at one instant have no order: they are one step of
the curve, by their sum. ``EquityStats.add`` and ``equity_stats`` agree to the last bit, because a cumulative sum adds
in the same order and the sum of one instant is exact.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from math import fsum
from typing import Any, NamedTuple

import numpy as np

from core.performance.accounts import Accounts
from core.performance.columns import Floats, Trades
from core.performance.days import UNKNOWN_AT, Ints


@dataclass(slots=True)
class EquityStats:
    """The deepest drawdown and the longest streaks so far; instants in microseconds since 1970.

    ``depth`` is the deepest drawdown in $, ``depth_pct`` the deepest in % of the equity at the peak before it, with
    the account in force at the exit; they may be different drawdowns. ``fell_at`` is the instant of the peak before
    ``depth``, ``trough_at`` that of its lowest point and ``recovered_at`` that of equity back at the peak, ``None``
    before. ``timed`` is false when an exit time is unknown. A trade of exactly 0 neither continues nor ends a streak;
    wins and losses at one instant end both streaks.
    """

    accounts: Accounts
    exits: int = 0
    net: float = 0.0
    peak: float = 0.0
    peak_at: int = UNKNOWN_AT
    depth: float = 0.0
    depth_pct: float = 0.0
    fell_at: int = UNKNOWN_AT
    trough_at: int = UNKNOWN_AT
    recovered_at: int | None = None
    last_at: int = UNKNOWN_AT
    timed: bool = True
    wins: int = 0
    losses: int = 0
    longest_wins: int = 0
    longest_losses: int = 0
    _before: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    _of_instant: list[float] = field(default_factory=list, repr=False, compare=False)
    _opened: int = field(default=UNKNOWN_AT, repr=False, compare=False)

    @property
    def account(self) -> float:
        """The account's size in $ that is in force last."""
        return self.accounts.latest

    def add(self, net: float, at: int, opened_at: int) -> None:
        """Add the next exit, which must not be before the last one.

        ``opened_at`` is used for the exits of the first instant only: the curve begins at the earliest.
        """
        if self.exits and at == self.last_at and at != UNKNOWN_AT:
            for name, value in self._before.items():
                setattr(self, name, value)
            self._opened = min(self._opened, opened_at)
        else:
            self._before = {name: getattr(self, name) for name in _FIGURES}
            self._of_instant, self._opened = [], opened_at
        self._of_instant.append(net)
        self._step(at)

    def _step(self, at: int) -> None:
        """Take the curve to an instant by all of its exits."""
        if self.exits == 0:
            self.peak_at = self._opened
        self.exits += len(self._of_instant)
        self.net += fsum(self._of_instant)
        self.last_at = at
        self.timed = self.timed and at != UNKNOWN_AT
        if self.net >= self.peak:
            if self.depth > 0 and self.recovered_at is None:
                self.recovered_at = at
            self.peak, self.peak_at = self.net, at
        else:
            fall = self.peak - self.net
            if fall > self.depth:
                self.depth, self.fell_at, self.trough_at, self.recovered_at = fall, self.peak_at, at, None
            whole = self.accounts.at(at) + self.peak
            if whole > 0:
                self.depth_pct = max(self.depth_pct, fall / whole * 100)
        won, lost = sum(x > 0 for x in self._of_instant), sum(x < 0 for x in self._of_instant)
        if won and lost:
            self.wins = self.losses = 0
        elif won:
            self.wins, self.losses = self.wins + won, 0
            self.longest_wins = max(self.longest_wins, self.wins)
        elif lost:
            self.losses, self.wins = self.losses + lost, 0
            self.longest_losses = max(self.longest_losses, self.losses)


_FIGURES = tuple(f.name for f in fields(EquityStats) if f.compare and f.name != "accounts")


class Curve(NamedTuple):
    """Points of the equity curve in $, one per instant of exits, with the instant in microseconds."""

    at: Ints
    cumulative: Floats
    underwater: Floats


def curve(trades: Trades) -> Curve:
    """Return the cumulative P&L and the distance below the peak (zero or negative) after each instant."""
    at, nets = _by_instant(trades)[:2]
    cumulative = np.cumsum(nets)
    peaks = np.maximum.accumulate(np.maximum(cumulative, 0.0)) if len(cumulative) else cumulative
    return Curve(at, cumulative, cumulative - peaks)


def opened_at(exit_at: int, hold: float) -> int:
    """Return the instant a trade was opened, in microseconds; its exit when the holding time is unknown."""
    return exit_at if np.isnan(hold) or exit_at == UNKNOWN_AT else exit_at - round(hold * 1e6)


def equity_stats(trades: Trades, account: float | Accounts) -> EquityStats:
    """Return drawdown and streaks of trades in columns."""
    count = len(trades)
    stats = EquityStats(Accounts.of(account))
    if count == 0:
        return stats
    instants, nets, won, lost = _by_instant(trades)
    at = np.concatenate(([_begin(trades)], instants))
    cumulative = np.concatenate(([0.0], np.cumsum(nets)))
    peaks = np.maximum.accumulate(cumulative)
    falls = peaks - cumulative
    on_peak = np.flatnonzero(falls == 0)
    stats.exits, stats.net = count, float(cumulative[-1])
    stats.last_at = int(instants[-1])
    stats.timed = bool(trades.exit_at[0] != UNKNOWN_AT)
    stats.peak, stats.peak_at = float(peaks[-1]), int(at[on_peak[-1]])
    trough = int(np.argmax(falls))
    if falls[trough] > 0:
        stats.depth, stats.trough_at = float(falls[trough]), int(at[trough])
        whole = stats.accounts.at_each(at) + peaks
        stats.depth_pct = float(np.max(falls[whole > 0] / whole[whole > 0] * 100, initial=0.0))
        after = int(np.searchsorted(on_peak, trough))
        stats.fell_at = int(at[on_peak[after - 1]])
        stats.recovered_at = int(at[on_peak[after]]) if after < len(on_peak) else None
    _streaks(stats, won, lost)
    return stats


def _begin(trades: Trades) -> int:
    """Return the earliest opening among the exits of the first instant."""
    first = int(trades.exit_at[0])
    if first == UNKNOWN_AT:
        return first
    count = int(np.searchsorted(trades.exit_at, first, side="right"))
    return min(opened_at(first, hold) for hold in trades.hold[:count].tolist())


def _by_instant(trades: Trades) -> tuple[Ints, Floats, Ints, Ints]:
    """Return instants with the exact sum of their exits and the numbers of wins and losses among them.

    Exits of unknown time stay apart.
    """
    at, net = trades.exit_at, trades.net
    if len(net) == 0:
        return at, net, at, at
    starts = np.flatnonzero(np.concatenate(([True], (at[1:] != at[:-1]) | (at[1:] == UNKNOWN_AT))))
    ends = np.append(starts[1:], len(net))
    sums = net[starts].copy()
    for place in np.flatnonzero(ends - starts > 1).tolist():
        sums[place] = fsum(net[starts[place] : ends[place]].tolist())
    won, lost = (np.add.reduceat(side.astype(np.int64), starts) for side in (net > 0, net < 0))
    return at[starts], sums, won, lost


def _streaks(stats: EquityStats, won: Ints, lost: Ints) -> None:
    chosen = (won > 0) | (lost > 0)
    won, lost = won[chosen], lost[chosen]
    for side, other, name in ((won, lost, "wins"), (lost, won, "losses")):
        # The running number on one side: what it grew by since the other side last had any.
        total = np.cumsum(side)
        ended = np.maximum.accumulate(np.where(other > 0, total, 0)) if len(total) else total
        runs = total - ended
        setattr(stats, name, int(runs[-1]) if len(runs) else 0)
        setattr(stats, f"longest_{name}", int(np.max(runs, initial=0)))
