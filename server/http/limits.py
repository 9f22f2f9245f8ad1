"""Rate limit of webhooks: a token bucket per remote address."""

from __future__ import annotations

import time
from collections.abc import Callable

REMEMBERED = 4096
"""Most buckets kept; beyond it the full ones are dropped, then the older half."""


class RateLimiter:
    """Allow ``rate`` per second with bursts of ``burst``, per key."""

    def __init__(self, rate: float, burst: int, now: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._now = now
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, key: str, cost: int = 1) -> float:
        """Return 0.0 if allowed, else the seconds to wait; a refusal costs nothing.

        A cost larger than the bucket's content is allowed once and paid off later, so that no batch is refused
        forever.
        """
        now = self._now()
        level, at = self._buckets.get(key, (self._burst, now))
        level = min(self._burst, level + (now - at) * self._rate)
        if level < 1.0:
            self._buckets[key] = (level, now)
            return (1.0 - level) / self._rate
        self._buckets[key] = (level - cost, now)
        if len(self._buckets) > REMEMBERED:
            self._forget(now)
        return 0.0

    def _forget(self, now: float) -> None:
        full = [
            k for k, (level, at) in self._buckets.items() if level + (now - at) * self._rate >= self._burst
        ]
        for key in full:
            del self._buckets[key]
        # Down to well under the limit, so that a crowd of strangers does not bring us here at each request.
        for key in list(self._buckets)[: len(self._buckets) - REMEMBERED // 2]:
            del self._buckets[key]
