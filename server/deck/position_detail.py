"""What the deck shows of one position beyond its row in the live table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # numpy behind these takes longer to load than a deck that is attached may need
    from core.positions.detail import PathPoint, ValuePoint
    from server.deck.rows import PositionRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What one cause made of a trade, in $: of the contracts still held, of those sold, of all."""

    name: str
    held: float
    sold: float
    total: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributionView:
    """A trade's P&L in $ so far: its causes add up to ``gross``; gross less the costs is ``net``."""

    causes: tuple[Cause, ...]
    gross: float
    spread_cost: float
    slippage: float
    commission: float
    net: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitView:
    """One exit that may come by itself; ``gone`` is the share of its way that has been gone, 0 to 1."""

    reason: str
    words: str
    gone: float
    nearest: bool
    level: float | None = None
    due: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LegView:
    """One exit fill; ``net`` in $ with its contracts' part of the entry's costs."""

    at: datetime
    reason: str
    contracts: int
    price: float
    underlying: float
    net: float
    stale_fill: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionDetail:
    """One position, open or closed, in full; shares of its life run from 0 (entry) to 1 (last close).

    ``path`` is the option's mid and the underlying as stored, ``decay`` the option's value from now to its
    end were underlying and volatility to stay. ``stop`` is the one in force. ``mfe`` and ``mae`` are the
    best and worst gross so far, in $.
    """

    at: datetime
    row: PositionRow
    closed: bool
    attribution: AttributionView
    exits: tuple[ExitView, ...]
    legs: tuple[LegView, ...]
    path: tuple[PathPoint, ...]
    decay: tuple[ValuePoint, ...]
    sessions: tuple[tuple[float, datetime], ...]
    now_share: float
    time_exit_share: float
    stop: float
    stop_at_entry: float
    target_1: float
    target_2: float
    scaled_out: bool
    mfe: float
    mae: float
