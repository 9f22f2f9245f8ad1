"""Ledgers of signals whose truth is known: nothing decides, one bucket does, or something that only looks like it.

``made`` builds one ledger; ``SCENES`` lists the kinds, each with the advice that would be right.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.learning import Observations
from core.performance.columns import Codes

FIRST_DAY = 20_000
DIRECTIONS = ("LONG", "SHORT")
QUALITIES = ("EXTREME", "HIGH", "MEDIUM")
SESSIONS = ("OPEN", "MIDDAY", "POWER_HOUR")
WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY")
PHASES = ("1", "2", "3", "4")
VOLATILITIES = ("LOW", "NORMAL", "HIGH", "EXTREME")
HTF = ("PERFECT", "GOOD", "WEAK", "COUNTER")
TIMEFRAMES = ("3", "5", "15", "30", "60", "240")

Floats = NDArray[np.float64]


def made(
    seed: int,
    *,
    signals: int = 1_000,
    sessions: int = 200,
    clustered: bool = False,
    in_bucket: int = 0,
    cut: str = "quality",
    bucket: str = "EXTREME",
    wins_in_bucket: float = 0.65,
) -> Observations:
    """Make a ledger in which nothing decides about the outcome, except that of ``in_bucket`` signals of a bucket.

    Half of the signals win 1 R and half lose it, each with .5 R of noise. ``clustered`` makes days share their
    outcome (the chance to win and the mean move with the day), with phase and volatility that hold for a whole
    day: the hardest case for a test that takes signals for independent.
    """
    rng = np.random.default_rng(seed)
    day = np.sort(rng.integers(0, sessions, signals))
    chance, shift = np.full(signals, 0.5), np.zeros(signals)
    if clustered:
        chance = rng.beta(1.5, 1.5, sessions)[day]
        shift = rng.normal(0, 0.4, sessions)[day]

    def drawn(names: tuple[str, ...], by_day: bool = False) -> Codes:
        numbers = rng.integers(0, len(names), sessions if by_day else signals)
        return Codes(names, (numbers[day] if by_day else numbers).astype(np.int32))

    labels = {
        "quality": drawn(QUALITIES),
        "session": drawn(SESSIONS),
        "weekday": Codes(WEEKDAYS, (day % 5).astype(np.int32)),
        "phase": drawn(PHASES, by_day=True),
        "volatility": drawn(VOLATILITIES, by_day=clustered),
        "htf": drawn(HTF),
        "timeframe": drawn(TIMEFRAMES),
    }
    if in_bucket:
        column = labels[cut]
        wanted = column.labels.index(bucket)
        others = [n for n in range(len(column.labels)) if n != wanted]
        numbers = rng.choice(others, signals)
        chosen = rng.choice(signals, in_bucket, replace=False)
        numbers[chosen] = wanted
        labels[cut] = Codes(column.labels, numbers.astype(np.int32))
        chance = np.where(numbers == wanted, wins_in_bucket, chance)
    won = rng.random(signals) < chance
    r = np.where(won, 1.0, -1.0) + rng.normal(0, 0.5, signals) + shift
    # A quarter was kept out by one limit or another, as a ledger with shadows has it.
    blockers = ("", "SPREAD_WIDE", "LOW_SCORE", "UNSURE")
    blocker = rng.choice(4, signals, p=(0.76, 0.08, 0.08, 0.08)) if not in_bucket else np.zeros(signals)
    blocker = blocker.astype(np.int32)
    passed = np.ones((signals, 3), dtype=np.bool_)
    passed[blocker == 1, 2] = False
    passed[blocker == 2, 1] = False
    numbers_of = {
        "confidence": np.where(blocker == 3, rng.uniform(50, 70, signals), rng.uniform(70, 100, signals)),
        "multiplier": rng.uniform(0.5, 3, signals),
        "ai_score": np.where(blocker == 2, rng.uniform(4, 6, signals), rng.uniform(6, 10.5, signals)),
        "regime_confidence": rng.uniform(50, 100, signals),
        "spread_bps": np.where(blocker == 1, rng.uniform(12, 16, signals), rng.uniform(1, 12, signals)),
        "atr_pct": rng.uniform(0.5, 2.5, signals),
        "depth_score": rng.uniform(30, 100, signals),
        "confluence": rng.uniform(30, 100, signals),
        "rr1": rng.uniform(1, 6, signals),
        "volume_ratio": rng.uniform(0.5, 2, signals),
        "trend_strength": rng.uniform(40, 100, signals),
    }
    labels["direction"] = drawn(DIRECTIONS)
    return Observations(
        day=day + FIRST_DAY, net=250.0 * r, r=r, executed=blocker == 0, passed=passed,
        blocker=Codes(blockers, blocker), numbers=numbers_of, labels=labels,
    )  # fmt: skip


# --- what only looks like an effect -----------------------------------------------------------------------


def with_results(seen: Observations, r: Floats) -> Observations:
    return replace(seen, r=r, net=250.0 * r)


def relabelled(seen: Observations, **columns: Codes) -> Observations:
    return replace(seen, labels={**seen.labels, **columns})


def persistent(rng: np.random.Generator, sessions: int, stays: float) -> Floats:
    """Return a day's effect that resembles the day before's, of standard deviation 1: shape (sessions,)."""
    found, state = np.empty(sessions), rng.normal()
    for n in range(sessions):
        found[n] = state
        state = stays * state + math.sqrt(1 - stays**2) * rng.normal()
    return found


def spells(rng: np.random.Generator, sessions: int, values: int, stays: float) -> NDArray[np.int32]:
    """Return one of some values per session, which stays the next session with a probability."""
    found, state = np.empty(sessions, dtype=np.int32), int(rng.integers(values))
    for n in range(sessions):
        found[n] = state
        if rng.random() > stays:
            state = int(rng.integers(values))
    return found


def _day(seen: Observations) -> NDArray[np.int64]:
    return seen.day - FIRST_DAY


def phases(seed: int) -> Observations:
    """Phases and volatilities of some ten sessions each, and days whose results resemble the day before's."""
    seen, rng = made(seed), np.random.default_rng([seed, 1])
    day, count = _day(seen), 200
    shift = 0.4 * persistent(rng, count, 0.7)
    held = {
        "phase": Codes(PHASES, spells(rng, count, 4, 0.9)[day]),
        "volatility": Codes(VOLATILITIES, spells(rng, count, 4, 0.9)[day]),
    }
    return relabelled(with_results(seen, seen.r + shift[day]), **held)


