"""Calibration of the confidence: how often signals of each confidence won.

Confidence is read as a chance to win, confidence / 100. It is a weighted score and not meant as a
probability: the calibration shows by how much it differs from one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.learning.columns import Observations
from core.learning.observations import Observation
from core.learning.session_statistics import mean, metric_of, rate, undefined
from core.performance.intervals import Interval
from core.performance.metric import Metric
from core.rules import DEFAULT, Rules
from core.thresholds import STEP


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationBin:
    """Signals with a confidence in [low, high) (the last bin includes 100): mean confidence and win rate."""

    low: float
    high: float
    n: int
    said: float
    won: Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The reliability curve, and Brier's score with its parts.

    ``brier`` = reliability − resolution + uncertainty + within, exactly; ``within`` is the variation inside
    the bins. Lower is better, except for ``resolution``. ``skill`` is 1 − brier / uncertainty: above 0 when
    confidence predicts better than the overall win rate does.
    """

    n: int
    bins: tuple[CalibrationBin, ...]
    brier: Metric
    reliability: Metric
    resolution: Metric
    uncertainty: Metric
    within: Metric
    skill: Metric


def calibration(observations: Observations | Iterable[Observation], rules: Rules = DEFAULT) -> Calibration:
    """Return the calibration over all observed signals.

    Sources: Brier (1950), "Verification of Forecasts"; parts by Murphy (1973), "A New Vector Partition of the
    Probability Score".
    """
    seen = observations if isinstance(observations, Observations) else Observations.from_rows(observations)
    seen = seen.where(~np.isnan(seen.number("confidence")))
    n = len(seen)
    confidence, won = seen.number("confidence"), seen.win.astype(np.float64)
    predicted = confidence / 100
    brier = mean((predicted - won) ** 2, seen.day, "score")
    width = rules.learning.confidence_bin
    count = int(np.ceil(100 / width))
    places = np.clip(np.floor(confidence / width + STEP).astype(np.int64), 0, count - 1)
    bins, reliability, resolution = [], 0.0, 0.0
    base = float(won.mean()) if n else 0.0
    for place in np.unique(places).tolist():
        chosen = places == place
        size, wins = int(chosen.sum()), int(won[chosen].sum())
        average = float(predicted[chosen].mean())
        reliability += size * (average - wins / size) ** 2
        resolution += size * (wins / size - base) ** 2
        bins.append(
            CalibrationBin(
                low=place * width,
                high=min(100.0, (place + 1) * width),
                n=size,
                said=average,
                won=rate(seen.win[chosen], seen.day[chosen]),
            )
        )
    uncertainty = base * (1 - base)
    score = brier.value or 0.0
    parts = {
        "reliability": reliability / n if n else 0.0,
        "resolution": resolution / n if n else 0.0,
        "uncertainty": uncertainty,
    }
    within = score - parts["reliability"] + parts["resolution"] - uncertainty
    return Calibration(
        n=n,
        bins=tuple(bins),
        brier=brier,
        reliability=_part(parts["reliability"], brier),
        resolution=_part(parts["resolution"], brier),
        uncertainty=_part(uncertainty, brier),
        within=_part(within, brier),
        skill=_part(1 - score / uncertainty, brier, "ratio")
        if uncertainty > 0
        else undefined(n, "ratio", "every signal came out alike" if n else "no signals"),
    )


def _part(value: float, brier: Metric, unit: str = "score") -> Metric:
    """Return a part of the Brier score, which rests on the same signals."""
    if brier.n == 0:
        return undefined(0, unit, "no signals")
    missing = Interval(None, None, "no interval: a part of the Brier score")
    return metric_of(value, brier.n, unit, missing, brier.sessions)
