"""The rate budget of one vendor: how many requests it still takes, as its headers say.

Time here is that of ``time.monotonic``: a vendor's clock, or ours, may be wrong by minutes, and a reset must still
come after the seconds that the vendor means.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RateHeaders:
    """The rate headers of one answer: ``limit`` per window, what is ``left``, seconds until the reset."""

    limit: int | None = None
    left: int | None = None
    resets_in: float | None = None


ReadRate = Callable[[Mapping[str, str], datetime], RateHeaders | None]
"""Reads a vendor's rate headers; the instant is that of the answer on the vendor's clock (its ``Date`` header)."""


class Budget:
    """Counts requests in windows of ``window`` seconds; a vendor's headers correct the count.

    ``kept`` is the share that only urgent requests may use, so that polling never takes the request that a decision
    or a stop needs.
    """

    def __init__(
        self,
        limit: int,
        *,
        window: float = 60.0,
        kept: float = 0.25,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limit = limit
        self.window = window
        self._kept = kept
        self._monotonic = monotonic
        self._left = limit
        self._resets_at = -math.inf
        self._blocked_until = -math.inf

    @property
    def is_blocked(self) -> bool:
        """Return whether the vendor has said that it takes no request now."""
        return self._monotonic() < self._blocked_until

    @property
    def left(self) -> int:
        """Requests that may still be made in this window."""
        self._roll()
        return 0 if self.is_blocked else self._left

    @property
    def resets_in(self) -> float:
        """Seconds until the whole budget is there again; 0 when it is."""
        self._roll()
        return max(0.0, self._resets_at - self._monotonic(), self._blocked_until - self._monotonic())

    @property
    def blocked_for(self) -> float:
        """Seconds for which no request is made; 0 when some may be."""
        return max(0.0, self._blocked_until - self._monotonic())

    def take(self, cost: int = 1, *, urgent: bool = False) -> bool:
        """Take ``cost`` requests from the budget; return whether they may be made."""
        self._roll()
        if self.is_blocked:
            return False
        floor = 0 if urgent else math.floor(self.limit * self._kept)
        if self._left - cost < floor:
            return False
        if self._resets_at == -math.inf:
            self._resets_at = self._monotonic() + self.window
        self._left -= cost
        return True

    def learn(self, headers: RateHeaders | None) -> None:
        """Take over what an answer's headers say. Less than was counted is believed, and so is a new window."""
        if headers is None:
            return
        self._roll()
        if headers.limit is not None and headers.limit > 0:
            self.limit = headers.limit
        if headers.resets_in is not None:
            self._resets_at = self._monotonic() + min(max(headers.resets_in, 0.0), self.window)
        if headers.left is not None:
            self._left = max(0, headers.left)

    def block(self, seconds: float) -> None:
        """Make no request for ``seconds``: the vendor has said that it takes none."""
        self._blocked_until = max(self._blocked_until, self._monotonic() + max(0.0, seconds))

    def _roll(self) -> None:
        if self._monotonic() >= self._resets_at:
            self._left, self._resets_at = self.limit, -math.inf
