"""Performance, Learning and System as they look: pictures with time standing still."""

from __future__ import annotations

from typing import Any

import pytest
from fake_deck import FakeDeck, empty_snapshot
from test_snapshots import NAMES, SIZES, charts_drawn, chosen

from tui.app import DeckApp
from tui.settings import SettingsStore


@pytest.fixture(params=SIZES, ids=NAMES)
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    return request.param


def picture(
    snap_compare: Any,
    size: tuple[int, int],
    *keys: str,
    deck: FakeDeck | None = None,
    settings: SettingsStore | None = None,
) -> bool:
    """The screen after these keys, its view read and painted."""

    async def settle(pilot: Any) -> None:
        await pilot.pause()
        for key in keys:
            await pilot.press(key)
            for _ in range(4):
                await pilot.pause(0.02)
        await charts_drawn(pilot)

    app = DeckApp(deck or FakeDeck(), refresh_hz=0.01, settings=settings)
    return snap_compare(app, terminal_size=size, run_before=settle)


def nothing_yet() -> FakeDeck:
    return FakeDeck(empty_snapshot(), trades=0, signals=0, quarantined=0)


@pytest.mark.parametrize("key", ["3", "4", "5"], ids=["performance", "learning", "system"])
def test_screen(snap_compare: Any, size: tuple[int, int], key: str) -> None:
    assert picture(snap_compare, size, key)


@pytest.mark.parametrize("key", ["3", "4", "5"], ids=["performance", "learning", "system"])
def test_empty(snap_compare: Any, size: tuple[int, int], key: str) -> None:
    assert picture(snap_compare, size, key, deck=nothing_yet())


@pytest.mark.parametrize("key", ["3", "4"], ids=["performance", "learning"])
def test_wide(snap_compare: Any, key: str) -> None:
    assert picture(snap_compare, (200, 60), key)


@pytest.mark.parametrize("keys", ["3", "3vv", "4"], ids=["performance", "distribution", "learning"])
def test_charts_in_16_colours(snap_compare: Any, keys: str) -> None:
    assert picture(snap_compare, (80, 24), *keys, settings=chosen(theme="ansi"))


@pytest.mark.parametrize("theme", ["light", "high-contrast", "colour-blind"])
def test_charts_in_every_theme(snap_compare: Any, theme: str) -> None:
    assert picture(snap_compare, (120, 40), "3", settings=chosen(theme=theme))


@pytest.mark.parametrize("keys", ["v", "vv"], ids=["greeks", "distribution"])
def test_other_charts(snap_compare: Any, keys: str) -> None:
    assert picture(snap_compare, (80, 24), "3", *keys)


def test_risk_on_a_small_system_screen(snap_compare: Any) -> None:
    assert picture(snap_compare, (80, 24), "5", "v")


def test_few_trades(snap_compare: Any, size: tuple[int, int]) -> None:
    assert picture(snap_compare, size, "3", deck=FakeDeck(trades=12))


def test_more_learned(snap_compare: Any) -> None:
    assert picture(snap_compare, (80, 24), "4", "v")


@pytest.mark.parametrize("key", ["a", "r"], ids=["approve", "reject"])
def test_judging(snap_compare: Any, size: tuple[int, int], key: str) -> None:
    assert picture(snap_compare, size, "4", key)


def test_suggestion(snap_compare: Any, size: tuple[int, int]) -> None:
    assert picture(snap_compare, size, "4", "enter")


@pytest.mark.parametrize("keys", ["", "v", "O"], ids=["line", "pane", "adopt"])
def test_challenger(snap_compare: Any, size: tuple[int, int], keys: str) -> None:
    more = "v" if keys == "v" and size == SIZES[0] else ""
    assert picture(snap_compare, size, "4", *keys, *more, deck=FakeDeck(challenges=15))


def test_all_of_a_challenger(snap_compare: Any) -> None:
    assert picture(snap_compare, (120, 40), "4", "t", deck=FakeDeck(challenges=15))


def test_receipt(snap_compare: Any, size: tuple[int, int]) -> None:
    assert picture(snap_compare, size, "5", "enter")
