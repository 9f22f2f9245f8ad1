"""What closed trades and shadows made, in columns, and the same at multiplier 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.decision.contracts import TOLERANCE
from core.rules import Rules

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """n outcomes, each array of shape (n,); ``net`` in $ for all contracts, NaN where nothing has closed.

    ``exit_at`` in microseconds since 1970; ``premium`` $ a share, ``risk`` the planned loss in $ of all
    contracts, ``multiplier`` the size's, NaN without one; ``stale`` left without a fresh price.
    """

    net: Floats
    exit_at: NDArray[np.int64]
    shadow: Flags
    stale: Flags
    filled: Floats
    premium: Floats
    risk: Floats
    shares: Floats
    multiplier: Floats


def share_at_one(closed: Closed, rules: Rules) -> tuple[Floats, Floats]:
    """Divisor and factor that take net dollars to multiplier 1, as ``samples.at_one`` does for one trade."""
    table = rules.sizing
    budget = rules.account.size * rules.account.budget_pct / 100 * 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        cost = closed.premium * closed.shares
        loss = np.maximum(
            closed.risk / closed.filled, table.least_loss_fraction * closed.premium * closed.shares
        )
        count = np.minimum(
            np.minimum(np.floor(budget / loss + TOLERANCE), np.floor(table.premium_cap / cost + TOLERANCE)),
            table.contract_cap,
        )
        single = (cost <= table.premium_cap) & (loss <= table.one_contract_tolerance * budget)
    count = np.where(count >= 1, count, np.where(single, 1.0, 0.0))
    known = (closed.filled > 0) & (closed.premium > 0) & (closed.risk > 0) & (count >= 1) & ~closed.shadow
    sized = ~known & ~closed.shadow & (closed.multiplier > 0)
    divisor = np.select([known, sized], [closed.filled, closed.multiplier], 1.0)
    return divisor, np.where(known, count, 1.0)
