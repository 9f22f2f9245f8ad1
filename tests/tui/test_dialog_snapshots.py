"""Every dialog as it looks, at both sizes, with time standing still."""

from __future__ import annotations

from typing import Any

import pytest
from fake_deck import FakeDeck, approval, position, snapshot
from test_snapshots import NAMES, SIZES, picture

from core.model import Mode
from tui.dialogs import base


@pytest.fixture(params=SIZES, ids=NAMES)
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    return request.param


@pytest.fixture(autouse=True)
def ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "DEBOUNCE", 0.0)


CASES: dict[str, tuple[str, ...]] = {
    "half": ("h",),
    "levels": ("l", *"t2=460"),
    "levels_ask": ("l", *"t2=460", "enter"),
    "take": ("2", "down", "T"),
    "mode": ("m", "h"),
    "glossary": ("question_mark", "tab"),
    "alerts": ("A", "down", "right", "space"),
    "position_end": ("enter", "end"),
    "symbol": ("2", "slash"),
    "decision_end": ("2", "enter", "end"),
}
FULL = {
    "symbol_detail": ("i",),
    "watchlist": ("W",),
    "position_in_part": ("down", "down", "enter"),
    "history_filtered": ("2", "f", "u", "s"),
}


@pytest.mark.parametrize("name", CASES)
def test_dialog(snap_compare: Any, size: tuple[int, int], name: str) -> None:
    assert picture(snap_compare, size, *CASES[name])


@pytest.mark.parametrize("name", FULL)
@pytest.mark.parametrize("both", SIZES, ids=NAMES)
def test_full(snap_compare: Any, both: tuple[int, int], name: str) -> None:
    assert picture(snap_compare, both, *FULL[name])


def test_break_even(snap_compare: Any, size: tuple[int, int]) -> None:
    row = position(break_even=453.1, break_even_sells=True, stale=True, age=140)
    assert picture(snap_compare, size, "b", deck=FakeDeck(snapshot(positions=(row,))))


@pytest.mark.parametrize("key", ["a", "r"], ids=["approve", "reject"])
def test_waiting_trade(snap_compare: Any, size: tuple[int, int], key: str) -> None:
    stale = {"stale": True, "mark_age": 140.0} if key == "a" else {}
    waiting = (approval(**stale), approval("a2", "NVDA", left=3000.0))
    assert picture(snap_compare, size, key, deck=FakeDeck(snapshot(approvals=waiting)))


def test_halted(snap_compare: Any, size: tuple[int, int]) -> None:
    assert picture(snap_compare, size, deck=FakeDeck(snapshot(mode=Mode.HALTED)))
