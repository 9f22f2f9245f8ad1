"""How numbers, times, bars and paths are written; and that nothing unprintable is."""

from __future__ import annotations

import unicodedata

import pytest
from fake_deck import HOSTILE, FakeDeck, hostile_snapshot
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui import fmt
from tui.app import DeckApp
from tui.dialogs import base
from tui.widgets.bars import bar, large, marked_bar, scale
from tui.widgets.line import spread, width_of
from tui.widgets.sparkline import signed_sparkline


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (-3, "0s"),
        (59.9, "59s"),
        (60, "1m"),
        (3599, "59m"),
        (11_933, "3h18m"),
        (270_000, "3d03h"),
    ],
)
def test_ages(seconds: float | None, text: str) -> None:
    assert fmt.age(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.0, "$0.00"),
        (312.4, "+$312.40"),
        (-84.1, "-$84.10"),
        (-12_345.6, "-$12,346"),
        (9_999.996, "+$10,000"),
    ],
)
def test_money(value: float | None, text: str) -> None:
    assert fmt.money(value) == text


@pytest.mark.parametrize(("minutes", "text"), [(5, "5m"), (60, "1h"), (90, "90m"), (240, "4h"), (1440, "1D")])
def test_timeframes(minutes: int, text: str) -> None:
    assert fmt.timeframe(minutes) == text


@given(st.text())
def test_no_control_or_format_character_is_drawn(text: str) -> None:
    assert not {unicodedata.category(c) for c in fmt.safe(text)} & {"Cc", "Cf", "Cs"}
    assert len(fmt.safe(text)) == len(text)


@given(st.text(), st.integers(0, 40), st.sampled_from(["left", "right"]))
def test_a_fitted_text_has_exactly_its_width(text: str, width: int, align: str) -> None:
    assert cell_len(fmt.fit(fmt.safe(text), width, align)) == width


@given(st.floats(-50, 150), st.integers(1, 60))
def test_a_bar_has_its_width_and_grows_with_its_value(value: float, width: int) -> None:
    line = bar(value, width, "good")
    assert width_of(line) == width
    heavy = sum(len(text) for text, _ in line if "━" in text)
    assert heavy <= sum(len(text) for text, _ in bar(value + 10, width, "good") if "━" in text)
    assert width_of(marked_bar(value, width, "good", (50, 70))) == width


@given(st.integers(24, 80))
def test_both_labels_of_the_scale_are_readable(width: int) -> None:
    text = scale(width, (50.0, "wait 50"), (70.0, "70 execute"))
    assert "wait 50" in text and "70 execute" in text and len(text) <= width


@example([2.2e-311, -1.0], 2, 1)
@given(
    st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=300),
    st.integers(1, 80),
    st.integers(1, 6),
)
def test_a_path_fits_and_shows_loss_below_and_gain_above_zero(
    values: list[float], width: int, height: int
) -> None:
    lines = signed_sparkline(values, width, height)
    assert len(lines) == height
    assert all(width_of(line) <= width for line in lines)
    below = [text for line in lines for text, role in line if role == "bad" and text.strip()]
    above = [text for line in lines for text, role in line if role == "good" and text.strip()]
    last = values[-1]
    if last < 0 and height >= 2:
        assert below
    if last > 0:
        assert above


@pytest.mark.parametrize("word", ["EXECUTE", "WAIT", "SKIP"])
def test_every_action_has_a_large_form(word: str) -> None:
    rows = large(word)
    assert len(rows) == 3 and len({len(row) for row in rows}) == 1


def test_the_right_end_gives_way_before_the_left() -> None:
    line = spread([("a" * 10, "text")], [("b" * 30, "dim")], 20)
    assert width_of(line) == 20
    assert "".join(text for text, _ in line).startswith("a" * 10)


async def test_hostile_text_is_drawn_as_plain_cells_on_every_screen_and_dialog(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(base, "DEBOUNCE", 0.0)
    size = (100, 30)
    app = DeckApp(FakeDeck(hostile_snapshot()))
    seen = ""
    async with app.run_test(size=size) as pilot:
        app.say(HOSTILE[0] + "[/x]", "negative")
        for keys in (
            (),
            ("enter",),
            ("escape", "d"),
            ("end",),
            ("escape", "x"),
            ("escape", "X"),
            ("escape", "2"),
        ):
            await pilot.press(*keys)
            await pilot.pause()
            strips = app.screen._compositor.render_strips()
            for strip in strips:
                assert strip.cell_length <= size[0]
                for segment in strip:
                    assert segment.text == fmt.safe(segment.text)
                    seen += segment.text
    assert "[/x]" in seen and "[@click=app.quit]" in seen, "markup is text"
