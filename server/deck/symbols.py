"""Views of one symbol and of all symbols heard or fed, as frozen JSON-able values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.model import Source
from server.deck.rows import PositionRow, SourceStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class LastPrice:
    """The last price of an underlying in $, with the source that stated it; ``age`` in seconds."""

    price: float
    at: datetime
    age: float
    source: str
    stale: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedSymbol:
    """One line of the watchlist; ``heard_age`` are the seconds since its newest message, ``None`` without one."""

    symbol: str
    price: LastPrice | None = None
    heard_age: float | None = None
    positions: int = 0
    signals: int = 0
    """Signals that are not ended yet."""
    remark: str = ""
    """Halted, suspended, or a price in doubt; else empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextSection:
    """A part of a symbol's context, stated by one sender; it is over in ``left`` seconds, negative afterwards."""

    name: str
    facts: Mapping[str, Any]
    source: Source
    at: datetime
    age: float
    left: float
    timeframe: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolView:
    """All that is known of one symbol now, and what happened with it today.

    ``path`` holds the prices of the exchange's day in $, oldest first; ``decisions`` and ``trades`` are items of the
    lists of the same names, newest first, decisions of the day and the newest trades.
    """

    symbol: str
    at: datetime
    watched: WatchedSymbol
    sections: tuple[ContextSection, ...] = ()
    path: tuple[tuple[datetime, float], ...] = ()
    positions: tuple[PositionRow, ...] = ()
    senders: tuple[SourceStatus, ...] = ()
    decisions: tuple[Mapping[str, Any], ...] = ()
    trades: tuple[Mapping[str, Any], ...] = ()