def first_half(seed: int, by: float) -> Observations:
    """The quality EXTREME makes more in the first hundred sessions, and nothing more afterwards."""
    seen = made(seed)
    column = seen.label("quality")
    better = (column.codes == column.labels.index("EXTREME")) & (_day(seen) < 100)
    return with_results(seen, seen.r + by * better)


def confounded(seed: int, by: float) -> Observations:
    """The opening decides; the quality EXTREME comes mostly at the opening, and decides nothing."""
    seen, rng = made(seed), np.random.default_rng([seed, 2])
    session = seen.label("session")
    opening = session.codes == session.labels.index("OPEN")
    extreme = rng.random(len(seen)) < np.where(opening, 0.7, 0.2)
    quality = np.where(extreme, 0, 1 + (rng.random(len(seen)) < 0.5)).astype(np.int32)
    return relabelled(with_results(seen, seen.r + by * opening), quality=Codes(QUALITIES, quality))


def drifting(seed: int, by: float) -> Observations:
    """A market that rises (and at times falls) pays one direction; phases and trends go with the direction."""
    seen, rng = made(seed), np.random.default_rng([seed, 3])
    day, count = _day(seen), len(seen)
    drift = by * (0.6 + persistent(rng, 200, 0.95))
    phase = rng.integers(0, 4, count).astype(np.int32)
    long = rng.random(count) < np.array([0.8, 0.9, 0.2, 0.1])[phase]
    htf = np.where(rng.random(count) < 0.6, np.where(long, 0, 3), rng.integers(0, 4, count)).astype(np.int32)
    r = seen.r + np.where(long, drift[day], -drift[day])
    return relabelled(
        with_results(seen, r),
        direction=Codes(DIRECTIONS, np.where(long, 0, 1).astype(np.int32)),
        phase=Codes(PHASES, phase),
        htf=Codes(HTF, htf),
    )


def lottery(seed: int) -> Observations:
    """One signal in eight makes some multiples of R, every other one loses nearly all of it."""
    seen, rng = made(seed), np.random.default_rng([seed, 4])
    wins = np.exp(rng.normal(1.6, 0.6, len(seen)))
    return with_results(seen, np.where(rng.random(len(seen)) < 0.12, wins, -1 + 0.3 * rng.random(len(seen))))


def heavy_tails(seed: int) -> Observations:
    """Results of Student's distribution with 2.5 degrees of freedom."""
    seen, rng = made(seed), np.random.default_rng([seed, 5])
    return with_results(seen, rng.standard_t(2.5, len(seen)))


def planted(seed: int, cut: str, bucket: str) -> Observations:
    """300 of 1,000 signals are of a bucket that wins 65 in 100, the others 50."""
    return made(seed, in_bucket=300, cut=cut, bucket=bucket)


@dataclass(frozen=True, slots=True)
class Scene:
    """A kind of ledger, and the start of the rules that advice may name; none where all advice is wrong."""

    name: str
    ledger: Callable[[int], Observations]
    right: str | None = None


SCENES = (
    Scene("no effect, independent signals", made),
    Scene("no effect, days shared", lambda seed: made(seed, clustered=True)),
    Scene("phases that last, days that follow each other", phases),
    Scene("lottery payoffs", lottery),
    Scene("heavy tails", heavy_tails),
    Scene("effect of .4 R in the first half only", lambda seed: first_half(seed, 0.4)),
    Scene("effect of .8 R in the first half only", lambda seed: first_half(seed, 0.8)),
    Scene("confounder of .4 R", lambda seed: confounded(seed, 0.4), "sizing.session."),
    Scene("confounder of .8 R", lambda seed: confounded(seed, 0.8), "sizing.session."),
    Scene("drifting market, .2 R", lambda seed: drifting(seed, 0.2)),
    Scene("drifting market, .4 R", lambda seed: drifting(seed, 0.4)),
)
FADING = tuple(scene.name for scene in SCENES if "first half" in scene.name)
"""Kinds in which advice is right for a while; only the advice of the last look is wrong."""

PLANTED = {
    "quality EXTREME": ("quality", "EXTREME", "sizing.quality.EXTREME"),
    "session MIDDAY": ("session", "MIDDAY", "sizing.session.MIDDAY"),
    "higher timeframes PERFECT": ("htf", "PERFECT", "sizing.htf.PERFECT"),
}
