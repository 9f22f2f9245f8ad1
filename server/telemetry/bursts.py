"""Collapse a burst of equal log lines into the first one and a count."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

WINDOW_SECONDS = 10.0
"""Time after a line in which equal ones are only counted."""
REMEMBERED = 256
"""Most different lines whose repeats are counted; beyond it the oldest is told early."""


@dataclass(slots=True)
class _Burst:
    record: logging.LogRecord
    until: float
    repeats: int = 0


class BurstFilter(logging.Filter):
    """Let the first of equal lines through and count the others of its window; thread-safe.

    Lines are equal when logger, level, text and type of exception are. A line about one receipt, decision or
    position (``ids``) always passes: each of them happened.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._lock = threading.Lock()
        self._bursts: dict[object, _Burst] = {}
        self._ended: list[_Burst] = []

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "ids", None):
            return True
        kind = record.exc_info[0] if isinstance(record.exc_info, tuple) else None
        key = (record.name, record.levelno, record.getMessage(), kind)
        now = self._clock()
        with self._lock:
            known = self._bursts.get(key)
            if known is not None and now < known.until:
                known.repeats += 1
                return False
            if known is not None:
                self._ended.append(self._bursts.pop(key))
            elif len(self._bursts) >= REMEMBERED:
                self._ended.append(self._bursts.pop(next(iter(self._bursts))))
            self._bursts[key] = _Burst(_bare(record), now + WINDOW_SECONDS)
        return True

    def summaries(self, *, every: bool = False) -> list[logging.LogRecord]:
        """Return one line for each window that is over (``every``: for all) in which lines were repeated."""
        now = self._clock()
        with self._lock:
            over = [key for key, burst in self._bursts.items() if every or now >= burst.until]
            ended = self._ended + [self._bursts.pop(key) for key in over]
            self._ended = []
        for burst in ended:
            burst.record.msg += f" (repeated {burst.repeats:,} more times within {WINDOW_SECONDS:g} s)"
        return [burst.record for burst in ended if burst.repeats]


def _bare(record: logging.LogRecord) -> logging.LogRecord:
    """Return a record of the text alone: one that is kept must not hold a traceback's frames."""
    return logging.LogRecord(record.name, record.levelno, "", 0, record.getMessage(), None, None)
