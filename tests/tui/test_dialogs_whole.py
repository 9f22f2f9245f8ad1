"""Dialogs never cut money: at 60x20 and 80x24 no amount of a dialog ends in an ellipsis."""

from __future__ import annotations

import re

import pytest
from fake_deck import FakeDeck, approval, position, positions, screen_text, snapshot
from textual.pilot import Pilot

from tui.app import DeckApp
from tui.dialogs import base

CASES = (
    "x", "h", "b", "l", "X", "a", "r", "m", "n", "q", "enter", "d", "i", "W", "E",
    "4 a", "4 r", "4 enter", "6 v", "6 enter", "2 enter",
)  # fmt: skip
BOX = re.compile(r"[│╭].*[│╮]")
CUT = re.compile(r"[$+-]?[\d,.]*\d…|\$…")


@pytest.fixture(autouse=True)
def ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "DEBOUNCE", 0.0)


async def opened(pilot: Pilot[None], keys: str) -> None:
    """Press keys on Live until a dialog is open: a key does nothing while its row is not on the screen yet."""
    for _ in range(20):
        await pilot.press("1", *keys.split())
        for _ in range(3):
            await pilot.pause()
        if len(pilot.app.screen_stack) > 1:
            return
    raise AssertionError(f"{keys}: no dialog opened\n{screen_text(pilot.app)}")


@pytest.mark.parametrize("size", [(60, 20), (80, 24)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_no_dialog_cuts_an_amount(size: tuple[int, int]) -> None:
    dear = position("p1", "GOOGL", strike=1182.5, mark=1234.56, entry=1357.91, contracts=12)
    deck = FakeDeck(snapshot(positions=(dear, *positions()[1:]), approvals=(approval(premium=123456.78),)))
    app = DeckApp(deck, refresh_hz=0.01, ask_at_quit=True, can_leave_running=True)
    async with app.run_test(size=size) as pilot:
        for keys in CASES:
            await opened(pilot, keys)
            for line in screen_text(app).splitlines():
                for inside in BOX.findall(line):
                    assert not CUT.search(inside), (keys, inside)
            while len(app.screen_stack) > 1:
                await pilot.press("escape")
