"""Removing or renaming one level key never changes a traded level without a note, whatever body it is in."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from core.model import Update
from tests.core.intake.bodies import OWN, golden, read, recorded

Key = tuple[str | int, ...]


def keys_of(body: Any, before: Key = ()) -> Iterator[Key]:
    """Yield the path of every key of a body."""
    if isinstance(body, dict):
        for key, value in body.items():
            yield (*before, key)
            yield from keys_of(value, (*before, key))
    elif isinstance(body, list):
        for n, value in enumerate(body):
            yield from keys_of(value, (*before, n))


def renamed(body: dict[str, Any], key: Key, name: str | None) -> dict[str, Any]:
    """Return the body with one key under another name, or without it."""
    out = copy.deepcopy(body)
    held: Any = out
    for step in key[:-1]:
        held = held[step]
    pairs = list(held.items())
    held.clear()
    held.update({name if k == key[-1] else k: v for k, v in pairs if k != key[-1] or name is not None})
    return out


def traded(update: Update) -> tuple[float | None, ...]:
    assert update.signal is not None
    return update.signal.stop, update.signal.target_1, update.signal.target_2


def silent_changes(body: dict[str, Any]) -> list[tuple[Key, str | None]]:
    """Return the keys whose removal or other name changes a traded level and adds no note."""
    before = read(body)
    if before is None or before.signal is None:
        return []
    silent = []
    for key in keys_of(body):
        if isinstance(key[-1], int):
            continue
        for name in (None, f"my_{key[-1]}", f"{key[-1]}_zz", "foo"):
            after = read(renamed(body, key, name))
            if after is None or after.signal is None or traded(after) == traded(before):
                continue
            if not set(after.notes) - set(before.notes):
                silent.append((key, name))
    return silent


@pytest.mark.parametrize("n", range(len(OWN)))
def test_no_level_of_our_bodies_changes_in_silence(n: int) -> None:
    assert silent_changes(OWN[n]) == []


def test_no_level_of_a_golden_payload_changes_in_silence() -> None:
    assert [found for body in golden() if (found := silent_changes(body))] == []


def test_no_level_of_a_recorded_body_changes_in_silence() -> None:
    if not (bodies := list(recorded())):
        pytest.skip("GATEDECK_REFERENCE is not set")
    assert [found for body in bodies if (found := silent_changes(body))] == []


def test_a_plain_signal_says_that_its_levels_are_the_decks() -> None:
    update = read({"ticker": "SPY", "action": "buy", "price": 660.0})
    assert update is not None
    assert "stop and target_1 and target_2: not stated; the deck takes its own" in update.notes
