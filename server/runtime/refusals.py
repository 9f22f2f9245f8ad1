"""Requests that were refused before a receipt was stored: counted by reason and address, and logged.

A sender with a wrong secret leaves no receipt. Without this count its user would see nothing at all.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

log = logging.getLogger("gatedeck.http")

REMEMBERED = 200
"""Most (code, address) pairs kept; the one refused longest ago is forgotten first."""
LINES = 30
"""Most lines a minute in the log: a crowd of addresses must not fill it either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRequests:
    """The refusals of one address for one reason; ``status`` is the HTTP status of ``code``."""

    code: str
    status: int
    address: str
    count: int
    last_at: datetime
    reason: str


def _now() -> datetime:
    return datetime.now(UTC)


class RefusalLog:
    """Counts refused requests, bounded by ``REMEMBERED``; lost at a restart."""

    def __init__(
        self, now: Callable[[], datetime] = _now, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._now = now
        self.totals: Counter[str] = Counter()
        """Refusals by code since the start; the codes are few."""
        self._monotonic = monotonic
        self._minute, self._lines, self._left_out = monotonic(), 0, 0
        self._rows: dict[tuple[str, str], RefusedRequests] = {}

    def record(self, *, code: str, status: int, address: str, reason: str) -> None:
        """Count one refusal. Log the 1st, 10th, 100th … of an address, so that a flood cannot fill the log."""
        self.totals[code] += 1
        before = self._rows.pop((code, address), None)
        count = 1 if before is None else before.count + 1
        self._rows[code, address] = RefusedRequests(
            code=code, status=status, address=address, count=count, last_at=self._now(), reason=reason
        )
        if len(self._rows) > REMEMBERED:
            del self._rows[next(iter(self._rows))]
        if str(count).rstrip("0") == "1" and self._may_log():
            log.warning("refused request %d from %s: %d %s: %s", count, address, status, code, reason)

    def _may_log(self) -> bool:
        now = self._monotonic()
        if now - self._minute >= 60.0:
            if self._left_out:
                log.warning("%d more lines about refused requests were left out", self._left_out)
            self._minute, self._lines, self._left_out = now, 0, 0
        self._lines += 1
        self._left_out += self._lines > LINES
        return self._lines <= LINES

    def rows(self) -> tuple[RefusedRequests, ...]:
        """Return the refusals, the latest first."""
        return tuple(reversed(self._rows.values()))
