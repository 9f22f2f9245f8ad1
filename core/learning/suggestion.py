"""A suggestion: a small change of one numeric rule, its evidence, and its application by a person."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

import numpy as np

from core.learning.looks import Look
from core.learning.rule_paths import Number, bounds, rule_value, with_rule
from core.learning.whatif import WhatIf
from core.performance.metric import Metric
from core.rules import Rules, RulesError, parse_rules

_DIGITS = 4
_RAISE, _LOWER = "Raise", "Lower"


class SuggestionStatus(StrEnum):
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Evidence of one bucket: its signals against the rest, in one measure.

    ``effect`` is the bucket's mean less the rest's with the other labels and the direction held fixed, in R or
    in points of win rate, with its 95 % interval. ``expected`` is what remains of it when all buckets that
    were tested are considered (empirical Bayes). ``inside`` and ``outside`` are the two means as they are.
    ``p`` for both measures of the bucket, ``q`` among all ``tests`` buckets.
    """

    cut: str
    bucket: str
    measure: str
    effect: Metric
    expected: float
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

    @property
    def raises(self) -> bool:
        """True if the rule's value becomes larger."""
        return self.new > self.old

    def with_side_effects(self, found: WhatIf) -> Suggestion:
        return replace(self, side_effects=found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Result of the tests: the number of buckets ``tested``, and of ``discoveries`` among them.

    ``reason`` says why nothing was tested, ``None`` otherwise.
    """

    signals: int
    look: Look
    tested: int
    discoveries: int
    suggestions: tuple[Suggestion, ...]
    reason: str | None = None


def apply(suggestion: Suggestion, rules_toml: str) -> str:
    """Return a rules text with the suggested number in it; every other value stays.

    Raises RulesError when the rule no longer has the value that the suggestion starts from.
    """
    rules = parse_rules(rules_toml)
    now = rule_value(rules, suggestion.rule)
    if now != suggestion.old:
        raise RulesError(f"{suggestion.rule}: is {now:g} now, the suggestion was made for {suggestion.old:g}")
    return with_rule(rules, suggestion.rule, suggestion.new).to_toml()


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


def identity(path: str, old: Number, new: Number, since: date | None = None) -> str:
    """Return the id of a change of a rule; another one when its evidence begins after an earlier judgement."""
    text = f"{path}|{old!r}|{new!r}" + (f"|{since}" if since else "")
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def suggestion_text(path: str, old: Number, new: Number, best: Evidence) -> str:
    """Return the suggestion in one sentence, with the result that is seen and the one to be expected."""
    verb = _RAISE if new > old else _LOWER
    than = f"{best.inside:.2f} R against {best.outside:.2f} R"
    expect = f"expect {best.expected:+.2f} R, not the {best.effect.value or 0.0:+.2f} seen"
    if best.measure != "R":
        than = f"{best.inside:.0f} % wins against {best.outside:.0f} %"
        expect = f"expect {best.expected:+.1f} points, not the {best.effect.value or 0.0:+.1f} seen"
    return (
        f"{verb} {path} from {old:g} to {new:g}: {best.cut} {best.bucket} made {than}"
        f" (n {best.n} and {best.n_outside}); {expect}"
    )


def change_of(text: str) -> tuple[str, bool] | None:
    """Return the rule that a suggestion's text changes, and whether it raises it; ``None`` for another text."""
    words = text.partition(":")[0].split(" ")
    if len(words) == 6 and words[0] in (_RAISE, _LOWER) and words[2] == "from" and words[4] == "to":
        return words[1], words[0] == _RAISE
    return None
