"""Apply the limits that depend on open positions again, trade by trade, for a what-if."""

from __future__ import annotations

import heapq

import numpy as np

from core.learning.outcomes import Flags, Ints, Outcomes
from core.performance.days import exchange_days
from core.rules import Rules
from core.thresholds import at_most

REAPPLIED = frozenset({"MAX_POSITIONS", "MAX_PER_SYMBOL", "OPPOSITE_OPEN", "COOL_DOWN", "MODE_REDUCING"})
"""Refusals that are not taken from the ledger, because open positions are counted again."""

REAPPLIED_RULES = frozenset(
    f"risk.{name}"
    for name in (
        "open_positions", "per_symbol", "opposite", "daily_loss", "losses_in_a_row", "cool_down_minutes",
    )
)  # fmt: skip
"""The rules that ``allowed`` applies."""

_MICROS_A_MINUTE = 60_000_000


def allowed(outcomes: Outcomes, wanted: Flags, rules: Rules) -> Flags:
    """Return a mask of the wanted trades that the limits would have allowed, one after the other.

    Counted again: open positions in all and per symbol, the opposite side, the day's realised loss and the
    cool-down after losses in a row. A trade with an unknown exit is held to the end
    of its day. Exposure and Greeks at the time are not stored and not applied again.
    """
    limits = rules.risk
    refuse_opposite = limits.opposite == "refuse"
    cool_down = int(limits.cool_down_minutes * _MICROS_A_MINUTE)
    places = np.flatnonzero(wanted)
    known = outcomes.exit_at[places] > 0
    until = np.where(known, outcomes.exit_at[places], _last_of_day(outcomes)[places])
    columns = zip(
        places.tolist(),
        outcomes.at[places].tolist(),
        outcomes.day[places].tolist(),
        outcomes.symbol[places].tolist(),
        outcomes.direction[places].tolist(),
        until.tolist(),
        exchange_days(until).tolist(),
        np.nan_to_num(outcomes.net[places]).tolist(),
        strict=True,
    )
    granted = np.zeros(len(wanted), dtype=np.bool_)
    held: dict[tuple[int, int], int] = {}
    waiting: list[tuple[int, int, int, int, float]] = []
    day, realised, losses, cool_until = -1, 0.0, 0, 0
    for place, at, today, symbol, side, end, end_day, net in columns:
        if today != day:
            day, realised = today, 0.0
        while waiting and waiting[0][0] <= at:
            exited_at, exit_day, of_symbol, of_side, pnl = heapq.heappop(waiting)
            held[of_symbol, of_side] -= 1
            if exit_day == day:
                realised += pnl
            if pnl < 0:
                losses += 1
                if losses >= limits.losses_in_a_row:
                    cool_until = exited_at + cool_down
            elif pnl > 0:
                losses = 0
        opposite = held.get((symbol, -side), 0)
        if (
            len(waiting) >= limits.open_positions
            or held.get((symbol, side), 0) + opposite >= limits.per_symbol
            or (refuse_opposite and opposite)
            or at_most(realised, -limits.daily_loss)
            or at < cool_until
        ):
            continue
        granted[place] = True
        held[symbol, side] = held.get((symbol, side), 0) + 1
        heapq.heappush(waiting, (end, end_day, symbol, side, net))
    return granted


def _last_of_day(outcomes: Outcomes) -> Ints:
    """Return for each row the instant after the last decision of its day."""
    if not len(outcomes):
        return outcomes.at
    ends = np.flatnonzero(np.diff(outcomes.day, append=outcomes.day[-1] + 1))
    last: Ints = outcomes.at[ends[np.searchsorted(ends, np.arange(len(outcomes)))]] + 1
    return last
