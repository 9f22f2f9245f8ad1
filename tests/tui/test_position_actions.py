"""Half, break-even and mode: named in a dialog, confirmed by another key, done once, on no other row."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from fake_deck import NOW, FakeDeck, position, positions, screen_text, snapshot
from test_exits import running

from core.model import Mode, Tone
from server.deck import Command, CommandResult, Notice, PositionRow
from tui.dialogs import base
from tui.dialogs.break_even import BreakEvenDialog
from tui.dialogs.exit_position import HalfDialog
from tui.dialogs.mode import ModeDialog
from tui.dialogs.position_detail import PositionDialog
from tui.dialogs.position_question import PositionQuestion
from tui.panes.positions import ORDERS, PositionsPane
from tui.screens.live import LiveScreen


@pytest.fixture(autouse=True)
def ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dialogs take keys at once."""
    monkeypatch.setattr(base, "DEBOUNCE", 0.0)


class TradingDeck(FakeDeck):
    """Does what it is asked to the rows it holds, and remembers which contract was sold."""

    def __init__(self, rows: tuple[PositionRow, ...]) -> None:
        super().__init__(snapshot(positions=rows))
        self.closed: list[str] = []

    async def command(self, command: Command) -> CommandResult:
        self.commands.append(command)
        row = next((each for each in self.now.positions if each.id == command.position_id), None)
        if row is None or row.remaining != command.expected:
            return CommandResult(ok=False, code="NOT_OPEN", text="This position is not open (any more)")
        if command.name == "exit":
            self.closed.append(row.contract)
            left = row.remaining - (command.contracts or row.remaining)
            kept = tuple(each for each in self.now.positions if each.id != row.id)
            self.change(positions=(*kept, replace(row, remaining=left)) if left else kept)
        return CommandResult(ok=True, code="EXITED", text=f"{command.name} {row.contract}")


def anything(rng: random.Random, deck: FakeDeck, table: PositionsPane, named: str, turn: int) -> None:
    """One thing that may happen to the rows: an open, a close, another order, a new price."""
    rows = list(deck.now.positions)
    what = rng.choice(("open", "close", "sort", "reprice", "shuffle"))
    if what == "open" and len(rows) < 12:
        rows.insert(
            rng.randrange(len(rows) + 1),
            position(f"new{turn}", rng.choice(("IWM", "SPY")), strike=200 + turn),
        )
    elif what == "close":
        rows = [row for row in rows if row.id == named or rng.random() < 0.7]
    elif what == "sort":
        table.next_order()
    elif what == "shuffle":
        rng.shuffle(rows)
    else:
        rows = [replace(row, mark=rng.uniform(1, 9), pnl=rng.uniform(-300, 300)) for row in rows]
    deck.change(positions=tuple(rows))


