"""Facts shared by all parts of the core: frozen dataclasses that can be written as JSON.

Times are timezone-aware UTC. Money is float dollars. An unknown value is ``None``, with a reason in the same
object where one is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache

from core.fast_init import fast_init
from core.from_json import Json

ENGINE_VERSION = "7"
"""Changes whenever equal inputs could give another decision, fill or mark than before."""


BY_HAND = "BY_HAND"
"""The code of an EXECUTE that a person made against the verdict; learning and what-if leave it out."""
SYMBOL_PATTERN = r"[A-Z0-9_.^/-]{1,15}"
"""Pattern of a symbol in bodies, queries, files and keys."""


class Direction(StrEnum):
    """The side a signal proposes on the underlying; LONG buys calls, SHORT buys puts."""

    LONG = "LONG"
    SHORT = "SHORT"

    @property
    def sign(self) -> int:
        return 1 if self is Direction.LONG else -1

    @property
    def opposite(self) -> Direction:
        return Direction.SHORT if self is Direction.LONG else Direction.LONG


class Bias(StrEnum):
    """A direction or NEUTRAL."""

    LONG = "LONG"
    SHORT = "SHORT"
    NEUTRAL = "NEUTRAL"


class Action(StrEnum):
    EXECUTE = "EXECUTE"
    WAIT = "WAIT"
    SKIP = "SKIP"


class Source(StrEnum):
    """Kind of a webhook's sender, recognised by the form of the body."""

    SATY_PHASE = "SATY_PHASE"
    MTF_DOTS = "MTF_DOTS"
    STRAT_EXEC = "STRAT_EXEC"
    TRADINGVIEW_SIGNAL = "TRADINGVIEW_SIGNAL"
    ULTIMATE_OPTIONS = "ULTIMATE_OPTIONS"


class Quality(StrEnum):
    EXTREME = "EXTREME"
    HIGH = "HIGH"
    MEDIUM = "MEDIUM"


class Session(StrEnum):
    """Part of the exchange's day; AFTERHOURS is any time outside the regular session."""

    OPEN = "OPEN"
    MIDDAY = "MIDDAY"
    POWER_HOUR = "POWER_HOUR"
    AFTERHOURS = "AFTERHOURS"


class Tone(StrEnum):
    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


class Mode(StrEnum):
    """ACTIVE trades, REDUCING opens nothing, HALTED opens nothing and exits only by hand."""

    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"
    HALTED = "HALTED"


class Intent(StrEnum):
    """The one thing a webhook body asks for; CONTEXT updates regime, alignment, structure or score only.

    ENTRY proposes a position. EXIT closes one, REDUCE sells a part of it, MOVE_STOP moves its stop, CANCEL ends a
    live signal. STATUS (a heartbeat, a test, a finished trade) changes nothing. BAR is a price bar of a chart.
    """

    ENTRY = "ENTRY"
    EXIT = "EXIT"
    REDUCE = "REDUCE"
    MOVE_STOP = "MOVE_STOP"
    CANCEL = "CANCEL"
    STATUS = "STATUS"
    BAR = "BAR"
    CONTEXT = "CONTEXT"


class ExitReason(StrEnum):
    """Reason of an exit fill, in the order in which the exits are tried."""

    MANUAL = "MANUAL"
    SIGNAL = "SIGNAL"
    STOP_LOSS = "STOP_LOSS"
    TARGET_2 = "TARGET_2"
    TARGET_1 = "TARGET_1"
    THETA_DECAY = "THETA_DECAY"
    TIME = "TIME"
    EXPIRY = "EXPIRY"


class ReceiptStatus(StrEnum):
    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"


@dataclass(slots=True)
class Counters:
    """Number of receipts and decisions since this ledger began."""

    receipts: int = 0
    duplicates: int = 0
    quarantined: int = 0
    executed: int = 0
    waited: int = 0
    skipped: int = 0


