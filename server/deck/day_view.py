"""The exchange's day so far: its profit and loss, and what became of its webhooks, signals and trades."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from server.deck.funnel import Funnel
from server.deck.rows import PnlView


@dataclass(frozen=True, slots=True, kw_only=True)
class DayView:
    """The day at an instant of the engine's clock; ``funnel.day`` is its date on the exchange."""

    at: datetime
    pnl: PnlView
    funnel: Funnel
