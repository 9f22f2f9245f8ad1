"""Acting by hand: levels that are typed and then confirmed, a note on the way, and the mode taken back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fake_deck import NOW, FakeDeck, offer, position, positions, record, screen_text, snapshot
from test_exits import running

from core.model import Action, Mode, Reason, Tone
from server.deck import Notice, PositionRow
from tui import fmt
from tui.app import DeckApp
from tui.dialogs import base
from tui.dialogs.levels import LevelsDialog, LevelsQuestion, argument_of
from tui.dialogs.note import NoteDialog
from tui.dialogs.position_detail import PositionDialog
from tui.dialogs.take import TakeDialog
from tui.documents.position import levels, top
from tui.screens.live import LiveScreen
from tui.take_actions import nothing_to_take


@pytest.fixture(autouse=True)
def ready(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Dialogs take keys at once."""
    monkeypatch.setattr(base, "DEBOUNCE", 0.0)
    yield


def told(app: Any) -> str:
    return [each.message for each in app._notifications][-1]


def keys(text: str) -> list[str]:
    names = {" ": "space", ".": "full_stop", "%": "percent_sign", "#": "number_sign", "=": "equals_sign"}
    return [names.get(letter, letter) for letter in text]


TYPED = [
    ("stop 448.50 t1 1% t2 2atr", "stop=448.50 target_1=1% target_2=2atr"),
    ("STOP=cost, t2=$460", "stop=cost target_2=460"),
    ("t1 1.5 %", "target_1=1.5%"),
    ("trail 2%", "trail=2%"),
    ("stop", "stop="),
    ("", ""),
]


@pytest.mark.parametrize(("typed", "argument"), TYPED)
def test_what_is_typed_is_read_as_levels(typed: str, argument: str) -> None:
    assert argument_of(typed) == argument


async def test_levels_are_typed_shown_old_and_new_and_confirmed_like_an_exit() -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        await pilot.press("l", *keys("stop 449 t2 1%"))
        await pilot.pause()
        assert isinstance(app.screen, LevelsDialog)
        text = screen_text(app)
        assert "450.06 → 449.00" in text and "456.76 → 456.88" in text and "454.46" in text
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, LevelsQuestion) and deck.commands == []
        text = screen_text(app)
        assert (
            "stop 450.06 → 449.00" in text and "SPY 452C 11/27" in text and "T1" not in text.split("mark")[0]
        )
        await pilot.press("enter")
        assert isinstance(app.screen, LiveScreen) and deck.commands == [], "Cancel has the focus"
        await pilot.press("l", *keys("stop 449 t2 1%"), "enter", "y")
        await pilot.pause()
        (command,) = deck.commands
        assert (command.name, command.position_id, command.expected) == ("levels", "p1", 6)
        assert command.argument == "stop=449.0 target_2=456.88", "what was confirmed, as prices"


# What is typed for the long SPY position at 452.36 | what is said
REFUSED = [
    ("stop 453", "stop: 453.00 must lie below the price 452.36"),
    ("t1 452", "target_1: 452.00 must lie above"),
    ("t2 454", "target_2: 454.00 must lie beyond target_1 454.46"),
    ("stop abc", "is not a price"),
    ("trail 2%", "is not one of stop="),
]


async def test_levels_that_cannot_be_are_said_while_typing_and_enter_goes_nowhere() -> None:
    async with running(FakeDeck()) as (app, pilot):
        for typed, said in REFUSED:
            await pilot.press("l", *keys(typed), "enter")
            await pilot.pause()
            assert isinstance(app.screen, LevelsDialog)
            assert said in " ".join(screen_text(app).split()), typed
            await pilot.press("escape")


async def test_a_refusal_is_read_first_where_there_is_little_room() -> None:
    app = DeckApp(FakeDeck(), refresh_hz=0.01)
    async with app.run_test(size=(40, 10)) as pilot:
        for _ in range(50):  # the row must have been painted, which is some layouts after the start
            await pilot.press("l")
            if isinstance(app.screen, LevelsDialog):
                break
        await pilot.press(*keys("stop 453"))
        await pilot.pause()
        assert "must lie below the price" in " ".join(screen_text(app).replace("│", " ").split())


async def test_a_price_that_has_passed_the_asked_stop_refuses_the_confirmation() -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        await pilot.press("l", *keys("stop 452"), "enter")
        await pilot.pause()
        first, *rest = deck.now.positions
        deck.change(positions=(replace(first, underlying=451.9), *rest))
        app.pull()
        await pilot.press("y")
        await pilot.pause()
        assert isinstance(app.screen, LevelsQuestion) and deck.commands == []
        assert "must lie below the price 451.90" in " ".join(screen_text(app).split())


ASKING = {"x": "exit", "h": "exit", "b": "breakeven"}


@pytest.mark.parametrize("key", ASKING)
async def test_a_note_is_written_while_confirming_and_goes_with_the_command(key: str) -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        await pilot.press(key, "w")
        await pilot.pause()
        assert isinstance(app.screen, NoteDialog) and "keeps the note" in screen_text(app)
        await pilot.press(*keys("weak #early"), "enter")
        await pilot.pause()
        assert "weak #early" in screen_text(app) and deck.commands == []
        await pilot.press("w", "escape", "y")
        await pilot.pause()
        (command,) = deck.commands
        assert (command.name, command.note) == (ASKING[key], "weak #early")


