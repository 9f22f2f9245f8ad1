"""The circuit breaker of one vendor: after several failures in a row it is left alone for a while."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from random import Random

FAILURES = 4
"""Failures in a row after which a vendor is not asked for a while."""
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0


class Breaker:
    """Closed: all requests pass. Open: none does until a pause is over; then one at a time tries (half open).

    The pause doubles with each failed try, up to a minute, and is spread by up to a quarter so that several decks
    do not return at the same instant.
    """

    def __init__(self, random: Random, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._random = random
        self._monotonic = monotonic
        self._failures = 0
        self._pause = FIRST_PAUSE
        self._open_until = -math.inf
        self._trying = False

    @property
    def is_open(self) -> bool:
        """Return whether the last tries failed and none has succeeded since."""
        return self._open_until > -math.inf

    @property
    def opens_in(self) -> float:
        """Seconds until the next try may be made."""
        return max(0.0, self._open_until - self._monotonic())

    def allow(self) -> bool:
        """Return whether a request may be made now; each allowed one must report ``succeeded`` or ``failed``."""
        if not self.is_open:
            return True
        if self._trying or self._monotonic() < self._open_until:
            return False
        self._trying = True
        return True

    def succeeded(self) -> None:
        """Close the circuit."""
        self._failures, self._pause = 0, FIRST_PAUSE
        self._open_until, self._trying = -math.inf, False

    def failed(self) -> None:
        """Count a failure; open the circuit at the last one allowed, or again when a try failed."""
        self._failures += 1
        if self._failures < FAILURES and not self.is_open:
            return
        self._trying = False
        self._open_until = self._monotonic() + self._pause * self._random.uniform(1.0, 1.25)
        self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def given_up(self) -> None:
        """Release the try of a request that was cancelled, which says nothing of the vendor."""
        self._trying = False
