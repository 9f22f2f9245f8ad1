"""The outputs of one engine step as data; the caller stores first, then performs the other effects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from core.approvals import Approval
from core.events import PriceSeen
from core.fast_init import fast_init
from core.model import Contract, DecisionRecord, Direction, ReceiptStatus, Source, Tone
from core.positions.position import ExitFill, Mark, Position
from core.statements.row import BookRows


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class StoreReceipt:
    """One HTTP body as received, with its status; ``http_status`` is the answer to its sender."""

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


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class StoreDecision:
    record: DecisionRecord


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class StoreTrade:
    """The new state of a position: opened, partly sold, or closed; updates its ledger entry.

    ``bought``: this step opened it. ``legs`` are the exit fills of this step, in order.
    """

    position: Position
    bought: bool = False
    legs: tuple[ExitFill, ...] = ()


class ShadowStatus(StrEnum):
    """State of a shadow trade; SUPERSEDED: its signal executed after all, so it is not counted."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    SUPERSEDED = "SUPERSEDED"


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class StoreShadow:
    """The new state of a shadow trade; stored as ``hypothetical`` of its decision's ledger entry."""

    position: Position
    status: ShadowStatus


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class StoreMarks:
    """The marks of a position since the last stored one, in order."""

    position_id: str
    marks: tuple[Mark, ...]


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class StorePrice:
    """A price at which trades and shadows of its symbol were marked: one step of the symbol's path."""

    seen: PriceSeen


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRules:
    """A rules version that has come into force."""

    seq: int
    at: datetime
    fingerprint: str
    name: str
    toml: str
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreJudgement:
    """A person's judgement of a suggestion: ``status`` is APPROVED | REJECTED, ``text`` the suggestion's.

    The rules of an approved suggestion come into force by ``RulesChanged``; this records who approved them.
    """

    seq: int
    at: datetime
    id: str
    status: str
    author: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreApproval:
    """The new state of an approval: requested, answered, or ended."""

    approval: Approval


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRiskEvent:
    """An alert that has become active or has cleared; ``position_id`` if it is about one position."""

    id: str
    seq: int
    at: datetime
    code: str
    text: str
    cleared: bool
    position_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreNote:
    """A person's note on a trade (``position_id``) or on an exchange day (``day``), and the tags in its text."""

    id: str
    seq: int
    at: datetime
    position_id: str | None
    day: date | None
    text: str
    tags: tuple[str, ...]
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveNote:
    """A note is no longer shown; the journal still holds it."""

    id: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreBook:
    """Rows of a statement for a book; those that the book has already change nothing."""

    seq: int
    at: datetime
    rows: BookRows


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveBook:
    """A book is no longer kept; the journal still holds its rows."""

    seq: int
    book: str


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class FetchMarket:
    """A request to the feeds for the market of one live signal; the answer is a ``MarketAnswered`` event."""

    signal_id: str
    symbol: str
    direction: Direction
    timeframe: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """An underlying whose prices are needed, with the options on it to quote."""

    symbol: str
    contracts: tuple[Contract, ...] = ()


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerReceipt:
    """The receipt is final; with ``awaits_decision`` a decision for it follows."""

    receipt_id: str
    awaits_decision: bool


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDecision:
    """The first decision on a receipt, whose sender may be waiting for it."""

    receipt_id: str
    record: DecisionRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCommand:
    command_id: str
    ok: bool
    code: str
    text: str


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message for a person.

    ``kind`` is execute | refused | approval | order | exit | risk | mode | source | silence | quarantine | feed |
    session | rules.
    """

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
    | StoreNote
    | RemoveNote
    | StoreBook
    | RemoveBook
)
Effect = Stored | FetchMarket | AnswerReceipt | AnswerDecision | AnswerCommand | Notice
