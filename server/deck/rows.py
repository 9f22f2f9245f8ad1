"""Rows and views of the deck: a decision, a position, a trade that waits for approval, and the whole snapshot.

Frozen values, computed by core and server. A screen lays them out and never computes a trading number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.decision.why_no_trade import WhyNoTrade
from core.effects import Notice
from core.model import Action, Counters, DecisionRecord, Direction, ExitReason, Mode, Quality, Session, Source
from core.positions import EntryFill, LiveValues
from core.risk_view import RiskView
from core.rules.sections import ConfidenceRules
from server.deck.funnel import Funnel
from server.feeds.base import FeedStatus
from server.runtime.credentials import CredentialUse
from server.runtime.refusals import RefusedRequests

_CONFIDENCE = ConfidenceRules()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeStatus:
    """The exchange's session; ``closes_in`` and ``opens_in`` in seconds of the engine's clock."""

    session: Session
    is_open: bool
    closes_in: float | None = None
    opens_in: float | None = None
    early_close: bool = False
    local_time: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """The last message of one sender for one symbol; ``age`` and ``usual_gap`` in seconds."""

    source: Source
    symbol: str
    last_at: datetime
    age: float
    usual_gap: float | None
    quiet: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """One line of the recent decisions and of History."""

    id: str
    at: datetime
    age: float
    symbol: str
    timeframe: int | None
    action: Action
    direction: Direction | None
    proposed_direction: Direction
    confidence: float
    quality: Quality
    code: str | None
    multiplier: float | None
    why: str = ""
    """Without a code: the reason that decided against an entry; empty for an EXECUTE."""
    reason: str = ""
    """The same reason in words."""
    outcome: str = ""
    pnl_net: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionRow(LiveValues):
    """One open position: the engine's live values of it, with its contract and its entry.

    ``state`` is OPEN | EXITING | AWAITING_SETTLEMENT | CLOSED, ``contracts`` the number bought. A new column of
    the positions table is a field of ``LiveValues``, its value in ``live_values``, and a row of ``COLUMNS`` in
    tui/panes/positions.py.
    """

    id: str
    symbol: str
    direction: Direction
    contract: str
    occ: str
    timeframe: int | None
    contracts: int
    remaining: int
    state: str
    opened_at: datetime
    entry_price: float
    underlying_at_entry: float
    execution: EntryFill
    decision_id: str | None = None
    fault: str = ""
    """Reason why the position could not be valued; its values are NaN then, null in JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRow:
    """A trade that waits for approval; money in dollars for all ``contracts``, ``left`` in seconds.

    ``price`` is what a share would have cost when approval was requested, ``mark`` the contract's value now;
    ``mark_age`` and ``stale`` are as for a position. ``approved``: a person approved and the market reply is pending.
    """

    id: str
    decision_id: str
    symbol: str
    direction: Direction
    contract: str
    occ: str
    timeframe: int | None
    confidence: float
    contracts: int
    price: float
    premium: float
    planned_loss: float
    why: str
    asked_at: datetime
    left: float
    approved: bool = False
    mark: float | None = None
    mark_age: float | None = None
    stale: bool = False
    underlying: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """A limit that works: prices in dollars a share, ``left`` in seconds until it is given up or taken.

    ``limit`` is the present one of ``step`` of ``steps``; ``last`` is that of the last step, the ask of the start or,
    where contracts are sold (``exit`` is the reason), the bid.
    """

    signal_id: str
    symbol: str
    direction: Direction
    contract: str
    contracts: int
    limit: float
    last: float
    step: int
    steps: int
    left: float
    exit: ExitReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PnlView:
    """The day's profit and loss in dollars, net of costs.

    ``series`` has one value per minute, oldest first, and the present one. ``open`` is the change of the open
    positions since the last close or their entry, ``held`` all that they have
    made since their entries.
    """

    realized: float
    open: float
    total: float
    costs: float
    closed: int
    wins: int
    held: float
    series: tuple[float, ...] = ()
    assumed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StopsWarning:
    """Reason why stops and targets of a symbol, or all of them, cannot act; not ``urgent``: a standing remark."""

    text: str
    symbol: str | None = None
    urgent: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneAddress:
    """An address of the phone: its messages since the start, and whether the last of them was lost.

    ``retried`` counts tries after the first, ``waiting`` what is not sent yet, quiet hours and the limit included.
    """

    name: str
    sent: int = 0
    retried: int = 0
    lost: int = 0
    waiting: int = 0
    failing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeckSnapshot:
    """Everything the Live screen shows, at one instant of the engine's clock.

    ``clock_note`` is empty on the real clock, else e.g. SIMULATED TIME or DEMO ×60. ``connection_note`` says for how
    long an engine in another process has not been heard; the values are old then. ``market_note`` names
    the feeds, or says that the market is assumed. ``alarms`` are failures that a person must see now.
    ``mode_reason`` says why the mode is in force, ``mode_end`` until when in exchange time, empty without an end;
    ``mode_before`` is what an undo would give back now, ``None`` when there is nothing to undo.
    ``approvals`` are ordered by expiry. From confidence ``wait_at`` the rules in force decide WAIT, from
    ``execute_at`` EXECUTE.
    """

    at: datetime
    seq: int
    mode: Mode
    exchange: ExchangeStatus
    listener: str
    rules_name: str
    rules_fingerprint: str
    mode_reason: str = ""
    mode_since: datetime | None = None
    mode_until: datetime | None = None
    mode_end: str = ""
    mode_before: Mode | None = None
    clock_note: str = ""
    connection_note: str = ""
    market_note: str = ""
    market_assumed: bool = False
    sources: tuple[SourceStatus, ...] = ()
    decision: DecisionRecord | None = None
    why_no_trade: WhyNoTrade | None = None
    """Distance of ``decision`` from an EXECUTE; ``None`` for an EXECUTE."""
    recent: tuple[DecisionRow, ...] = ()
    positions: tuple[PositionRow, ...] = ()
    approvals: tuple[ApprovalRow, ...] = ()
    orders: tuple[OrderRow, ...] = ()
    pnl: PnlView
    risk: RiskView
    events: tuple[Notice, ...] = ()
    counters: Counters = field(default_factory=Counters)
    alarms: tuple[str, ...] = ()
    stops: tuple[StopsWarning, ...] = ()
    """Reasons why stops and targets cannot act; empty while all of them can."""
    refused: tuple[RefusedRequests, ...] = ()
    """Requests refused without a receipt (no secret, wrong path …), the latest first."""
    phone: tuple[PhoneAddress, ...] = ()
    """Addresses that notices are sent to; empty without any."""
    challenger_closed: int = 0
    """Trades that the challenger has closed today; 0 where none runs."""
    wait_at: float = _CONFIDENCE.wait_at
    execute_at: float = _CONFIDENCE.execute_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Percentiles of a latency over the latest ``n`` values, in milliseconds."""

    n: int
    p50: float | None
    p99: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemView:
    """The System screen's data beside the snapshot; ``uptime`` in seconds, sizes in bytes.

    ``ledger_removed`` are sentences on old rows that the ledger no longer has.
    """

    uptime: float
    queue: int
    webhooks: Latency
    commits: Latency
    ledger_name: str
    ledger_bytes: int
    ledger_rows: Mapping[str, int]
    journal_seq: int
    feeds: tuple[FeedStatus, ...]
    rules_versions: tuple[Mapping[str, Any], ...]
    resident_bytes: int | None = None
    funnel: Funnel | None = None
    credentials: tuple[CredentialUse, ...] = ()
    ledger_removed: tuple[str, ...] = ()
