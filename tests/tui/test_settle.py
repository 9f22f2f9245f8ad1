"""Settling an expired position by hand: what it waits for is shown, a typed price is needed, and sent once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from fake_deck import NOW, FakeDeck, position, screen_text, snapshot

from core.effects import Notice
from core.model import Tone
from tui.app import DeckApp
from tui.dialogs import base
from tui.dialogs.settle_position import SettleDialog
from tui.dialogs.suspended_position import SuspendedDialog
from tui.screens.live import LiveScreen


def expired(**changes: Any) -> FakeDeck:
    at = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)
    row = position(
        state="AWAITING_SETTLEMENT", expired_at=at, missing="a price of SPY (there is no feed)", settles_on=452.5,
        **changes,
    )  # fmt: skip
    return FakeDeck(snapshot(positions=(row,)))


@asynccontextmanager
async def running(deck: FakeDeck, size: tuple[int, int] = (80, 24)) -> AsyncIterator[tuple[DeckApp, Any]]:
    app = DeckApp(deck, refresh_hz=0.01)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot


@pytest.fixture(autouse=True)
def ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dialogs take keys at once."""
    monkeypatch.setattr(base, "DEBOUNCE", 0.0)


async def test_the_dialog_says_since_when_and_what_is_missing_and_what_a_price_pays() -> None:
    deck = expired()
    async with running(deck) as (app, pilot):
        assert "e settles" in screen_text(app)
        await pilot.press("e")
        await pilot.pause()
        assert isinstance(app.screen, SettleDialog)
        text = screen_text(app)
        for words in (
            "SPY 452C 11/27",
            "expired",
            "a price of SPY (there is no feed)",
            "452.50",
            "6 contracts",
        ):
            assert words in text
        await pilot.press(*"455.5")
        await pilot.pause()
        assert "3.50 a share" in screen_text(app) and "$2,100.00 in all" in screen_text(app)
        await pilot.press("enter")
        await pilot.pause()
    (sent,) = deck.commands
    assert (sent.name, sent.position_id, sent.argument, sent.expected) == ("settle", "p1", "455.5 SURE", 6)


async def test_a_price_far_from_the_last_known_one_is_warned_of() -> None:
    async with running(expired()) as (app, pilot):
        await pilot.press("e", *"3.5")
        await pilot.pause()
        assert "-99 % from the last known" in screen_text(app).replace("−", "-")


@pytest.mark.parametrize("typed", ["", "abc", "0", "-5", "nan", "inf"])
async def test_what_is_no_price_is_not_sent(typed: str) -> None:
    deck = expired()
    async with running(deck) as (app, pilot):
        await pilot.press("e", *["minus" if key == "-" else key for key in typed], "enter")
        await pilot.pause()
        assert isinstance(app.screen, SettleDialog) and deck.commands == []
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, LiveScreen) and deck.commands == []


@pytest.mark.parametrize("key", ["x", "h", "b"])
async def test_what_has_expired_is_not_sold_and_the_key_that_settles_is_named(key: str) -> None:
    deck = expired()
    async with running(deck, (120, 40)) as (app, pilot):
        await pilot.press(key)
        await pilot.pause()
        assert isinstance(app.screen, LiveScreen) and deck.commands == []
        assert any("has expired: e settles it" in note.message for note in app._notifications)


async def test_what_still_trades_is_not_settled() -> None:
    deck = FakeDeck(snapshot(positions=(position(),)))
    async with running(deck) as (app, pilot):
        await pilot.press("e")
        await pilot.pause()
        assert isinstance(app.screen, LiveScreen) and deck.commands == []


# typed -> the command sent, None for none
SAID = [
    ("ok", ("resume", None)),
    ("4:1", ("adjust", "4:1")),
    ("1:10", ("adjust", "1:10")),
    ("4", None),
    ("", None),
]


@pytest.mark.parametrize(("typed", "sent"), SAID)
async def test_a_suspended_position_is_accepted_or_adjusted(
    typed: str, sent: tuple[str, str | None] | None
) -> None:
    row = position(suspended="SPY opened at 113 after 450, as after a 4-for-1 split")
    deck = FakeDeck(snapshot(positions=(row,)))
    async with running(deck) as (app, pilot):
        await pilot.press("e")
        await pilot.pause()
        assert isinstance(app.screen, SuspendedDialog) and "as after a 4-for-1 split" in screen_text(app)
        await pilot.press(*("colon" if key == ":" else key for key in typed), "enter")
        await pilot.pause()
        assert [(c.name, c.argument) for c in deck.commands] == ([] if sent is None else [sent])
        if sent is not None:
            # The event that repeats the answer is not told a second time.
            deck.urgent.put_nowait(
                Notice(at=NOW, kind="risk", text="goes on", tone=Tone.NEUTRAL, position_id=row.id)
            )
            await pilot.pause()
            assert "goes on" not in [each.message for each in app._notifications]
