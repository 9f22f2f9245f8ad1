"""The prices of one watched underlying between two posts to the engine: the newest price, and the range since.

Invariants, tested under these names: no price older than the last is taken; a jump is taken only when a second price
says the same; the range holds every price that was taken since the last post.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from core.price_moves import difference_pct
from server.feeds.observe import Observation
from server.feeds.values import Bar

STEADY_SECONDS = 60.0
"""Time within which a price that moves by the disagreement rule is a jump; it grows with the square root of time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """The prices seen since the last post: open, high and low in dollars.

    ``first_at`` is when the open was made, ``began`` from when on the range holds every price.
    """

    open: float
    high: float
    low: float
    first_at: datetime
    began: datetime


@dataclass(slots=True)
class Track:
    """The state of one underlying; times are the vendor's on the engine's clock."""

    symbol: str
    last: Observation | None = None
    unconfirmed: Observation | None = None
    range: Range | None = None
    posted: Observation | None = None
    posted_on: datetime | None = None
    """When the engine was last told, on the engine's clock."""
    asked_on: datetime | None = None
    blind_since: datetime | None = None
    """Time of the last price before a stream broke off: bars have to tell what happened since."""
    halted: bool = False

    @property
    def has_news(self) -> bool:
        """Return whether a price was taken since the last post."""
        return self.last is not None and self.last != self.posted

    def take(self, seen: Observation, jump_pct: float, *, denied: bool = False) -> bool:
        """Take a price if it is not older than the last and no lone jump; return whether it was taken.

        ``denied``: another feed has a fresh price that is not it, so that no repetition makes a jump a move.
        """
        last = self.last
        if last is not None:
            if seen.at < last.at or (seen.at == last.at and seen.price == last.price):
                return False
            if self._jumps(seen, last, jump_pct, denied):
                self.unconfirmed = seen
                return False
        self._accept(seen)
        return True

    def confirm(self, other: Observation, jump_pct: float) -> bool:
        """Take the unconfirmed price if another feed's price is nearer to it than the rule; return whether."""
        waiting = self.unconfirmed
        if waiting is None or difference_pct(waiting.price, other.price) >= jump_pct:
            return False
        self._accept(waiting)
        return True

    def halt(self, halted: bool) -> None:
        """Begin or end a halt. The price after it is a gap: nobody could trade between it and the one before."""
        self.halted = halted
        if not halted:
            self.range = None

    def take_bar(self, bar: Bar) -> None:
        """Widen the range by a bar of the time in which no price was seen."""
        self._widen(Range(open=bar.open, high=bar.high, low=bar.low, first_at=bar.start, began=bar.start))

    def posted_now(self, now: datetime) -> None:
        """Begin a new range: the engine was told all."""
        self.posted, self.posted_on, self.range = self.last, now, None

    def take_back(self, posted: Observation | None, posted_on: datetime | None, seen: Range | None) -> None:
        """Undo ``posted_now`` after a post that was not stored; the ranges before and since become one."""
        self.posted, self.posted_on = posted, posted_on
        if seen is not None:
            self._widen(seen)

    def _accept(self, seen: Observation) -> None:
        before = seen.at if self.last is None else self.last.at
        self.unconfirmed, self.last = None, seen
        self._widen(Range(open=seen.price, high=seen.price, low=seen.price, first_at=seen.at, began=before))

    def _jumps(self, seen: Observation, last: Observation, jump_pct: float, denied: bool) -> bool:
        seconds = (seen.at - last.at).total_seconds()
        allowed = jump_pct * math.sqrt(max(1.0, seconds / STEADY_SECONDS))
        if difference_pct(seen.price, last.price) < allowed:
            return False
        waiting = self.unconfirmed
        if denied or waiting is None or difference_pct(seen.price, waiting.price) >= jump_pct:
            return True
        # A second price, made later, says the same: it is a move.
        return seen.at <= waiting.at

    def _widen(self, by: Range) -> None:
        old = self.range
        if old is None:
            self.range = by
            return
        first = by if by.first_at < old.first_at else old
        self.range = Range(
            open=first.open,
            high=max(old.high, by.high),
            low=min(old.low, by.low),
            first_at=first.first_at,
            began=min(old.began, by.began),
        )
