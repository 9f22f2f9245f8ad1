"""Day book: the exchange day's realised P&L, its trades, losses in a row, and samples of the total."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

SAMPLE_SECONDS = 60


@dataclass(slots=True)
class DayBook:
    """Plain data, part of the engine's checkpoint; money in dollars, net of costs.

    ``carried`` is the net P&L of one contract of each open position at the last close, by position id: what was
    counted on earlier days. ``closing`` is the same at today's close, ``None`` before it. ``costs`` are what
    today's fills cost. ``settled_late`` is the part of ``realized`` from options that expired on an earlier day.
    ``losses_in_a_row`` and the cool-down continue across days; the rest is reset with each
    exchange date.
    """

    day: date | None = None
    realized: float = 0.0
    costs: float = 0.0
    closed: int = 0
    wins: int = 0
    losses_in_a_row: int = 0
    cool_down_until: datetime | None = None
    series: list[float] = field(default_factory=list)
    sampled_at: datetime | None = None
    carried: dict[str, float] = field(default_factory=dict)
    closing: dict[str, float] | None = None
    settled_late: float = 0.0

    def roll(self, day: date, carried: Mapping[str, float]) -> None:
        """Begin a day with what its open positions were worth at the last close."""
        self.day, self.realized, self.costs, self.closed, self.wins = day, 0.0, 0.0, 0, 0
        self.series, self.sampled_at, self.settled_late = [], None, 0.0
        self.carried, self.closing = dict(carried), None

    def bought(self, costs: float) -> None:
        self.costs += costs

    def sold(self, position_id: str, contracts: int, net: float, costs: float, *, late: bool = False) -> None:
        """Count a sale: ``net`` since the entry, less what earlier days counted; ``costs`` of the sale alone.

        ``late``: an option that expired on an earlier day was settled.
        """
        change = net - self.carried.get(position_id, 0.0) * contracts
        self.realized += change
        self.settled_late += change if late else 0.0
        self.costs += costs

    def trade(self, net: float) -> None:
        """Count a closed trade; a net of exactly 0 is neither a win nor a loss."""
        self.closed += 1
        if net > 0:
            self.wins += 1
            self.losses_in_a_row = 0
        elif net < 0:
            self.losses_in_a_row += 1

    def start_cool_down(self, now: datetime, minutes: float) -> None:
        self.cool_down_until = now + timedelta(minutes=minutes)

    def sample(self, at: datetime, total: float) -> None:
        """Keep the day's total once per minute, at most 480 values."""
        if self.sampled_at is not None and (at - self.sampled_at).total_seconds() < SAMPLE_SECONDS:
            return
        self.sampled_at = at
        self.series.append(total)
        if len(self.series) > 480:
            del self.series[0]
