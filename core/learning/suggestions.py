"""Search for suggestions: small changes of one numeric rule each, with the evidence. Only a person applies them.

Each lever's bucket of signals is compared with the rest, in R and in wins, with the other labels, the
direction and the market's drift held fixed. All buckets together are held to one rate of false discoveries, at
a limit that makes up for looking again and again. A discovery is suggested only if the effect is large enough,
its interval excludes 0, it is still there in the later half and the later third of the sessions, and its
direction is one a trader can act on.

Invariants: a rule moves by at most ``max_move_pct`` of its value and within its bounds; equal observations
and rules give equal suggestions; one suggestion per rule; a change that a person judged is suggested again
only on evidence from after the judgement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby

import numpy as np

from core.learning.columns import Flags, Floats, Ints, Observations
from core.learning.false_discovery import family_wise, joint_p, one_sided_p
from core.learning.held_fixed import Compared, HeldFixed
from core.learning.looks import look_at
from core.learning.observations import Observation
from core.learning.rule_paths import rule_value
from core.learning.session_statistics import metric_of
from core.learning.shrinkage import Shrinkage, shrinkage
from core.learning.suggestion import Evidence, Search, Suggestion, identity, moved, suggestion_text
from core.learning.tunable_rules import GROW, Lever, levers
from core.performance.intervals import Interval, normal
from core.rules import DEFAULT, Rules
from core.thresholds import STEP, at_most, below

_LEAST_APART = 0.1
"""A bucket that the other labels explain to more than 90 % cannot be told apart from them."""
_TAIL = 0.025
"""Share of the largest and of the smallest results that a test takes for less than they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A person's judgement of a change: the ``rule``, whether it ``raises`` it, and the exchange ``day``."""

    rule: str
    raises: bool
    day: date


@dataclass(frozen=True, slots=True)
class _Measure:
    """A measure of signals: values, values as tested, and the smallest effect to report."""

    name: str
    unit: str
    values: Floats
    tested: Floats
    least: float


@dataclass(frozen=True, slots=True)
class _Ledger:
    """The signals with a known R, and what is the same for every test."""

    seen: Observations
    session: Ints
    sessions: int
    measures: tuple[_Measure, _Measure]
    rules: Rules


@dataclass(frozen=True, slots=True)
class _Test:
    """A bucket's p and the comparison behind it; ``rows`` are the signals compared.

    ``compared`` has the two measures as tested, then the two as they are. ``weight`` is the power to detect an
    effect, which grows with the signals compared: squared, because the chance to detect an effect rises faster
    than their number.
    """

    lever: Lever
    rows: Flags
    compared: Compared
    p: float
    weight: float


def suggest(
    seen: Observations | Iterable[Observation],
    rules: Rules = DEFAULT,
    judged: Iterable[Judgement] = (),
) -> Search:
    """Return suggestions, the most certain first, and what was tested to find them.

    A change in ``judged`` counts only if the signals after its newest judgement alone suggest it.
    """
    seen = seen if isinstance(seen, Observations) else Observations.from_rows(seen)
    search = _search(seen, rules)
    newest: dict[tuple[str, bool], date] = {}
    for each in judged:
        key = (each.rule, each.raises)
        newest[key] = max(each.day, newest.get(key, each.day))
    offered: list[Suggestion] = []
    for suggestion in search.suggestions:
        day = newest.get((suggestion.rule, suggestion.raises))
        again = suggestion if day is None else _since(day, suggestion, seen, rules)
        if again is not None:
            offered.append(again)
    return replace(search, suggestions=tuple(offered))


def _since(day: date, suggestion: Suggestion, seen: Observations, rules: Rules) -> Suggestion | None:
    """Return the same change as the signals after a day alone suggest it, ``None`` if they do not."""
    last = seen.last_day()
    if last is None or last <= day:
        return None
    found = _search(seen.between(day + timedelta(days=1), last), rules).suggestions
    same = next((s for s in found if (s.rule, s.raises) == (suggestion.rule, suggestion.raises)), None)
    return same and replace(same, id=identity(same.rule, same.old, same.new, day))


