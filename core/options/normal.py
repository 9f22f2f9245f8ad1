"""The normal distribution for arrays whose density is known already, faster than scipy's.

N at the nearest node of a table, and from there its Taylor series in the distance h with the density n(x):

    N(x) = N(x - h) + n(x)·h·(1 + x·h/2 + (x² - 1)·h²/6 + (x³ - 3x)·h³/24)

The nodes are so near each other that what is left out is below the rounding of a price, in the tails too: the
relative error is under 2e-14 for x > -8 and under 2e-11 for any x.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from core.options.broadcasting import Floats

_INV_SQRT_2PI = 1 / math.sqrt(2 * math.pi)
_SQRT_HALF = math.sqrt(0.5)
_PER_UNIT, _REACH = 1024, 39
"""Nodes per unit of x, and the x beyond which N is 0 or 1."""


def density_of(x: Floats) -> Floats:
    """Return n(x) = e^(-x²/2)/√(2π)."""
    found = np.asarray(x * x)
    found *= -0.5
    np.exp(found, out=found)
    found *= _INV_SQRT_2PI
    return found


def normal(x: Floats, density: Floats) -> Floats:
    """Return N(x) from x and n(x); NaN stays NaN."""
    x = np.minimum(np.maximum(x, -_REACH), _REACH)
    node = np.asarray(x * _PER_UNIT)
    np.rint(node, out=node)
    h = node * (-1 / _PER_UNIT)
    h += x
    node += _REACH * _PER_UNIT
    square = np.asarray(x * x)
    found = square - 3.0
    found *= x
    found *= h
    found *= 0.25
    found += square
    found -= 1.0
    found *= h
    found *= 1 / 3
    found += x
    found *= h
    found *= 0.5
    found += 1.0
    found *= h
    found *= density
    with np.errstate(invalid="ignore"):  # NaN has no node; its h keeps it NaN
        found += _table().take(node.astype(np.intp), mode="clip")
    return np.asarray(found)


@cache
def _table() -> Floats:
    # Made without scipy, whose import takes 26 MB and 0.16 s.
    nodes = np.arange(-_REACH * _PER_UNIT, _REACH * _PER_UNIT + 1) * (-_SQRT_HALF / _PER_UNIT)
    return 0.5 * np.fromiter(map(math.erfc, nodes.tolist()), float, nodes.size)
