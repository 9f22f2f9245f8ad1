"""A position and its parts: frozen, replaced by a new one whenever a fill, a mark or a command changes it.

A position is a fold over its fills: what it holds, paid and made follows from ``entry`` and ``legs`` alone;
``last`` and ``running`` follow from its marks. Money in dollars, option prices and Greeks per share.

Invariants, tested under these names: quantities_are_conserved, a_closed_position_never_changes,
gross_less_costs_is_net, attribution_adds_up_to_gross.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.model import Contract, Direction, ExitReason, Levels
from core.positions.attribution import NOTHING, Attribution


class PositionState(StrEnum):
    """EXITING: an exit filled in part and its rest waits for the next price."""

    OPEN = "OPEN"
    EXITING = "EXITING"
    AWAITING_SETTLEMENT = "AWAITING_SETTLEMENT"
    CLOSED = "CLOSED"


class Basis(StrEnum):
    """Where a mark's mid comes from."""

    QUOTE = "quote"
    MODEL = "model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One valuation of one contract, and the step that led to it from the mark before.

    ``spot`` was made at ``spot_at``; ``years`` to expiry on the trading clock, ``carry_years`` on the
    calendar. ``mid`` $ per share; delta per $1, gamma per $1 per $1, theta per session plus one night, vega
    per volatility point. ``iv`` a year, ``None`` where none could be implied or estimated; ``estimated`` when
    the Greeks are the rules' fallback, of which gamma and vega are not known. ``quoted_at`` is when the
    last option quote used so far was made. ``step`` in $ per contract. From spot, iv, both clocks and mid
    of successive marks the attribution can be computed again.
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
    step: Attribution = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFill:
    """How the entry was filled; costs in $ for all contracts, prices, Greeks and ATR per share.

    ``contracts`` were ordered, ``filled_contracts`` bought; ``atr`` is the daily ATR in $, if known.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitFill:
    """One exit fill; costs and attribution in $ for its contracts, prices per share.

    ``stale_fill`` when no fresh price stood behind it; ``near_strike`` when it was settled so close to the
    strike that a holder's exercise might have gone the other way.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """The rest of an exit that filled in part."""

    reason: ExitReason
    contracts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """One trade in one option contract from its entry on.

    ``levels`` as decided, ``stop`` the one in force, ``first`` the mark it was opened at. ``running`` is the
    attribution of one contract held since the entry, ``mfe``/``mae`` the best and worst gross P&L of the whole
    trade at any mark.
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
    running: Attribution = NOTHING
    mfe: float = 0.0
    mae: float = 0.0
    state: PositionState = PositionState.OPEN
    pending: Pending | None = None
    first: Mark | None = None

    @property
    def is_open(self) -> bool:
        """Whether contracts are held that can still be sold."""
        return self.state in (PositionState.OPEN, PositionState.EXITING)

    @property
    def scaled_out(self) -> bool:
        """Whether the first target has taken its part."""
        return any(leg.reason is ExitReason.TARGET_1 for leg in self.legs)

    @property
    def premium(self) -> float:
        """Dollars paid for all contracts at the entry, without commission."""
        return self.entry.entry_price * self.shares(self.entry.filled_contracts)

    @property
    def theta_paid(self) -> float:
        """Dollars lost to time so far, for contracts sold and held; negative when time was a gain."""
        return -(sum(leg.attribution.theta for leg in self.legs) + self.running.theta * self.remaining)

    def in_r(self, dollars: float) -> float | None:
        """Dollars in units of the planned loss, ``None`` when none was planned."""
        return dollars / self.entry.risk_amount if self.entry.risk_amount > 0 else None

    def shares(self, contracts: int) -> int:
        return contracts * self.entry.multiplier


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionChange:
    """What an input made of a position: the position as it now is, its new marks in order, and exit fills."""

    position: Position
    marks: tuple[Mark, ...] = ()
    legs: tuple[ExitFill, ...] = ()
