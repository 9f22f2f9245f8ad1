"""Opening a symbol from a row, and the watchlist."""

from __future__ import annotations

import pytest
from fake_deck import FakeDeck, screen_text, snapshot

from tui.app import DeckApp
from tui.dialogs import base
from tui.dialogs.symbol_detail import SymbolDetail
from tui.dialogs.watchlist import WatchlistDialog


@pytest.fixture(autouse=True)
def ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "DEBOUNCE", 0.0)


@pytest.mark.parametrize("keys", [("i",), ("down", "i"), ("2", "down", "i"), ("5", "i")])
async def test_the_symbol_of_the_selected_row_is_opened(keys: tuple[str, ...]) -> None:
    deck = FakeDeck()
    app = DeckApp(deck, refresh_hz=0.01)
    async with app.run_test(size=(120, 40)) as pilot:
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
        assert isinstance(app.screen, SymbolDetail)
        assert app.screen.symbol in {"SPY", "AAPL", "NVDA", "QQQ", "TSLA"}
        await pilot.press("escape")
        assert not isinstance(app.screen, SymbolDetail)


async def test_without_a_row_or_decision_the_watchlist_opens_and_enter_opens_its_symbol() -> None:
    deck = FakeDeck(snapshot(positions=(), decision=None, recent=()))
    app = DeckApp(deck, refresh_hz=0.01)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("i")
        assert isinstance(app.screen, WatchlistDialog)
        assert "halted since 11:02 ET" in screen_text(app)
        await pilot.press("down", "enter")
        await pilot.pause()
        assert isinstance(app.screen, SymbolDetail) and app.screen.symbol == "AAPL"
        await pilot.press("escape", "escape")
        assert deck.asked == ["symbol AAPL"]


async def test_a_symbol_that_cannot_be_read_says_why() -> None:
    class Broken(FakeDeck):
        async def symbol(self, symbol: str) -> None:
            raise OSError("disk gone")

    app = DeckApp(Broken(), refresh_hz=0.01)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("i")
        await pilot.pause()
        await pilot.pause()
        assert "it could not be read: OSError('disk gone')" in screen_text(app)
