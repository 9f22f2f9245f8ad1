"""Sums per session: the basis of means, rates and their intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.performance.columns import Floats, Trades
from core.performance.days import UNKNOWN_AT, Ints

COLUMNS = (
    "net", "gain", "loss", "r", "hold", "mfe", "mae", "gross", "costs", "delta", "gamma", "iv", "theta",
    "unexplained", "best", "expected", "worst",
)  # fmt: skip
COUNTS = ("n", "wins", "losses")
NAMES = (*COLUMNS, *COUNTS, *(f"#{name}" for name in COLUMNS[3:]))
"""``gain`` and ``loss`` are the net of wins and of losses, both positive; ``#x`` counts the rows with a known
x.
"""
INDEX = {name: i for i, name in enumerate(NAMES)}


@dataclass(frozen=True, slots=True)
class SessionSums:
    """Sums of trades per session: one row of ``values`` per session with an exit, its columns are ``NAMES``.

    ``days`` are days since 1970, ascending. An exit on an unknown day is a row of its own.
    """

    days: Ints
    values: Floats

    def column(self, name: str) -> Floats:
        chosen: Floats = self.values[:, INDEX[name]]
        return chosen

    def total(self, name: str) -> float:
        return float(self.column(name).sum())

    def sessions(self, name: str) -> int:
        """Return the number of sessions in which a count or a sum is not 0."""
        return int(np.count_nonzero(self.column(name)))


def sum_by_session(trades: Trades) -> SessionSums:
    """Return the sums per session of trades in columns."""
    count = len(trades)
    if count == 0:
        return SessionSums(np.empty(0, np.int64), np.empty((0, len(NAMES))))
    first = np.empty(count, np.bool_)
    first[0] = True
    np.not_equal(trades.day[1:], trades.day[:-1], out=first[1:])
    first |= trades.day == UNKNOWN_AT
    starts = np.flatnonzero(first)
    values = np.empty((len(starts), len(NAMES)))
    rows = np.diff(starts, append=count).astype(np.float64)
    won, lost = trades.net > 0, trades.net < 0
    derived = {
        "net": trades.net,
        "gain": np.where(won, trades.net, 0.0),
        "loss": np.where(lost, -trades.net, 0.0),
        "costs": trades.gross - trades.net,
    }
    for name in COLUMNS:
        column = derived[name] if name in derived else getattr(trades, name)
        known = rows
        if name in COLUMNS[3:]:
            missing = np.isnan(column)
            if missing.any():
                column = np.where(missing, 0.0, column)
                known = rows - np.add.reduceat(missing.astype(np.float64), starts)
            values[:, INDEX[f"#{name}"]] = known
        values[:, INDEX[name]] = np.add.reduceat(column, starts)
    values[:, INDEX["n"]] = rows
    values[:, INDEX["wins"]] = np.add.reduceat(won.astype(np.float64), starts)
    values[:, INDEX["losses"]] = np.add.reduceat(lost.astype(np.float64), starts)
    return SessionSums(trades.day[starts], values)
