"""The position in full: its numbers add up on the screen, its charts stay in their room."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fake_deck import FakeDeck, position, positions, screen_text, snapshot
from fake_details import detail
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from test_exits import running
from test_snapshots import charts_drawn

from tui.charts import draw_chart
from tui.dialogs import base
from tui.dialogs.position_detail import PositionDialog
from tui.documents import position as part
from tui.screens.live import LiveScreen
from tui.widgets.line import Line, width_of


@pytest.fixture(autouse=True)
def ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "DEBOUNCE", 0.0)


def text_of(lines: list[Line]) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


async def opened(deck: FakeDeck, *keys: str) -> str:
    async with running(deck) as (app, pilot):
        await pilot.press(*keys, "enter")
        await charts_drawn(pilot)
        assert isinstance(app.screen, PositionDialog)
        return screen_text(app)


async def test_120x40_shows_the_whole_position_without_scrolling() -> None:
    text = await opened(FakeDeck())
    for words in ("SPY 452C 11/27", "+$212.10", "3s old", "P&L by cause", "gross +$216.00", "less costs",
                  "+$192.30", "STOP_LOSS", "▸TARGET_1", "limit 50 %", "Greeks", "0.541", "0.482", "Option value",
                  "at today's spot", "SPY since the entry", "T1 454.46", "T2 456.76", "stop 450.06", "entry 451.46",
                  "planned loss", "Levels", "x exit", "h half"):  # fmt: skip
        assert words in text, words
    assert "more" not in text


def test_causes_held_and_sold_are_shown_apart_and_together() -> None:
    made = detail(position(remaining=2))
    rows = text_of(part.attribution(made.money, 76))
    assert rows[1].split() == ["held", "sold", "all"]
    for cause, row in zip(made.money.causes, rows[2:], strict=False):
        numbers = [float(text.replace(",", "")) for text in re.findall(r"[+-]\$([\d.,]+)", row)]
        assert numbers == pytest.approx([abs(cause.held), abs(cause.sold), abs(cause.total)], abs=0.006)


def test_bars_lie_on_their_side_of_zero_and_are_as_long_as_their_share() -> None:
    rows = text_of(part.attribution(detail(position()).money, 76))
    bars = {row.split()[0]: row.split("│") for row in rows if "│" in row}
    assert "█" in bars["delta"][1] and "█" not in bars["delta"][0]
    assert "█" in bars["time"][0] and not bars["time"][1].strip()
    assert bars["delta"][1].count("█") > bars["gamma"][1].count("█")


async def test_a_position_that_leaves_while_it_is_read_is_shown_closed_and_cannot_be_exited() -> None:
    deck = FakeDeck()
    first, *rest = positions()

    async def from_the_ledger(_: str) -> Any:
        gone = replace(first, state="CLOSED", remaining=0, half=0)
        return detail(gone, closed=True, decay=(), exits=())

    async with running(deck) as (app, pilot):
        await pilot.press("enter")
        await pilot.pause()
        deck.position = from_the_ledger
        deck.change(positions=tuple(rest))
        app.pull()
        await pilot.pause()
        await pilot.pause()
        text = screen_text(app)
        assert "CLOSED" in text and "Sold" in text and "x exit" not in text
        await pilot.press("x", "h", "b")
        assert isinstance(app.screen, PositionDialog) and deck.commands == []
        await pilot.press("escape")
        assert isinstance(app.screen, LiveScreen)


async def test_a_ledger_that_cannot_be_read_leaves_the_row() -> None:
    deck = FakeDeck()

    async def broken(_: str) -> Any:
        raise OSError("disk on fire [/x]")

    deck.position = broken
    text = await opened(deck)
    assert "could not be read" in text and "[/x]" in text and "Greeks" in text and "0.541" in text


async def test_hostile_texts_stay_in_their_place() -> None:
    worst = position(contract="\x1b]0;x\x07[/x]" * 9, occ="\u202e" * 40, nearest_exit="\x9b31m")
    text = await opened(FakeDeck(snapshot(positions=(worst,))))
    assert "\x1b" not in text and "\u202e" not in text


@given(st.integers(40, 160))
def test_every_part_keeps_to_its_width(width: int) -> None:
    row = position(remaining=2, stale=True, age=900, estimated=True)
    made = detail(row)
    blocks = [
        part.top(row, width, exiting=True),
        part.attribution(made.money, width),
        part.exit_fills(made.exit_fills, width),
        part.greeks(row, width),
        part.value_chart(draw_chart, made, width, 10),
        part.underlying_chart(draw_chart, made, width, 10),
    ]
    if width >= 54:
        blocks += [
            part.exits(made.exits, made.nearest, row, width),
            part.levels(row, made, width),
            part.execution(row, width),
        ]
        for block in blocks[1:]:
            assert all(width_of(line) <= width for line in block), text_of(block)
    assert all(cell_len(text) for text in text_of(blocks[0])[:1])


def test_a_path_of_one_point_and_no_curve_are_drawn_too() -> None:
    made = detail(position())
    one = replace(made, path=made.path[:1], decay=(), now_share=0.0, sessions=())
    none = replace(made, path=(), decay=(), sessions=((0.4, made.at + timedelta(days=1)),))
    for each in (one, none):
        value = "\n".join(text_of(part.value_chart(draw_chart, each, 70, 9)))
        underlying = "\n".join(text_of(part.underlying_chart(draw_chart, each, 70, 9)))
        assert "entry 2.05" in value and "$2" in value
        assert "stop 450.06" in underlying and "$45" in underlying


def test_charts_name_the_levels_and_the_times() -> None:
    made = detail(position())
    value = "\n".join(text_of(part.value_chart(draw_chart, made, 80, 13)))
    for words in ("now 2.41", "entry 2.05", "end 0.36", "TIME", "11:54", "expiry", "Fri 27", "$2"):
        assert words in value, words
    underlying = "\n".join(text_of(part.underlying_chart(draw_chart, made, 80, 13)))
    for words in ("T2 456.76", "T1 454.46", "stop 450.06", "12:30", "$454"):
        assert words in underlying, words


def test_a_long_life_has_regular_days_on_its_axis() -> None:
    made = detail(position())
    days = tuple((0.1 + n * 0.03, made.at + timedelta(days=n + 1)) for n in range(30))
    axis = text_of(part.value_chart(draw_chart, replace(made, sessions=days), 100, 13))[-1]
    assert " ".join(axis.split()) == "Tue 24 now 05 Dec 10 Dec 15 Dec 20 Dec expiry"
