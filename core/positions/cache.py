"""Results that many positions share while one price or clock tick is processed, so each is computed once.

The only mutable state of ``core.positions``. Every entry follows from its key and from the rules and the
calendar of the trading context that holds the cache: without it the results are the same, only slower.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

MOST_TIME_EXITS = 4096
"""Positions whose TIME exit is kept; above that the table is emptied."""


@dataclass(slots=True)
class TradingCache:
    """Marks and usable quotes of one instant, and the instant at which TIME acts, by position id."""

    at: datetime | None = None
    marks: dict[Any, Any] = field(default_factory=dict)
    time_exits: dict[str, datetime] = field(default_factory=dict)

    def marks_at(self, now: datetime) -> dict[Any, Any]:
        """Return the marks and quotes computed for ``now``; another instant empties the table first."""
        if self.at != now:
            self.marks.clear()
            self.at = now
        return self.marks

    def remember_time_exit(self, position_id: str, at: datetime) -> None:
        """Keep the instant at which TIME acts on a position."""
        if len(self.time_exits) >= MOST_TIME_EXITS:
            self.time_exits.clear()
        self.time_exits[position_id] = at
