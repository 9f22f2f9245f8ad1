"""Error rates of suggestions: how often advice is wrong at some look, and how often a real effect is found.

The default run looks at few ledgers three times; the slow ones, and ``python tests/benchmarks advice``, look at 200
ledgers every second week.
"""

from __future__ import annotations

import pytest
from advice_ledgers import PLANTED, SCENES, Scene
from advice_study import LEAST_FOUND, LEDGERS, MOST_WRONG, found, wrong

FEW, SOME_LOOKS = 12, (120, 200)


@pytest.mark.parametrize("scene", SCENES, ids=[scene.name for scene in SCENES])
def test_advice_is_hardly_ever_wrong(scene: Scene) -> None:
    share = wrong(scene, range(1_000, 1_000 + FEW), SOME_LOOKS)
    print(f"{scene.name}: wrong in {share:.1%} of {FEW} ledgers")
    assert share <= 0.36  # three standard errors over the bound at so few ledgers


def test_planted_effects_are_found() -> None:
    shares = [found(name, FEW, (200,))[0] for name in PLANTED]
    print(shares)
    assert sum(shares) / len(shares) >= 0.6  # three standard errors under the bound


@pytest.mark.slow
@pytest.mark.parametrize("scene", SCENES, ids=[scene.name for scene in SCENES])
def test_advice_is_hardly_ever_wrong_at_any_look(scene: Scene) -> None:
    share = wrong(scene, range(LEDGERS))
    print(f"{scene.name}: wrong in {share:.1%} of {LEDGERS} ledgers")
    assert share <= MOST_WRONG + 0.02  # a standard error of 200 ledgers


@pytest.mark.slow
@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_effect_is_found_in_four_of_five(name: str) -> None:
    share, seen, expected = found(name, LEDGERS)
    print(f"{name}: found in {share:.1%} of {LEDGERS} ledgers, {seen:.2f} R seen, {expected:.2f} R expected")
    assert share >= LEAST_FOUND - 0.03
