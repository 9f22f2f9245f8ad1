"""A trade that waits for a person on the deck: seen at once, named in a dialog, judged once by another key."""

from __future__ import annotations

from typing import Any

import pytest
from fake_deck import FakeDeck, approval, screen_text, snapshot, waiting_record

from core.model import Tone
from server.deck import Notice
from tui.app import DeckApp
from tui.dialogs import base
from tui.dialogs.approval import ApprovalDialog
from tui.notices import CHANNELS, NoticeSettings
from tui.screens.live import LiveScreen
from tui.widgets.yes_no import Answers

WAITING = (approval(), approval("a2", "NVDA", left=3000.0))


@pytest.fixture(autouse=True)
def ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dialogs take keys at once."""
    monkeypatch.setattr(base, "DEBOUNCE", 0.0)


async def test_at_80x24_it_stands_above_the_verdict_with_all_that_a_person_needs() -> None:
    made = waiting_record()
    app = DeckApp(FakeDeck(snapshot(approvals=WAITING, decision=made)), refresh_hz=0.01)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        text = screen_text(app)
        line = next(line for line in text.split("\n") if "APPROVE?" in line)
        for words in ("SPY 452C 11/27 × 12", "14:02", "$2,460", "loss $1,845", "conf 86.4", "+1"):
            assert words in line
        for word in ("WAIT", "APPROVAL_NEEDED", "Regime", "Structural", "Market"):
            assert word in text


async def test_without_one_it_takes_no_room_and_its_keys_open_nothing() -> None:
    deck = FakeDeck()
    app = DeckApp(deck, refresh_hz=0.01)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("a", "r")
        assert isinstance(app.screen, LiveScreen) and "APPROVE?" not in screen_text(app)
        deck.change(approvals=WAITING)
        app.pull()
        await pilot.pause()
        assert "APPROVE?" in screen_text(app)
        deck.change(approvals=())
        app.pull()
        await pilot.pause()
        assert "APPROVE?" not in screen_text(app)


@pytest.mark.parametrize(("key", "name"), [("a", "approve_trade"), ("r", "reject_trade")])
async def test_only_y_confirms_and_what_was_named_is_what_is_judged(key: str, name: str) -> None:
    deck = FakeDeck(snapshot(approvals=WAITING))
    app = DeckApp(deck, refresh_hz=0.01)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(key, key, "enter")
        await pilot.pause()
        assert deck.commands == [] and isinstance(app.screen, LiveScreen), "Cancel has the focus"
        await pilot.press(key)
        await pilot.pause()
        assert isinstance(app.screen, ApprovalDialog)
        assert isinstance(app.focused, Answers) and not app.focused.on_yes
        text = screen_text(app)
        for words in (
            "SPY 452C 11/27",
            "SPY261127C00452000",
            "12 contracts",
            "$2,460",
            "2.07",
            "3s old",
            "14:02",
        ):
            assert words in text
        # Another trade comes to stand on the first line: the dialog keeps to the one it names.
        deck.change(approvals=(approval("a0", "QQQ", left=9.0), *WAITING))
        app.pull()
        await pilot.press("y", "y")
        await pilot.pause()
        (command,) = deck.commands
        assert (command.name, command.argument) == (name, "a1")


async def test_one_that_is_over_while_the_dialog_is_open_cannot_be_confirmed() -> None:
    deck = FakeDeck(snapshot(approvals=WAITING))
    app = DeckApp(deck, refresh_hz=0.01)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("a")
        deck.change(approvals=WAITING[1:])
        app.pull()
        await pilot.pause()
        assert "no longer waits for approval" in screen_text(app)
        await pilot.press("y")
        assert deck.commands == [] and isinstance(app.screen, ApprovalDialog)


def test_it_is_told_in_every_way_unless_switched_off() -> None:
    settings: Any = NoticeSettings()
    event = Notice(at=snapshot().at, kind="approval", text="Approve? SPY", tone=Tone.NEUTRAL)
    assert all(settings.wants(event.kind, channel) for channel in CHANNELS)
    assert not settings.toggled("approval", "bell").wants("approval", "bell")
