"""Empirical Bayes: what an effect is expected to be, after the largest of many was picked.

The largest of many measured effects was helped by chance. All effects that were measured show how large true
ones are and how rare, and each is drawn towards 0 by that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_Z = 1.959963984540054
_SHARES = np.geomspace(0.02, 0.5, 12)
_SIZES = np.linspace(2.0, 8.0, 10)
"""Sizes of true effects that are considered, in multiples of the smallest effect worth reporting."""


@dataclass(frozen=True, slots=True)
class Shrinkage:
    """Weights of each share and each size of true effects that is considered; arrays of one shape.

    ``size`` is the standard deviation of true effects, in the unit of the effects.
    """

    share: Floats
    size: Floats
    weight: Floats

    def expected(self, effect: float, half: float) -> float:
        """Return the true effect to be expected behind a measured one with half its 95 % interval."""
        error = half / _Z
        if error <= 0:
            return effect
        total = error**2 + self.size**2
        of_true = self.share * _density(effect, total)
        of_none = (1 - self.share) * _density(effect, np.full_like(total, error**2))
        whole = of_true + of_none
        likely = np.divide(of_true, whole, out=np.ones_like(whole), where=whole > 0)
        return effect * float(self.weight @ (likely * self.size**2 / total))


def shrinkage(effects: Floats, halves: Floats, least: float) -> Shrinkage:
    """Return what a set of measured effects tells about true ones.

    ``halves`` are half of their 95 % intervals, ``least`` the smallest effect worth reporting. A share of the
    true effects is not 0 but normal around it; share and size are averaged over their likelihood. Source:
    Efron (2010), Large-Scale Inference, chapters 1 and 2 (the two-groups model).
    """
    share, size = (each.ravel() for each in np.meshgrid(_SHARES, _SIZES * max(least, 1e-9)))
    errors = np.maximum(halves / _Z, 1e-12)[None, :] ** 2
    of_true = share[:, None] * _density(effects[None, :], errors + size[:, None] ** 2)
    of_none = (1 - share[:, None]) * _density(effects[None, :], errors)
    likelihood = np.log(np.maximum(of_true + of_none, 1e-300)).sum(axis=1)
    weight = np.exp(likelihood - likelihood.max())
    return Shrinkage(share, size, weight / weight.sum())


def _density(value: Floats | float, variance: Floats) -> Floats:
    found: Floats = np.exp(-0.5 * np.square(value) / variance) / np.sqrt(2 * np.pi * variance)
    return found
