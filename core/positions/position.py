"""Positions and their parts: frozen, replaced by a new object at every fill, mark or command.

A position is a fold over its fills: the contracts held, the premium paid and the P&L follow from ``entry``
and ``legs`` (the exit fills) alone; ``last`` and ``running`` follow from its marks. Money in dollars, option
prices and Greeks per share.

Invariants, tested under these names: quantities_are_conserved, a_closed_position_never_changes,
gross_less_costs_is_net, attribution_adds_up_to_gross.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from core.fast_init import fast_init
from core.model import Contract, Direction, ExitReason, Levels
from core.options.volatility import ImpliedVolatility, VolatilityLevel, VolatilitySource
from core.positions.attribution import NO_ATTRIBUTION, Attribution


class PositionState(StrEnum):
    """State of a position; EXITING: an exit filled in part and the rest is pending."""

    OPEN = "OPEN"
    EXITING = "EXITING"
    AWAITING_SETTLEMENT = "AWAITING_SETTLEMENT"
    CLOSED = "CLOSED"


_WITH_CONTRACTS_TO_SELL = (PositionState.OPEN, PositionState.EXITING)


class Basis(StrEnum):
    """Source of a mark's mid."""

    QUOTE = "quote"
    MODEL = "model"


class SettlementBasis(StrEnum):
    """Source of the underlying's price on which an expired option was settled."""

    OFFICIAL_CLOSE = "official close"
    BY_HAND = "stated by hand"
    LAST_OF_SESSION = "last price of the session"
    FIRST_AFTER = "first price after the session"

    @property
    def is_estimate(self) -> bool:
        """True if no official close was known."""
        return self in (SettlementBasis.LAST_OF_SESSION, SettlementBasis.FIRST_AFTER)


