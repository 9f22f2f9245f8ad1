"""What a screen or dialog costs beyond its own cells: no style sheet read twice, no line kept after it is gone."""

from __future__ import annotations

import asyncio
import gc
import weakref
from dataclasses import replace
from typing import Any

import pytest
from fake_deck import FakeDeck, screen_text
from textual.css.stylesheet import Stylesheet

from server.deck import DeckSnapshot
from tui.app import DeckApp
from tui.panes.positions import PositionsPane
from tui.panes.recent import RecentPane
from tui.textual_patches import stylesheet_cache as stylesheet


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, Any]]:
    """Every source that was read, with the colours it was read for."""
    told: list[tuple[Any, Any]] = []
    own = Stylesheet._parse_rules

    def reading(self: Stylesheet, css: str, read_from: Any, *rest: Any) -> Any:
        told.append(((css, read_from, *rest), frozenset(self._variables.items())))
        return own(self, css, read_from, *rest)

    monkeypatch.setattr(Stylesheet, "_parse_rules", reading)
    monkeypatch.setattr(stylesheet, "_PARSED", {})
    return told


async def test_every_source_is_read_once_for_each_theme(read: list[tuple[Any, Any]]) -> None:
    for _ in range(2):
        app = DeckApp(FakeDeck(), refresh_hz=0.01)
        async with app.run_test() as pilot:
            for key in ("2", "3", "1", "x", "escape"):
                await pilot.press(key)
            for theme in ("light", "ansi", "dark"):
                app.theme = theme
                await pilot.pause()
    assert len(read) == len(set(read)) > 30


async def test_the_rules_are_those_that_textual_reads() -> None:
    app = DeckApp(FakeDeck(), refresh_hz=0.01)
    async with app.run_test() as pilot:
        app.theme = "light"
        await pilot.press("x")
        await pilot.pause()
        plain = Stylesheet(variables=app.get_css_variables())
        plain.source = dict(app.stylesheet.source)
        plain.parse()
        ours, theirs = (
            [(r.selectors, repr(r.styles.get_rules())) for r in s.rules] for s in (app.stylesheet, plain)
        )
        assert ours == theirs


async def test_a_dialogs_lines_go_with_it() -> None:
    app = DeckApp(FakeDeck(), refresh_hz=0.01)
    async with app.run_test() as pilot:
        await pilot.press("d")
        await pilot.pause()
        drawn = [weakref.ref(widget._styles_cache) for widget in app.screen.walk_children()]
        assert len(drawn) > 1
        app.screen.dismiss(None)
        await pilot.pause()
        await pilot.pause()
        gc.collect()
        assert [each for each in drawn if each() is not None] == []


async def test_what_waits_in_the_loop_has_its_turn_after_reading_and_after_each_pane(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = DeckApp(FakeDeck(), refresh_hz=0.01)
    order: list[str] = []
    async with app.run_test() as pilot:
        await pilot.pause()
        read = app.deck.snapshot

        def step(name: str) -> None:
            order.append(name)
            asyncio.get_running_loop().call_soon(order.append, "webhook")

        def reading() -> DeckSnapshot:
            step("read")
            return read()

        monkeypatch.setattr(app.deck, "snapshot", reading)
        monkeypatch.setattr(PositionsPane, "show", lambda *_: step("positions"))
        monkeypatch.setattr(RecentPane, "show", lambda *_: step("recent"))
        await app.pull_in_turns()
    assert order == ["read", "webhook", "positions", "webhook", "recent", "webhook"]


async def test_a_snapshot_that_comes_between_two_panes_is_the_one_that_is_shown() -> None:
    deck = FakeDeck()
    app = DeckApp(deck, refresh_hz=0.01)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        deck.now = replace(deck.now, counters=replace(deck.now.counters, receipts=111))
        older = asyncio.create_task(app.pull_in_turns())
        for _ in range(3):
            await asyncio.sleep(0)
        deck.now = replace(deck.now, counters=replace(deck.now.counters, receipts=222))
        app.pull()
        await older
        assert "222 webhooks" in screen_text(app)