@fast_init
@dataclass(frozen=True, slots=True)
class Reason:
    """One line of evidence for or against a trade, with a code."""

    code: str
    text: str
    tone: Tone


# --- parsed webhooks -----------------------------------------------------------------------------------


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class RegimeFacts:
    """Facts of a phase indicator: phase 1 accumulation, 2 markup, 3 distribution, 4 markdown."""

    phase: int | None
    confidence: float | None = None
    bias: Bias | None = None
    volatility: str | None = None
    htf_alignment: bool = False
    allows_trading: bool = True
    event: str | None = None


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class AlignmentFacts:
    """Direction per timeframe (label such as "15" or "W") and the percentages over those that were sent."""

    states: Mapping[str, Bias]
    bullish_pct: float
    bearish_pct: float


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class StructureFacts:
    valid_setup: bool
    liquidity_ok: bool
    execution_quality: str | None = None
    pattern: str | None = None


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class SignalFacts:
    """A trade that a sender proposes; ``ai_score`` on 0–10.5, levels in dollars of the underlying."""

    direction: Direction
    ai_score: float | None = None
    quality: Quality | None = None
    event: str | None = None
    entry: float | None = None
    stop: float | None = None
    target_1: float | None = None
    target_2: float | None = None
    rr1: float | None = None
    rr2: float | None = None
    volume_ratio: float | None = None
    trend_strength: float | None = None
    bias_4h: Bias | None = None
    bias_1h: Bias | None = None
    session: str | None = None
    day: str | None = None
    atr: float | None = None
    atr_is_daily: bool = False
    components: tuple[str, ...] = ()


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class PositionRequest:
    """A sender's request about positions that are open: which ones, and how much of them.

    ``direction`` is the side of the position to leave, not of the order; ``None`` means either side.
    Exactly one of ``fraction`` (share of what is held to sell, 0 to 1), ``contracts`` (to sell) and
    ``remaining_fraction`` (share of the original size to be left) is set for REDUCE. MOVE_STOP has ``stop``, a
    price of the underlying, or ``break_even``.
    """

    direction: Direction | None = None
    fraction: float | None = None
    contracts: float | None = None
    remaining_fraction: float | None = None
    stop: float | None = None
    break_even: bool = False


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class BarFacts:
    """One price bar of the underlying; ``interval`` in minutes, prices in dollars.

    ``opened_at`` is the bar's open time. With a single price, ``open``, ``high`` and ``low`` are ``None``.
    """

    close: float
    open: float | None = None
    high: float | None = None
    low: float | None = None
    volume: float | None = None
    interval: int | None = None
    opened_at: datetime | None = None


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class OptionWish:
    """The option a sender named: shown on the deck, not traded (strike and expiry are chosen by the rules)."""

    right: str | None = None
    strike: float | None = None
    expiry: str | None = None

    @property
    def text(self) -> str:
        """Return the option in words, such as "665 call of 2026-12-18"."""
        right = {"C": "call", "P": "put"}.get(self.right or "", "option")
        strike = "" if self.strike is None else f"{self.strike:g} "
        return f"{strike}{right}" + ("" if self.expiry is None else f" of {self.expiry}")


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """The parsed form of one webhook body.

    ``timeframe`` in minutes (a day is 1440); ``timestamp`` is the body's own, and with ``fired`` the time of
    sending rather than the bar's open. Only the sections that the body contains are set.
    """

    source: Source
    symbol: str
    exchange: str | None = None
    timeframe: int | None = None
    timestamp: datetime | None = None
    fired: bool = False
    sender_id: str | None = None
    price: float | None = None
    decay_minutes: float | None = None
    signal: SignalFacts | None = None
    regime: RegimeFacts | None = None
    alignment: AlignmentFacts | None = None
    structure: StructureFacts | None = None
    notes: tuple[str, ...] = ()
    intent: Intent = Intent.ENTRY
    strategy: str | None = None
    """The sender's own name or id of its strategy, for matching exits to entries."""
    request: PositionRequest | None = None
    """Set for EXIT, REDUCE and MOVE_STOP; on an ENTRY it is a stated flip: leave this position first."""
    bar: BarFacts | None = None
    option: OptionWish | None = None
    fired_at: datetime | None = None
    """The instant of sending where the body states it beside the bar's time."""
    blocks: tuple[Reason, ...] = ()
    """Reasons why an ENTRY may not trade (TIME_UNREADABLE, TIMEFRAME_UNKNOWN, NO_CONTRACT, BAD_LEVELS)."""

    @property
    def phase(self) -> int | None:
        return self.regime.phase if self.regime else None


