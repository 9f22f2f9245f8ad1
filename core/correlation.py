"""Correlation: which symbols move as one, measured from their daily closes where these are enough, else assumed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from math import log, sqrt
from typing import NamedTuple

from core.rules.sections import RiskRules
from core.thresholds import above

KEPT_SESSIONS = 130
KEPT_SYMBOLS = 100
"""Most closes of a symbol and most symbols that are kept: about 300 KB in a checkpoint."""
_LARGEST_MOVE = 0.4
"""A larger change of the logarithm from one close to the next is a split or a fault, not a move."""


@dataclass(slots=True)
class CloseBook:
    """Daily closes in dollars by symbol and session (ISO date); plain data, part of the engine's checkpoint.

    The symbols are in the order of their last close.
    """

    closes: dict[str, dict[str, float]] = field(default_factory=dict)

    def note(self, symbol: str, day: date, close: float) -> None:
        """Keep the close of one session; the same session again replaces it."""
        self._keep(symbol, {**self.closes.get(symbol, {}), day.isoformat(): close})

    def take(self, symbol: str, closes: Iterable[tuple[date, float]]) -> None:
        """Keep a feed's closes; they replace all earlier ones, because they are adjusted for splits."""
        given = {day.isoformat(): close for day, close in closes if close > 0}
        if given:
            last = max(given)
            later = {day: close for day, close in self.closes.get(symbol, {}).items() if day > last}
            self._keep(symbol, given | later)

    def _keep(self, symbol: str, closes: dict[str, float]) -> None:
        self.closes.pop(symbol, None)
        self.closes[symbol] = dict(sorted(closes.items())[-KEPT_SESSIONS:])
        if len(self.closes) > KEPT_SYMBOLS:
            del self.closes[next(iter(self.closes))]


class Correlation(NamedTuple):
    """The correlation of two symbols: ``rho`` from −1 to 1, ``None`` when it is not measured.

    ``sessions`` counts the closes that both have; ``as_one`` says whether both count as one symbol.
    """

    rho: float | None
    sessions: int
    as_one: bool

    @property
    def text(self) -> str:
        """Say where it comes from, as "measured .91 over 84 sessions" or "assumed to move as one"."""
        if self.rho is None:
            return "assumed to move as one" if self.as_one else "not assumed to move as one"
        sign = "−" if self.rho < 0 else ""
        return f"measured {sign}{abs(self.rho):.2f}".replace("0.", ".", 1) + f" over {self.sessions} sessions"


def correlation(one: str, other: str, book: CloseBook, rules: RiskRules) -> Correlation:
    """Return the correlation of two symbols: measured where both have enough closes, else by the assumed groups."""
    first, second = book.closes.get(one, {}), book.closes.get(other, {})
    days = sorted(first.keys() & second.keys())
    if len(days) >= rules.correlation_sessions:
        rho = _rho([(first[day], second[day]) for day in days])
        if rho is not None:
            return Correlation(rho, len(days), counts_as_one(rho, rules))
    assumed = any(one in group and other in group for group in rules.correlated)
    return Correlation(None, len(days), assumed)


class CorrelationMemo:
    """Correlations that were computed already; one is computed again when closes or rules have changed."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[object, object, RiskRules, Correlation]] = {}

    def get(self, one: str, other: str, book: CloseBook, rules: RiskRules) -> Correlation:
        """Return what ``correlation`` returns."""
        first, second = book.closes.get(one), book.closes.get(other)
        known = self._known.get((one, other))
        # The book replaces a symbol's closes whole, so the same object has the same closes.
        if known is not None and known[0] is first and known[1] is second and known[2] is rules:
            return known[3]
        found = correlation(one, other, book, rules)
        self._known[one, other] = (first, second, rules, found)
        return found


def counts_as_one(rho: float, rules: RiskRules) -> bool:
    """Return whether symbols of a measured correlation, either way, count as one."""
    return above(abs(rho), rules.correlation_above)


def _rho(closes: list[tuple[float, float]]) -> float | None:
    """Return Pearson's correlation of the daily changes of the logarithm; ``None`` where one does not move."""
    moves = [
        (log(after[0] / before[0]), log(after[1] / before[1]))
        for before, after in pairwise(closes)
        if min(*before, *after) > 0
    ]
    moves = [(x, y) for x, y in moves if max(abs(x), abs(y)) <= _LARGEST_MOVE]
    if len(moves) < 2:
        return None
    mean_x, mean_y = (sum(values) / len(moves) for values in zip(*moves, strict=True))
    xx = sum((x - mean_x) ** 2 for x, _ in moves)
    yy = sum((y - mean_y) ** 2 for _, y in moves)
    xy = sum((x - mean_x) * (y - mean_y) for x, y in moves)
    return None if xx <= 0 or yy <= 0 else max(-1.0, min(1.0, xy / sqrt(xx * yy)))
