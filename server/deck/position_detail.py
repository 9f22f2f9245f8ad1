"""The detail of one position, open or closed, as the deck shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.model import ExitReason
from core.positions.detail import Detail
from core.positions.position import ExitFill
from server.deck.rows import PositionRow


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionDetail(Detail):
    """One position in full; shares of its life run from 0 (entry) to 1 (last close).

    ``nearest`` is the exit that is closest. ``exit_fills`` are the contracts sold, each with its net in $,
    which includes its part of the entry's costs. ``stop`` is the one in force. ``mfe`` and ``mae`` are the
    best and worst gross P&L so far, in $. ``notes`` are those on the trade, oldest first, as the API shows them.
    """

    at: datetime
    row: PositionRow
    closed: bool
    nearest: ExitReason | None
    exit_fills: tuple[tuple[ExitFill, float], ...]
    stop: float
    stop_at_entry: float
    target_1: float
    target_2: float
    scaled_out: bool
    mfe: float
    mae: float
    notes: tuple[Mapping[str, Any], ...] = ()