# --- inputs of a decision ------------------------------------------------------------------------------


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Source and validity of a section of a context."""

    source: Source
    at: datetime
    valid_until: datetime
    receipt_id: str | None = None
    timeframe: int | None = None


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The fresh facts of one symbol at one instant; a section that is not fresh is absent.

    ``bullish_pct``/``bearish_pct`` live in ``alignment``; ``conflict`` names the other source when two fresh
    experts of different sources disagree in direction. ``directions`` is what the freshest signal of each
    timeframe (label in minutes) proposes. ``completeness`` is fresh sources / 5.
    """

    symbol: str
    as_of: datetime
    session: Session
    price: float | None = None
    regime: RegimeFacts | None = None
    alignment: AlignmentFacts | None = None
    expert: SignalFacts | None = None
    structure: StructureFacts | None = None
    timeframe: int | None = None
    directions: Mapping[str, Direction] = field(default_factory=dict)
    conflict: Source | None = None
    completeness: float = 0.0
    provenance: Mapping[str, Provenance] = field(default_factory=dict)


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class MarketSnapshot:
    """The market of one underlying at one instant; fields that no feed gave are ``None``.

    ``atr14`` in dollars (daily), sizes in shares. ``assumed`` names the fields that no feed gave because
    none is configured; ``proxied`` the ETF that spread and depth of a cash index were taken from.
    ``ages`` is seconds per field, ``feeds`` the source per field.
    """

    symbol: str = ""
    as_of: datetime | None = None
    price: float | None = None
    bid: float | None = None
    ask: float | None = None
    bid_size: float | None = None
    ask_size: float | None = None
    spread_bps: float | None = None
    depth_score: float | None = None
    atr14: float | None = None
    rsi14: float | None = None
    rv20: float | None = None
    volume_ratio: float | None = None
    trend_slope: float | None = None
    put_call_ratio: float | None = None
    iv_percentile: float | None = None
    gamma_bias: str | None = None
    max_pain: float | None = None
    assumed: tuple[str, ...] = ()
    proxied: str | None = None
    feeds: Mapping[str, str] = field(default_factory=dict)
    ages: Mapping[str, float] = field(default_factory=dict)


