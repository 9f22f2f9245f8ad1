"""Ledgers of trades whose true win rate and mean are known, and how often intervals hold them.

Each cell is a way in which trades of one session, or sessions that follow each other, are not independent, or in
which payoffs are not alike.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.performance import Trades, metrics

Floats = NDArray[np.float64]

DAY = 86_400_000_000
MONDAY = int(datetime(2020, 1, 6, 15, tzinfo=UTC).timestamp()) * 1_000_000
RISK = 250.0
MEASURES = ("win_rate", "expectancy", "average_r", "profit_factor", "net_pnl")


@dataclass(frozen=True, slots=True)
class Cell:
    """A kind of ledger: ``trades`` a session, ``persistence`` of the day's effect from one session to the next.

    ``shared`` is the day's effect in R (standard deviation), which also moves the chance to win. ``lottery``:
    one trade in eight wins some multiples of R, all others lose nearly all.
    """

    name: str
    trades: int
    shared: float = 0.0
    persistence: float = 0.0
    lottery: bool = False


CELLS = (
    Cell("independent", 5),
    Cell("shared days", 15, shared=0.5),
    Cell("days that follow each other", 15, shared=0.5, persistence=0.3),
    Cell("lottery", 5, lottery=True),
)
HARDER = Cell("days that follow each other closely", 15, shared=0.5, persistence=0.5)


def results(cell: Cell, sessions: int, ledgers: int, seed: int) -> Floats:
    """Return net over the planned loss of every trade: shape (ledgers, sessions, trades a session)."""
    rng = np.random.default_rng(seed)
    shape = (ledgers, sessions, cell.trades)
    if cell.lottery:
        wins = np.exp(rng.normal(1.6, 0.6, shape))
        return np.where(rng.random(shape) < 0.12, wins, -1 + 0.3 * rng.random(shape))
    day = np.zeros((ledgers, sessions))
    state = rng.normal(0, 1, ledgers)
    for n in range(sessions):
        day[:, n] = state
        fresh = rng.normal(0, 1, ledgers)
        state = cell.persistence * state + math.sqrt(1 - cell.persistence**2) * fresh
    shift = cell.shared * day[:, :, None]
    chance = 0.5 + 0.15 * np.tanh(2 * shift)
    return np.where(rng.random(shape) < chance, 1.0, -1.0) + rng.normal(0, 0.5, shape) + 0.8 * shift


@lru_cache(maxsize=16)
def truth(cell: Cell) -> Mapping[str, float]:
    """Return the true values, from two million trades."""
    r = results(cell, 500, 4_000 // cell.trades, 99).ravel()
    return {
        "win_rate": float((r > 0).mean()),
        "average_r": float(r.mean()),
        "expectancy": float(r.mean()) * RISK,
        "profit_factor": float(r[r > 0].sum() / -r[r < 0].sum()),
    }


def trades_of(r: Floats) -> Trades:
    """Return one ledger's trades, in the form that the metrics measure; ``r`` is (sessions, trades a session)."""
    sessions, each = r.shape
    day, place = np.divmod(np.arange(sessions * each), each)
    net = RISK * r.ravel()
    return Trades.from_columns(net, MONDAY + day * DAY + place * 60_000_000, r=r.ravel())


def coverage(cell: Cell, *, sessions: int, ledgers: int, seed: int = 1) -> dict[str, float]:
    """Return by measure the share of ledgers whose 95 % interval holds the true value."""
    true = dict(truth(cell))
    true["net_pnl"] = true["expectancy"] * sessions * cell.trades
    held = dict.fromkeys(MEASURES, 0)
    for r in results(cell, sessions, ledgers, seed):
        measured = metrics(trades_of(r))
        for name in MEASURES:
            metric = getattr(measured, name)
            above = metric.low is not None and metric.low <= true[name]
            held[name] += above and (metric.high is None or true[name] <= metric.high)
    return {name: count / ledgers for name, count in held.items()}
