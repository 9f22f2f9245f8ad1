"""Tunable rules: the table of rules that suggestions may change, and the signals each is judged by.

A lever is one number and the bucket of signals that shows whether it should be larger or smaller. Exit
reason, symbol and setup change no rule; they are shown but not tested (the exit reason contains the outcome
by definition). Nor does the timeframe of a signal: the weights of the confluence act on signals by what other
timeframes say, not by their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.learning.columns import Flags, Floats, Observations
from core.learning.rule_paths import rule_value
from core.performance.cuts import UNKNOWN
from core.rules import Rules
from core.thresholds import above, at_least, at_most, below

GROW, SHRINK = 1, -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Lever:
    """A rule and its evidence: signals ``inside`` the bucket against those ``outside``.

    ``better`` is the direction of the change when the bucket does better than the rest, ``worse`` when it
    does worse: 1 up, -1 down, 0 no change. ``column`` is the label or number that the bucket is made of. With
    ``own_sign`` the bucket itself must also make money (before the rule admits it) or lose money (before the
    rule excludes it).
    """

    path: str
    cut: str
    column: str
    bucket: str
    inside: Flags
    outside: Flags
    better: int
    worse: int
    own_sign: bool

    @property
    def rows(self) -> Flags:
        """Mask of the signals compared."""
        return self.inside | self.outside


@dataclass(frozen=True, slots=True)
class Factor:
    """A size factor per label of a column: more size where signals do better."""

    cut: str
    column: str
    path: str


@dataclass(frozen=True, slots=True)
class Steps:
    """A size factor per band of a number, with the bands of the rules' own table."""

    cut: str
    column: str
    path: str


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit on a number: ``side`` 1 for a maximum, -1 for a minimum; ``codes`` of a signal beyond it."""

    cut: str
    column: str
    path: str
    side: int
    codes: tuple[str, ...]


FACTORS = (
    Factor("quality", "quality", "sizing.quality"),
    Factor("regime", "phase", "sizing.phase"),
    Factor("volatility", "volatility", "sizing.volatility"),
    Factor("session", "session", "sizing.session"),
    Factor("weekday", "weekday", "sizing.day"),
    Factor("higher timeframes", "htf", "sizing.htf"),
)
STEPS = (
    Steps("confluence", "confluence", "sizing.confluence"),
    Steps("reward to risk", "rr1", "sizing.rr"),
    Steps("volume", "volume_ratio", "sizing.volume"),
    Steps("trend strength", "trend_strength", "sizing.trend"),
)
LIMITS = (
    Limit("spread", "spread_bps", "market.max_spread_bps", 1, ("SPREAD_WIDE",)),
    Limit("daily ATR", "atr_pct", "market.max_atr_pct", 1, ("ATR_HIGH",)),
    Limit("depth", "depth_score", "market.min_depth", -1, ("DEPTH_THIN",)),
    Limit("AI score", "ai_score", "structural.min_ai_score", -1, ("LOW_SCORE",)),
    Limit("phase confidence", "regime_confidence", "regime.min_confidence", -1, ("REGIME_WEAK",)),
    Limit("confidence", "confidence", "confidence.execute_at", -1, ("UNSURE", "LOW_CONFIDENCE")),
)


def levers(seen: Observations, rules: Rules) -> Iterator[Lever]:
    """Yield every lever that has signals in its bucket and outside it."""
    cleared = seen.cleared
    for factor in FACTORS:
        yield from _factor(factor, seen, cleared, rules)
    for steps in STEPS:
        yield from _steps(steps, seen, cleared, rules)
    for limit in LIMITS:
        yield from _limit(limit, seen, rules)
    yield from _largest(seen, cleared, rules)


def _factor(factor: Factor, seen: Observations, among: Flags, rules: Rules) -> Iterator[Lever]:
    column = seen.label(factor.column)
    section, name = factor.path.split(".")
    table = getattr(getattr(rules, section), name)
    known = among & np.isin(
        column.codes, [n for n, label in enumerate(column.labels) if label not in ("", UNKNOWN)]
    )
    for code in sorted(range(len(column.labels)), key=column.labels.__getitem__):
        label = column.labels[code]
        if label in table:
            inside = known & (column.codes == code)
            yield _sized(f"{factor.path}.{label}", factor.cut, factor.column, label, inside, known)


def _steps(steps: Steps, seen: Observations, among: Flags, rules: Rules) -> Iterator[Lever]:
    """Yield the levers of the table's first and last row; the rows between differ too little to be tested."""
    values = seen.number(steps.column)
    known = among & ~np.isnan(values)
    section, name = steps.path.split(".")
    table = getattr(getattr(rules, section), name)
    if len(table) < 2:
        return
    top, low, under = table[0][0], table[-1][0], table[-2][0]
    first, last = known & at_least(values, top), known & below(values, under)
    yield _sized(f"{steps.path}.{top:g}", steps.cut, steps.column, f"{top:g} and more", first, known)
    yield _sized(f"{steps.path}.{low:g}", steps.cut, steps.column, f"under {under:g}", last, known)


def _sized(path: str, cut: str, column: str, bucket: str, inside: Flags, known: Flags) -> Lever:
    return Lever(
        path=path, cut=cut, column=column, bucket=bucket, inside=inside, outside=known & ~inside, better=GROW,
        worse=SHRINK, own_sign=False,
    )  # fmt: skip


def _largest(seen: Observations, among: Flags, rules: Rules) -> Iterator[Lever]:
    """Yield the lever of the largest sizes, which a lower cap on the multiplier would have cut."""
    sizes = seen.number("multiplier")
    known = among & ~np.isnan(sizes)
    least = rules.sizing.most * (1 - rules.learning.max_move_pct / 100)
    bucket = f"{least:g} to {rules.sizing.most:g}"
    yield _sized("sizing.most", "size", "multiplier", bucket, known & above(sizes, least), known)


def _limit(limit: Limit, seen: Observations, rules: Rules) -> Iterator[Lever]:
    """Yield two levers: signals let in that a tighter limit excludes, and signals only this limit excluded."""
    values, now = seen.number(limit.column), rule_value(rules, limit.path)
    reach = rules.learning.max_move_pct / 100
    let_in = seen.blocked_by("")
    tight, loose = now * (1 - limit.side * reach), now * (1 + limit.side * reach)
    marginal = let_in & _between(values, tight, now)
    beyond = seen.blocked_by(*limit.codes) & _between(values, loose, now)
    inside = "{:g} to {:g}".format(*sorted((tight, now)))
    outside = "{:g} to {:g}".format(*sorted((now, loose)))
    yield Lever(
        path=limit.path, cut=limit.cut, column=limit.column, bucket=inside, inside=marginal,
        outside=let_in & ~marginal, better=0, worse=-limit.side, own_sign=True,
    )  # fmt: skip
    yield Lever(
        path=limit.path, cut=limit.cut, column=limit.column, bucket=outside, inside=beyond,
        outside=let_in, better=limit.side, worse=0, own_sign=True,
    )  # fmt: skip


def _between(values: Floats, one: float, other: float) -> Flags:
    low, high = min(one, other), max(one, other)
    return at_least(values, low) & at_most(values, high)
