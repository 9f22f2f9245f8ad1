"""Estimate a volatility where no option quote implies one."""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.rules.sections import VolatilityRules

OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class VolatilityEstimate:
    """An estimated volatility a year on the trading clock, and the factors of the product."""

    value: float
    base: float
    term: float
    percentile: float
    skew: float
    source: str = "model"


def estimate_iv(
    symbol: str,
    strike: float,
    forward: float,
    years: float,
    dte: int,
    iv_percentile: float | None,
    rules: VolatilityRules,
) -> VolatilityEstimate:
    """Return base by class × term × (0.5 + iv_percentile/100) × skew for strikes below the forward.

    ``years`` on the trading clock, ``dte`` in calendar days, ``iv_percentile`` 0–100 or ``None`` (factor 1).
    The skew counts standard deviations of the volatility before skew. Raises ValueError when strike or
    forward is not positive.
    """
    if not (strike > 0 and forward > 0):
        raise ValueError(f"no volatility at strike {strike} and forward {forward}")
    base = rules.by_symbol.get(symbol, rules.base[rules.classes.get(symbol, OTHER)])
    term = next((factor for most, factor in rules.term if dte <= most), rules.term[-1][1])
    percentile = 1.0 if iv_percentile is None else 0.5 + min(max(iv_percentile, 0.0), 100.0) / 100
    level = base * term * percentile
    skew = 1.0 + _skew(math.log(forward / strike), level * math.sqrt(max(years, 0.0)), rules)
    return VolatilityEstimate(value=level * skew, base=base, term=term, percentile=percentile, skew=skew)


def _skew(below: float, deviation: float, rules: VolatilityRules) -> float:
    if below <= 0:
        return 0.0
    if deviation <= 0:
        return rules.skew_cap
    return min(rules.skew * below / deviation, rules.skew_cap)
