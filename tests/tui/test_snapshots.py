"""The deck as it looks: pictures of screens and dialogs with time standing still."""

from __future__ import annotations

from typing import Any

import pytest
from fake_deck import FakeDeck, approval, empty_snapshot, record, screen_text, snapshot, waiting_record

from core.model import Action
from tui.app import DeckApp
from tui.panes.reports import READING, ReportPane
from tui.settings import SettingsStore
from tui.themes import NAMES as NAMES_OF_THEMES

SIZES = [(80, 24), (120, 40)]
NAMES = ["80x24", "120x40"]


@pytest.fixture(params=SIZES, ids=NAMES)
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    return request.param


async def charts_drawn(pilot: Any) -> None:
    """Wait until the view is read and its charts are drawn and painted, however busy the machine is."""
    settled, before = 0, ""
    for _ in range(200):
        await pilot.pause()
        await pilot.app.charts.idle()
        await pilot.pause()
        screen, text = pilot.app.screen, screen_text(pilot.app)
        # A screen that was just opened is laid out only later: until then its panes have one row and no chart.
        laid_out = all(pane.size.height > 1 for pane in screen.query(ReportPane) if pane.display)
        done = laid_out and text == before and "drawing …" not in text and READING not in text
        settled, before = settled + 1 if done else 0, text
        if settled == 2:
            return


def picture(
    snap_compare: Any,
    size: tuple[int, int],
    *keys: str,
    deck: FakeDeck | None = None,
    settings: SettingsStore | None = None,
) -> bool:
    async def settle(pilot: Any) -> None:
        await pilot.pause()
        await pilot.pause()
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
        await charts_drawn(pilot)

    app = DeckApp(deck or FakeDeck(), refresh_hz=0.01, settings=settings)
    return snap_compare(app, terminal_size=size, run_before=settle)


def chosen(**values: Any) -> SettingsStore:
    store = SettingsStore()
    for name, value in values.items():
        store.set(name, value)
    return store


def test_live(snap_compare: Any, size: tuple[int, int]) -> None:
    assert picture(snap_compare, size)


def test_live_empty(snap_compare: Any, size: tuple[int, int]) -> None:
    assert picture(snap_compare, size, deck=FakeDeck(empty_snapshot()))


def test_live_waiting(snap_compare: Any, size: tuple[int, int]) -> None:
    waiting = (
        approval(),
        approval("a2", "NVDA", left=3000.0),
        approval("a3", "QQQ", left=3001.0, approved=True),
    )
    made = waiting_record()
    assert picture(snap_compare, size, deck=FakeDeck(snapshot(approvals=waiting, decision=made)))


def test_live_skip(snap_compare: Any, size: tuple[int, int]) -> None:
    assert picture(snap_compare, size, deck=FakeDeck(snapshot(decision=record(Action.SKIP))))


@pytest.mark.parametrize("size", [(60, 20), (200, 60)], ids=["60x20", "200x60"])
def test_live_narrow_and_wide(snap_compare: Any, size: tuple[int, int]) -> None:
    assert picture(snap_compare, size)


@pytest.mark.parametrize("theme", [name for name in NAMES_OF_THEMES if name != "dark"])
def test_live_in_every_theme(snap_compare: Any, theme: str) -> None:
    assert picture(snap_compare, (120, 40), settings=chosen(theme=theme))


def test_live_with_the_risk_unfolded(snap_compare: Any, size: tuple[int, int]) -> None:
    assert picture(snap_compare, size, "v")


def test_live_compact(snap_compare: Any, size: tuple[int, int]) -> None:
    assert picture(snap_compare, size, settings=chosen(compact=True))


def test_a_question_in_16_colours(snap_compare: Any) -> None:
    assert picture(snap_compare, (80, 24), "x", settings=chosen(theme="ansi"))


def test_help(snap_compare: Any, size: tuple[int, int]) -> None:
    assert picture(snap_compare, size, "?")


def test_exit_dialog(snap_compare: Any, size: tuple[int, int]) -> None:
    assert picture(snap_compare, size, "x")


def test_exit_all_dialog(snap_compare: Any, size: tuple[int, int]) -> None:
    assert picture(snap_compare, size, "X")


@pytest.mark.parametrize("size", [*SIZES, (200, 60)], ids=[*NAMES, "200x60"])
def test_position(snap_compare: Any, size: tuple[int, int]) -> None:
    assert picture(snap_compare, size, "enter")


def test_position_charts_in_16_colours(snap_compare: Any) -> None:
    assert picture(snap_compare, (80, 24), "enter", "pagedown", settings=chosen(theme="ansi"))


def test_decision(snap_compare: Any, size: tuple[int, int]) -> None:
    assert picture(snap_compare, size, "d")


def test_trades(snap_compare: Any, size: tuple[int, int]) -> None:
    assert picture(snap_compare, size, "6")


@pytest.mark.parametrize("size", [(60, 20), (200, 60)], ids=["60x20", "200x60"])
def test_trades_narrow_and_wide(snap_compare: Any, size: tuple[int, int]) -> None:
    assert picture(snap_compare, size, "6", "s")


def test_trades_empty(snap_compare: Any) -> None:
    assert picture(snap_compare, (80, 24), "6", deck=FakeDeck(trades=0))


def test_calendar(snap_compare: Any, size: tuple[int, int]) -> None:
    assert picture(snap_compare, size, "6", "v")


def test_note(snap_compare: Any, size: tuple[int, int]) -> None:
    assert picture(snap_compare, size, "6", "down", "down", "down", "n")


def test_history(snap_compare: Any, size: tuple[int, int]) -> None:
    assert picture(snap_compare, size, "2")
