"""Volatility where no option quote implies one: level × term × smile, and the last implied one carried on.

The surface has no steps: the term factor is interpolated in the logarithm of the trading minutes left, the smile in
standard deviations from the forward. On the trading clock the term holds the shape of the last session too: a 0DTE
option has as many minutes left as the session. All numbers are rules (section volatility).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.fast_init import fast_init
from core.rules.sections import VolatilityRules

OTHER, INDEX = "other", "index"
VIX = "VIX"
LEAST_VIX, MOST_VIX = 5.0, 200.0
"""A value outside cannot be the VIX (its closes lie between 9 and 83): another chart's price under its name."""


class VolatilitySource(StrEnum):
    """Source of a mark's volatility.

    IMPLIED by a real quote's mid; CARRIED from the last quote of the contract; ESTIMATED by level, term and smile.
    """

    IMPLIED = "implied"
    CARRIED = "carried"
    ESTIMATED = "estimated"


class LevelSource(StrEnum):
    """Source of the level under an estimate: a VIX that was seen, the rules' for the symbol, or an assumption."""

    VIX = "VIX"
    RULES = "rules"
    ASSUMED_VIX = "assumed VIX"
    ASSUMED_CLASS = "assumed for its class"


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class VolatilityLevel:
    """The volatility a year for 30 days over all strikes, with its source; ``at`` and ``feed`` are those of a VIX.

    ``percentile`` is the IV percentile 0–100 of the symbol that a feed states, ``None`` when none does.
    """

    value: float
    source: LevelSource
    at: datetime | None = None
    feed: str | None = None
    percentile: float | None = None

    @property
    def with_percentile(self) -> float:
        """The level times 0.5 + percentile/100; the level itself without a percentile."""
        return self.value * _of_percentile(self.percentile)

    def words(self, now: datetime) -> str:
        """Return the level in words, with source and age; what is assumed says so."""
        if self.source is LevelSource.VIX and self.at is not None:
            text = f"VIX {self.value * 100:.2f} ({self.feed}, {_age((now - self.at).total_seconds())} old)"
        elif self.source is LevelSource.ASSUMED_VIX:
            text = f"VIX {self.value * 100:.2f}, assumed"
        elif self.source is LevelSource.RULES:
            text = f"{self.value * 100:.1f} % by the rules"
        else:
            text = f"{self.value * 100:.1f} %, {self.source}"
        return text if self.percentile is None else f"{text}, IV percentile {self.percentile:.0f}"

    def change_since(self, before: VolatilityLevel | None) -> float:
        """Return the ratio of this level to an earlier one, as far as both are measured and not assumed."""
        change = 1.0
        if before is None:
            return change
        if self.source is before.source is LevelSource.VIX:
            change *= self.value / before.value
        if self.percentile is not None and before.percentile is not None:
            change *= _of_percentile(self.percentile) / _of_percentile(before.percentile)
        return change


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class ImpliedVolatility:
    """The volatility a year that a contract's last quote implied, with the years left and the level then."""

    iv: float
    years: float
    level: VolatilityLevel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VixSeen:
    """The last value of the VIX in points: when it was made, and by whom it came."""

    value: float
    at: datetime
    feed: str


@dataclass(slots=True)
class MarketVolatility:
    """All that is known of volatility besides option quotes: the VIX, and the IV percentile by symbol."""

    vix: VixSeen | None = None
    percentiles: dict[str, float] = field(default_factory=dict)

    def take_vix(self, value: float, at: datetime, feed: str) -> bool:
        """Keep a value of the VIX unless a newer one is known; return whether it was kept."""
        known = self.vix
        if not LEAST_VIX <= value <= MOST_VIX or (known is not None and at < known.at):
            return False
        self.vix = VixSeen(value=value, at=at, feed=feed)
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class VolatilityEstimate:
    """An estimated volatility a year on the trading clock, and the factors of the product."""

    value: float
    level: VolatilityLevel
    term: float
    smile: float


