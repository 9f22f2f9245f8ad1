"""Over a corpus of bodies: an exit marker never makes an entry, and no level changes in silence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.intake.vocabulary import spelled, vocabulary
from core.model import Intent
from tests.core.intake.bodies import OWN as CORPUS
from tests.core.intake.bodies import golden, read, recorded
from tests.core.intake.test_intents import BASE

KEYS = {slot: keys for slot, _, keys in vocabulary()}
_EXIT_WORDS = ("exit", "EXIT_LONG", "close", "Close Short", "flatten", "TP2 hit", "stop loss hit", "stopped out",
               "sell_to_close", "Take Profit", "exitShort", "partial close", "Close entry(s) order Long",
               "CLOSE_POSITION", "cierre", "平仓", "Закрыть", "squareoff", "reduce 50%")  # fmt: skip
_FALSE_FRIENDS = {"data", "body", "message", "details", "info", "text", "alert", "content"}
"""Keys that are wrappers too: what they hold may be a whole body."""


def _markers() -> Iterator[tuple[str, Any]]:
    """Yield every key and value of the vocabulary that says a position is left, made smaller or only tested."""
    for slot in ("close_flag", "reduce_flag", "test_flag"):
        for key in KEYS[slot]:
            if "." not in key:
                yield key, True
    for slot in ("left_at",):
        for key in KEYS[slot]:
            yield key, 664.5
    for slot in ("side", "event", "loose"):
        for key in KEYS[slot]:
            if "." not in key:
                yield from ((key, word) for word in _EXIT_WORDS)
    for key in KEYS["label"]:
        if "." not in key:
            yield from ((key, word) for word in _EXIT_WORDS)
    for key in KEYS["position"]:
        if "." not in key:
            yield key, "flat"
    for key in KEYS["free"]:
        if key not in _FALSE_FRIENDS:
            yield key, "the long position was closed"
    for slot, value in (("live_flag", False), ("entry_flag", False), ("left_size", 0), ("left_pct", 25)):
        for key in KEYS[slot]:
            yield key, value
    for key in KEYS["size_after"]:
        if "." not in key:
            yield key, 0
    yield from (("status", "closed"), ("pnl", 12.5), ("result", "win"), ("entry", "OUT"), ("quantity", 0))


MARKERS = list(_markers())


def with_marker(body: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    """Return the body with the marker added; one under the same key is replaced."""
    return {**{k: v for k, v in body.items() if spelled(k) != spelled(key)}, key: value}


def entries_after(body: dict[str, Any], markers: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    return [
        (key, value)
        for key, value in markers
        if (update := read(with_marker(body, key, value))) is not None and update.intent is Intent.ENTRY
    ]


@pytest.mark.parametrize("n", range(len(CORPUS)))
def test_adding_an_exit_marker_never_yields_an_entry(n: int) -> None:
    # Each body meets every seventh marker from another start: all markers meet many bodies.
    assert entries_after(CORPUS[n], MARKERS[n % 7 :: 7]) == []


def test_every_marker_meets_the_plain_signals() -> None:
    for body in (CORPUS[0], {**BASE, "direction": "short"}):
        assert entries_after(body, MARKERS) == []


@given(st.sampled_from(CORPUS), st.sampled_from(MARKERS), st.sampled_from(MARKERS))
def test_two_exit_markers_never_yield_an_entry(
    body: dict[str, Any], one: tuple[str, Any], other: tuple[str, Any]
) -> None:
    assert entries_after(with_marker(body, *one), [other]) == []


def test_golden_payloads_with_an_exit_marker() -> None:
    bodies = list(golden())
    assert [
        found for n, body in enumerate(bodies) if (found := entries_after(body, MARKERS[n % 11 :: 11]))
    ] == []


def test_recorded_bodies_with_an_exit_marker() -> None:
    if not (bodies := list(recorded())):
        pytest.skip("GATEDECK_REFERENCE is not set")
    assert [
        found for n, body in enumerate(bodies) if (found := entries_after(body, MARKERS[n % 5 :: 5]))
    ] == []


_VALUES = [
    "SPY",
    "buy",
    "sell",
    "long",
    "exit",
    "flat",
    "TP1",
    "15",
    "1.5%",
    "2R",
    "5 points",
    "655",
    660,
    655.5,
    5,
    0,
    -1,
    1,
    True,
    False,
    None,
    "2026-11-23T15:05:00Z",
    "10:05",
    1e300,
    "P",
    {"price": 655},
    {"percent": 1},
    [655, 660],
    "move stop to breakeven",
    "50%",
    "0%",
    "BRK/B",
    "4/5",
    "1e400",
    "test",
    "-",
    "9" * 50,
]
_ANY_KEY = st.sampled_from([key for keys in KEYS.values() for key in keys if "." not in key])


@given(st.dictionaries(_ANY_KEY, st.sampled_from(_VALUES), max_size=8))
def test_a_request_is_whole_whatever_a_body_says(body: dict[str, Any]) -> None:
    update = read({"ticker": "SPY", **body})
    if update is None:
        return
    asked = update.request
    if update.intent is Intent.ENTRY:
        assert update.signal is not None
    if update.intent is Intent.REDUCE:
        assert asked is not None
        parts = [
            part for part in (asked.fraction, asked.contracts, asked.remaining_fraction) if part is not None
        ]
        assert len(parts) == 1
        assert parts[0] > 0
        assert asked.fraction is None or asked.fraction < 1
    if update.intent is Intent.MOVE_STOP:
        assert asked is not None
        assert (asked.stop is not None) is not asked.break_even


@pytest.mark.parametrize("key", ["stop", "target_1", "target_2"])
def test_leaving_out_one_of_several_levels_is_told(key: str) -> None:
    body = {**BASE, "action": "buy", "stop": 655, "target_1": 669, "target_2": 675}
    del body[key]
    assert any(note.startswith(f"{key}: not stated") for note in (read(body) or pytest.fail()).notes)


def test_a_vendors_word_is_one_row() -> None:
    assert all(len(row) == 3 and row[1] and row[2] for row in vocabulary())
    plain = [key for _, _, keys in vocabulary() for key in keys]
    assert len({tuple(spelled(part) for part in key.split(".")) for key in plain}) > 500
