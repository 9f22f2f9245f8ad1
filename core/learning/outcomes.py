"""Outcomes of stored decisions in columns: trades and shadows, in account dollars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.decision.columns import Codes
from core.rules import Rules
from core.thresholds import STEP, at_most

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """The outcomes of n decisions, oldest first; arrays of shape (n,), NaN where unknown.

    ``at`` and ``exit_at`` are microseconds since 1970, ``exit_at`` 0 when unknown; ``day`` is the exchange
    day of the decision. ``net`` is $ for ``contracts``, those of a trade as it was made, of a shadow those that its
    decision's size would have bought; NaN when no outcome is known. ``blocked`` marks
    decisions stopped by lateness, levels, the contract or its size, regardless of the verdict. ``signal`` and
    ``symbol`` number the ids and the symbols; ``direction`` is 1 for LONG, -1 for SHORT.
    ``scale`` is the candidate's contracts over those of the rules in force, 1 when omitted.
    ``real`` marks decisions whose trade was made, ``code`` is the code of those refused, empty
    for the others; these and ``contracts`` are optional.
    """

    at: Ints
    day: Ints
    signal: Ints
    symbol: Ints
    direction: Codes
    net: Floats
    exit_at: Ints
    blocked: Flags
    scale: Floats | None = None
    real: Flags | None = None
    code: NDArray[np.bytes_] | None = None
    contracts: Floats | None = None

    def __len__(self) -> int:
        return len(self.net)

    def take(self, rows: Any) -> Outcomes:
        """Return the outcomes of some rows (indices or a mask)."""
        scale, real, code, contracts = (
            None if column is None else column[rows]
            for column in (self.scale, self.real, self.code, self.contracts)
        )
        return Outcomes(
            at=self.at[rows], day=self.day[rows], signal=self.signal[rows], symbol=self.symbol[rows],
            direction=self.direction[rows], net=self.net[rows], exit_at=self.exit_at[rows],
            blocked=self.blocked[rows], scale=scale, real=real, code=code, contracts=contracts,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedOutcomes:
    """n stored outcomes with their size; arrays of shape (n,), ``net`` NaN when nothing has closed.

    ``net`` and ``risk`` (the planned loss) are $ for all contracts, ``premium`` $ per share, ``exit_at``
    microseconds since 1970. ``filled`` counts contracts, ``shares`` the shares of one contract,
    ``multiplier`` is the position size's multiplier, NaN without one. ``stale`` marks exits filled without a
    fresh price, ``shadow`` signals that were followed but not executed.
    """

    net: Floats
    exit_at: Ints
    shadow: Flags
    stale: Flags
    filled: Floats
    premium: Floats
    risk: Floats
    shares: Floats
    multiplier: Floats


def account_contracts(closed: ClosedOutcomes, rules: Rules) -> Floats:
    """Return the contracts of n outcomes: of trades those bought, of shadows those that their size would have bought.

    0 where not even one contract fits; NaN where price or planned loss of a shadow are not stored. The same
    calculation as ``contract_count``, which takes one trade.
    """
    table = rules.sizing
    size = np.where(np.isnan(closed.multiplier), 1.0, closed.multiplier)
    budget = rules.account.size * rules.account.budget_pct / 100 * size
    with np.errstate(divide="ignore", invalid="ignore"):
        cost = closed.premium * closed.shares
        loss = np.maximum(
            closed.risk / closed.filled, table.least_loss_fraction * closed.premium * closed.shares
        )
        count = np.minimum(
            np.minimum(np.floor(budget / loss + STEP), np.floor(table.premium_cap / cost + STEP)),
            table.contract_cap,
        )
        single = at_most(cost, table.premium_cap) & at_most(loss, table.one_contract_tolerance * budget)
    count = np.where(count >= 1, count, np.where(single, 1.0, 0.0))
    known = (closed.filled > 0) & (closed.premium > 0) & (closed.risk > 0)
    return np.where(closed.shadow, np.where(known, count, np.nan), closed.filled)


def account_dollars(closed: ClosedOutcomes, contracts: Floats) -> Floats:
    """Return the net $ of n outcomes for some contracts each; as stored where the contracts are not known."""
    with np.errstate(divide="ignore", invalid="ignore"):
        each = closed.net / closed.filled
    return np.where(closed.shadow & ~np.isnan(contracts), each * contracts, closed.net)
