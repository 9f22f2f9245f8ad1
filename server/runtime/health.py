"""Health of the runtime: counters, latest latencies, and the alarms that a person must see."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field

from server.runtime.histogram import Histogram

FAILURES = 3
"""Failures in a row on inputs of one type after which the engine counts as not ready."""
STOPPING = frozenset({"ledger", "ledger files", "engine loop"})
"""Alarms with which no webhook can be stored; the other alarms leave the engine ready."""
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
    upkeep: dict[str, str] = field(default_factory=dict)
    """When each job that keeps the ledger small and safe ran last, and when it runs next."""
    webhooks: Histogram = field(default_factory=Histogram)
    commits_took: Histogram = field(default_factory=Histogram)
    decisions: Histogram = field(default_factory=Histogram)
    """From a signal's receipt to its first decision on disk."""
    loop_lag: Histogram = field(default_factory=Histogram)
    failing: Counter[type[object]] = field(default_factory=Counter)
    """For each type of input: how many in a row the engine failed on."""

    def webhook_took(self, milliseconds: float) -> None:
        """Count the time from the body of a webhook to its answer."""
        self.webhook_ms.append(milliseconds)
        self.webhooks.observe(milliseconds / 1000)

    def commit_took(self, milliseconds: float) -> None:
        """Count the time of one commit of the ledger."""
        self.last_commit_ms = milliseconds
        self.commit_ms.append(milliseconds)
        self.commits_took.observe(milliseconds / 1000)

    @property
    def alarm_texts(self) -> tuple[str, ...]:
        """Return the texts of the alarms, those first with which nothing can be stored: a screen shows the first."""
        order = sorted(self.alarms, key=lambda name: name not in STOPPING)
        return tuple(self.alarms[name] for name in order)

    @property
    def refuses(self) -> bool:
        """Return whether inputs of some type are all refused, so that the engine is not ready."""
        return any(count >= FAILURES for count in self.failing.values())
