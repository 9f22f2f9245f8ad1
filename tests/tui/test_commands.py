"""The one table of commands, and what is made from it."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
from fake_deck import NOW, FakeDeck, screen_text

from core.model import Tone
from server.deck import Notice
from tui.app import DeckApp
from tui.commands.registry import BY_NAME, COMMANDS, bindings, in_scope
from tui.dialogs.decision_detail import DecisionDialog
from tui.dialogs.exit_position import ExitDialog
from tui.dialogs.help import HelpDialog
from tui.dialogs.mode import ModeDialog
from tui.dialogs.position_detail import PositionDialog
from tui.dialogs.quit import QuitDialog
from tui.exit_guard import LEAVE_RUNNING
from tui.screens.history import HistoryScreen
from tui.screens.live import LiveScreen
from tui.supervisor import run_screen
from tui.widgets.document import Document
from tui.widgets.keybar import KeyBar


def test_every_command_has_its_own_sentence_and_a_word() -> None:
    sentences = Counter(command.help for command in COMMANDS)
    assert sentences.most_common(1)[0][1] == 1
    assert all(command.label and command.help.endswith(".") for command in COMMANDS)
    assert len(BY_NAME) == len(COMMANDS)


@pytest.mark.parametrize("screen", ["live", "history", "performance", "learning", "system", "trades"])
def test_no_key_means_two_things(screen: str) -> None:
    keys = [key for command in in_scope("screen", "table", screen) for key in command.keys]
    assert [key for key, count in Counter(keys).items() if count > 1] == []


def test_ctrl_z_is_not_bound_and_every_screen_has_its_number() -> None:
    keys = {
        key for binding in bindings("screen", "live", "history", "table") for key in binding.key.split(",")
    }
    assert "ctrl+z" not in keys
    assert {"question_mark", "x", "X", "1", "2", "3", "4", "5", "q", "d"} <= keys


async def test_help_lists_every_command_with_its_keys() -> None:
    app = DeckApp(FakeDeck())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("?")
        await pilot.pause()
        assert isinstance(app.screen, HelpDialog)
        text = "\n".join("".join(part for part, _ in line) for line in app.screen.write(200))
        for command in COMMANDS:
            assert command.key_names in text and f"{command.help} {command.name}" in text
        await pilot.pause(0.2)
        await pilot.press("escape")
        assert isinstance(app.screen, LiveScreen)


async def test_the_last_line_shows_the_keys_of_its_screen() -> None:
    app = DeckApp(FakeDeck())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        line = app.screen.query_one(KeyBar).render_line(0).text
        assert all(word in line for word in ("? help", "x exit", "X exit all", "2-6 screens", "q quit"))
        await pilot.press("2")
        await pilot.pause()
        line = app.screen.query_one(KeyBar).render_line(0).text
        assert (
            all(word in line for word in ("> older", "< newer", "1-6 screens", "q quit"))
            and "x exit" not in line
        )


async def test_the_palette_offers_what_can_be_done_here() -> None:
    from tui.palette import DeckCommands

    app = DeckApp(FakeDeck())
    async with app.run_test(size=(80, 24)):
        provider = DeckCommands(app.screen)
        offered = {str(hit.text) async for hit in provider.discover()}
        assert {"exit  (x)", "History  (2)", "theme"} <= offered
        assert not any("older" in text for text in offered)
        found = [hit async for hit in provider.search("hist")]
        assert len(found) == 1


@pytest.mark.parametrize(("typed", "dialog"), [("exit", ExitDialog), ("halted", ModeDialog)])
async def test_a_command_of_the_palette_acts_as_its_key_does(typed: str, dialog: type[Any]) -> None:
    app = DeckApp(FakeDeck())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("ctrl+p", *typed)
        await pilot.pause(0.3)
        await pilot.press("enter")
        await pilot.pause(0.3)
        assert isinstance(app.screen, dialog)


async def test_numbers_change_the_screen_and_q_leaves_telling_its_owner_once() -> None:
    told: list[str] = []
    app = DeckApp(FakeDeck(), on_quit=lambda: told.append("quit"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        assert isinstance(app.screen, HistoryScreen)
        await pilot.press("1")
        assert isinstance(app.screen, LiveScreen)
        await pilot.press("q")
    assert app.return_value == "quit" and told == ["quit"]


async def test_q_asks_where_quitting_ends_an_engine_with_open_positions() -> None:
    deck = FakeDeck()
    app = DeckApp(deck, ask_at_quit=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("q")
        await pilot.pause(0.2)
        shown = screen_text(app)
        assert "Stop the engine?" in shown and "nobody watches their stops" in " ".join(shown.split())
        await pilot.press("escape")
        await pilot.pause()
        assert app.return_value is None and len(app.screen_stack) == 1
        deck.change(positions=(), approvals=())
        app.pull()
        await pilot.pause()
        await pilot.press("q")
    assert app.return_value == "quit"


@pytest.mark.parametrize("keys", [("l",), ("right", "enter"), ("left", "left", "space")])
async def test_the_engine_can_be_left_running(keys: tuple[str, ...]) -> None:
    app = DeckApp(FakeDeck(), ask_at_quit=True, can_leave_running=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("q")
        await pilot.pause(0.2)
        assert "Leave it running" in screen_text(app) and "gatedeck attach" in screen_text(app)
        await pilot.press(*keys)
        await pilot.pause()
    assert app.return_value == LEAVE_RUNNING


async def test_without_a_process_before_it_the_engine_cannot_be_left_running() -> None:
    app = DeckApp(FakeDeck(), ask_at_quit=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("q")
        await pilot.pause(0.2)
        assert "Leave it running" not in screen_text(app)
        await pilot.press("l")
        await pilot.pause()
        assert isinstance(app.screen, QuitDialog)
        await pilot.press("right", "enter")
    assert app.return_value == "quit"


@pytest.mark.parametrize("key", ["1", "2", "3", "4", "5", "x", "d", "q"])
@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_a_lost_connection_is_told_on_every_screen_and_dialog(key: str, size: tuple[int, int]) -> None:
    deck = FakeDeck()
    app = DeckApp(deck, ask_at_quit=True)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.press(key)
        await pilot.pause(0.1)
        for seconds in (1, 12):
            note = f"disconnected {seconds} s: everything below is old (no engine runs there)"
            deck.change(connection_note=note)
            app.pull()
            await pilot.pause()
            assert f"disconnected {seconds} s" in screen_text(app)
        deck.change(connection_note="")
        app.pull()
        await pilot.pause()
        assert "disconnected" not in screen_text(app)


@pytest.mark.parametrize("key", ["2", "3", "4", "5", "6"])
async def test_a_screen_reads_again_what_it_could_not_read_without_the_engine(key: str) -> None:
    deck = FakeDeck()
    app = DeckApp(deck)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press(key)
        await pilot.pause(0.1)
        deck.change(connection_note="disconnected 2 s: everything below is old (no engine runs there)")
        app.pull()
        await pilot.pause()
        before = len(deck.asked) + len(deck.queries)
        deck.change(connection_note="")
        app.pull()
        await pilot.pause(0.1)
        assert len(deck.asked) + len(deck.queries) > before


async def test_enter_and_d_open_the_whole_of_a_row() -> None:
    app = DeckApp(FakeDeck())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, PositionDialog)
        text = screen_text(app)
        for words in ("P&L by cause", "theta paid", "Levels", "less costs", "planned loss", "way gone"):
            assert words in text
        await pilot.pause(0.2)
        await pilot.press("escape", "d")
        await pilot.pause()
        assert isinstance(app.screen, DecisionDialog)
        document = "\n".join("".join(part for part, _ in line) for line in app.screen.write(110))
        for words in ("Reasons", "Gates", "Confidence 86.4", "Size", "Inputs", "not known", "TRADINGVIEW_SIGNAL",
                      "spread 3.1 bps", "bound by budget", "4f1d0c9a77be", "assumed"):  # fmt: skip
            assert words in document, words
        await pilot.pause(0.2)
        await pilot.press("escape", "tab", "down", "enter")
        await pilot.pause()
        assert isinstance(app.screen, DecisionDialog) and app.screen.record.id == "d1"


async def test_a_long_document_scrolls_to_its_end_and_back() -> None:
    app = DeckApp(FakeDeck())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("d")
        await pilot.pause()
        page = app.screen.query_one(Document)
        first = page.render_line(0).text
        await pilot.press("end")
        assert "Inputs" in screen_text(app) or "market" in screen_text(app)
        await pilot.press("k", "pageup", "home")
        assert page.render_line(0).text == first


async def test_events_become_one_toast_with_the_number_of_the_others() -> None:
    deck = FakeDeck()
    app = DeckApp(deck)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for n in range(5):
            deck.urgent.put_nowait(
                Notice(at=NOW, kind="execute", text=f"Bought {n} [/x]", tone=Tone.POSITIVE)
            )
        await asyncio.sleep(0.05)
        app._last_toast = float("-inf")
        app.pull()
        await pilot.pause()
        (toast,) = list(app._notifications)
        assert "Bought 4 [/x]  and 3 more (E)" in toast.message


async def test_history_pages_filters_and_sorts() -> None:
    deck = FakeDeck(ledger=50)
    app = DeckApp(deck)
    async with app.run_test(size=(120, 24)) as pilot:
        await pilot.press("2")
        await pilot.pause()
        assert "1-20" in screen_text(app) and "TARGET_1 +184.20" in screen_text(app)
        await pilot.press("greater_than_sign")
        await pilot.pause()
        await pilot.press("greater_than_sign")
        await pilot.pause()
        assert "41-50" in screen_text(app) and "the oldest" in screen_text(app)
        await pilot.press("greater_than_sign", "less_than_sign")
        await pilot.pause()
        assert "21-40" in screen_text(app)
        await pilot.press("f", "s")
        await pilot.pause()
        last = deck.queries[-1]
        assert (last.filters, last.order, last.cursor) == ({"decision": "EXECUTE"}, "confidence", None)
        assert "SKIP" not in screen_text(app)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, DecisionDialog)


async def test_a_ledger_that_cannot_be_read_is_said_and_not_a_crash() -> None:
    deck = FakeDeck()

    async def broken(query: object) -> object:
        raise OSError("disk on fire [/x]")

    deck.page = broken
    app = DeckApp(deck)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("2")
        await pilot.pause()
        assert "could not be read" in screen_text(app)


async def test_a_crash_of_the_screen_ends_the_run_as_a_crash_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = asyncio.get_running_loop()
    factory = loop.get_task_factory()
    app = DeckApp(FakeDeck())

    async def headless(**_: object) -> str | None:
        async with app.run_test(size=(80, 24)):
            app.call_later(lambda: 1 / 0)
            await asyncio.sleep(0.2)
        return app.return_value

    monkeypatch.setattr(app, "run_async", headless)
    ended = await run_screen(app)
    assert ended.crashed
    assert isinstance(ended.error, ZeroDivisionError)
    assert loop.get_task_factory() is factory


async def test_leaving_on_purpose_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    app = DeckApp(FakeDeck())

    async def headless(**_: object) -> str | None:
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("q")
        return app.return_value

    monkeypatch.setattr(app, "run_async", headless)
    ended = await run_screen(app)
    assert (ended.reason, ended.crashed, ended.terminal_went_away) == ("quit", False, False)