# --- the verdict ----------------------------------------------------------------------------------------


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One gate's result: ``score`` 0–100, ``reason`` as text, ``evidence`` the numbers it compared."""

    passed: bool
    score: float
    reason: str
    evidence: Mapping[str, Json] = field(default_factory=dict)


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    regime: Gate
    structural: Gate
    market: Gate

    def items(self) -> tuple[tuple[str, Gate], ...]:
        return (("regime", self.regime), ("structural", self.structural), ("market", self.market))

    @property
    def passed(self) -> bool:
        return self.regime.passed and self.structural.passed and self.market.passed

    @property
    def failed(self) -> tuple[str, ...]:
        return tuple(name for name, gate in self.items() if not gate.passed)


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One term of the confidence: ``value`` 0–100 or ``None`` when it is left out, with the reason."""

    name: str
    weight: float
    value: float | None
    reason: str = ""


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The verdict of gates and confidence alone on one signal at one moment.

    ``direction`` is the one to trade, ``None`` unless EXECUTE; ``proposed_direction`` is the signal's.
    """

    action: Action
    direction: Direction | None
    proposed_direction: Direction | None
    confidence: float
    gates: Gates
    components: tuple[Component, ...]
    reasons: tuple[Reason, ...]
    completeness: float
    rules_fingerprint: str
    engine_version: str = ENGINE_VERSION


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class SizeInputs:
    """Inputs of the size multiplier; an unknown one (``None``) gives a factor of 1."""

    direction: Direction
    confluence: float | None
    quality: Quality
    htf_alignment: str
    rr1: float | None = None
    volume_ratio: float | None = None
    trend_strength: float | None = None
    session: Session
    day: str
    phase_confidence_boost: float = 0.0
    phase_position_boost: float = 0.0
    trend_boost: float = 0.0
    phase: int | None = None
    volatility: str | None = None


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class PositionSize:
    """The multiplier and the factors it is the product of; ``skip`` when raw is under the least size."""

    factors: Mapping[str, float]
    raw: float
    final: float
    skip: bool
    confluence: float | None = None


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class ContractCount:
    """Contracts that budget, premium cap and contract cap allow, and the one of them that binds."""

    contracts: int
    planned_loss: float
    bound_by: str


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """Stop and targets on the underlying in dollars, and their origin."""

    stop: float
    target_1: float
    target_2: float
    origin: str


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One listed option; ``right`` is "C" or "P", ``expiry`` an exchange session."""

    underlying: str
    root: str
    expiry: date
    strike: float
    right: str
    multiplier: int = 100
    style: str = "american"

    @property
    def is_call(self) -> bool:
        return self.right == "C"

    @property
    def occ(self) -> str:
        """The OCC symbol without spaces, such as SPY261127C00450000."""
        return _occ(self.root, self.expiry, self.right, self.strike)

    @property
    def twin(self) -> str:
        """The OCC symbol of the other right at the same strike and expiry."""
        return _occ(self.root, self.expiry, "P" if self.is_call else "C", self.strike)

    def intrinsic(self, spot: float) -> float:
        """Return what exercise would pay at a price of the underlying, in $ a share."""
        return max(0.0, spot - self.strike if self.is_call else self.strike - spot)

    @property
    def label(self) -> str:
        return _label(self.underlying, self.expiry, self.right, self.strike)


@lru_cache(maxsize=4096)
def _occ(root: str, expiry: date, right: str, strike: float) -> str:
    # Cached because it is needed at every price of every position.
    return f"{root}{expiry:%y%m%d}{right}{round(strike * 1000):08d}"


@lru_cache(maxsize=4096)
def _label(underlying: str, expiry: date, right: str, strike: float) -> str:
    return f"{underlying} {strike:g}{right} {expiry:%m/%d}"


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """A decision as the engine records it: the verdict, the limits applied after it, and all of its inputs.

    ``action`` and ``direction`` are final (lateness, size and risk may have turned EXECUTE into SKIP, or into
    WAIT for a person's approval, then ``code`` says why; or a person took the trade, then it is BY_HAND).
    ``verdict`` is that of gates and confidence alone.
    ``approval_id`` names the approval that the decision waits for, or that allowed its trade. ``notes`` are what is
    remarkable about the contract that was bought. ``strategy`` and ``option`` are what the sender calls its strategy
    and the option that it asks for.
    """

    id: str
    seq: int
    at: datetime
    signal_id: str
    receipt_id: str
    symbol: str
    source: Source
    timeframe: int | None
    quality: Quality
    action: Action
    direction: Direction | None
    proposed_direction: Direction
    confidence: float
    code: str | None
    verdict: Decision
    blocks: tuple[Reason, ...]
    size: PositionSize | None
    count: ContractCount | None
    contract: Contract | None
    levels: Levels | None
    context: Context
    market: MarketSnapshot
    supersedes: str | None = None
    position_id: str | None = None
    trigger: str = "signal"
    approval_id: str | None = None
    notes: tuple[Reason, ...] = ()
    strategy: str | None = None
    option: OptionWish | None = None

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return self.blocks + self.notes + self.verdict.reasons