class VolatilitySurface:
    """The rules' term structure and smile on a trading clock of ``minutes_per_year``."""

    __slots__ = ("_least_years", "_minutes_per_year", "_rules", "_smile", "_term")

    def __init__(self, rules: VolatilityRules, minutes_per_year: float) -> None:
        self._rules = rules
        self._minutes_per_year = minutes_per_year
        self._term = _Line([(math.log(minutes), factor) for minutes, factor in rules.term_structure])
        self._smile = _Line(rules.smile)
        self._least_years = rules.term_structure[0][0] / minutes_per_year

    def term(self, years: float) -> float:
        """Return the factor on the level for the years left on the trading clock; constant beyond the table."""
        return self._term.at(math.log(max(years, self._least_years) * self._minutes_per_year))

    def level(self, symbol: str, market: MarketVolatility) -> VolatilityLevel:
        """Return the level of a symbol: its own by the rules, the VIX for the index class, else its class's."""
        rules, percentile = self._rules, market.percentiles.get(symbol)
        own = rules.by_symbol.get(symbol)
        if own is not None:
            return VolatilityLevel(value=own, source=LevelSource.RULES, percentile=percentile)
        name = rules.classes.get(symbol, OTHER)
        if name != INDEX:
            return VolatilityLevel(
                value=rules.base[name], source=LevelSource.ASSUMED_CLASS, percentile=percentile
            )
        vix = market.vix
        if vix is None:
            return VolatilityLevel(
                value=rules.vix / 100, source=LevelSource.ASSUMED_VIX, percentile=percentile
            )
        return VolatilityLevel(
            value=vix.value / 100, source=LevelSource.VIX, at=vix.at, feed=vix.feed, percentile=percentile
        )

    def estimate(
        self, strike: float, forward: float, years: float, level: VolatilityLevel
    ) -> VolatilityEstimate:
        """Return level × term × smile at ln(strike/forward) in standard deviations of level × term.

        ``years`` on the trading clock. In the last minutes, for which the table has no row, the smile stays as wide
        as at its first row. Raises ValueError when strike or forward is not positive.
        """
        if not (strike > 0 and forward > 0):
            raise ValueError(f"no volatility at strike {strike} and forward {forward}")
        term = self.term(years)
        at_the_money = level.with_percentile * term
        deviation = at_the_money * math.sqrt(max(years, self._least_years))
        smile = self._smile.at(math.log(strike / forward) / deviation)
        return VolatilityEstimate(value=at_the_money * smile, level=level, term=term, smile=smile)

    def carried(self, last: ImpliedVolatility, years: float, level: VolatilityLevel) -> float:
        """Return the volatility that a contract's last quote implied, moved by term and by the level as measured.

        It depends on the quote alone, not on the marks since. The strike keeps its volatility when the underlying
        moves: measured over 5 to 60 minutes on SPXW and AAPL, that misses real mids by less than to move the smile.
        """
        return last.iv * self.term(years) / self.term(last.years) * level.change_since(last.level)


class _Line:
    """A line through points, constant beyond its ends."""

    __slots__ = ("_x", "_y")

    def __init__(self, points: Sequence[tuple[float, float]]) -> None:
        self._x = [x for x, _ in points]
        self._y = [y for _, y in points]

    def at(self, x: float) -> float:
        xs, ys = self._x, self._y
        n = bisect_right(xs, x)
        if n == 0:
            return ys[0]
        if n == len(xs):
            return ys[-1]
        left = xs[n - 1]
        return ys[n - 1] + (x - left) / (xs[n] - left) * (ys[n] - ys[n - 1])


def _age(seconds: float) -> str:
    minutes = int(max(0.0, seconds) // 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"


def _of_percentile(percentile: float | None) -> float:
    return 1.0 if percentile is None else 0.5 + min(max(percentile, 0.0), 100.0) / 100
