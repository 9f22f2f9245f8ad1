"""Approvals: trades that wait for a person, with their terms, their deadline and their outcome.

Invariants: an approval names one contract and a quantity that is never exceeded; it is requested once per
waiting signal; it ends once and does not change afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.compared import over
from core.events import PriceSeen
from core.model import Contract, DecisionRecord, Direction, Reason, Tone
from core.positions.marking import entry_mark, quote_of
from core.positions.position import Mark
from core.positions.trading_context import TradingContext
from core.rules import Rules
from core.thresholds import above

NEEDED = "APPROVAL_NEEDED"
"""The code of a decision that waits for approval."""


class ApprovalStatus(StrEnum):
    """PENDING waits for a person, APPROVED for the market; the others are final.

    WITHDRAWN: a gate, a level or a limit refuses the trade by now, whether it was approved or not.
    """

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    EXECUTED = "EXECUTED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"


OPEN = frozenset({ApprovalStatus.PENDING, ApprovalStatus.APPROVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One trade that needs approval; money in dollars for all ``contracts``, ``price`` what a share would cost.

    ``decision_id`` is the decision that requested it; ``until`` the instant at which its signal expires.
    ``author`` and ``said_at`` are who answered and when, ``code`` why it ended without an answer. ``record`` is the
    requesting decision, kept while the approval is open.
    """

    id: str
    seq: int
    at: datetime
    signal_id: str
    decision_id: str
    symbol: str
    direction: Direction
    timeframe: int | None
    confidence: float
    contract: Contract
    contracts: int
    price: float
    premium: float
    planned_loss: float
    why: str
    until: datetime
    status: ApprovalStatus = ApprovalStatus.PENDING
    author: str | None = None
    said_at: datetime | None = None
    ended_at: datetime | None = None
    code: str | None = None
    position_id: str | None = None
    record: DecisionRecord | None = None

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def label(self) -> str:
        """The contract and the quantity as text."""
        return f"{self.contract.label} × {self.contracts}"


def approval_needed(contracts: int, premium: float, rules: Rules) -> Reason | None:
    """Return the reason when a trade of this size needs approval; ``premium`` in dollars for all contracts."""
    limits = rules.risk
    reasons: list[str] = []
    if contracts > limits.approval_above_contracts:
        reasons.append(f"{contracts} contracts > {limits.approval_above_contracts}")
    if above(premium, limits.approval_above_premium):
        reasons.append(f"premium {over(premium, limits.approval_above_premium)}")
    if not reasons:
        return None
    return Reason(NEEDED, f"Waits for approval: {' and '.join(reasons)}", Tone.NEUTRAL)


def mark_now(
    approval: Approval,
    seen: PriceSeen | None,
    now: datetime,
    trading: TradingContext,
    last: Mark | None = None,
) -> Mark | None:
    """Return the mark of the contract at the last known price, ``None`` when it cannot be valued.

    ``last`` is the newest mark of the contract, if it is held.
    """
    if seen is None:
        return None
    quote = quote_of(approval.contract, seen.quotes, now, trading)
    try:
        return entry_mark(approval.contract, seen.price, seen.priced_at, quote, now, trading, last=last)
    except ValueError:
        return None
