"""Results of the same trades by how they are filled: the execution band beside the sampling interval.

Simulated fills assume an execution, and the result depends on it as much as on luck. Three assumptions bound it: a
fill at the mid, one at an expected part of the half-spread (rule ``fills.expected_share``), and one at the far side
with slippage.
"""

from __future__ import annotations

from dataclasses import dataclass

UNKNOWN = "no execution band is stored"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionBand:
    """Dollars with every fill at the mid (``best``), as expected, and at the far side with slippage (``worst``)."""

    best: float
    expected: float
    worst: float

    def plus(self, other: ExecutionBand) -> ExecutionBand:
        return ExecutionBand(
            best=self.best + other.best,
            expected=self.expected + other.expected,
            worst=self.worst + other.worst,
        )

    def times(self, factor: float) -> ExecutionBand:
        return ExecutionBand(
            best=self.best * factor, expected=self.expected * factor, worst=self.worst * factor
        )
