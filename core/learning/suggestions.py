"""Suggestions: small changes of one numeric rule each, with the evidence. Only a person applies them.

Each lever's bucket of signals is compared with the rest, in mean R and in win rate, and all buckets together
are held to one false-discovery rate. A discovery is suggested only if the effect is large enough, its
interval excludes 0, and its direction is one a trader can act on.

Invariants: a rule moves by at most ``max_move_pct`` of its value and within its bounds; equal observations
and rules give equal suggestions; one suggestion per rule.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from core.learning.columns import Floats, Observations
from core.learning.false_discovery import benjamini_hochberg, joint_p, session_scores
from core.learning.observations import Observation
from core.learning.rule_paths import Number, bounds, rule_value, with_rule
from core.learning.session_statistics import difference
from core.learning.tunable_rules import Lever, levers
from core.learning.whatif import WhatIf
from core.performance.metric import Metric
from core.rules import DEFAULT, Rules, RulesError, parse_rules
from core.thresholds import at_least, at_most

_DIGITS = 4


class SuggestionStatus(StrEnum):
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Evidence of one bucket: its signals against the rest, in one measure.

    ``effect`` is the bucket's mean less the rest's, in R or in points of win rate, with its 95 % interval;
    ``inside`` and ``outside`` are the two means. ``p`` by sessions for both measures of the bucket, ``q``
    among all ``tests`` buckets.
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
    """Suggested change of one rule from ``old`` to ``new``.

    ``id`` is the same whenever the same change of the same rule is suggested. ``side_effects`` is what the
    change would have done to the ledger, ``None`` until a what-if was run.
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
        """The change in percent of the old value, signed."""
        return (self.new / self.old - 1) * 100

    def with_side_effects(self, found: WhatIf) -> Suggestion:
        return replace(self, side_effects=found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Result of the tests: the number of buckets ``tested``, and of ``discoveries`` among them."""

    signals: int
    tested: int
    discoveries: int
    suggestions: tuple[Suggestion, ...]
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Test:
    """A bucket's p and its ``weight``: its power to detect an effect, which grows with the signals compared.

    Squared, because the chance to detect an effect rises faster than their number.
    """

    lever: Lever
    p: float
    weight: float


def suggest(seen: Observations | Iterable[Observation], rules: Rules = DEFAULT) -> Search:
    """Return suggestions, the most certain first, and what was tested to find them."""
    seen = seen if isinstance(seen, Observations) else Observations.from_rows(seen)
    measures = _measures(seen, rules)
    tests = list(_tests(seen, rules, measures))
    q = benjamini_hochberg(np.array([test.p for test in tests]), np.array([test.weight for test in tests]))
    ranked = sorted(zip(tests, q.tolist(), strict=True), key=lambda pair: (pair[1], pair[0].p))
    found: dict[str, Suggestion] = {}
    discoveries = [(test, rate) for test, rate in ranked if at_most(rate, rules.learning.fdr)]
    for test, rate in discoveries:
        path = test.lever.path
        evidence = tuple(_evidence(test, rate, len(tests), seen, measures))
        suggestion = (
            _suggestion(test.lever, evidence, seen, rules) if evidence and path not in found else None
        )
        if suggestion is not None:
            found[path] = suggestion
    return Search(
        signals=len(seen),
        tested=len(tests),
        discoveries=len(discoveries),
        suggestions=tuple(found.values()),
        reason=None if tests else f"no bucket has {rules.learning.min_bucket} signals inside and outside",
    )


def apply(suggestion: Suggestion, rules_toml: str) -> str:
    """Return a rules text with the suggested number in it; every other value stays.

    Raises RulesError when the rule no longer has the value that the suggestion starts from.
    """
    rules = parse_rules(rules_toml)
    now = rule_value(rules, suggestion.rule)
    if now != suggestion.old:
        raise RulesError(f"{suggestion.rule}: is {now:g} now, the suggestion was made for {suggestion.old:g}")
    return with_rule(rules, suggestion.rule, suggestion.new).to_toml()


@dataclass(frozen=True, slots=True)
class _Measure:
    """A measure of a bucket: the values of all signals, and the smallest effect to report."""

    name: str
    unit: str
    values: Floats
    least: float


def _measures(seen: Observations, rules: Rules) -> tuple[_Measure, _Measure]:
    limits = rules.learning
    return (
        _Measure("R", "R", seen.r, limits.min_r),
        _Measure("win rate", "points", np.where(seen.win, 100.0, 0.0), limits.min_winrate_points),
    )


def _tests(seen: Observations, rules: Rules, measures: tuple[_Measure, _Measure]) -> Iterator[_Test]:
    _, sessions = np.unique(seen.day, return_inverse=True)
    count = int(sessions.max()) + 1 if len(seen) else 0
    least, known = rules.learning.min_bucket, ~np.isnan(seen.r)
    for lever in levers(seen, rules):
        n, n_outside = int((lever.inside & known).sum()), int((lever.outside & known).sum())
        if min(n, n_outside) < least:
            continue
        used = lever.inside | lever.outside
        first, second = (
            session_scores(lever.inside[used], measure.values[used], sessions[used], count)
            for measure in measures
        )
        yield _Test(lever, joint_p((first, second)), (n * n_outside / (n + n_outside)) ** 2)


def _evidence(
    test: _Test, q: float, tests: int, seen: Observations, measures: tuple[_Measure, _Measure]
) -> Iterator[Evidence]:
    """Yield the discovery in each measure in which it is large enough and its interval excludes 0."""
    lever = test.lever
    for measure in measures:
        known = ~np.isnan(measure.values)
        inside, outside = lever.inside & known, lever.outside & known
        effect = difference(measure.values, seen.day, inside, outside, measure.unit)
        if effect.value is None or effect.low is None or effect.high is None:
            continue
        if at_least(abs(effect.value), measure.least) and not effect.low <= 0 <= effect.high:
            yield Evidence(
                cut=lever.cut,
                bucket=lever.bucket,
                measure=measure.name,
                effect=effect,
                inside=float(measure.values[inside].mean()),
                outside=float(measure.values[outside].mean()),
                n=int(inside.sum()),
                n_outside=int(outside.sum()),
                p=test.p,
                q=q,
                tests=tests,
            )


def _suggestion(
    lever: Lever, evidence: tuple[Evidence, ...], seen: Observations, rules: Rules
) -> Suggestion | None:
    path = lever.path
    signs = {np.sign(e.effect.value or 0.0) for e in evidence}
    # The two measures disagree (it wins more often but makes less, or the reverse).
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
    """Return whether the bucket makes money itself (to allow more), or loses (to let a limit exclude it)."""
    own = _mean_r(seen, lever.inside)
    if better > 0:
        return own > 0
    return own < 0 or not lever.own_sign


def _mean_r(seen: Observations, mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float:
    known = seen.r[mask & ~np.isnan(seen.r)]
    return float(known.mean()) if len(known) else 0.0


def _strength(evidence: tuple[Evidence, ...]) -> float:
    """Return the share of the effect that remains at the interval's end nearer to 0, 0–1; the best measure's."""
    return max(
        min(abs(e.effect.low or 0.0), abs(e.effect.high or 0.0)) / abs(e.effect.value or 1.0)
        for e in evidence
    )


def moved(path: str, old: Number, direction: int, strength: float, rules: Rules) -> Number | None:
    """Return the new value of a rule, ``None`` if it cannot move.

    It moves by a number of steps that grows with certainty. Steps instead of a sliding amount, so that a
    little more evidence does not make another suggestion.
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
        # An integer moves by at least 1, or not at all if 1 exceeds the largest move.
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
    if best.measure != "R":
        than = f"{best.inside:.0f} % wins against {best.outside:.0f} %"
    return (
        f"{verb} {path} from {old:g} to {new:g}: {best.cut} {best.bucket} made {than}"
        f" (n {best.n} and {best.n_outside})"
    )
