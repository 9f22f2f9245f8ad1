"""Equity curve: drawdown and streaks, which depend on the order of exits; one exit at a time or all at once.

Equity is the account plus the cumulative net P&L after each exit. ``EquityStats.add`` and ``equity_stats``
agree to the last bit, because a cumulative sum adds in the same order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from core.performance.columns import Floats, Trades
from core.performance.days import UNKNOWN_AT, Ints


@dataclass(slots=True)
class EquityStats:
    """The deepest drawdown and the longest streaks so far; instants in microseconds since 1970.

    ``depth`` is the deepest drawdown in $, ``depth_pct`` the deepest in % of the peak before it; they may be
    different drawdowns. ``fell_at`` is the instant of the peak before ``depth``, ``trough_at`` that of its
    lowest point and ``recovered_at`` that of equity back at the peak, ``None`` before. ``timed`` is false
    when an exit time is unknown. A trade of exactly 0 neither continues nor ends a streak.
    """

    account: float
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

    def add(self, net: float, at: int, opened_at: int) -> None:
        """Add the next exit, which must not be before the last one.

        ``opened_at`` is used for the first exit only.
        """
        if self.exits == 0:
            self.peak, self.peak_at = self.account, opened_at
        self.exits += 1
        self.net += net
        self.last_at = at
        self.timed = self.timed and at != UNKNOWN_AT
        equity = self.account + self.net
        if equity >= self.peak:
            if self.depth > 0 and self.recovered_at is None:
                self.recovered_at = at
            self.peak, self.peak_at = equity, at
        else:
            fall = self.peak - equity
            if fall > self.depth:
                self.depth, self.fell_at, self.trough_at, self.recovered_at = fall, self.peak_at, at, None
            if self.peak > 0:
                self.depth_pct = max(self.depth_pct, fall / self.peak * 100)
        if net > 0:
            self.wins, self.losses = self.wins + 1, 0
            self.longest_wins = max(self.longest_wins, self.wins)
        elif net < 0:
            self.losses, self.wins = self.losses + 1, 0
            self.longest_losses = max(self.longest_losses, self.losses)


class Curve(NamedTuple):
    """Points of the equity curve in $, one per exit, with the instant in microseconds."""

    at: Ints
    cumulative: Floats
    underwater: Floats


def curve(trades: Trades, account: float) -> Curve:
    """Return the cumulative P&L and the distance below the peak (zero or negative) after each exit."""
    cumulative = np.cumsum(trades.net)
    equity = account + cumulative
    peaks = np.maximum.accumulate(np.maximum(equity, account)) if len(equity) else equity
    return Curve(trades.exit_at, cumulative, equity - peaks)


def opened_at(exit_at: int, hold: float) -> int:
    """Return the instant a trade was opened, in microseconds; its exit when the holding time is unknown."""
    return exit_at if np.isnan(hold) or exit_at == UNKNOWN_AT else exit_at - round(hold * 1e6)


def equity_stats(trades: Trades, account: float) -> EquityStats:
    """Return drawdown and streaks of trades in columns."""
    count = len(trades)
    stats = EquityStats(account)
    if count == 0:
        return stats
    at = np.concatenate(([opened_at(int(trades.exit_at[0]), float(trades.hold[0]))], trades.exit_at))
    cumulative = np.cumsum(trades.net)
    equity = np.concatenate(([account], account + cumulative))
    peaks = np.maximum.accumulate(equity)
    falls = peaks - equity
    on_peak = np.flatnonzero(falls == 0)
    stats.exits, stats.net = count, float(cumulative[-1])
    stats.last_at = int(trades.exit_at[-1])
    stats.timed = bool(trades.exit_at[0] != UNKNOWN_AT)
    stats.peak, stats.peak_at = float(peaks[-1]), int(at[on_peak[-1]])
    trough = int(np.argmax(falls))
    if falls[trough] > 0:
        stats.depth, stats.trough_at = float(falls[trough]), int(at[trough])
        positive = peaks > 0
        stats.depth_pct = float(np.max(falls[positive] / peaks[positive] * 100, initial=0.0))
        after = int(np.searchsorted(on_peak, trough))
        stats.fell_at = int(at[on_peak[after - 1]])
        stats.recovered_at = int(at[on_peak[after]]) if after < len(on_peak) else None
    _streaks(stats, trades.net)
    return stats


def _streaks(stats: EquityStats, net: Floats) -> None:
    won = net[net != 0] > 0
    if len(won) == 0:
        return
    turns = np.flatnonzero(np.concatenate(([True], won[1:] != won[:-1], [True])))
    lengths, of_wins = np.diff(turns), won[turns[:-1]]
    stats.longest_wins = int(np.max(lengths[of_wins], initial=0))
    stats.longest_losses = int(np.max(lengths[~of_wins], initial=0))
    stats.wins, stats.losses = (int(lengths[-1]), 0) if of_wins[-1] else (0, int(lengths[-1]))
