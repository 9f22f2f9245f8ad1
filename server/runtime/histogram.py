"""A histogram that costs the engine a bisection and two additions; the metrics page reads it when it is asked."""

from __future__ import annotations

from bisect import bisect_left

BOUNDS = (
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
)  # fmt: skip
"""Upper bounds of the buckets in seconds; the last bucket, without bound, holds what is above."""


class Histogram:
    """Counts of durations in seconds by bucket, and their sum, since the start."""

    __slots__ = ("counts", "sum")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.sum = 0.0

    def observe(self, seconds: float) -> None:
        """Count one duration."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.sum += seconds

    def cumulative(self) -> list[tuple[str, float]]:
        """Return (upper bound, count of durations up to it) in the form of Prometheus; the last bound is +Inf."""
        total, rows = 0, []
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), self.counts, strict=True):
            total += count
            rows.append((bound, float(total)))
        return rows
