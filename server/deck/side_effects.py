"""Side effects of a suggested change on stored decisions: what it would have done to them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.decision.columns import DecisionColumns
from core.learning.limits_replay import REAPPLIED
from core.learning.outcomes import Outcomes, account_contracts, account_dollars
from core.learning.trades_made import CODE
from core.model import BY_HAND
from core.performance.days import exchange_days
from core.rules import Rules
from server.ledger.followed_reading import NewestDecisions


def stored_outcomes(newest: NewestDecisions, rules: Rules) -> tuple[DecisionColumns, Outcomes]:
    """Return inputs and outcomes of stored decisions, oldest first, as ``ledger_columns`` reads them of entries."""
    packed = newest.packed
    order = np.lexsort((packed.seq, packed.at))
    # To the cent, as trades are read.
    cents = np.array([round(net, 2) + 0.0 for net in packed.closed.net.tolist()])
    closed = replace(packed.closed, net=cents)
    by_hand = packed.code == BY_HAND.encode()
    contracts = account_contracts(closed, rules)
    net = np.where(closed.stale | by_hand, np.nan, account_dollars(closed, contracts))
    bought = np.where(closed.filled > 0, closed.filled, np.nan)
    contracts = np.where(np.isnan(net), np.nan, np.where(np.isnan(contracts), bought, contracts))
    refused = (packed.code != b"") & ~np.isin(packed.code, [code.encode() for code in REAPPLIED])
    outcomes = Outcomes(
        at=packed.at,
        day=exchange_days(packed.at),
        signal=packed.signal,
        symbol=packed.symbol,
        direction=packed.direction,
        net=net,
        exit_at=np.where(np.isnan(net), 0, closed.exit_at),
        blocked=refused | (contracts == 0),
        real=np.array(newest.traded, dtype=np.bool_) & ~by_hand,
        code=packed.code.astype(CODE),
        contracts=contracts,
    )
    return packed.columns.take(order), outcomes.take(order)
