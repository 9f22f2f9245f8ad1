"""Columns share a list's width: numbers and names whole, no text cut beside empty cells, a choice that is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_deck import FakeDeck, position, screen_text, snapshot
from hypothesis import given
from hypothesis import strategies as st

from server.deck import PageQuery
from tui.app import DeckApp
from tui.dialogs import base
from tui.dialogs.columns import ColumnsDialog
from tui.panes import cuts, history, positions, recent, trades
from tui.panes.positions import PositionsPane
from tui.settings import SettingsStore
from tui.widgets.columns import MARGIN, Column, fitting, most_left, run_over, shared
from tui.widgets.table import LiveTable

SEED = ("in $", "mark $", "Δ now/entry", "P&L $", "in trade", "T1 $ %", "stop $ %")


@pytest.fixture(autouse=True)
def ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "DEBOUNCE", 0.0)


@given(
    st.lists(st.tuples(st.integers(1, 20), st.integers(0, 40), st.integers(0, 2)), min_size=1, max_size=8),
    st.integers(0, 120),
)
def test_no_text_is_cut_while_a_cell_is_empty(columns: list[tuple[int, int, int]], spare: int) -> None:
    least, wanted, weights = ([column[n] for column in columns] for n in range(3))
    widths = shared(least, wanted, weights, spare)
    left = spare + sum(least) - sum(widths)
    assert left >= 0
    assert all(
        width >= min(few, text) for width, few, text in zip(widths, least, wanted, strict=True) if text
    )
    if any(width < text for width, text in zip(widths, wanted, strict=True)):
        assert left == 0, "a text is cut, so every cell is used"
        full = (width <= text for width, text in zip(widths, wanted, strict=True) if text)
        assert all(full), "and no column has more than it fills"
    if any(weights):
        assert left == 0, "a column with a weight takes what nobody needs"


@given(st.lists(st.integers(1, 20), min_size=1, max_size=12), st.integers(1, 2), st.integers(1, 120))
def test_what_is_drawn_fits_and_the_last_column_can_be_reached(
    least: list[int], gap: int, width: int
) -> None:
    for left in range(most_left(least, gap, width) + 1):
        shown = fitting(least, gap, width, left)
        assert shown[0] == 0 and shown[1:] == list(range(left + 1, left + len(shown)))
        assert len(shown) == 1 or MARGIN + sum(least[n] + gap for n in shown) - gap <= width
    assert fitting(least, gap, width, most_left(least, gap, width))[-1] == len(least) - 1 or len(shown) == 1


@pytest.mark.parametrize(
    ("width", "align", "first", "wanted", "least"),
    [
        (6, "right", False, 9, 9),
        (6, "left", False, 9, 6),
        (6, "left", True, 9, 9),
        (6, "right", False, 900, 24),
    ],
)
def test_numbers_and_names_are_as_wide_as_they_need(
    width: int, align: str, first: bool, wanted: int, least: int
) -> None:
    assert Column("x", width, align).least(wanted, first=first) == least


@pytest.mark.parametrize(
    ("texts", "drawn"),
    [
        (("a long text", "", ""), [("a long text", 14)]),
        (("long text", "", "x"), [("long text", 9), ("x", 4)]),
        (("long text", "x", ""), [("long text", 4), ("x", 4), ("", 4)]),
        (("abc", "", ""), [("abc", 4), ("", 4), ("", 4)]),
    ],
)
def test_a_long_text_runs_over_empty_cells(texts: tuple[str, ...], drawn: list[tuple[str, int]]) -> None:
    cells = [(text, "text") for text in texts]
    found = run_over(cells, [(0, 4), (1, 4), (2, 4)], ["left"] * 3, 1)
    assert [(text, size) for text, _, size, _ in found] == drawn


@pytest.mark.parametrize("module", [cuts, history, positions, recent, trades])
def test_every_list_names_its_columns_once(module: object) -> None:
    keys = [column.key for column in module.COLUMNS]  # type: ignore[attr-defined]
    assert len(keys) == len(set(keys))


def shown(app: DeckApp) -> list[str]:
    table = app.screen.query_one(PositionsPane)
    return [table.columns[n].key for n, _ in table._visible(table.size.width)]


async def test_the_first_needs_come_first_and_no_amount_is_cut() -> None:
    rows = (position(), position("p2", "GOOGL", strike=1182.5, pnl=-12345.6, mark=1234.56, entry=1010.05))
    app = DeckApp(FakeDeck(snapshot(positions=rows)), refresh_hz=0.01)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert "▼ GOOGL 1182.5C 11/27" in screen_text(app) or "▲ GOOGL 1182.5C 11/27" in screen_text(app)
        assert "-12,346" in screen_text(app) and "1,234.56" in screen_text(app)
        app.deck.change(positions=rows[:1])  # type: ignore[attr-defined]
        app.screen.query_one(PositionsPane).to_top()
        app.pull()
        await pilot.pause()
        assert set(SEED) < set(shown(app))


async def test_chosen_columns_are_shown_in_their_order_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "deck.json"
    app = DeckApp(FakeDeck(), refresh_hz=0.01, settings=SettingsStore(path))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("F")
        assert isinstance(app.screen, ColumnsDialog)
        await pilot.press("space", "down", "space", "down", "less_than_sign", "enter")
        await pilot.pause()
        assert shown(app)[:3] == ["contract", "P&L $", "in $"], "the first stays, qty is hidden"
        await pilot.press("F", "down", "space", "escape")
        assert shown(app)[1] == "P&L $", "Esc changes nothing"
    app = DeckApp(FakeDeck(), refresh_hz=0.01, settings=SettingsStore(path))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert shown(app)[:3] == ["contract", "P&L $", "in $"]
        await pilot.press("F", "s", "enter")
        assert shown(app)[:3] == ["contract", "qty", "P&L $"]
    assert SettingsStore(path).get("columns", {"": ""}) == {}


async def test_a_choice_of_another_version_is_no_crash() -> None:
    settings = SettingsStore()
    settings.set("columns", {"positions": ["contract", "gone", "mark $"], "recent": "all", "history": [1]})
    app = DeckApp(FakeDeck(), refresh_hz=0.01, settings=settings)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert shown(app) == ["contract", "mark $"]
        assert len(app.screen.query_one("#recent", LiveTable).shown_columns) > 3


async def test_a_page_of_history_fills_a_tall_screen() -> None:
    deck = FakeDeck(ledger=300)
    app = DeckApp(deck, refresh_hz=0.01)
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.press("2")
        await pilot.pause()
        await pilot.pause()
        table = app.screen.query_one("#history", LiveTable)
        room = table.room
        assert len(table.rows) == room > 50 and f"1-{room}" in screen_text(app)
        await pilot.press("greater_than_sign")
        await pilot.pause()
        query: PageQuery = deck.queries[-1]
        assert (query.limit, query.cursor) == (room, str(room))
        assert f"{room + 1}-{2 * room}" in screen_text(app)
