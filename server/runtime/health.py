"""How the runtime is doing: counters, the latest latencies, and the alarms a person must see."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

LATEST = 2048
"""How many latencies are kept for the percentiles."""


@dataclass(slots=True)
class HealthCounters:
    """How the runtime is doing, for the System screen and readiness."""

    events: int = 0
    commits: int = 0
    last_commit_ms: float = 0.0
    webhook_ms: deque[float] = field(default_factory=lambda: deque(maxlen=LATEST))
    commit_ms: deque[float] = field(default_factory=lambda: deque(maxlen=LATEST))
    alarms: dict[str, str] = field(default_factory=dict)
