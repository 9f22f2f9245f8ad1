"""The deck at any size of the terminal, whatever is pressed meanwhile: no crash, and it is usable again after."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from fake_deck import FakeDeck, approval, screen_text, snapshot
from textual import events
from textual._compositor import CompositorUpdate
from textual.command import CommandPalette
from textual.geometry import Size
from textual.screen import Screen

from tui.app import DeckApp
from tui.dialogs import base
from tui.textual_patches.ansi_output import crop_update

KEYS = (
    "1", "2", "3", "4", "5", "6", "w", "d", "escape", "question_mark", "x", "h", "b", "A", "m", "X", "a", "r", "y",
    "n", "c", "tab", "enter", "down", "up", "left", "right", "pagedown", "G", "s", "z", "v", "t", "p", "ctrl+p",
    "ctrl+c",
)  # fmt: skip
SIZES = ((1, 1), (3, 2), (5, 10), (10, 5), (1, 24), (80, 1), (40, 10), (80, 13), (80, 24), (200, 50))


@pytest.fixture(autouse=True)
def painted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write every frame as text, which Textual leaves out without a terminal, and let dialogs take every key."""
    display = DeckApp._display

    def paint(self: DeckApp, screen: Screen[Any], renderable: Any) -> None:
        update = crop_update(renderable)
        if self.is_running and isinstance(update, CompositorUpdate):
            update.render_segments(self.console)
        display(self, screen, renderable)

    monkeypatch.setattr(DeckApp, "_display", paint)
    monkeypatch.setattr(base, "DEBOUNCE", 0.0)


async def shake(pilot: Any, dice: random.Random, steps: int) -> None:
    """Resize and press at random, without waiting until the one before has been dealt with."""
    for _ in range(steps):
        if dice.random() < 0.5:
            size = dice.choice((*SIZES, (dice.randrange(1, 200), dice.randrange(1, 50))))
            pilot.app._driver._size = size
            pilot.app.post_message(events.Resize(Size(*size), Size(*size)))
        else:
            pilot.app.simulate_key(dice.choice(KEYS))
        turns = dice.choice((0, 2, 5, 40))
        for _ in range(turns):
            await asyncio.sleep(0)
        if turns == 40:
            await pilot.pause()


@pytest.mark.parametrize("seed", [0, 6, *(pytest.param(n, marks=pytest.mark.slow) for n in range(7, 47))])
async def test_any_sizes_and_keys_leave_a_deck_that_works(seed: int) -> None:
    app = DeckApp(FakeDeck(snapshot(approvals=(approval(),))), refresh_hz=20)
    async with app.run_test(size=(80, 24)) as pilot:
        await shake(pilot, random.Random(seed), 80)
        await pilot.resize_terminal(80, 24)
        while len(app.screen_stack) > 1:
            await pilot.press("escape")
        await pilot.press("2")
        await pilot.press("1")
        app.pull()
        for _ in range(20):
            # The last of many sizes is laid out a moment after the key.
            text = screen_text(app)
            if "Positions" in text:
                break
            await asyncio.sleep(0.05)
        assert "Positions" in text and "? help" in text, text


async def test_the_palette_and_a_toast_survive_any_width() -> None:
    app = DeckApp(FakeDeck(), refresh_hz=0.01)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+c", "ctrl+p")
        for width in (1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 20, 80):
            await pilot.resize_terminal(width, 10)
            await pilot.press("down", "pagedown")
        assert isinstance(app.screen, CommandPalette)


async def test_the_first_of_two_quick_answers_counts_and_the_second_closes_nothing_else() -> None:
    deck = FakeDeck()
    app = DeckApp(deck, refresh_hz=0.01)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("x")
        for key in ("enter", "escape", "y"):
            app.simulate_key(key)
        await pilot.pause()
        assert len(app.screen_stack) == 1 and deck.commands == []


async def test_ctrl_c_names_the_decks_own_key() -> None:
    app = DeckApp(FakeDeck(), refresh_hz=0.01)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+c")
        await pilot.press("d")
        await pilot.press("ctrl+c")
        said = [each.message for each in app._notifications]
    assert said == ["Ctrl+C does not quit: q quits", "Ctrl+C does not quit: Esc closes this, then q quits"]
