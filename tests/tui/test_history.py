"""History: pages, filters, and a decision with its receipt and what followed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fake_deck import FakeDeck, recent, record, screen_text
from test_exits import running

from core.model import Action
from tui.app import DeckApp
from tui.dialogs import base
from tui.dialogs.decision_detail import DecisionDialog
from tui.dialogs.position_detail import PositionDialog
from tui.dialogs.symbol import SymbolDialog
from tui.panes.history import item_cells
from tui.panes.recent import Dated, RecentPane, decision_cells
from tui.screens.history import CYCLES


@pytest.fixture(autouse=True)
def ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "DEBOUNCE", 0.0)


def whole(app: Any) -> str:
    return "\n".join("".join(text for text, _ in line) for line in app.screen.write(110))


async def test_filters_go_together_and_every_one_can_be_taken_back() -> None:
    deck = FakeDeck(ledger=200)
    async with running(deck) as (app, pilot):
        await pilot.press("2", "f", "u", "u")
        await pilot.pause()
        assert deck.queries[-1].filters == {"decision": "EXECUTE", "quality": "HIGH"}
        await pilot.press("slash")
        await pilot.pause()
        assert isinstance(app.screen, SymbolDialog)
        await pilot.press(*"S P", "enter")
        assert isinstance(app.screen, SymbolDialog), "no symbol has a space"
        await pilot.press(*["backspace"] * 3, *"bats:spy", "enter")
        await pilot.pause()
        assert deck.queries[-1].filters["symbol"] == "SPY"
        text = screen_text(app)
        assert "decision EXECUTE" in text and "quality HIGH" in text and "symbol SPY" in text
        await pilot.press("slash", *["backspace"] * 3, "enter")
        await pilot.pause()
        assert "symbol" not in deck.queries[-1].filters
        await pilot.press("s")
        await pilot.pause()
        table = app.screen.query_one("#history")
        assert table.cursor == table.rows[0].key, "the cursor is on the first row of what is shown"
        await pilot.press("a")
        await pilot.pause()
        assert (deck.queries[-1].filters, deck.queries[-1].order) == ({}, "time")


@pytest.mark.parametrize(("key", "name"), [("t", "timeframe")])
async def test_a_cycle_asks_for_each_value_once_and_is_all_again(key: str, name: str) -> None:
    deck = FakeDeck()
    async with running(deck) as (_, pilot):
        await pilot.press("2")
        asked = []
        for _ in CYCLES[name]:
            await pilot.press(key)
            await pilot.pause()
            asked.append(deck.queries[-1].filters.get(name, ""))
        assert asked == [*CYCLES[name][1:], ""]


async def test_paging_goes_to_the_end_of_a_long_ledger_and_back_twenty_at_a_time() -> None:
    deck = FakeDeck(ledger=105)
    app = DeckApp(deck, refresh_hz=0.01)
    async with app.run_test(size=(120, 24)) as pilot:
        await pilot.press("2", "down", "down")
        for _ in range(5):
            await pilot.press("greater_than_sign")
            await pilot.pause()
        text = screen_text(app)
        assert "101-105" in text and "the oldest" in text
        table = app.screen.query_one("#history")
        assert table.cursor == table.rows[0].key, "a new page begins at its first row"
        assert {query.limit for query in deck.queries} == {20}
        for _ in range(5):
            await pilot.press("less_than_sign")
            await pilot.pause()
        assert "1-20" in screen_text(app)


async def test_enter_shows_the_evidence_the_receipt_and_what_followed() -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        await pilot.press("2", "enter")
        await pilot.pause()
        await pilot.pause()
        assert isinstance(app.screen, DecisionDialog)
        text = whole(app)
        for words in ("Reasons", "Gates", "Confidence", "Inputs", "Receipt", '"ticker": "SPY"', "accepted",
                      "timeframe read from text", "What followed", "not traded", "-$41.70"):  # fmt: skip
            assert words in text, words


async def test_what_followed_an_execution_leads_to_its_position() -> None:
    deck = FakeDeck()

    async def executed(decision_id: str) -> Any:
        return replace(record(Action.EXECUTE), id=decision_id)

    deck.decision = executed
    async with running(deck) as (app, pilot):
        await pilot.press("2", "enter")
        await pilot.pause()
        await pilot.pause()
        text = whole(app)
        for words in ("6 contracts at 2.05", "TARGET_1", "3 at 2.31, net +$61.10", "+$192.30 net", "o opens"):
            assert words in text, words
        await pilot.press("o")
        await pilot.pause()
        await pilot.pause()
        assert isinstance(app.screen, PositionDialog) and app.screen.row.id == "p1"


async def test_a_ledger_that_fails_in_the_middle_leaves_what_is_known() -> None:
    deck = FakeDeck()

    async def broken(_: str) -> Any:
        raise OSError("gone")

    deck.entry = broken
    async with running(deck) as (app, pilot):
        await pilot.press("d")
        await pilot.pause()
        await pilot.pause()
        assert "Gates" in whole(app) and "not in the ledger yet" in whole(app)


async def test_recent_decisions_follow_the_newest_until_the_cursor_is_moved() -> None:
    deck = FakeDeck()
    async with running(deck) as (app, pilot):
        table = app.screen.query_one(RecentPane)
        rows = recent(20)
        for n in range(25):
            deck.change(recent=(*(replace(rows[0], id=f"n{m}") for m in range(n, -1, -1)), *rows)[:20])
            app.pull()
            assert table.cursor == f"n{n}" and table._top == 0
        await pilot.press("tab", "down")
        stays = table.cursor
        deck.change(recent=(replace(rows[0], id="newer"), *deck.now.recent)[:20])
        app.pull()
        assert table.cursor == stays
        await pilot.press("home")
        deck.change(recent=(replace(rows[0], id="newest"), *deck.now.recent)[:20])
        app.pull()
        assert table.cursor == "newest"


def test_a_trade_that_is_still_held_says_so() -> None:
    item = {
        "created_at": "2026-11-24T15:00:00Z", "decision": "EXECUTE", "direction": "LONG",
        "proposed_direction": "LONG", "symbol": "SPY", "timeframe": 15, "confidence": 80.0,
        "quality": "HIGH", "position_id": "p1",
    }  # fmt: skip
    sold = {"exit_reason": "TARGET_2", "pnl_net": 12.5}
    assert item_cells(item)[4][0] == "open"
    assert item_cells(item | {"outcome": sold})[4][0] == "TARGET_2 +12.50"
    assert item_cells(item | {"position_id": None, "decision": "WAIT", "code": "LATE"})[4][0] == "LATE"


def test_a_recent_decision_of_another_day_has_its_date() -> None:
    row = recent(1)[0]
    before = replace(row, at=row.at - timedelta(days=1))
    times = [decision_cells(Dated(each, each is row))[0][0] for each in (row, before)]
    assert times == ["12:40:55", "23 Nov 12:40"]
