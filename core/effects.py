"""What one step of the engine asks to be done, as data; stored first, then everything else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.approvals import Approval
from core.events import PriceSeen
from core.model import Contract, DecisionRecord, Direction, ReceiptStatus, Source, Tone
from core.positions.position import Mark, Position


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreReceipt:
    """One HTTP body as received and what was made of it; ``http_status`` is what its sender is answered."""

    id: str
    seq: int
    at: datetime
    endpoint: str | None
    body: str
    status: ReceiptStatus
    http_status: int
    source: Source | None = None
    symbol: str | None = None
    code: str | None = None
    reason: str | None = None
    duplicate_of: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreDecision:
    record: DecisionRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreTrade:
    """A position as it now is: opened, partly left, or closed; its ledger entry's execution and exit follow it."""

    position: Position


class ShadowStatus(StrEnum):
    """SUPERSEDED: the signal executed after all, so its shadow counts for nothing."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    SUPERSEDED = "SUPERSEDED"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreShadow:
    """The shadow trade of a decision that was not executed, as it now is; its entry's ``hypothetical``."""

    position: Position
    status: ShadowStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreMarks:
    """The steps a position's value went through since the last ones stored, in order."""

    position_id: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StorePrice:
    """A price as it was put to the trades and shadows of its symbol: a step of the symbol's path."""

    seen: PriceSeen


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRules:
    """A rules version that came into force."""

    seq: int
    at: datetime
    fingerprint: str
    name: str
    toml: str
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreJudgement:
    """What a person said to a suggestion: ``status`` is APPROVED | REJECTED, ``text`` the suggestion's own.

    An approval's rules come into force by ``RulesChanged``; this is the memory of who asked for them.
    """

    seq: int
    at: datetime
    id: str
    status: str
    author: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreApproval:
    """A trade that waits for a person, as it now is: asked, answered, or over."""

    approval: Approval


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRiskEvent:
    """An alert that stands from now on, or has cleared; ``position_id`` when it is about one position."""

    id: str
    seq: int
    at: datetime
    code: str
    text: str
    cleared: bool
    position_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchMarket:
    """Ask the feeds for the market of one live signal; the answer comes back as ``MarketAnswered``."""

    signal_id: str
    symbol: str
    direction: Direction
    timeframe: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """An underlying whose prices are wanted, and the options on it that are held."""

    symbol: str
    contracts: tuple[Contract, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerReceipt:
    """The receipt is settled: nothing more than a decision may still follow (``awaits_decision``)."""

    receipt_id: str
    awaits_decision: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDecision:
    """The decision of a receipt whose sender may still be waiting for it."""

    receipt_id: str
    record: DecisionRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCommand:
    command_id: str
    ok: bool
    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something a person should hear of: execute | approval | exit | refused | silence | feed | risk | mode."""

    kind: str
    at: datetime
    text: str
    tone: Tone
    symbol: str | None = None
    position_id: str | None = None


Stored = (
    StoreReceipt
    | StoreDecision
    | StoreTrade
    | StoreShadow
    | StoreMarks
    | StorePrice
    | StoreRules
    | StoreJudgement
    | StoreApproval
    | StoreRiskEvent
)
Effect = Stored | FetchMarket | AnswerReceipt | AnswerDecision | AnswerCommand | Notice
