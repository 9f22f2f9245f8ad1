"""Error rates of suggestions: how often noise is suggested, and how often a real effect is found."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.learning.columns import Observations
from core.learning.suggestions import suggest

Made = Callable[..., Observations]

MOST_FALSE = 0.10
LEAST_FOUND = 0.80
PLANTED = {
    "quality EXTREME": ("quality", "EXTREME", "sizing.quality.EXTREME"),
    "session MIDDAY": ("session", "MIDDAY", "sizing.session.MIDDAY"),
    "timeframe 60": ("timeframe", "60", "sizing.confluence_weights.60"),
}


def _spoke(ledger: Made, runs: int, **how: object) -> float:
    return sum(bool(suggest(ledger(seed, **how)).suggestions) for seed in range(runs)) / runs


def _found(ledger: Made, runs: int, name: str, outside: int) -> float:
    cut, bucket, rule = PLANTED[name]
    found = 0
    first = 10_000 * list(PLANTED).index(name)  # other signals for every cut
    for seed in range(first, first + runs):
        made = ledger(seed, signals=300 + outside, in_bucket=300, cut=cut, bucket=bucket)
        found += any(s.rule == rule and s.new > s.old for s in suggest(made).suggestions)
    return found / runs


NOTHING = {
    "independent": {},
    "clustered by day": {"clustered": True},
    "clustered, forty days": {"clustered": True, "sessions": 40},
    "few signals": {"signals": 250, "sessions": 60},
}


@pytest.mark.parametrize("how", NOTHING.values(), ids=NOTHING)
def test_no_effect_gives_hardly_ever_a_suggestion(ledger: Made, how: dict[str, object]) -> None:
    share = _spoke(ledger, 60, **how)
    print(f"any suggestion in {share:.1%} of 60 runs")
    assert share <= 0.2  # three standard errors over the bound at so few runs; the full one is slow


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_effect_is_found(ledger: Made, name: str) -> None:
    share = _found(ledger, 30, name, 700)
    print(f"{name} found in {share:.0%} of 30 runs")
    assert share >= 0.65


@pytest.mark.slow
@pytest.mark.parametrize("how", NOTHING.values(), ids=NOTHING)
def test_no_effect_in_a_thousand_runs(ledger: Made, how: dict[str, object]) -> None:
    share = _spoke(ledger, 1_000, **how)
    print(f"any suggestion in {share:.1%} of 1,000 runs")
    assert share <= MOST_FALSE


@pytest.mark.slow
@pytest.mark.parametrize("outside", [700, 1_500])
@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_effect_is_found_in_four_of_five(ledger: Made, name: str, outside: int) -> None:
    share = _found(ledger, 1_000, name, outside)
    print(f"{name}, {outside} outside: found in {share:.1%} of 1,000 runs")
    assert share >= LEAST_FOUND
