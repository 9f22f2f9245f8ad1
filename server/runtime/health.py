"""Health of the runtime: counters, latest latencies, and the alarms that a person must see."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

LATEST = 2048
"""Latencies kept for the percentiles."""


@dataclass(slots=True)
class HealthCounters:
    """Counters, latencies in milliseconds and alarms by name, for the System screen and readiness."""

    events: int = 0
    commits: int = 0
    last_commit_ms: float = 0.0
    webhook_ms: deque[float] = field(default_factory=lambda: deque(maxlen=LATEST))
    commit_ms: deque[float] = field(default_factory=lambda: deque(maxlen=LATEST))
    alarms: dict[str, str] = field(default_factory=dict)
