"""Performance, Learning and System: what they show, when they read, and that nothing is judged by accident."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import fake_views
import pytest
from fake_deck import FakeDeck, screen_text, snapshot

from server.deck import PageQuery, PnlView
from tui.app import DeckApp
from tui.dialogs.receipt_detail import ReceiptDialog
from tui.dialogs.suggestion import JudgeDialog, SuggestionDialog
from tui.metric_format import format_value, short_interval
from tui.panes.cuts import CutsPane
from tui.panes.quarantine import BodyPane, body_lines
from tui.panes.suggestions import SuggestionsPane, split_suggestion_text
from tui.screens import reports, system
from tui.screens.learning import LearningScreen
from tui.widgets.bars import signed_bar
from tui.widgets.line import width_of

SIZES = [(80, 24), (120, 40), (200, 60), (60, 20)]


@asynccontextmanager
async def at(
    key: str, deck: FakeDeck | None = None, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[DeckApp, Any]]:
    app = DeckApp(deck or FakeDeck(), refresh_hz=0.01)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.press(key)
        await settled(pilot)
        yield app, pilot


async def settled(pilot: Any) -> None:
    for _ in range(3):
        await pilot.pause(0.02)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("3", ("win rate", "expectancy")),
        ("4", ("What gates kept out", "Suggestions")),
        ("5", ("webhooks", "Quarantine")),
    ],
)
async def test_every_size_shows_the_screen(key: str, words: tuple[str, ...], size: tuple[int, int]) -> None:
    async with at(key, size=size) as (app, _):
        text = screen_text(app)
        assert all(word in text for word in words)
        assert "help" in text.splitlines()[-1]
        assert all(len(line) <= size[0] for line in text.splitlines())


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("3", "No closed trade in this window"),
        ("4", "No signal has an outcome yet"),
        ("5", "every webhook was understood"),
    ],
)
async def test_what_is_not_there_yet_is_said_in_words(key: str, words: str) -> None:
    async with at(key, FakeDeck(trades=0, signals=0, quarantined=0)) as (app, _):
        assert words in screen_text(app)


@pytest.mark.parametrize("key", ["3", "4", "5"])
async def test_a_view_that_cannot_be_read_is_said_and_not_a_crash(key: str) -> None:
    deck = FakeDeck()

    async def broken(*_: object) -> Any:
        raise OSError("disk on fire [/x]")

    deck.performance = deck.learning = deck.system = broken
    async with at(key, deck) as (app, _):
        assert "disk on fire [/x]" in screen_text(app)


async def test_few_trades_are_named_insufficient_and_shown_with_their_n() -> None:
    async with at("3", FakeDeck(trades=12)) as (app, _):
        text = screen_text(app)
        assert "INSUFFICIENT_DATA 12 of 30 trades, 6 of 10 sessions" in text and "n 12" in text


async def test_window_cut_and_sort_follow_their_keys() -> None:
    deck = FakeDeck()
    async with at("3", deck) as (app, pilot):
        await pilot.press("w", "b")
        await settled(pilot)
        assert deck.asked[-1] == "performance all multiplier"
        cuts = app.screen.query_one(CutsPane)
        await pilot.press("s", "s")
        sizes = [float(row.cells[2][0].lstrip("▲▼ ").replace(",", "")) for row in cuts.rows]
        assert len(sizes) > 2 and sizes == sorted(sizes, reverse=True)
        assert "net $▼" in screen_text(app)


async def test_it_is_read_again_after_an_exit_and_not_while_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "READ_GAP", 0.0)
    deck = FakeDeck()
    async with at("3", deck) as (app, pilot):
        before = len(deck.asked)
        app.pull()
        await settled(pilot)
        assert len(deck.asked) == before, "nothing happened, so nothing is read"
        deck.change(pnl=PnlView(realized=1.0, open=0.0, total=1.0, costs=0.0, closed=8, wins=5, held=0.0))
        app.pull()
        await settled(pilot)
        assert len(deck.asked) == before + 1
        deck.change(challenger_closed=1)
        app.pull()
        await settled(pilot)
        assert len(deck.asked) == before + 2
        await pilot.press("1")
        deck.change(pnl=PnlView(realized=1.0, open=0.0, total=1.0, costs=0.0, closed=9, wins=5, held=0.0))
        app.pull()
        await settled(pilot)
        assert len(deck.asked) == before + 2


async def test_system_is_read_again_while_shown_and_not_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "REFRESH", 0.1)
    deck = FakeDeck()
    async with at("5", deck) as (_, pilot):
        await pilot.pause(0.5)
        shown = deck.asked.count("system")
        assert shown >= 3
        assert deck.queries[-1] == PageQuery(what="receipts", limit=100, filters={"status": "quarantined"})
        await pilot.press("1")
        await settled(pilot)
        left = deck.asked.count("system")
        await pilot.pause(0.5)
        assert deck.asked.count("system") == left


async def test_the_body_shown_is_that_of_the_row_under_the_cursor() -> None:
    async with at("5") as (app, pilot):
        assert "\\x1b]52;c;cHduZWQ=\\x07" in screen_text(app)
        await pilot.press("down")
        await settled(pilot)
        assert "alert fired, no JSON here" in screen_text(app)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, ReceiptDialog)
        assert app.screen.receipt["id"] == "r1"


def test_a_body_is_drawn_as_received_with_control_characters_written_out() -> None:
    body = "\x1b[2J\x9b31m\u202e\x00[red]x[/x]\t" + "東京" * 60 + "\n" + "y" * 500
    for width in (20, 39, 100):
        lines = body_lines(body, width)
        text = "".join(part for line in lines for part, _ in line)
        assert all(width_of(line) <= width for line in lines)
        assert text.isprintable() and "[red]x[/x]" in text.replace(" ", "")
    assert len(body_lines("\n" * 5000, 40)) <= 401


# --- suggestions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "name"), [("a", "approve"), ("r", "reject")])
async def test_a_suggestion_is_judged_by_its_key_and_another(key: str, name: str) -> None:
    deck = FakeDeck()
    async with at("4", deck) as (app, pilot):
        asked = app.screen.query_one(SuggestionsPane).selected
        await pilot.press(key)
        await pilot.pause(0.2)
        assert isinstance(app.screen, JudgeDialog)
        text = screen_text(app)
        assert asked.rule in text and f"{asked.old:g}" in text and f"{asked.new:g}" in text
        await pilot.press(key, "enter")  # the trigger does nothing, and Enter is on Cancel
        await settled(pilot)
        assert deck.commands == [] and isinstance(app.screen, LearningScreen)
        await pilot.press(key)
        await pilot.pause(0.2)
        await pilot.press("y")
        await settled(pilot)
        (command,) = deck.commands
        assert (command.name, command.argument) == (name, asked.id)


async def test_nothing_is_judged_without_the_focus_or_on_a_judged_row() -> None:
    deck = FakeDeck()
    async with at("4", deck) as (app, pilot):
        await pilot.press("shift+tab", "a")
        await pilot.pause()
        assert isinstance(app.screen, LearningScreen)
        await pilot.press("end", "a")
        await pilot.pause()
        assert isinstance(app.screen, LearningScreen) and deck.commands == []
        await pilot.press("home", "enter")
        await pilot.pause()
        assert isinstance(app.screen, SuggestionDialog)


def test_the_rule_and_the_change_are_read_out_of_a_judged_sentence() -> None:
    text = "Lower market.min_depth from 40 to 36: depth 36 to 40 made 0.21 R"
    assert split_suggestion_text(text) == ("market.min_depth", "40 ▼ 36")
    assert split_suggestion_text("something else") == ("something else", "")


async def test_learning_is_cut_by_every_table() -> None:
    async with at("4") as (app, pilot):
        seen = set()
        for _ in range(6):
            seen.add(
                next(line for line in screen_text(app).splitlines() if "Signals by" in line).split("─")[0]
            )
            await pilot.press("b")
        assert len(seen) == 6


# --- drawing ----------------------------------------------------------------------------------------------


def test_bars_of_gain_and_cost_lie_on_their_own_sides_of_zero() -> None:
    for value in (-100.0, -1.0, 0.0, 1.0, 100.0):
        text = "".join(part for part, _ in signed_bar(value, 100.0, 31))
        left, right = text.split("│")
        assert bool(left.strip()) == (value < 0) and bool(right.strip()) == (value > 0)


def test_a_metric_is_written_with_its_unit() -> None:
    measured = fake_views.performance().report.metrics
    assert format_value(0.5833, "fraction") == "58.3 %" and format_value(0.004, "fraction") == "0.4 %"
    assert format_value(-0.004, "R") == "0.00 R"
    assert format_value(-1234.5, "$") == "-$1,234.50" and format_value(12.345, "$") == "+$12.35"
    assert format_value(0.214, "R") == "+0.21 R" and format_value(None, "R") == "–"
    assert short_interval(measured.win_rate) == "53 to 65"
    assert short_interval(measured.max_drawdown) == ""


async def test_a_snapshot_without_a_sender_leaves_the_system_screen_standing() -> None:
    async with at("5", FakeDeck(snapshot(sources=()))) as (app, _):
        assert "no sender heard yet" in screen_text(app)
        assert app.screen.query_one(BodyPane).data is not None
