"""From 40x10 on the deck is usable: a position has a row, each dialog shows its answers, and no key acts unseen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from fake_deck import FakeDeck, approval, positions, screen_text, snapshot

from core.model import Session
from server.deck import ExchangeStatus, StopsWarning
from tui.app import DeckApp
from tui.dialogs import base
from tui.dialogs.exit_position import ExitDialog
from tui.panes.positions import PositionsPane

SIZES = ((40, 10), (80, 10), (40, 24), (80, 24), (120, 40))
CROWDED = snapshot(
    approvals=(approval(),), alarms=("a feed is lost",), stops=(StopsWarning(text="no stop can act"),)
)
"""Every line that takes a row from the positions is there."""


@pytest.fixture(autouse=True)
def ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "DEBOUNCE", 0.0)


async def row_is_seen(app: DeckApp, pilot: Any) -> None:
    """Wait until the rows are shared out, which follows the first layout."""
    for _ in range(50):
        if app.screen.query_one(PositionsPane).cursor_is_seen:
            break
        await pilot.pause(0.01)
    await pilot.pause()


def deck(now: object = CROWDED) -> DeckApp:
    return DeckApp(FakeDeck(now), refresh_hz=0.01)  # type: ignore[arg-type]


async def test_a_position_has_a_row_from_ten_rows_on() -> None:
    app = deck()
    async with app.run_test(size=(80, 24)) as pilot:
        for size in SIZES:
            await pilot.resize_terminal(*size)
            app.pull()
            await pilot.pause()
            await pilot.pause()
            assert "▸ ▲ SPY 452C 11/27" in screen_text(app), (size, screen_text(app))


@pytest.mark.parametrize("size", [(40, 10), (60, 20), (80, 24)])
async def test_no_screen_is_taller_than_the_terminal(size: tuple[int, int]) -> None:
    app = deck()
    async with app.run_test(size=size) as pilot:
        for number in "123456":
            await pilot.press(number)
            for _ in range(4):
                await pilot.pause()
            assert "? help" in screen_text(app).splitlines()[-1], (number, screen_text(app))
            for table in app.screen.query("LiveTable"):
                assert table.region.bottom < size[1] or number == "1", "Live scrolls"
            views = 0
            while number in "345" and views < 4:
                await pilot.press("v")
                await pilot.pause()
                assert "? help" in screen_text(app).splitlines()[-1], (number, views, screen_text(app))
                views += 1


async def test_recent_decisions_stay_at_80_by_24_below_a_red_line_and_two_positions() -> None:
    app = deck(snapshot(positions=positions()[:2], alarms=("a feed is lost",)))
    async with app.run_test(size=(80, 24)) as pilot:
        for _ in range(3):
            await pilot.pause()
        text = screen_text(app)
        assert "a feed is lost" in text and "▸ ▲ SPY 452C 11/27" in text and "▼ QQQ 512P 11/24" in text
        assert "▸ 12:40:55  EXECUTE" in text, "a row of the recent decisions"


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("x", ("SPY 452C 11/27", "sells 6 contracts", "Esc", "Exit 6 contracts  y")),
        ("h", ("SPY 452C 11/27", "sells 3 contracts", "Esc", "Exit 3 contracts  y")),
        ("b", ("SPY 452C 11/27", "Esc", "Move the stop  y")),
        ("mh", ("ACTIVE → HALTED", "y confirms", "Esc", "Halt  y")),
        ("X", ("Exit all: 4 positions", "Type exit and Enter", "SPY 452C 11/27 6 ×")),
        ("a", ("SPY 452C 11/27", "buys 12 contracts", "Esc", "Approve  y")),
        ("A", ("toast", "bell", "deskt", "phone", "▸[✓]")),
        ("?", ("Esc", "of", "more")),
        ("d", ("EXECUTE", "SPY", "more")),
    ],
)
async def test_each_dialog_shows_what_it_asks_and_its_answers_at_40_by_10(
    keys: str, words: tuple[str, ...]
) -> None:
    app = deck()
    async with app.run_test(size=(40, 10)) as pilot:
        app.pull()
        await row_is_seen(app, pilot)
        for key in keys:
            await pilot.press("question_mark" if key == "?" else key)
        await pilot.pause()
        text = screen_text(app)
        assert all(word in text for word in words), text
        if keys == "mh":
            await pilot.press("pagedown", "pagedown")
            assert "close them." in screen_text(app), screen_text(app)


async def test_x_acts_on_a_row_only_once_it_was_on_the_screen() -> None:
    app = deck(snapshot())
    async with app.run_test(size=(40, 3)) as pilot:
        await pilot.press("x", "x")
        assert not isinstance(app.screen, ExitDialog)
        await pilot.resize_terminal(40, 10)
        app.pull()
        await row_is_seen(app, pilot)
        for _ in range(50):  # a row counts as seen when it was painted, some layouts later
            await pilot.press("x")
            if isinstance(app.screen, ExitDialog):
                return
        raise AssertionError(screen_text(app))


async def test_a_toast_hides_neither_the_position_nor_what_is_asked() -> None:
    app = deck(snapshot())
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        app.say("EXECUTE LONG SPY 662C 11/27 × 3, confidence 76.5, size ×2.57, at the ask of the feed")
        await pilot.pause()
        assert "▸ ▲ SPY 452C 11/27       6/6" in screen_text(app), screen_text(app)
        await pilot.press("x")
        await pilot.pause()
        assert "Exit 6 contracts  y" in screen_text(app) and "EXECUTE" not in screen_text(app)


@pytest.mark.parametrize("key", ["x", "h", "X"])
async def test_an_exit_while_the_exchange_is_closed_says_so(key: str) -> None:
    closed = ExchangeStatus(session=Session.AFTERHOURS, is_open=False, opens_in=2.7 * 86_400)
    rows = tuple(replace(row, stale=True) for row in positions())
    app = deck(snapshot(exchange=closed, positions=rows))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(key)
        await pilot.pause()
        text = " ".join(screen_text(app).replace("│", " ").split())
        assert "The exchange is closed, it opens in 2d16h:" in text, text
        assert "flagged." in text
