"""The limits that depend on what is open, applied again in the order of time for a what-if."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.rules import Rules

if TYPE_CHECKING:
    from core.learning.whatif import Outcomes

_MICROS_A_MINUTE = 60_000_000


def allowed(outcomes: Outcomes, wanted: NDArray[np.bool_], rules: Rules) -> NDArray[np.bool_]:
    """Which of the wanted trades would have been opened, one after the other.

    Open positions in all and per symbol, the day's realised loss and the cool-down after losses in a row are
    counted anew, dollars at multiplier 1. A trade whose exit is not known is counted as open to the end of
    its day. Exposure and Greeks at the time are not stored and are not applied again.
    """
    limits = rules.risk
    granted = np.zeros(len(wanted), dtype=np.bool_)
    places = np.flatnonzero(wanted)
    open_until: list[tuple[int, int, float, int]] = []
    held: dict[int, int] = {}
    day, realised, losses, cool_until = -1, 0.0, 0, 0
    last_of_day = _last_of_day(outcomes)
    columns = zip(
        places.tolist(),
        outcomes.at[places].tolist(),
        outcomes.day[places].tolist(),
        outcomes.symbol[places].tolist(),
        outcomes.exit_at[places].tolist(),
        outcomes.net[places].tolist(),
        last_of_day[places].tolist(),
        strict=True,
    )
    for place, at, today, symbol, exit_at, net, end in columns:
        if today != day:
            day, realised = today, 0.0
        while open_until and open_until[0][0] <= at:
            left, of, made, on = heapq.heappop(open_until)
            held[of] -= 1
            if made < 0:
                losses += 1
                if losses >= limits.losses_in_a_row:
                    cool_until, losses = left + int(limits.cool_down_minutes * _MICROS_A_MINUTE), 0
            elif made > 0:
                losses = 0
            if on == day and made == made:
                realised += made
        if (
            len(open_until) >= limits.open_positions
            or held.get(symbol, 0) >= limits.per_symbol
            or realised <= -limits.daily_loss
            or at < cool_until
        ):
            continue
        granted[place] = True
        held[symbol] = held.get(symbol, 0) + 1
        left_on = today if exit_at else -1
        heapq.heappush(open_until, (exit_at or end, symbol, net, left_on))
    return granted


def _last_of_day(outcomes: Outcomes) -> NDArray[np.int64]:
    """For each row the instant of the last decision of its day."""
    if not len(outcomes):
        return outcomes.at
    ends = np.flatnonzero(np.diff(outcomes.day, append=outcomes.day[-1] + 1))
    last: NDArray[np.int64] = outcomes.at[ends[np.searchsorted(ends, np.arange(len(outcomes)))]]
    return last
