"""Trades that wait for a person's word: what was asked, until when, and what came of it.

Invariants: an approval names one contract and a quantity that is never exceeded; it is asked for once while a
signal waits; it ends once, and never again changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.events import PriceSeen
from core.model import Contract, DecisionRecord, Direction, Reason, Tone
from core.positions.marking import entry_mark, quote_of
from core.positions.position import Mark
from core.positions.trading_context import TradingContext
from core.rules import Rules

NEEDED = "APPROVAL_NEEDED"
"""The code of a decision that waits for a person."""


class ApprovalStatus(StrEnum):
    """PENDING awaits a person, APPROVED the market; the others are ends.

    WITHDRAWN: the trade asked for no longer stands (a gate, its levels, a limit), before or after a yes.
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
    """One trade put to a person; money in dollars for all ``contracts``, ``price`` the ask per share.

    ``decision_id`` is the decision that asked; ``until`` the end of its signal's life. ``author`` and ``said_at``
    are a person's word, ``code`` why it ended otherwise than by that. ``record`` is the asking decision, kept
    while it is open.
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
        """Contract and quantity in words."""
        return f"{self.contract.label} × {self.contracts}"


def approval_needed(contracts: int, premium: float, rules: Rules) -> Reason | None:
    """Why a trade of this size waits for a person's word, if it does; ``premium`` in dollars for all of it."""
    limits = rules.risk
    above: list[str] = []
    if contracts > limits.approval_above_contracts:
        above.append(f"{contracts} contracts > {limits.approval_above_contracts}")
    if premium > limits.approval_above_premium:
        above.append(f"premium ${premium:,.0f} > ${limits.approval_above_premium:,.0f}")
    if not above:
        return None
    return Reason(NEEDED, f"Waits for approval: {' and '.join(above)}", Tone.NEUTRAL)


def mark_now(
    approval: Approval, seen: PriceSeen | None, now: datetime, trading: TradingContext
) -> Mark | None:
    """What its contract is worth at the last known price, ``None`` while that cannot be told."""
    if seen is None:
        return None
    percentile = approval.record.market.iv_percentile if approval.record is not None else None
    quote = quote_of(approval.contract, seen.quotes, now, trading)
    try:
        return entry_mark(approval.contract, seen.price, seen.priced_at, quote, percentile, now, trading)
    except ValueError:
        return None
