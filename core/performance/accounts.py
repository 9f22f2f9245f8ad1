"""The account's size over time: a change of the rule is a deposit or a withdrawal, not a profit or a loss."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Accounts:
    """Account sizes in $ with the instants from which they are in force, in microseconds since 1970.

    The first size counts before its instant too.
    """

    since: tuple[int, ...]
    sizes: tuple[float, ...]

    @classmethod
    def of(cls, account: float | Accounts) -> Accounts:
        """Return one size for all times, or the history that was given."""
        return account if isinstance(account, Accounts) else cls((0,), (float(account),))

    @classmethod
    def from_changes(cls, changes: Iterable[tuple[int, float]]) -> Self:
        """Return the history of (instant, size) changes, in any order. Raises ValueError when there is none."""
        ordered = sorted(changes, key=lambda change: change[0])
        if not ordered:
            raise ValueError("an account needs a size")
        return cls(tuple(at for at, _ in ordered), tuple(float(size) for _, size in ordered))

    @property
    def latest(self) -> float:
        return self.sizes[-1]

    def at(self, instant: int) -> float:
        """Return the size in force at an instant."""
        return self.sizes[max(0, bisect_right(self.since, instant) - 1)]

    def at_each(self, instants: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the sizes in force at instants."""
        places = np.searchsorted(np.array(self.since, dtype=np.int64), instants, side="right") - 1
        return np.array(self.sizes, dtype=np.float64)[np.maximum(places, 0)]
