"""An engine that gives no snapshot: the deck says so on every screen and stays up."""

from __future__ import annotations

import subprocess
import sys

import pytest
from fake_deck import FakeDeck, screen_text

from server.deck import DeckSnapshot
from tui.app import DeckApp


class SilentDeck(FakeDeck):
    """A deck whose engine fails to give a snapshot until ``works`` is set."""

    works = False

    def snapshot(self) -> DeckSnapshot:
        if not self.works:
            raise RuntimeError("no state yet")
        return super().snapshot()


@pytest.mark.parametrize("key", ["1", "2", "3", "4", "5"])
async def test_a_first_snapshot_that_fails_is_an_alarm_on_every_screen(key: str) -> None:
    deck = SilentDeck()
    app = DeckApp(deck)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press(key)
        await pilot.pause(0.6)
        assert "the engine gives no snapshot" in screen_text(app)
        deck.works = True
        app.pull()
        await pilot.pause()
        assert "the engine gives no snapshot" not in screen_text(app)


async def test_the_system_screen_shows_its_numbers_without_a_snapshot() -> None:
    app = DeckApp(SilentDeck())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("5")
        await pilot.pause(0.6)
        text = screen_text(app)
        assert "asking the engine" not in text and "deck.db" in text


def test_textual_reads_our_environment_because_it_is_set_before_the_import() -> None:
    code = "import tui.app, textual.constants as c; print(c.TEXTUAL_ANIMATIONS, c.SMOOTH_SCROLL)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["none", "False"]