@dataclass(frozen=True, slots=True)
class SettlementPrice:
    """The underlying's price in $ to settle on, where it comes from, and when it was made."""

    basis: SettlementBasis
    price: float
    at: datetime


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One valuation of one contract, with the attribution of the step from the mark before.

    ``spot`` is the underlying's price, made at ``spot_at``. ``years`` to expiry on the trading clock,
    ``carry_years`` on the calendar. ``mid`` $ per share; delta per $1, gamma per $1 per $1, theta per session
    plus one night, at most the time value; vega per volatility point. ``iv`` per year, ``None`` when it could neither
    be implied nor estimated; ``estimated``: delta and theta are the rules' fallback, gamma and vega unknown.
    ``quoted_at`` is the instant of the last option quote used so far. ``step`` in $ per contract. ``dividends`` are
    the dollars a share by which the price exceeds what the option is priced on: those that go ex before the expiry,
    implied by put-call parity or announced; ``None`` when the rules' yield stands for them. The attribution can be
    recomputed from spot less dividends, iv, both clocks and mid of successive marks; where only one of two knows
    dividends, with those for both and the volatility that the first mark's mid then implies.
    ``iv_source`` says where ``iv`` comes from, ``None`` in ledgers from before it was kept; ``level`` is what an
    estimate starts from, and ``implied`` is what the contract's last quote implied, from which ``iv`` is carried.
    """

    at: datetime
    spot: float
    spot_at: datetime
    iv: float | None
    years: float
    carry_years: float
    mid: float
    delta: float
    gamma: float | None
    theta: float
    vega: float | None
    basis: Basis
    estimated: bool = False
    quoted_at: datetime | None = None
    step: Attribution = NO_ATTRIBUTION
    dividends: float | None = None
    iv_source: VolatilitySource | None = None
    level: VolatilityLevel | None = None
    implied: ImpliedVolatility | None = None


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFill:
    """The entry's fill; costs in $ for all contracts, prices, Greeks and ATR per share.

    ``contracts`` were ordered, ``filled_contracts`` bought; ``atr`` is the daily ATR in $, ``None`` if
    unknown. Other executions of the same fill: at ``entry_mid``, ``entry_expected`` and ``entry_worst``, the last two
    ``None`` in a ledger from before they were stored. ``evidence`` is the later quote that met a working limit.
    """

    option_type: str
    strike: float
    expiry: str
    dte: int
    contracts: int
    entry_price: float
    entry_iv: float | None
    entry_delta: float
    entry_theta: float
    entry_gamma: float | None
    entry_vega: float | None
    spread_cost: float
    slippage: float
    fill_quality: str
    filled_contracts: int
    commission: float
    underlying_at_entry: float
    risk_amount: float
    entry_mid: float
    multiplier: int
    atr: float | None
    estimated: bool = False
    entry_expected: float | None = None
    entry_worst: float | None = None
    entry_iv_source: VolatilitySource | None = None
    evidence: str = ""


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class ExitFill:
    """One exit fill; costs and attribution in $ for its contracts, prices per share.

    ``stale_fill``: filled without a fresh price. ``near_strike``: settled so close to the strike that the
    holder's broker might have decided about the exercise the other way. ``settlement`` is the basis of a settlement
    at the expiry, on a price made at ``settlement_at``; both ``None`` for a sale. ``without_feed``: no feed had
    priced the underlying since the entry, so that the last price of a sender was all there was.
    ``expected`` and ``worst``: as in ``EntryFill``. ``evidence`` is the later quote that ended a working limit.
    """

    id: str
    at: datetime
    reason: ExitReason
    contracts: int
    underlying: float
    mid: float
    price: float
    iv: float | None
    delta: float
    spread_cost: float
    slippage: float
    commission: float
    attribution: Attribution
    stale_fill: bool = False
    near_strike: bool = False
    settlement: SettlementBasis | None = None
    settlement_at: datetime | None = None
    expected: float | None = None
    worst: float | None = None
    without_feed: bool = False
    iv_source: VolatilitySource | None = None
    evidence: str = ""

    @property
    def is_left_out(self) -> bool:
        """True if the metrics leave it out: it lacks a fresh price although there was a feed."""
        return self.stale_fill and not self.without_feed


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitWalk:
    """A limit to sell that goes from ``mid`` to ``bid``, both in $ a share as quoted ``at`` its start.

    ``modelled``: begun on the model's quote, so that only the model's later quotes are to be had.
    """

    at: datetime
    mid: float
    bid: float
    modelled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """The contracts of an exit that are not sold yet: it filled in part, or its limit ``walk`` still works."""

    reason: ExitReason
    contracts: int
    walk: ExitWalk | None = None


STOP, TARGET_1, TARGET_2 = LEVELS = ("stop", "target_1", "target_2")
"""The names of the levels of a position."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelMove:
    """The latest move of one level (one of LEVELS): when, and by whom: a person, a sender, or TARGET_1."""

    level: str
    at: datetime
    by: str


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """One trade in one option contract, from its entry on.

    ``levels`` are those of the decision, ``stop`` the stop in force, ``legs`` the exit fills, ``first`` the
    mark at the entry. ``running`` is the attribution of one contract since the entry; ``mfe`` and ``mae`` are
    the best and worst gross P&L of the whole trade at any mark. ``moves`` are the latest moves of the stop and the
    targets, one of each that has moved. ``strategy`` is the name that the sender of the signal gives its strategy.
    ``suspended`` says why it is neither marked nor sold until a person looks; ``ex_dates`` are the corporate actions
    applied to it, and ``dividends_paid`` the dollars a share by which its levels were lowered for them. While it
    awaits its settlement, ``close_unavailable`` says why no official close is to be had (``None`` while one may
    come), and ``first_after`` is the first price after its last session. ``by_feed``: a feed has priced its
    underlying since the entry. ``new_shares`` stand for one share as it was at the entry, since the day
    ``split_on``. ``taken_by`` is the person who opened it against the verdict of the rules.
    """

    id: str
    signal_id: str
    decision_id: str
    symbol: str
    direction: Direction
    contract: Contract
    timeframe: int | None
    opened_at: datetime
    levels: Levels
    stop: float
    entry: EntryFill
    remaining: int
    last: Mark
    legs: tuple[ExitFill, ...] = ()
    running: Attribution = NO_ATTRIBUTION
    mfe: float = 0.0
    mae: float = 0.0
    state: PositionState = PositionState.OPEN
    pending: Pending | None = None
    first: Mark | None = None
    moves: tuple[LevelMove, ...] = ()
    strategy: str | None = None
    suspended: str | None = None
    ex_dates: tuple[date, ...] = ()
    dividends_paid: float = 0.0
    close_unavailable: str | None = None
    first_after: SettlementPrice | None = None
    by_feed: bool = True
    new_shares: float = 1.0
    split_on: date | None = None
    taken_by: str | None = None

    @property
    def level_at_entry(self) -> float:
        """The underlying's price at the entry, less the dividends that it has paid since."""
        return self.entry.underlying_at_entry - self.dividends_paid

    @property
    def levels_since(self) -> datetime:
        """The instant from which all levels are in force: their latest move, else the entry."""
        return max((move.at for move in self.moves), default=self.opened_at)

    @property
    def is_open(self) -> bool:
        """True if contracts are held that can still be sold."""
        return self.state in _WITH_CONTRACTS_TO_SELL

    @property
    def awaits_settlement(self) -> bool:
        """True if the option has expired and its settlement is not known yet."""
        return self.state is PositionState.AWAITING_SETTLEMENT

    @property
    def scaled_out(self) -> bool:
        """True if contracts were sold at the first target."""
        return any(leg.reason is ExitReason.TARGET_1 for leg in self.legs)

    @property
    def premium(self) -> float:
        """Dollars paid for all contracts at the entry, without commission."""
        return self.entry.entry_price * self.shares(self.entry.filled_contracts)

    @property
    def theta_paid(self) -> float:
        """Dollars lost to time so far, on contracts sold and held; negative if time was a gain."""
        return -(sum(leg.attribution.theta for leg in self.legs) + self.running.theta * self.remaining)

    def in_r(self, dollars: float) -> float | None:
        """Return dollars in units of the planned loss (R), ``None`` when no loss was planned."""
        return dollars / self.entry.risk_amount if self.entry.risk_amount > 0 else None

    def shares(self, contracts: int) -> int:
        return contracts * self.entry.multiplier


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class PositionChange:
    """Result of an input: the new position, its new marks and its new exit fills, both in order."""

    position: Position
    marks: tuple[Mark, ...] = ()
    legs: tuple[ExitFill, ...] = ()