def _search(seen: Observations, rules: Rules) -> Search:
    known = ~np.isnan(seen.r)
    days, session = np.unique(seen.day[known], return_inverse=True)
    look = look_at(len(days), rules)
    if look.number == 0:
        return Search(signals=len(seen), look=look, tested=0, discoveries=0, suggestions=(), reason=look.text)
    seen_known = seen.where(known)
    ledger = _Ledger(seen_known, session, len(days), _measures(seen_known, rules), rules)
    tests = list(_tests(ledger))
    q = family_wise(np.array([test.p for test in tests]), np.array([test.weight for test in tests]))
    ranked = sorted(zip(tests, q.tolist(), strict=True), key=lambda pair: (pair[1], pair[0].p))
    discoveries = [(test, rate) for test, rate in ranked if at_most(rate, look.limit)]
    shrunk = tuple(_shrinkage(tests, n, ledger) for n in range(2)) if discoveries else ()
    found: dict[str, Suggestion] = {}
    faded: set[str] = set()
    for test, rate in discoveries:
        column = test.lever.column
        if test.lever.path in found or column in faded:
            continue
        lasting = _lasting(test, ledger)
        if not lasting:
            # The other buckets of the column differ from the rest because of this one.
            faded.add(column)
            continue
        evidence = tuple(_evidence(test, rate, len(tests), ledger, shrunk, lasting))
        suggestion = _suggestion(test, evidence, ledger) if evidence else None
        if suggestion is not None:
            found[suggestion.rule] = suggestion
    least = rules.learning.min_bucket
    return Search(
        signals=len(seen),
        look=look,
        tested=len(tests),
        discoveries=len(discoveries),
        suggestions=tuple(found.values()),
        reason=None if tests else f"no bucket has {least} signals inside and outside",
    )


def _measures(seen: Observations, rules: Rules) -> tuple[_Measure, _Measure]:
    limits = rules.learning
    wins = np.where(seen.win, 100.0, 0.0)
    # One result of many R must not decide a test; the effect that is shown has it whole.
    low, high = np.quantile(seen.r, (_TAIL, 1 - _TAIL)) if len(seen) else (0.0, 0.0)
    return (
        _Measure("R", "R", seen.r, np.clip(seen.r, low, high), limits.min_r),
        _Measure("win rate", "points", wins, wins, limits.min_winrate_points),
    )


def _tests(ledger: _Ledger) -> Iterator[_Test]:
    """Yield a test of every lever with enough signals that the other labels leave something of."""
    least = ledger.rules.learning.min_bucket
    held = HeldFixed(ledger.seen, ledger.session)
    values = [*(m.tested for m in ledger.measures), *(m.values for m in ledger.measures)]
    usable = [
        lever
        for lever in levers(ledger.seen, ledger.rules)
        if min(int(lever.inside.sum()), int(lever.outside.sum())) >= least
    ]
    for (column, _), alike in groupby(usable, lambda lever: (lever.column, lever.rows.tobytes())):
        group = list(alike)
        rows = group[0].rows
        compared = held.compare(column, [lever.inside for lever in group], rows, values)
        for lever, found in zip(group, compared, strict=True):
            if found.apart >= _LEAST_APART:
                yield _Test(lever, rows, found, _p(found, rows, ledger), found.information**2)


def _p(compared: Compared, rows: Flags, ledger: _Ledger) -> float:
    first, second = (compared.scores(n, ledger.session[rows], ledger.sessions) for n in range(2))
    pooled = (compared.pooled(0), compared.pooled(1))
    return joint_p((first, second), ledger.rules.learning.block_sessions, compared.explained, pooled)


def _effect(test: _Test, measure: int, ledger: _Ledger) -> tuple[float, Interval]:
    """Return the effect in a measure as it is, with its interval."""
    value = test.compared.effect(2 + measure)
    influence = test.compared.influence(2 + measure, ledger.session[test.rows], ledger.sessions)
    return value, normal(value, influence)


def _half(interval: Interval) -> float:
    """Return half the width of an interval with both ends."""
    return ((interval.high or 0.0) - (interval.low or 0.0)) / 2


def _shrinkage(tests: list[_Test], measure: int, ledger: _Ledger) -> Shrinkage:
    effects = [_effect(test, measure, ledger) for test in tests]
    return shrinkage(
        np.array([value for value, _ in effects]),
        np.array([_half(interval) for _, interval in effects]),
        ledger.measures[measure].least,
    )


