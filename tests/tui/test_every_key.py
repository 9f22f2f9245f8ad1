"""Every key on every screen at four sizes does something, and never to what is not seen."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from fake_deck import FakeDeck, approval, screen_text, snapshot

from tui.app import DeckApp
from tui.commands.registry import BY_NAME, in_scope
from tui.commands.user_command import UserCommand
from tui.dialogs import base
from tui.screens.base import DeckScreen
from tui.settings import SettingsStore
from tui.widgets.table import LiveTable

SCREENS = {"live": "1", "history": "2", "performance": "3", "learning": "4", "system": "5", "trades": "6"}
FIRST = {
    "RowUp": ("end",), "PageUp": ("end",), "FirstRow": ("end",), "ColumnsLeft": ("right",),
    "LastRow": ("home",), "RowDown": ("home",), "PageDown": ("home",),
}  # fmt: skip
"""Keys that are pressed first, so that the table can move where the command says."""
AGAIN = ("Pause", "Compact", "ToggleRisk")
"""Commands whose key is pressed again after, so that the next one finds the screen as it was."""
ALL = {"history": "NoFilter", "trades": "AllTrades"}
"""Command of a screen that takes back what the others chose."""
CONTRACT = re.compile(r"\b[A-Z]{1,5} [\d.]+[CP] \d\d/\d\d\b")
LEADS_AWAY = ("OpenRow",)
"""Commands that may go to another screen."""
LISTS_ALL = ("ExitAll",)
"""Commands whose dialog lists itself what it acts on."""


@pytest.fixture(autouse=True)
def ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "DEBOUNCE", 0.0)


def state(app: DeckApp, deck: FakeDeck) -> tuple[Any, ...]:
    """What a key may change: what is shown, said or asked of the engine, and the settings."""
    return (
        app.screen, screen_text(app), app._said[-1:], len(app._said), app.theme, len(app._notifications),
        len(deck.asked), len(deck.queries), len(deck.commands), app.clipboard, app._alarms,
    )  # fmt: skip


async def press(pilot: Any, app: DeckApp, deck: FakeDeck, *keys: str) -> bool:
    """Press keys; whether they changed anything."""
    before = state(app, deck)
    await pilot.press(*keys)
    for _ in range(4):
        if state(app, deck) != before:
            return True
        await pilot.pause()
    return state(app, deck) != before


def has_nothing_to_do(app: DeckApp, command: UserCommand) -> bool:
    """True if the table in focus cannot move: all its columns, or its only row, are shown."""
    table = app.focused
    if command.scope != "table" or not isinstance(table, LiveTable):
        return False
    if command.action.startswith("column"):
        return len(table._visible(table.size.width)) == len(table.shown_columns)
    return len(table.rows) < 2


def assert_it_was_seen(app: DeckApp, command: UserCommand, seen: str, where: object) -> None:
    """A dialog names no contract, and asks about no rule, that was not on the screen when the key was pressed."""
    if (
        isinstance(app.screen, DeckScreen)
        or command.name in LISTS_ALL
        or command.group not in ("Positions", "Learning")
    ):
        return
    if app.screen.query(".question"):
        for name in set(CONTRACT.findall(screen_text(app))):
            assert name in seen, (where, command.name, name)


def pressed_on(scope: str, *, everything: bool) -> list[UserCommand]:
    """The commands whose keys are pressed on a screen: its own, and on Live, or everywhere, those of all screens."""
    scopes = ("screen", "table", scope) if everything or scope == "live" else (scope,)
    return [each for each in in_scope(*scopes) if each.keys and each.goes_to != scope]


SIZES = [(80, 24), (60, 20), (120, 40), (200, 60)]


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_every_key_on_every_screen(size: tuple[int, int], tmp_path: Path) -> None:
    await every_key(size, tmp_path, everything=True)


async def test_the_keys_of_each_screen_on_the_smallest(tmp_path: Path) -> None:
    await every_key((60, 20), tmp_path, everything=False)


async def list_is_seen(app: DeckApp, pilot: Any, tries: int = 100) -> bool:
    """Wait for a list in focus whose row is on the screen: rows are shared out a moment after what unfolds them."""
    for _ in range(tries):
        await pilot.pause()
        if isinstance(app.focused, LiveTable) and app.focused.cursor_is_seen:
            return True
        await pilot.pause(0.01)
    return False


async def every_key(size: tuple[int, int], tmp_path: Path, *, everything: bool) -> None:
    deck = FakeDeck(snapshot(approvals=(approval(),)))
    settings = SettingsStore(tmp_path / "deck.json")
    app = DeckApp(deck, refresh_hz=0.01, settings=settings, ask_at_quit=True, can_leave_running=True)
    idle: list[tuple[str, str]] = []
    async with app.run_test(size=size) as pilot:
        for scope, number in SCREENS.items():
            await pilot.press(number)
            await pilot.pause()
            for command in pressed_on(scope, everything=everything):
                key = command.keys[0]
                await pilot.press(*FIRST.get(command.name, ()))
                assert await list_is_seen(app, pilot), (size, scope, command.name)
                seen, nothing = screen_text(app), has_nothing_to_do(app, command)
                if not await press(pilot, app, deck, key) and not nothing:
                    idle.append((scope, command.name))
                assert_it_was_seen(app, command, seen, (size, scope))
                while len(app.screen_stack) > 1:
                    await pilot.press("escape")
                if command.name in AGAIN:
                    await pilot.press(key)
                elif scope in ALL and command.scope == scope:
                    await pilot.press(BY_NAME[ALL[scope]].keys[0])
                elif command.goes_to or command.name in LEADS_AWAY:
                    await pilot.press(number)
                for _ in range(3):
                    if await list_is_seen(app, pilot, tries=10):
                        break  # a view without a list came before the next one with a list
                    await pilot.press(key)
    assert idle == [], "a key that does nothing"


async def test_no_key_acts_on_a_position_that_is_scrolled_out() -> None:
    app = DeckApp(FakeDeck(), refresh_hz=0.01)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        for key in ("x", "h", "b", "l", "n"):
            await pilot.press("tab")
            app.screen.query_one("#body").scroll_end(animate=False, immediate=True)
            await pilot.pause()
            assert "SPY 452C 11/27  " not in screen_text(app)
            await pilot.press(key)
            assert isinstance(app.screen, DeckScreen), key
            await pilot.pause()
            await pilot.press(key)
            await pilot.pause()
            assert "SPY 452C 11/27" in screen_text(app) and not isinstance(app.screen, DeckScreen), key
            await pilot.press("escape")
