"""Trades: filters, search, order, pages, notes, the calendar, and the ways that lead here from other screens."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from fake_deck import FakeDeck, position, record, screen_text
from test_exits import running

from core.learning.tables import TABLES, trades_group
from core.notes import NO_TAG
from server.deck import CommandResult
from tui.app import DeckApp
from tui.commands.registry import in_scope
from tui.dialogs import base
from tui.dialogs.calendar import CalendarDialog
from tui.dialogs.choice import ChoiceDialog
from tui.dialogs.decision_detail import DecisionDialog
from tui.dialogs.note import NoteDialog
from tui.dialogs.position_detail import PositionDialog
from tui.dialogs.search import SearchDialog
from tui.panes.cuts import group_filters
from tui.panes.trades import COLUMNS
from tui.screens.trades import PAGE, TradesScreen


@pytest.fixture(autouse=True)
def ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "DEBOUNCE", 0.0)


async def press(pilot: Any, *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await pilot.pause()
        await pilot.pause()


def said(app: DeckApp) -> str:
    return [each.message for each in app._notifications][-1]


# keys | filters and order that the deck is asked for
QUESTIONS = [
    ("", {}, "time"),
    ("w", {"window": "today"}, "time"),
    ("ww", {"window": "5d"}, "time"),
    ("www", {}, "time"),
    ("o", {"outcome": "win"}, "time"),
    ("oooo", {"outcome": "open"}, "time"),
    ("s", {}, "net"),
    ("ss", {}, "r"),
    ("sS", {}, "net.asc"),
    ("S", {}, "opened.asc"),
    ("sSS", {}, "net"),
    ("wosa", {}, "time"),
    ("wo", {"window": "today", "outcome": "win"}, "time"),
]


@pytest.mark.parametrize(("keys", "filters", "order"), QUESTIONS)
async def test_keys_ask_the_deck(keys: str, filters: Any, order: str) -> None:
    deck = FakeDeck()
    async with running(deck) as (_, pilot):
        await press(pilot, "6", *keys)
        query = deck.queries[-1]
        assert (query.what, dict(query.filters), query.order) == ("trades", filters, order)


async def test_every_column_is_sorted_by_in_turn_and_then_time_again() -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        await press(pilot, "6")
        orders = []
        for _ in range(len(COLUMNS)):
            await press(pilot, "s")
            orders.append(deck.queries[-1].order)
        assert sorted(orders) == sorted(["time", *(c.order for c in COLUMNS if c.order != "opened")])
        assert orders[-1] == "time"
        await press(pilot, "s")
        assert "by net $ ▼" in screen_text(app) and "net $▼" in screen_text(app)


async def test_a_book_is_shown_in_place_of_the_engines_trades() -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        await press(pilot, "6", "w", "b")
        assert isinstance(app.screen, ChoiceDialog) and "roth" in screen_text(app)
        await press(pilot, "down", "enter")
        assert deck.queries[-1].filters == {"book": "roth"}, "a window of the engine's trades does not go on"
        text = screen_text(app)
        for shown in (
            "book roth",
            "2025-08-08",
            "-GS 705P 08/29",
            "bought back",
            "2 closed, 1 open",
            "0.5",
            "12 Aug",
        ):
            assert shown in text, shown
        await press(pilot, "y")
        assert dict(deck.queries[-1].filters) == {"book": "roth"}, "symbols of the book"
        await press(pilot, "escape")
        for key in ("enter", "d", "n"):
            await press(pilot, key)
            assert isinstance(app.screen, TradesScreen)
            assert said(app) == "A trade of book roth has no decision, price path or notes"
        await press(pilot, "v")
        assert isinstance(app.screen, CalendarDialog)
        assert all(query.filters["book"] == "roth" for query in deck.queries[-3:])
        await press(pilot, "enter")
        assert deck.queries[-1].filters["book"] == "roth" and "day" in deck.queries[-1].filters
        await press(pilot, "a")
        assert deck.queries[-1].filters == {} and "book" not in screen_text(app)


async def test_without_a_book_the_key_says_how_to_get_one() -> None:
    async with running(FakeDeck(trades=0)) as (app, pilot):
        await press(pilot, "6", "b")
        assert isinstance(app.screen, TradesScreen) and said(app) == "No book yet: gatedeck import FILE"


async def test_words_are_searched_and_an_empty_line_shows_all() -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        await press(pilot, "6", "slash")
        assert isinstance(app.screen, SearchDialog)
        await press(pilot, *"fomo", "enter")
        assert deck.queries[-1].filters == {"text": "fomo"}
        assert "search fomo" in screen_text(app) and "34 closed" in screen_text(app)
        await press(pilot, "slash", *["backspace"] * 4, *"zzz", "enter")
        assert "no such trade: a shows all" in screen_text(app) and "0 closed" in screen_text(app)
        await press(pilot, "slash", *["backspace"] * 3, "enter")
        assert deck.queries[-1].filters == {}
        await press(pilot, "slash", "x", "escape")
        assert deck.queries[-1].filters == {} and isinstance(app.screen, TradesScreen)


@pytest.mark.parametrize(
    ("key", "name", "value"),
    [("f", "setup", "2-1-2 CONTINUATION"), ("y", "symbol", "SPY"), ("t", "tag", "fomo")],
)
async def test_a_setup_symbol_or_tag_is_chosen_from_those_there_are(key: str, name: str, value: str) -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        await press(pilot, "6", key)
        assert isinstance(app.screen, ChoiceDialog) and value in screen_text(app)
        await press(pilot, "down", "enter")
        assert deck.queries[-1].filters == {name: value}
        await press(pilot, key)
        assert app.screen.query_one("#choice").cursor == value
        await press(pilot, "g", "enter")
        assert deck.queries[-1].filters == {}
        await press(pilot, key, "escape")
        assert isinstance(app.screen, TradesScreen)


async def test_without_trades_there_is_nothing_to_choose() -> None:
    async with running(FakeDeck(trades=0)) as (app, pilot):
        await press(pilot, "6")
        assert "no trade yet" in screen_text(app)
        await press(pilot, "f", "n", "d")
        assert isinstance(app.screen, TradesScreen)


async def test_pages_go_to_the_last_trade_and_back() -> None:
    deck = FakeDeck(trades=PAGE + 7)
    async with running(deck) as (app, pilot):
        await press(pilot, "6", "G", "right_square_bracket")
        assert f"{PAGE + 1}-{PAGE + 7}" in screen_text(app)
        assert app.screen.table.cursor == app.screen.table.rows[0].key
        await press(pilot, "right_square_bracket")
        assert deck.queries[-1].cursor == str(PAGE)
        await press(pilot, "left_square_bracket")
        assert deck.queries[-1].cursor is None and f"1-{PAGE}" in screen_text(app)
        asked = len(deck.queries)
        await press(pilot, "left_square_bracket")
        assert len(deck.queries) == asked


async def test_an_open_trade_shows_its_value_now_and_opens_with_enter() -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        await press(pilot, "6")
        assert "+212.10" in screen_text(app)
        deck.change(positions=(position("p1", "SPY", pnl=777.0), *deck.now.positions[1:]))
        app.pull()
        await pilot.pause()
        assert "+777.00" in screen_text(app)
        await press(pilot, "enter")
        assert isinstance(app.screen, PositionDialog)
        await press(pilot, "escape", "d")
        assert isinstance(app.screen, DecisionDialog)


async def test_an_exit_reads_the_first_page_again() -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        await press(pilot, "6")
        asked = len(deck.queries)
        app.pull()
        await pilot.pause()
        assert len(deck.queries) == asked
        deck.change(pnl=replace(deck.now.pnl, closed=deck.now.pnl.closed + 1))
        app.pull()
        await pilot.pause()
        assert len(deck.queries) == asked + 1


async def test_a_note_is_sent_with_the_trade_that_was_selected() -> None:
    deck = FakeDeck()
    deck.answer = CommandResult(ok=True, code="NOTED", text="Note added, tags late")
    async with running(deck) as (app, pilot):
        await press(pilot, "6", "down", "down", "down", "n")
        assert isinstance(app.screen, NoteDialog)
        text = screen_text(app)
        assert "Note on IWM" in text and "entered late" in text and "#plan" in text
        await press(pilot, "enter")
        assert isinstance(app.screen, NoteDialog) and "a note needs a text or a tag" in screen_text(app)
        await press(pilot, *"too ", "number_sign", *"late", "enter")
        (command,) = deck.commands
        assert (command.name, command.position_id, command.argument) == ("note", "old-3", "too #late")
        assert deck.queries[-1].what == "trades", "the list is read again"
        await press(pilot, "n", "x", "escape")
        assert len(deck.commands) == 1


@pytest.mark.parametrize("keys", [("n",), ("enter", "n")])
async def test_a_position_takes_a_note_on_live_and_in_its_detail(keys: tuple[str, ...]) -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        await press(pilot, *keys)
        assert isinstance(app.screen, NoteDialog)
        await press(pilot, "x", "enter")
        assert [(c.name, c.position_id) for c in deck.commands] == [("note", "p1")]


@pytest.mark.parametrize("position_id", ["p1", None])
async def test_a_decision_takes_a_note_if_something_was_bought(position_id: str | None) -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        app.push_screen(DecisionDialog(replace(record(), position_id=position_id)))
        await pilot.pause()
        await press(pilot, "n", "x", "enter")
        assert [c.position_id for c in deck.commands] == ([position_id] if position_id else [])


async def test_the_calendar_moves_by_days_with_sessions_and_a_day_opens_its_trades() -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        await press(pilot, "6", "v")
        assert isinstance(app.screen, CalendarDialog)
        text = screen_text(app)
        assert "November 2026" in text and "Tue 24 Nov  3 opened, 3 closed" in text and "CPI at 8:30" in text
        await press(pilot, "left", "left")
        assert "Fri 20 Nov" in screen_text(app)
        await press(pilot, "right", "right", "right", "up")
        assert "Wed 18 Nov" in screen_text(app)
        await press(pilot, "pageup")
        assert "October 2026" in screen_text(app) and "Fri 16 Oct" in screen_text(app), "18 Oct is a Sunday"
        await press(pilot, "home")
        assert "Tue 24 Nov" in screen_text(app)
        await press(pilot, "enter")
        assert isinstance(app.screen, TradesScreen)
        assert deck.queries[-1].filters == {"day": "2026-11-24"}
        assert "closed on 2026-11-24" in screen_text(app) and "3 closed" in screen_text(app)


async def test_a_day_takes_a_note_in_the_calendar() -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        await press(pilot, "6", "v", "n")
        assert "Note on Tue 24 Nov 2026" in screen_text(app)
        await press(pilot, *"CPI", "enter")
        assert isinstance(app.screen, CalendarDialog)
        (command,) = deck.commands
        assert (command.name, command.position_id, command.argument) == ("note", None, "2026-11-24 CPI")


async def test_a_group_of_performance_opens_the_trades_it_measures() -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        await press(pilot, "3")
        label = app.screen.query_one("#cuts").rows[0].key
        await press(pilot, "enter")
        assert isinstance(app.screen, TradesScreen)
        assert deck.queries[-1].filters == {"cut": f"setup={label}", "window": "90", "counted": "yes"}
        text = screen_text(app)
        assert f"setup {label}" in text and "window 90 days" in text and "a all" in text
        await press(pilot, "a")
        assert deck.queries[-1].filters == {}


async def test_a_group_of_learning_opens_its_trades() -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        await press(pilot, "4")
        learned = app.screen.query_one("#learned")
        learned.focus()
        await press(pilot, "enter")
        assert isinstance(app.screen, TradesScreen)
        assert deck.queries[-1].filters == {"cut": f"setup={learned.rows[0].key}", "counted": "yes"}


# table of Learning | label | cut | label of the trades' metrics
GROUPS = [
    ("setup", "2-1-2 up", ("setup", "2-1-2 up")),
    ("setup", "unknown", ("setup", "no setup named")),
    ("regime", "2", ("phase", "2 markup")),
    ("regime", "unknown", ("phase", "no phase known")),
    ("timeframe", "15", ("timeframe", "15m")),
    ("timeframe", "unknown", ("timeframe", "not stated")),
    ("quality", "HIGH", ("quality", "HIGH")),
    ("confidence", "70–80", ("confidence", "70–80")),
    ("size", "1–1.5×", ("multiplier", "1–1.5×")),
]


@pytest.mark.parametrize(("table", "label", "group"), GROUPS)
def test_a_group_of_learning_has_the_name_of_the_metrics_group(
    table: str, label: str, group: tuple[str, str]
) -> None:
    assert table in TABLES and trades_group(table, label) == group


def test_groups_by_tag_are_selected_by_tag() -> None:
    assert group_filters("tag", "fomo") == {"tag": "fomo"}
    assert group_filters("tag", NO_TAG) == {"untagged": "tag"}
    assert group_filters("day_tag", "news") == {"day_tag": "news"}
    assert group_filters("symbol", "SPY") == {"cut": "symbol=SPY"}


async def test_a_ledger_that_cannot_be_read_is_said() -> None:
    deck = FakeDeck()

    async def broken(query: Any) -> Any:
        raise OSError("disk gone")

    deck.page = broken  # type: ignore[method-assign]
    async with running(deck) as (app, pilot):
        await press(pilot, "6")
        assert "the ledger could not be read" in screen_text(app)
        await press(pilot, "f", "v")
        assert isinstance(app.screen, CalendarDialog) and "disk gone" in screen_text(app)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (200, 60)])
async def test_every_key_is_taken_at_every_size(size: tuple[int, int]) -> None:
    app = DeckApp(FakeDeck(), refresh_hz=0.01)
    async with app.run_test(size=size) as pilot:
        await press(pilot, "6", "down")
        for command in in_scope("trades"):
            await press(pilot, *command.keys)
            if not isinstance(app.screen, TradesScreen):
                await press(pilot, "escape")
            assert isinstance(app.screen, TradesScreen), command.name
        await press(pilot, "a")
        table = app.screen.table
        assert table.cursor is not None and table.cursor_is_seen