@pytest.mark.parametrize(
    ("key", "name", "part"), [("x", "exit", 1.0), ("h", "exit", 0.5), ("b", "breakeven", None)]
)
async def test_200_changes_of_the_rows_and_what_is_done_is_done_to_the_one_named(
    key: str, name: str, part: float | None
) -> None:
    rng = random.Random(key)
    deck = TradingDeck(positions()[:4])
    async with running(deck) as (app, pilot):
        table = app.screen.query_one(PositionsPane)
        for _ in range(rng.randrange(5)):
            table.next_order()
        await pilot.press(*["down"] * rng.randrange(4))
        under_the_eye = table.selected
        await pilot.press(key)
        dialog = app.screen
        assert isinstance(dialog, PositionQuestion) and under_the_eye is not None
        assert dialog.row == under_the_eye
        for turn in range(200):
            anything(rng, deck, table, dialog.row.id, turn)
            app.pull()
        await pilot.pause()
        assert dialog.row.contract in screen_text(app)
        await pilot.press("y")
        await pilot.pause()
        (command,) = deck.commands
        assert (command.name, command.position_id) == (name, dialog.row.id)
        if part is not None:
            assert deck.closed == [dialog.row.contract]
            assert command.contracts == -int(-dialog.row.remaining * part // 1)


async def test_200_changes_between_two_looks_and_the_cursor_is_still_on_its_contract() -> None:
    rng = random.Random(11)
    deck = TradingDeck(positions()[:4])
    async with running(deck) as (app, pilot):
        table = app.screen.query_one(PositionsPane)
        await pilot.press("down", "down")
        on = table.selected
        assert on is not None
        for turn in range(200):
            anything(rng, deck, table, on.id, turn)
            app.pull()
            assert table.cursor == on.id
        await pilot.press("x", "y")
        await pilot.pause()
        assert deck.closed == [on.contract]


async def test_rows_keep_their_places_until_they_are_sorted() -> None:
    deck = FakeDeck(snapshot(positions=positions()[:4]))
    async with running(deck) as (app, pilot):
        table = app.screen.query_one(PositionsPane)
        before = [row.key for row in table.rows]
        deck.change(positions=(position("new", "IWM"), *reversed(deck.now.positions)))
        app.pull()
        assert [row.key for row in table.rows] == [*before, "new"]
        await pilot.press("s")
        gains = [
            deck_row.pnl for key in (row.key for row in table.rows) if (deck_row := table.positions[key])
        ]
        assert ORDERS[table.order][0] == "by P&L" and gains == sorted(gains, reverse=True)
        assert "by P&L" in screen_text(app)
        placed = [row.key for row in table.rows]
        deck.change(positions=tuple(replace(row, pnl=-(row.pnl or 0.0)) for row in deck.now.positions))
        app.pull()
        assert [row.key for row in table.rows] == placed, "new prices do not move rows"


async def test_half_names_how_many_and_is_exiting_until_they_are_gone() -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        await pilot.press("h")
        assert isinstance(app.screen, HalfDialog)
        text = screen_text(app)
        assert "sells 3 contracts of 6" in text and "Exit 3 contracts" in text
        await pilot.press("h", "enter")
        assert deck.commands == [] and isinstance(app.screen, LiveScreen), "Cancel has the focus"
        await pilot.press("h", "y")
        await pilot.pause()
        (command,) = deck.commands
        assert (command.name, command.contracts, command.expected) == ("exit", 3, 6)
        assert app.positions.exiting == {"p1"}
        deck.change(positions=(position(remaining=3), *deck.now.positions[1:]))
        app.pull()
        assert app.positions.exiting == frozenset(), "what was asked for has left"


async def test_half_of_one_contract_says_that_it_is_all_of_it() -> None:
    async with running(FakeDeck(snapshot(positions=(position(contracts=1),)))) as (app, pilot):
        await pilot.press("h")
        assert "this sells it all" in screen_text(app)


async def test_break_even_names_both_stops_and_warns_when_it_would_sell_at_once() -> None:
    deck = FakeDeck(snapshot(positions=(position(break_even=451.46, break_even_sells=True),)))
    async with running(deck) as (app, pilot):
        await pilot.press("b")
        await pilot.pause()
        assert isinstance(app.screen, BreakEvenDialog)
        text = screen_text(app)
        assert "450.06 → 451.46" in text and "6 contracts" in text and "the next price sells" in text
        await pilot.press("y")
        await pilot.pause()
        (command,) = deck.commands
        assert (command.name, command.position_id, command.expected) == ("breakeven", "p1", 6)
        assert app.positions.exiting == frozenset(), "nothing leaves by it"


async def test_a_stop_that_is_there_already_is_not_moved() -> None:
    deck = FakeDeck(snapshot(positions=(position(break_even=None),)))
    async with running(deck) as (app, pilot):
        await pilot.press("b")
        assert isinstance(app.screen, LiveScreen)
        assert "at break-even or closer" in list(app._notifications)[-1].message


async def test_mode_is_chosen_by_one_key_and_confirmed_by_another() -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        await pilot.press("m", "y", "m")
        assert isinstance(app.screen, ModeDialog) and deck.commands == []
        assert "no automatic exits" in screen_text(app)
        await pilot.press("h")
        assert "ACTIVE → HALTED, 5 open positions" in screen_text(app)
        await pilot.press("enter")
        assert isinstance(app.screen, LiveScreen) and deck.commands == [], "Cancel has the focus"
        await pilot.press("m", "down", "y")
        await pilot.pause()
        (command,) = deck.commands
        assert (command.name, command.argument) == ("mode", "REDUCING")


async def test_the_mode_in_force_cannot_be_confirmed() -> None:
    deck = FakeDeck(snapshot(mode=Mode.HALTED))
    async with running(deck) as (app, pilot):
        await pilot.press("m", "h", "y")
        assert isinstance(app.screen, ModeDialog) and deck.commands == []
        assert "It is HALTED already" in screen_text(app)


async def test_exit_all_names_what_is_open_when_the_word_is_typed() -> None:
    deck = FakeDeck(snapshot(positions=positions()[:2]))
    async with running(deck) as (app, pilot):
        await pilot.press("X")
        deck.change(positions=(*positions()[:2], position("new", "IWM", strike=231)))
        app.pull()
        await pilot.pause()
        assert "3 positions" in screen_text(app) and "IWM 231C" in screen_text(app)
        await pilot.press(*"exit", "enter")
        await pilot.pause()
        assert deck.commands[0].expected == 3 and app.positions.exiting == {"p1", "p2", "new"}


async def test_an_exit_from_the_position_in_full_is_asked_for_the_same_way() -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        await pilot.press("down", "enter", "x")
        await pilot.pause()
        assert isinstance(app.screen, PositionQuestion) and "QQQ 512P" in screen_text(app)
        await pilot.press("y")
        await pilot.pause()
        assert isinstance(app.screen, PositionDialog) and deck.commands[0].position_id == "p2"
        assert "EXITING" in screen_text(app)
        await pilot.press("x", "h", "b")
        assert len(deck.commands) == 1 and isinstance(app.screen, PositionDialog)


def told(app: Any) -> list[str]:
    return [each.message for each in app._notifications]


async def test_one_exit_is_told_once_whichever_comes_first() -> None:
    deck = FakeDeck()
    event = Notice(
        at=NOW, kind="exit", text="MANUAL SPY 452C: 6 at 2.40", tone=Tone.POSITIVE, position_id="p1"
    )
    async with running(deck) as (app, pilot):
        await pilot.press("x", "y")
        await pilot.pause()
        deck.urgent.put_nowait(event)
        await pilot.pause()
        assert told(app) == ["Exit sent"]
        deck.urgent.put_nowait(replace(event, text="STOP_LOSS SPY 452C"))
        await pilot.pause()
        assert told(app)[-1] == "STOP_LOSS SPY 452C", "only the echo is swallowed"


async def test_what_was_held_back_is_told_when_the_command_is_refused() -> None:
    deck = FakeDeck()
    stop = Notice(at=NOW, kind="exit", text="STOP_LOSS SPY 452C", tone=Tone.NEGATIVE, position_id="p1")

    async def late(command: Command) -> CommandResult:
        deck.urgent.put_nowait(stop)
        await pilot.pause(0.05)
        return CommandResult(ok=False, code="NOT_OPEN", text="This position is not open (any more)")

    deck.command = late
    async with running(deck) as (app, pilot):
        await pilot.press("x", "y")
        await pilot.pause(0.15)
        assert any("STOP_LOSS" in text for text in told(app)) or app._toasts_due
        assert any("not open" in text for text in told(app))
