"""The engine's state: plain data, so that its JSON is a checkpoint and two states can be compared by ==."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from core.alerts import AlertBook
from core.approvals import Approval
from core.challenge import Challenge, EndedChallenge
from core.context import ContextBook
from core.correlation import CloseBook
from core.daybook import DayBook
from core.duplicates import DuplicateWindow
from core.effects import FetchMarket, Notice
from core.engine.one_per_bar import BarSignals
from core.events import PriceSeen
from core.live_signal import LiveSignal
from core.model import Contract, Counters, DecisionRecord, Mode
from core.options.dividends import CashDividend
from core.options.volatility import MarketVolatility
from core.positions.position import Mark, Position
from core.senders import Senders
from core.working_order import WorkingOrder


@dataclass(slots=True)
class CommandDone:
    """The outcome of a command, kept so that the same command again does nothing.

    ``asked`` is the command in words, by which another command under the same id is told from a repetition; empty in
    ledgers from before it was kept.
    """

    ok: bool
    code: str
    text: str
    asked: str = ""


@dataclass(slots=True)
class TradeOutcome:
    """The outcome of a decision's trade: a short text for lists, and net dollars once it is closed."""

    text: str
    pnl_net: float | None = None


@dataclass(frozen=True, slots=True)
class Halt:
    """A halt of an underlying: since when, by which feed, and the feed's reason."""

    since: datetime
    source: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ModeBefore:
    """The mode that a person's command replaced, as it was, so that the change can be undone.

    ``flattened``: the command also exited every position.
    """

    mode: Mode
    reason: str
    since: datetime | None
    until: datetime | None
    flattened: bool = False


@dataclass(frozen=True, slots=True)
class AnnouncedSplit:
    """A split: ``ratio`` new shares for an old one from the opening of ``ex_date`` on."""

    ex_date: date
    ratio: float


@dataclass(frozen=True, slots=True)
class DoubtedPrice:
    """A source's latest price too far from the last known one to be used, how many there were, and since when."""

    price: float
    source: str
    times: int
    since: datetime


@dataclass(slots=True)
class EngineState:
    """All that the next step depends on besides its event.

    ``signals``, ``passed``, ``positions``, ``shadows``, ``approvals`` and ``commands`` are by id, ``orders`` by
    signal id; ``passed`` are signals that no rule decides again, kept for a person; ``prices`` and ``doubts`` by
    symbol; ``tails`` are the contracts of closed trades that are still followed, by symbol and OCC symbol, and
    ``tail_marks`` the last marks of those that were quoted, by OCC symbol; ``outcomes`` are by decision id;
    ``halts``, ``dividends`` and ``splits`` by symbol. ``ended`` says of a symbol without further prices why. A mode
    with ``mode_until`` ends by itself then; ``mode_before`` is what a person's command replaced, while that is the
    latest change. ``clock_ahead`` is by how many seconds the engine's clock is ahead of the machine's since that was
    set. ``challenger`` is the state of the second engine of ``challenge``; it has no challenger of its own.
    ``notices`` are the latest, oldest first, so that a deck has them after a restart; no step reads them.
    """

    seq: int = 0
    at: datetime | None = None
    mode: Mode = Mode.ACTIVE
    mode_reason: str = ""
    mode_since: datetime | None = None
    mode_until: datetime | None = None
    rules_toml: str = ""
    contexts: ContextBook = field(default_factory=ContextBook)
    signals: dict[str, LiveSignal] = field(default_factory=dict)
    passed: dict[str, LiveSignal] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)
    shadows: dict[str, Position] = field(default_factory=dict)
    tails: dict[str, dict[str, Contract]] = field(default_factory=dict)
    prices: dict[str, PriceSeen] = field(default_factory=dict)
    doubts: dict[str, DoubtedPrice] = field(default_factory=dict)
    approvals: dict[str, Approval] = field(default_factory=dict)
    orders: dict[str, WorkingOrder] = field(default_factory=dict)
    bar_signals: BarSignals = field(default_factory=BarSignals)
    duplicates: DuplicateWindow = field(default_factory=DuplicateWindow)
    senders: Senders = field(default_factory=Senders)
    day: DayBook = field(default_factory=DayBook)
    alerts: AlertBook = field(default_factory=AlertBook)
    tally: Counters = field(default_factory=Counters)
    commands: dict[str, CommandDone] = field(default_factory=dict)
    recent: list[DecisionRecord] = field(default_factory=list)
    outcomes: dict[str, TradeOutcome] = field(default_factory=dict)
    sender_exits: dict[str, datetime] = field(default_factory=dict)
    pruned_at: datetime | None = None
    halts: dict[str, Halt] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)
    dividends: dict[str, tuple[CashDividend, ...]] = field(default_factory=dict)
    splits: dict[str, tuple[AnnouncedSplit, ...]] = field(default_factory=dict)
    closes: CloseBook = field(default_factory=CloseBook)
    clock_ahead: float = 0.0
    volatility: MarketVolatility = field(default_factory=MarketVolatility)
    tail_marks: dict[str, Mark] = field(default_factory=dict)
    mode_before: ModeBefore | None = None
    challenge: Challenge | None = None
    challenger: EngineState | None = None
    challenges_ended: list[EndedChallenge] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)


def ask_for(signal: LiveSignal) -> FetchMarket:
    """Return the market request that deciding a signal needs, and mark the signal as asked."""
    update = signal.update
    assert update.signal is not None
    signal.asked = True
    return FetchMarket(
        signal_id=signal.id,
        symbol=update.symbol,
        direction=update.signal.direction,
        timeframe=update.timeframe,
    )
