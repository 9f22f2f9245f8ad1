"""Suggestions: one numeric rule moved a little, with the evidence for it. A person approves; nothing else does.

Every lever's bucket is laid against the rest, in mean R and in win rate, and all of these tests together are
held to one rate of false discoveries. Of what is discovered only that is suggested which is also large
enough, whose interval excludes no effect, and whose direction a trader could act on.

Invariants: a rule moves by at most ``max_move_pct`` of its value and within its bounds; equal observations
and rules give equal suggestions; one suggestion per rule.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from core.learning.columns import Floats, Observations
from core.learning.fdr import benjamini_hochberg, session_p
from core.learning.levers import Lever, levers
from core.learning.paths import Number, bounds, rule_value, with_rule
from core.learning.samples import Observation
from core.learning.sessions import difference
from core.learning.whatif import WhatIf
from core.performance.figures import Metric
from core.rules import DEFAULT, Rules, RulesError

_DIGITS = 4
R, WIN_RATE = "R", "win rate"


class SuggestionStatus(StrEnum):
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What one bucket says: its signals against the rest, in one measure.

    ``effect`` is the bucket's mean less the rest's, in R or in points of win rate, with its 95 % interval;
    ``inside`` and ``outside`` are the two means and their n. ``p`` by sessions, ``q`` among all ``tests``.
    """

    cut: str
    bucket: str
    measure: str
    effect: Metric
    inside: float
    outside: float
    n: int
    n_outside: int
    p: float
    q: float
    tests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """One rule moved from ``old`` to ``new``.

    ``id`` is the same whenever the same move of the same rule is suggested. ``side_effects`` is what the move
    would have changed in the ledger, ``None`` until a what-if was run.
    """

    id: str
    rule: str
    old: Number
    new: Number
    text: str
    evidence: tuple[Evidence, ...]
    side_effects: WhatIf | None = None
    status: SuggestionStatus = SuggestionStatus.PENDING

    @property
    def move_pct(self) -> float:
        """The move in percent of the old value, signed."""
        return (self.new / self.old - 1) * 100

    def with_side_effects(self, found: WhatIf) -> Suggestion:
        return replace(self, side_effects=found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What was looked at and what came of it: ``tested`` buckets, ``tests`` in all, ``discoveries`` among them."""

    signals: int
    tested: int
    tests: int
    discoveries: int
    suggestions: tuple[Suggestion, ...]
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Test:
    lever: Lever
    measure: str
    values: Floats = field(repr=False)
    p: float


def suggest(seen: Observations | Iterable[Observation], rules: Rules = DEFAULT) -> Search:
    """Suggestions, the most certain first, and what was tested to find them. Source: SPEC §13."""
    seen = seen if isinstance(seen, Observations) else Observations.of(seen)
    tests = list(_tests(seen, rules))
    q = benjamini_hochberg(np.array([test.p for test in tests]))
    found: dict[str, list[tuple[Evidence, _Test]]] = {}
    discoveries = 0
    for test, rate in sorted(zip(tests, q.tolist(), strict=True), key=lambda pair: (pair[1], pair[0].p)):
        if rate > rules.learning.fdr:
            break
        discoveries += 1
        evidence = _evidence(test, rate, len(tests), seen, rules)
        if evidence is not None:
            found.setdefault(test.lever.path, []).append((evidence, test))
    made = (_suggestion(path, pairs, seen, rules) for path, pairs in found.items())
    buckets = len({id(test.lever) for test in tests})
    return Search(
        signals=len(seen),
        tested=buckets,
        tests=len(tests),
        discoveries=discoveries,
        suggestions=tuple(s for s in made if s is not None),
        reason=None if tests else f"no bucket has {rules.learning.min_bucket} signals inside and outside",
    )


def suggestions(seen: Observations | Iterable[Observation], rules: Rules = DEFAULT) -> tuple[Suggestion, ...]:
    """The suggestions alone."""
    return suggest(seen, rules).suggestions


def apply(suggestion: Suggestion, rules_toml: str) -> str:
    """A rules text with the suggested number in it and every other value kept.

    Raises RulesError when the text's rule is no longer the value the suggestion moves from.
    """
    rules = Rules.parse(rules_toml)
    now = rule_value(rules, suggestion.rule)
    if now != suggestion.old:
        raise RulesError(
            f"{suggestion.rule}: is {now:g} now, the suggestion was made for {suggestion.old:g}"
        )
    return with_rule(rules, suggestion.rule, suggestion.new).to_toml()


def _tests(seen: Observations, rules: Rules) -> Iterable[_Test]:
    least = rules.learning.min_bucket
    measures = ((R, seen.r), (WIN_RATE, seen.win.astype(np.float64)))
    for lever in levers(seen, rules):
        for measure, values in measures:
            known = ~np.isnan(values)
            inside, outside = lever.inside & known, lever.outside & known
            if min(int(inside.sum()), int(outside.sum())) < least:
                continue
            used = inside | outside
            yield _Test(lever, measure, values, session_p(inside[used], values[used], seen.day[used]))


def _evidence(test: _Test, q: float, tests: int, seen: Observations, rules: Rules) -> Evidence | None:
    """The discovery as evidence, unless it is too small or its interval includes no effect."""
    lever, limits = test.lever, rules.learning
    scale, unit, least = (
        (1.0, "R", limits.min_r) if test.measure == R else (100.0, "points", limits.min_winrate_points)
    )
    values = test.values * scale
    effect = difference(values, seen.day, lever.inside, lever.outside, unit)
    if effect.value is None or effect.low is None or effect.high is None:
        return None
    if abs(effect.value) < least or effect.low <= 0 <= effect.high:
        return None
    known = ~np.isnan(values)
    inside, outside = values[lever.inside & known], values[lever.outside & known]
    return Evidence(
        cut=lever.cut,
        bucket=lever.bucket,
        measure=test.measure,
        effect=effect,
        inside=float(inside.mean()),
        outside=float(outside.mean()),
        n=len(inside),
        n_outside=len(outside),
        p=test.p,
        q=q,
        tests=tests,
    )


def _suggestion(
    path: str, pairs: list[tuple[Evidence, _Test]], seen: Observations, rules: Rules
) -> Suggestion | None:
    lever = pairs[0][1].lever
    evidence = tuple(e for e, test in pairs if test.lever is lever)
    signs = {np.sign(e.effect.value or 0.0) for e in evidence}
    # Wins more often but makes less, or the other way round: nothing to act on.
    better = _mean_r(seen, lever.inside) - _mean_r(seen, lever.outside)
    if len(signs) > 1 or better * next(iter(signs)) < 0:
        return None
    direction = lever.better if better > 0 else lever.worse
    if direction == 0 or not _own_money(lever, better, seen):
        return None
    old = rule_value(rules, path)
    new = moved(path, old, direction, _strength(evidence), rules)
    if new is None:
        return None
    return Suggestion(
        id=_identity(path, old, new),
        rule=path,
        old=old,
        new=new,
        text=_text(path, old, new, evidence[0]),
        evidence=evidence,
    )


def _own_money(lever: Lever, better: float, seen: Observations) -> bool:
    """Whether the bucket makes money where more of it is asked for, and loses where a limit keeps it out."""
    own = _mean_r(seen, lever.inside)
    if better > 0:
        return own > 0
    return own < 0 or not lever.own_sign


def _mean_r(seen: Observations, mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float:
    known = seen.r[mask & ~np.isnan(seen.r)]
    return float(known.mean()) if len(known) else 0.0


def _strength(evidence: tuple[Evidence, ...]) -> float:
    """How much of the effect is left at the end of the interval that is nearer to none, 0–1; the best of them."""
    return max(
        min(abs(e.effect.low or 0.0), abs(e.effect.high or 0.0)) / abs(e.effect.value or 1.0) for e in evidence
    )


def moved(path: str, old: Number, direction: int, strength: float, rules: Rules) -> Number | None:
    """Where a rule moves to: a whole number of steps, the more the surer; ``None`` where it cannot move.

    Steps rather than a sliding amount, so that a little more evidence is not another suggestion.
    """
    limits = rules.learning
    steps = min(limits.move_steps, max(1, int(np.ceil(strength * limits.move_steps))))
    share = limits.max_move_pct / 100 * steps / limits.move_steps
    low, high = bounds(rules, path)
    target = old * (1 + direction * share)
    target = max(target, low) if low is not None else target
    target = min(target, high) if high is not None else target
    most = abs(old) * limits.max_move_pct / 100
    if isinstance(old, int):
        # A whole number moves by one where that is little enough, else not at all.
        step = max(1, int(abs(target - old)))
        whole = old + direction * step
        fits = step <= most and (low is None or whole >= low) and (high is None or whole <= high)
        return whole if fits else None
    new = float(f"{target:.{_DIGITS}g}")
    if abs(new - old) > most:
        new = target
    return None if new == old else new


def _identity(path: str, old: Number, new: Number) -> str:
    return hashlib.sha256(f"{path}|{old!r}|{new!r}".encode()).hexdigest()[:12]


def _text(path: str, old: Number, new: Number, best: Evidence) -> str:
    verb = "Raise" if new > old else "Lower"
    than = f"{best.inside:.2f} R against {best.outside:.2f} R"
    if best.measure == WIN_RATE:
        than = f"{best.inside:.0f} % wins against {best.outside:.0f} %"
    return (
        f"{verb} {path} from {old:g} to {new:g}: {best.cut} {best.bucket} made {than}"
        f" (n {best.n} and {best.n_outside})"
    )
