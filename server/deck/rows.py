"""Rows and views of the deck: a decision, a position, a trade that waits for approval, and the whole snapshot.

Frozen values, computed by core and server. A screen lays them out and never computes a trading number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.model import Action, DecisionRecord, Direction, Mode, Quality, Session, Source, Tone
from core.rules.sections import ConfidenceRules
from server.feeds.base import FeedStatus

_CONFIDENCE = ConfidenceRules()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeStatus:
    """Where the exchange's day stands; ``closes_in``/``opens_in`` in seconds of the engine's clock."""

    session: Session
    is_open: bool
    closes_in: float | None = None
    opens_in: float | None = None
    early_close: bool = False
    local_time: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """How fresh one sender is for one symbol; ages and gaps in seconds."""

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
    outcome: str = ""
    pnl_net: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GreekPair:
    now: float | None
    entry: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelDistance:
    """How far a level is from the underlying: signed dollars, percent of price, and daily ATRs."""

    level: float
    dollars: float
    percent: float
    atrs: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionView:
    """How a position was filled; costs in dollars for all filled contracts, ``risk_amount`` at the stop."""

    option_type: str
    strike: float
    expiry: str
    dte: int
    filled_contracts: int
    fill_quality: str
    spread_cost: float
    slippage: float
    commission: float
    risk_amount: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionRow:
    """One open position with every column of the live table; money in dollars, times in seconds.

    ``mark_age`` is the age of the underlying price behind the mark; ``stale`` when a stop would not act on
    it. ``state`` is OPEN | EXITING | AWAITING_SETTLEMENT | CLOSED. ``half`` is what half of ``remaining``
    is; ``break_even`` where that command would put the stop (``None``: it would not move), and
    ``break_even_sells`` that the underlying is already there or beyond.
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
    time_in_trade: float
    entry_price: float
    mark: float | None
    mark_age: float | None
    stale: bool
    estimated: bool
    underlying: float | None
    underlying_at_entry: float
    pnl: float | None
    pnl_pct: float | None
    r: float | None
    delta: GreekPair
    gamma: GreekPair
    theta: GreekPair
    vega: GreekPair
    iv: GreekPair
    theta_paid: float
    to_stop: LevelDistance | None
    to_target_1: LevelDistance | None
    to_target_2: LevelDistance | None
    days_left: int
    hours_left: float
    nearest_exit: str = ""
    execution: ExecutionView | None = None
    decision_id: str | None = None
    half: int = 0
    break_even: float | None = None
    break_even_sells: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRow:
    """A trade that waits for a person; money in dollars for all ``contracts``, ``left`` in seconds.

    ``price`` is the ask it was put at, ``mark`` its contract's value now; ``mark_age`` and ``stale`` as those of
    a position. ``approved`` when a yes was said and the market is awaited.
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
class PnlView:
    """The day's profit and loss, net of costs, and its path (one value per mark minute, oldest first)."""

    realized: float
    open: float
    total: float
    costs: float
    closed: int
    wins: int
    series: tuple[float, ...] = ()
    assumed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLine:
    at: datetime
    kind: str
    text: str
    tone: Tone
    position_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    receipts: int = 0
    duplicates: int = 0
    quarantined: int = 0
    executed: int = 0
    waited: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeckSnapshot:
    """Everything the Live screen shows, at one instant of the engine's clock.

    ``clock_note`` is empty on the real clock, else e.g. SIMULATED TIME or DEMO ×60. ``market_note`` names
    the feeds, or says that the market is assumed. ``alarms`` are failures a person must see now.
    ``approvals`` are the trades that wait for a person, the one whose time ends first before the others.
    ``wait_at`` and ``execute_at`` are the confidences from which the rules in force wait and execute.
    """

    at: datetime
    seq: int
    mode: Mode
    exchange: ExchangeStatus
    listener: str
    rules_name: str
    rules_fingerprint: str
    clock_note: str = ""
    market_note: str = ""
    market_assumed: bool = False
    sources: tuple[SourceStatus, ...] = ()
    decision: DecisionRecord | None = None
    recent: tuple[DecisionRow, ...] = ()
    positions: tuple[PositionRow, ...] = ()
    approvals: tuple[ApprovalRow, ...] = ()
    pnl: PnlView
    events: tuple[EventLine, ...] = ()
    counters: Counters = field(default_factory=Counters)
    alarms: tuple[str, ...] = ()
    wait_at: float = _CONFIDENCE.wait_at
    execute_at: float = _CONFIDENCE.execute_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """How long webhooks took from body to answer, in milliseconds, over the latest ``n``."""

    n: int
    p50: float | None
    p99: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemView:
    """What the System screen shows beside the snapshot; sizes in bytes, times in milliseconds and seconds."""

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
