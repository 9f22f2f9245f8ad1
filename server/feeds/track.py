"""The prices of one watched underlying between two posts to the engine: the newest price, and the range since.

Invariants, tested under these names: no price older than the last is taken; a jump is taken only when a second price
says the same; the range holds every price that was taken since the last post.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from server.feeds.observe import Observation, difference_pct
from server.feeds.values import Bar

STEADY_SECONDS = 60.0
"""Time within which a price that moves by the disagreement rule is a jump; it grows with the square root of time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """The prices seen since the last post: open, high and low in dollars, and from when on."""

    open: float
    high: float
    low: float
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

    def take(self, seen: Observation, jump_pct: float) -> bool:
        """Take a price if it is not older than the last and no lone jump; return whether it was taken."""
        last = self.last
        if last is not None:
            if seen.at < last.at or (seen.at == last.at and seen.price == last.price):
                return False
            if self._jumps(seen, last, jump_pct):
                self.unconfirmed = seen
                return False
        self.unconfirmed = None
        self.last = seen
        self._widen(seen.price, seen.price, seen.price, last.at if last is not None else seen.at)
        return True

    def confirm(self, other: Observation, jump_pct: float) -> bool:
        """Take the unconfirmed price if another feed's price is nearer to it than the rule; return whether."""
        waiting = self.unconfirmed
        if waiting is None or difference_pct(waiting.price, other.price) >= jump_pct:
            return False
        before = self.last
        self.unconfirmed, self.last = None, waiting
        self._widen(
            waiting.price, waiting.price, waiting.price, before.at if before is not None else waiting.at
        )
        return True

    def take_bar(self, bar: Bar) -> None:
        """Widen the range by a bar of the time in which no price was seen."""
        self._widen(bar.open, bar.high, bar.low, bar.start)

    def posted_now(self, now: datetime) -> None:
        """Begin a new range: the engine was told all."""
        self.posted, self.posted_on, self.range = self.last, now, None

    def take_back(self, posted: Observation | None, posted_on: datetime | None, seen: Range | None) -> None:
        """Undo ``posted_now`` after a post that was not stored; the ranges before and since become one."""
        since, self.range = self.range, seen
        self.posted, self.posted_on = posted, posted_on
        if since is not None:
            self._widen(since.open, since.high, since.low, since.began)

    def _jumps(self, seen: Observation, last: Observation, jump_pct: float) -> bool:
        seconds = (seen.at - last.at).total_seconds()
        allowed = jump_pct * math.sqrt(max(1.0, seconds / STEADY_SECONDS))
        if difference_pct(seen.price, last.price) < allowed:
            return False
        waiting = self.unconfirmed
        if waiting is None or difference_pct(seen.price, waiting.price) >= jump_pct:
            return True
        # A second price, made later, says the same: it is a move.
        return seen.at <= waiting.at

    def _widen(self, opened: float, high: float, low: float, began: datetime) -> None:
        old = self.range
        if old is None:
            self.range = Range(open=opened, high=high, low=low, began=began)
            return
        first = opened if began < old.began else old.open
        self.range = Range(
            open=first, high=max(old.high, high), low=min(old.low, low), began=min(old.began, began)
        )
