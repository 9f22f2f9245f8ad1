"""The study of advice: how often it is wrong, and how often it finds what is there.

Advice is wrong when any look from session 40 to 200 suggests something that is not so. Where an effect was real and
has ended, only the advice of the last look is wrong. An effect is found when some look suggests its rule, in its
direction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from advice_ledgers import FADING, FIRST_DAY, PLANTED, Scene, planted

from core.learning import Observations, Suggestion, suggest

LEDGERS = 200
LOOKS = range(40, 201, 5)
MOST_WRONG = 0.10
LEAST_FOUND = 0.80


def looked_at(
    seen: Observations, wanted: Callable[[Suggestion], bool], looks: Iterable[int]
) -> Iterator[Suggestion]:
    """Yield the suggestions of some looks that are of the kind wanted."""
    for sessions in looks:
        yield from filter(wanted, suggest(seen.where(seen.day < FIRST_DAY + sessions)).suggestions)


def wrong(scene: Scene, ledgers: Iterable[int], looks: Iterable[int] = LOOKS) -> float:
    """Return the share of ledgers with wrong advice."""

    def is_wrong(suggestion: Suggestion) -> bool:
        return scene.right is None or not suggestion.rule.startswith(scene.right)

    looks = tuple(looks)[-1:] if scene.name in FADING else tuple(looks)
    found = [next(looked_at(scene.ledger(seed), is_wrong, looks), None) for seed in ledgers]
    return sum(each is not None for each in found) / len(found)


def found(name: str, ledgers: int, looks: Iterable[int] = LOOKS) -> tuple[float, float, float]:
    """Return how often a planted effect is found; in R the mean effect then, as seen and as expected."""
    cut, bucket, rule = PLANTED[name]
    first = 10_000 * list(PLANTED).index(name)  # other signals for every cut
    # The last look first, because it finds most.
    latest_first = tuple(looks)[::-1]

    def is_right(suggestion: Suggestion) -> bool:
        return suggestion.rule == rule and suggestion.raises

    hits = [
        hit
        for seed in range(first, first + ledgers)
        if (hit := next(looked_at(planted(seed, cut, bucket), is_right, latest_first), None)) is not None
    ]
    in_r = [each for hit in hits for each in hit.evidence if each.measure == "R"]
    seen = sum(each.effect.value or 0.0 for each in in_r) / max(1, len(in_r))
    expected = sum(each.expected for each in in_r) / max(1, len(in_r))
    return len(hits) / ledgers, seen, expected
