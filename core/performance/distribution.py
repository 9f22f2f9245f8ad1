"""Distribution of results: a histogram with round edges."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.performance.columns import Floats

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Histogram:
    """``counts[i]`` values lie in ``edges[i] <= x < edges[i + 1]``; zero is an edge."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


def histogram(values: Floats, bins: int = 20) -> Histogram:
    """Return about ``bins`` bins at most of equal round width over the finite values; no bins without values."""
    known = values[np.isfinite(values)]
    if len(known) == 0:
        return Histogram((), ())
    low, high = min(0.0, float(known.min())), max(0.0, float(known.max()))
    width = _round_up((high - low) / bins) if high > low else 1.0
    first, last = math.floor(low / width), math.floor(high / width) + 1
    places = np.clip(np.floor(known / width).astype(np.int64) - first, 0, last - first - 1)
    counts = np.bincount(places, minlength=last - first)
    return Histogram(tuple(n * width for n in range(first, last + 1)), tuple(counts.tolist()))


def _round_up(width: float) -> float:
    power: float = 10.0 ** math.floor(math.log10(width))
    return next(step * power for step in _STEPS if step * power >= width * (1 - 1e-12))