async def test_a_mode_is_undone_by_a_key_that_the_answer_and_the_line_name() -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        await pilot.press("U")
        assert told(app) == "The mode was not changed in the last 10 s" and not deck.commands
        await pilot.press("m", "h", "y")
        await pilot.pause()
        assert told(app).endswith("U undoes")
        deck.change(mode=Mode.HALTED, mode_reason="set by deck", mode_before=Mode.ACTIVE)
        app.pull()
        await pilot.pause()
        assert "U undoes" in screen_text(app).splitlines()[0]
        await pilot.press("U")
        await pilot.pause()
        command = deck.commands[-1]
        assert (command.name, command.argument) == ("undo_mode", "HALTED")


async def test_a_mode_that_another_deck_has_set_is_told_with_the_key() -> None:
    deck = FakeDeck(snapshot(mode=Mode.HALTED, mode_before=Mode.ACTIVE))
    async with running(deck) as (app, pilot):
        deck.urgent.put_nowait(
            Notice(at=NOW, kind="mode", text="Mode is HALTED: set by ann", tone=Tone.NEGATIVE)
        )
        await pilot.pause()
        assert told(app) == "Mode is HALTED: set by ann  U undoes"


async def test_from_the_position_in_full_its_levels_are_set() -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        await pilot.press("down", "enter", "l", *keys("stop cost"), "enter", "y")
        await pilot.pause()
        assert isinstance(app.screen, PositionDialog)
        (command,) = deck.commands
        second: PositionRow = positions()[1]
        assert (command.name, command.position_id) == ("levels", "p2")
        assert command.argument == f"stop={second.cost!r}"


async def test_a_skip_is_taken_after_a_question_that_names_it() -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        await pilot.press("tab", "down", "T")
        await pilot.pause()
        assert isinstance(app.screen, TakeDialog)
        text = " ".join(screen_text(app).split())
        for words in (
            "LONG QQQ",
            "SKIP SPREAD_WIDE",
            "Spread too wide (14.8 bps > 12)",
            "QQQ 514C 11/24 × 3",
            "12:54:42",
        ):
            assert words in text, words
        assert deck.asked[-1] == "offers d1"
        await pilot.press("enter")
        assert isinstance(app.screen, LiveScreen) and deck.commands == [], "Cancel has the focus"
        await pilot.press("T", "w", *keys("news"), "enter", "y")
        await pilot.pause()
        (command,) = deck.commands
        assert (command.name, command.argument, command.note) == ("take", "d1", "news")


@pytest.mark.parametrize(
    ("changes", "minutes", "text"),
    [
        ({"position_id": "p1"}, 1, "SPY LONG of {at} is traded already"),
        (
            {"code": "LATE", "blocks": (Reason("LATE", "40 min old, 17 allowed", Tone.NEGATIVE),)},
            1,
            "SPY LONG of {at} was refused for good, LATE: 40 min old, 17 allowed",
        ),
        ({}, 45, "the signal SPY LONG of {at} ended 30m ago"),
        ({}, 1, "SPY LONG of {at} was decided again since, or has ended; take its newest decision"),
    ],
    ids=["traded", "late", "ended", "again"],
)
def test_why_a_decision_cannot_be_taken_names_it(changes: dict[str, Any], minutes: int, text: str) -> None:
    made = replace(record(Action.SKIP), **{"timeframe": 15, "position_id": None, "code": None} | changes)
    found = nothing_to_take(made, made.at + timedelta(minutes=minutes))
    assert found == f"Nothing to take: {text.format(at=fmt.moment(made.at))}"


async def test_what_cannot_be_taken_is_said() -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        await pilot.press("T")
        await pilot.pause()
        assert isinstance(app.screen, LiveScreen) and "Nothing to take" in told(app)
        deck.can_be_taken = (offer("d0", refused="Mode is HALTED; no entries"),)
        await pilot.press("2", "T")
        await pilot.pause()
        assert isinstance(app.screen, TakeDialog) and "! Mode is HALTED; no entries" in screen_text(app)
        await pilot.press("y")
        assert deck.commands == []
        deck.can_be_taken = (offer("d0"),)
        await pilot.press("escape", "T")
        await pilot.pause()
        deck.change(at=NOW + timedelta(minutes=20))
        app.pull()
        await pilot.press("y")
        assert deck.commands == [] and "Its signal has ended" in screen_text(app)


async def test_a_decision_that_is_read_is_taken_from_there() -> None:
    deck = FakeDeck()
    deck.can_be_taken = (offer(record(Action.SKIP).id),)
    deck.now = snapshot(decision=record(Action.SKIP))
    async with running(deck) as (app, pilot):
        await pilot.press("d", "T")
        await pilot.pause()
        assert isinstance(app.screen, TakeDialog)


def test_a_moved_level_says_since_when_and_by_whom() -> None:
    row = position()
    moved = replace(row.to_target_2, moved_at=NOW, moved_by="ann")
    text = "\n".join(
        "".join(part for part, _ in line) for line in levels(replace(row, to_target_2=moved), None, 60)
    )
    assert text.count("moved") == 1
    assert text.splitlines()[-1].strip() == "moved Tue 24 Nov 12:41:07 ET by ann"


def test_a_trade_taken_by_hand_says_so() -> None:
    text = ["".join(part for part, _ in line) for line in top(position(taken_by="ann"), 80, exiting=False)]
    assert " taken by hand by ann, against the rules" in text