def _evidence(
    test: _Test,
    q: float,
    tests: int,
    ledger: _Ledger,
    shrunk: tuple[Shrinkage, ...],
    places: tuple[int, ...],
) -> Iterator[Evidence]:
    """Yield the discovery in each of some measures in which it is large enough and certain."""
    lever, seen = test.lever, ledger.seen
    for place in places:
        measure = ledger.measures[place]
        value, interval = _effect(test, place, ledger)
        if below(abs(value), measure.least) or abs(value) <= _half(interval):
            continue
        n, n_outside = int(lever.inside.sum()), int(lever.outside.sum())
        sessions = len(np.unique(seen.day[lever.inside]))
        yield Evidence(
            cut=lever.cut,
            bucket=lever.bucket,
            measure=measure.name,
            effect=metric_of(value, min(n, n_outside), measure.unit, interval, sessions),
            expected=shrunk[place].expected(value, _half(interval)),
            inside=float(measure.values[lever.inside].mean()),
            outside=float(measure.values[lever.outside].mean()),
            n=n,
            n_outside=n_outside,
            p=test.p,
            q=q,
            tests=tests,
        )


def _lasting(test: _Test, ledger: _Ledger) -> tuple[int, ...]:
    """Return the measures in which an effect is still there, none where it fades in one of them.

    The later half alone must show it, and the later third must have it with the same sign. It fades where it
    is clearly weaker in the later half than in the first.
    """
    limits, half = ledger.rules.learning, ledger.sessions // 2
    session = ledger.session[test.rows]
    lasting = []
    for measure in range(len(ledger.measures)):
        scores = test.compared.scores(measure, session, ledger.sessions)
        scores *= 1.0 if scores.sum() > 0 else -1.0
        # The same number of sessions on both sides, so that a steady effect cancels.
        fallen = np.concatenate((scores[:half], -scores[len(scores) - half :]))
        if below(one_sided_p(fallen, limits.block_sessions), limits.fading_p):
            return ()
        later = one_sided_p(scores[half:], limits.block_sessions)
        if scores[ledger.sessions * 2 // 3 :].sum() > 0 and at_most(later, limits.later_half_p):
            lasting.append(measure)
    return tuple(lasting)


def _suggestion(test: _Test, evidence: tuple[Evidence, ...], ledger: _Ledger) -> Suggestion | None:
    lever, rules = test.lever, ledger.rules
    path = lever.path
    signs = {np.sign(e.effect.value or 0.0) for e in evidence}
    better = test.compared.effect(2)
    # The two measures disagree (it wins more often but makes less, or the reverse).
    if len(signs) > 1 or better * next(iter(signs)) < 0:
        return None
    direction = lever.better if better > 0 else lever.worse
    if direction == 0 or not _own_money(lever, better, ledger.seen) or not _acts(lever, direction, ledger):
        return None
    old = rule_value(rules, path)
    new = moved(path, old, direction, _strength(evidence), rules)
    if new is None:
        return None
    return Suggestion(
        id=identity(path, old, new),
        rule=path,
        old=old,
        new=new,
        text=suggestion_text(path, old, new, evidence[0]),
        evidence=evidence,
    )


def _own_money(lever: Lever, better: float, seen: Observations) -> bool:
    """Return whether the bucket makes money itself (to allow more), or loses (to let a limit exclude it)."""
    own = float(seen.r[lever.inside].mean())
    if better > 0:
        return own > 0
    return own < 0 or not lever.own_sign


def _acts(lever: Lever, direction: int, ledger: _Ledger) -> bool:
    """Return whether a size factor changes the size of at least half of the bucket's signals.

    A larger factor does nothing for a size that is at its most already, a smaller one for one at its least.
    """
    sizing = ledger.rules.sizing
    sizes = ledger.seen.number("multiplier")[lever.inside]
    sizes = sizes[~np.isnan(sizes)]
    if lever.own_sign or len(sizes) == 0:
        return True
    at_end = sizing.most if direction == GROW else sizing.least
    free = np.abs(sizes - at_end) > STEP
    return 2 * int(free.sum()) >= len(sizes)


def _strength(evidence: tuple[Evidence, ...]) -> float:
    """Return the share of the effect that remains at the interval's end nearer to 0, 0–1; the best measure's."""
    return max(
        min(abs(e.effect.low or 0.0), abs(e.effect.high or 0.0)) / abs(e.effect.value or 1.0)
        for e in evidence
    )
