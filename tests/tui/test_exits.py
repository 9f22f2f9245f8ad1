"""Closing positions by hand: only the row that was named, only by the key that confirms, only once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from fake_deck import FakeDeck, empty_snapshot, position, positions, screen_text, snapshot

from server.deck import CommandResult
from tui.app import DeckApp
from tui.dialogs import base
from tui.dialogs.exit_all import ExitAllDialog
from tui.dialogs.exit_position import ExitDialog
from tui.panes.positions import PositionsPane
from tui.screens.live import LiveScreen
from tui.widgets.yes_no import Answers


@asynccontextmanager
async def running(deck: FakeDeck) -> AsyncIterator[tuple[DeckApp, Any]]:
    app = DeckApp(deck, refresh_hz=0.01)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        yield app, pilot


@pytest.fixture
def ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dialogs take keys at once."""
    monkeypatch.setattr(base, "DEBOUNCE", 0.0)


async def test_x_names_contract_quantity_mark_and_age_with_cancel_in_focus() -> None:
    async with running(FakeDeck()) as (app, pilot):
        await pilot.press("x")
        await pilot.pause()
        assert isinstance(app.screen, ExitDialog)
        text = screen_text(app)
        for words in ("SPY 452C 11/27", "SPY261127C00452000", "6 contracts", "2.41", "3s old", "+$212.10"):
            assert words in text
        assert isinstance(app.focused, Answers) and not app.focused.on_yes


@pytest.mark.parametrize("keys", [["enter"], ["x", "X", "enter"], ["space", "escape"]])
async def test_no_key_but_its_own_confirms(ready: None, keys: list[str]) -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        await pilot.press("x", *keys)
        await pilot.pause()
        assert deck.commands == []
        assert isinstance(app.screen, LiveScreen)


@pytest.mark.parametrize(
    ("keys", "sold"),
    [(["right", "enter"], True), (["tab", "space"], True), (["right", "left", "enter"], False)],
)
async def test_the_cursor_moves_between_the_answers(ready: None, keys: list[str], sold: bool) -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        await pilot.press("x", *keys)
        await pilot.pause()
        assert [each.name for each in deck.commands] == (["exit"] if sold else [])
        assert isinstance(app.screen, LiveScreen)


@pytest.mark.parametrize(("words", "sold"), [("Exit 6", True), ("Cancel", False), ("", None)])
async def test_an_answer_can_be_clicked(ready: None, words: str, sold: bool | None) -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        await pilot.press("x")
        await pilot.pause()
        answers = app.screen.query_one(Answers)
        row = screen_text(app).split("\n")[answers.region.y]
        at = row.index(words, answers.region.x) - answers.region.x if words else 1
        await pilot.click(Answers, offset=(at, 0))
        await pilot.pause()
        assert [each.name for each in deck.commands] == (["exit"] if sold else [])
        assert isinstance(app.screen, ExitDialog if sold is None else LiveScreen)


async def test_y_sends_one_command_for_the_named_row_and_it_shows_exiting_until_it_is_gone(
    ready: None,
) -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        await pilot.press("down", "x", "y", "y", "y")
        await pilot.pause()
        (command,) = deck.commands
        assert (command.name, command.position_id, command.contracts, command.expected) == (
            "exit",
            "p2",
            4,
            4,
        )
        row = next(line for line in screen_text(app).split("\n") if "QQQ 512P" in line)
        assert "EXITING" in row
        await pilot.press("x")
        assert isinstance(app.screen, LiveScreen), "a position that is leaving is not asked for again"
        deck.change(positions=tuple(row for row in deck.now.positions if row.id != "p2"))
        app.pull()
        assert app.positions.exiting == frozenset()


async def test_keys_of_the_first_moment_are_meant_for_the_screen_below(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert 0.1 <= base.DEBOUNCE <= 0.3
    monkeypatch.setattr(base, "DEBOUNCE", 60.0)
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        await pilot.press("x", "y", "enter", "escape")
        await pilot.pause()
        assert isinstance(app.screen, ExitDialog)
        assert deck.commands == []
        monkeypatch.setattr(base, "DEBOUNCE", 0.0)
        await pilot.press("y")
        await pilot.pause()
        assert len(deck.commands) == 1


async def test_a_position_that_left_or_shrank_while_asked_cannot_be_confirmed(ready: None) -> None:
    deck = FakeDeck(snapshot(positions=(position(contracts=6), position("p2", "QQQ"))))
    async with running(deck) as (app, pilot):
        await pilot.press("x")
        deck.change(positions=(position(contracts=6, remaining=3), position("p2", "QQQ")))
        app.pull()
        await pilot.press("y")
        await pilot.pause()
        assert "3 contracts are held now" in screen_text(app)
        deck.change(positions=(position("p2", "QQQ"),))
        app.pull()
        await pilot.press("y")
        await pilot.pause()
        assert "no longer open" in screen_text(app)
        assert deck.commands == []


async def test_the_row_that_took_the_cursors_place_by_itself_is_not_acted_on_at_once(ready: None) -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        deck.change(positions=deck.now.positions[1:])
        app.pull()
        await pilot.press("x")
        assert isinstance(app.screen, LiveScreen)
        await pilot.press("down", "up", "x")
        assert isinstance(app.screen, ExitDialog)


async def test_x_elsewhere_moves_to_the_positions_first(ready: None) -> None:
    async with running(FakeDeck()) as (app, pilot):
        await pilot.press("tab", "x")
        assert isinstance(app.screen, LiveScreen)
        assert isinstance(app.focused, PositionsPane)


async def test_panes_stand_still_under_a_dialog_and_catch_up_after(ready: None) -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        below = app.screen
        await pilot.press("x")
        first, *rest = deck.now.positions
        deck.change(positions=(replace(first, mark=9.99), *rest))
        app.pull()
        await pilot.pause()
        assert "9.99" in screen_text(app), "the dialog follows the mark of its position"
        table = below.query_one(PositionsPane)
        assert "9.99" not in table.render_line(2).text
        await pilot.press("escape")
        await pilot.pause()
        assert "9.99" in table.render_line(2).text


async def test_a_refused_exit_says_why_and_the_row_is_open_again(ready: None) -> None:
    deck = FakeDeck()
    deck.answer = CommandResult(ok=False, code="QUANTITY_CHANGED", text="3 contracts are left, not 6 [/x]")
    async with running(deck) as (app, pilot):
        await pilot.press("x", "y")
        await pilot.pause()
        assert app.positions.exiting == frozenset()
        assert "3 contracts are left, not 6 [/x]" in [n.message for n in app._notifications][-1]


async def test_exit_all_wants_the_word(ready: None) -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        await pilot.press("X", "y", "enter")
        await pilot.pause()
        assert isinstance(app.screen, ExitAllDialog) and deck.commands == []
        text = screen_text(app)
        assert "4 positions, 13 contracts" in text and "QQQ 512P 11/24" in text
        await pilot.press(*"exit", "enter")
        await pilot.pause()
        (command,) = deck.commands
        assert (command.name, command.expected) == ("exit_all", 4)
        assert app.positions.exiting >= {"p1", "p2", "p3", "p4"}


async def test_with_nothing_open_both_keys_say_so(ready: None) -> None:
    async with running(FakeDeck(empty_snapshot())) as (app, pilot):
        await pilot.press("x", "X")
        await pilot.pause()
        assert isinstance(app.screen, LiveScreen)
        assert all("No open position" in n.message for n in app._notifications)


def test_the_fake_positions_are_what_the_tests_take_them_for() -> None:
    assert [row.id for row in positions()] == ["p1", "p2", "p3", "p4", "p5"]
