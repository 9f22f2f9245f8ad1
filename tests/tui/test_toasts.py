"""Toasts: one line on the row of the keys, never on data, and readable in full among the events."""

from __future__ import annotations

import asyncio

import pytest
from fake_deck import NOW, FakeDeck, screen_text
from textual.widgets._toast import Toast

from core.model import Tone
from server.deck import Notice
from tui.app import DeckApp
from tui.dialogs.base import DEBOUNCE

LONG = "EXECUTE LONG META 610C 12/04 × 3, confidence 83.3 (market assumed), " + "and further words " * 12


def shown(app: DeckApp) -> list[Toast]:
    return [toast for toast in app.screen.query(Toast) if toast.region.area]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60), (60, 20)])
@pytest.mark.parametrize("key", ["1", "2", "5"])
async def test_a_toast_is_one_line_on_the_row_of_the_keys(size: tuple[int, int], key: str) -> None:
    app = DeckApp(FakeDeck(), refresh_hz=0.01)
    async with app.run_test(size=size, notifications=True) as pilot:
        await pilot.press(key)
        for text in ("first", LONG, "last " + LONG):
            app.say(text)
        for _ in range(100):
            await pilot.pause(0.02)
            if shown(app) and shown(app)[0].region.y == size[1] - 1:
                break
        (toast,) = shown(app)
        assert (toast.region.y, toast.region.height) == (size[1] - 1, 1)
        assert toast.region.y == app.screen.query_one("#keys").region.y
        assert str(list(app._notifications)[-1].message).startswith("last EXECUTE")


async def test_many_events_are_one_line_that_names_the_key_that_opens_them() -> None:
    deck = FakeDeck()
    app = DeckApp(deck)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.pause()
        app._last_toast = float("inf")
        for n in range(11):
            deck.urgent.put_nowait(Notice(at=NOW, kind="execute", text=f"{n} {LONG}", tone=Tone.POSITIVE))
        await asyncio.sleep(0.05)
        app._last_toast = float("-inf")
        app.pull()
        await pilot.pause()
        (message,) = [str(each.message) for each in app._notifications]
        assert message.startswith("10 EXECUTE LONG META") and message.endswith("…  and 10 more (E)")
        assert len(message) <= 76


async def test_what_was_cut_is_read_in_full_among_the_events() -> None:
    app = DeckApp(FakeDeck(), refresh_hz=0.01)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.say(LONG, "negative")
        await pilot.press("E")
        await pilot.pause()
        text = " ".join(screen_text(app).replace("│", " ").split())
        assert "META 610C" in text and text.count("further words") == 12
        assert "Bought 6 SPY 452C 11/27 at 2.05" in text
        await asyncio.sleep(DEBOUNCE)
        await pilot.press("escape")
        assert len(app.screen_stack) == 1


async def test_a_dialog_as_high_as_the_screen_shows_its_keys() -> None:
    app = DeckApp(FakeDeck(), refresh_hz=0.01)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.pause()
        app.say(LONG)
        await pilot.press("F")
        for _ in range(100):
            await pilot.pause(0.02)
            if not list(app._notifications):
                return
        raise AssertionError("the toast still covers the last row")
