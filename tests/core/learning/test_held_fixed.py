"""A comparison with everything else held fixed, and the effect to expect after the largest was picked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from core.learning import Observations
from core.learning.held_fixed import HeldFixed
from core.learning.shrinkage import shrinkage
from core.performance.columns import Codes

Made = Callable[..., Observations]


def compared(seen: Observations, column: str, label: str, values: np.ndarray):
    session = np.unique(seen.day, return_inverse=True)[1]
    codes = seen.label(column)
    inside = codes.codes == codes.labels.index(label)
    every = np.ones(len(seen), dtype=bool)
    return HeldFixed(seen, session).compare(column, [inside], every, [values])[0], inside


def test_the_effect_is_that_of_a_regression_on_all_columns(ledger: Made) -> None:
    seen = ledger(31, signals=600, sessions=60)
    found, inside = compared(seen, "quality", "HIGH", seen.r)
    direction, stretch = seen.label("direction").codes, (seen.day - seen.day.min()) // 20
    columns = [np.ones(600), inside]
    for name in ("direction", "session", "weekday", "phase", "volatility", "htf", "timeframe"):
        codes = seen.label(name)
        columns += [codes.codes == n for n in range(1, len(codes.labels))]
    for name in seen.numbers:
        if name not in ("confidence", "multiplier"):
            columns.append(seen.number(name))
    for n in (1, 2):
        columns += [stretch == n, (stretch == n) * np.where(direction == 0, 1.0, -1.0)]
    weights, *_ = np.linalg.lstsq(np.column_stack(columns).astype(float), seen.r, rcond=None)
    assert found.effect(0) == pytest.approx(weights[1], abs=1e-6)


def test_a_label_that_another_decides_is_not_apart_from_it(ledger: Made) -> None:
    seen = ledger(32)
    alone, _ = compared(seen, "quality", "HIGH", seen.r)
    twin = Codes(("A", "B", "C"), seen.label("quality").codes)
    together, _ = compared(replace(seen, labels={**seen.labels, "setup": twin}), "quality", "HIGH", seen.r)
    assert alone.apart > 0.9 and together.apart < 0.01


def test_what_the_market_paid_one_direction_is_no_effect_of_a_label(ledger: Made) -> None:
    """Longs made 1 R more in the first stretch of sessions, shorts in the second; a label goes with longs."""
    seen = ledger(33, signals=4_000, sessions=40)
    rng = np.random.default_rng(33)
    long = seen.label("direction").codes == 0
    label = Codes(("UP", "DOWN"), np.where(rng.random(4_000) < 0.8, ~long, long).astype(np.int32))
    first = seen.day - seen.day.min() < 20
    r = seen.r + np.where(long == first, 1.0, 0.0)
    for by, of in ((0.0, r), (0.5, r + 0.5 * (label.codes == 0))):
        found, _ = compared(replace(seen, labels={**seen.labels, "htf": label}), "htf", "UP", of)
        assert found.effect(0) == pytest.approx(by, abs=0.12)


def test_a_bucket_that_holds_for_whole_sessions_pays_for_what_else_does(ledger: Made) -> None:
    seen = ledger(34)
    by_day, _ = compared(seen, "phase", "2", seen.r)
    within, _ = compared(seen, "quality", "HIGH", seen.r)
    # Nine stretches, four weekdays and two other columns of 200 sessions.
    assert 0.05 < by_day.explained < 0.1 and within.explained < 0.03


# --- what to expect -----------------------------------------------------------------------------------


def measured(true: np.ndarray, seed: int, error: float = 0.08) -> np.ndarray:
    return true + np.random.default_rng(seed).normal(0, error, len(true))


def test_the_largest_of_many_without_effect_is_expected_to_be_next_to_nothing() -> None:
    left = []
    for seed in range(40):
        effects = measured(np.zeros(40), seed)
        largest = effects[np.abs(effects).argmax()]
        found = shrinkage(effects, np.full(40, 1.96 * 0.08), 0.1).expected(largest, 1.96 * 0.08)
        assert 0 <= found / largest < 1
        left.append(found / largest)
    assert np.mean(left) < 0.15


@pytest.mark.parametrize("size", [0.15, 0.3])
def test_what_is_expected_is_about_what_is_true(size: float) -> None:
    """Three of forty buckets have an effect; of those that look largest, the expected one is about right."""
    seen, expected, true_ones = [], [], []
    for seed in range(60):
        true = np.zeros(40)
        true[:3] = np.random.default_rng([seed, 1]).normal(0, size, 3)
        effects = measured(true, seed)
        top = int(np.abs(effects).argmax())
        sign = np.sign(effects[top])
        found = shrinkage(effects, np.full(40, 1.96 * 0.08), 0.1).expected(effects[top], 1.96 * 0.08)
        seen.append(sign * effects[top])
        expected.append(sign * found)
        true_ones.append(sign * true[top])
    off = np.array([np.mean(seen), np.mean(expected)]) - np.mean(true_ones)
    print(off)
    # Rather too little is promised than too much.
    assert off[0] > 0.01 and -0.06 < off[1] < min(0.02, off[0])


def test_an_effect_without_error_is_expected_as_it_was_seen() -> None:
    found = shrinkage(np.array([0.3, 0.0]), np.array([0.0, 0.0]), 0.1)
    assert found.expected(0.3, 0.0) == 0.3
