"""The live table: its cursor follows its key, and what is sent is what changed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.strip import Strip

from tui.widgets.columns import Column, Row
from tui.widgets.line_widget import changed_spans
from tui.widgets.table import LiveTable

RED = Style(color="red")


class OneTable(App[None]):
    def compose(self) -> ComposeResult:
        yield LiveTable(
            "Rows", (Column("name", 8), Column("a", 6, "right"), Column("b", 30), Column("c", 30)), id="t"
        )

    CSS_PATH = "../../tui/deck.tcss"

    def chosen_columns(self, table: str) -> tuple[str, ...] | None:
        return None

    def get_theme_variable_defaults(self) -> dict[str, str]:
        from tui.themes import DEFAULTS

        return DEFAULTS


def rows(*keys: str) -> tuple[Row, ...]:
    return tuple(
        Row(key, key, lambda key: ((key, "text"), ("1", "text"), ("x", "text"), ("y", "text")))
        for key in keys
    )


async def test_the_cursor_stays_on_its_key_when_rows_come_go_and_turn() -> None:
    app = OneTable()
    async with app.run_test(size=(60, 8)) as pilot:
        table = app.query_one(LiveTable)
        table.focus()
        table.show_rows(rows("a", "b", "c", "d"))
        await pilot.press("down", "j")
        assert table.cursor == "c"
        table.show_rows(rows("new", "d", "c", "b", "a"))
        assert table.cursor == "c" and not table.cursor_moved_by_itself
        table.show_rows(rows("new", "d", "b", "a"))
        assert table.cursor == "b" and table.cursor_moved_by_itself
        await pilot.press("up")
        assert table.cursor == "d" and not table.cursor_moved_by_itself
        table.show_rows(())
        assert table.cursor is None
        await pilot.press("down", "enter", "end")


async def test_the_cursor_is_always_in_view_and_the_first_column_stays() -> None:
    app = OneTable()
    async with app.run_test(size=(40, 8)) as pilot:
        table = app.query_one(LiveTable)
        table.focus()
        table.show_rows(rows(*(f"row{n}" for n in range(30))))
        for key in ("end", "pageup", "down", "G", "k", "g", "pagedown"):
            await pilot.press(key)
            await pilot.pause()
            lines = [table.render_line(y).text for y in range(table.size.height)]
            assert [line for line in lines if line.startswith(f"▸ {table.cursor}")], key
        await pilot.press("right", "right")
        assert "name" in table.render_line(1).text and "a " not in table.render_line(1).text
        assert table.render_line(2).text.strip().startswith(("row", "▸"))


strips = st.lists(
    st.tuples(st.text(alphabet="ab –東1", max_size=6), st.sampled_from([None, RED])), max_size=6
).map(lambda parts: Strip([Segment(text, style) for text, style in parts]).adjust_cell_length(30))


def as_cells(strip: Strip) -> list[tuple[str, object]]:
    return [(part.text, next(iter(part)).style if part else None) for part in strip.divide(range(1, 31))]


@given(strips, strips)
def test_outside_the_changed_spans_nothing_changed(old: Strip, new: Strip) -> None:
    spans = list(changed_spans(old, new))
    assert all(0 <= a < b <= 30 for a, b in spans)
    inside = {x for a, b in spans for x in range(a, b)}
    before, after = as_cells(old), as_cells(new)
    for x, (a, b) in enumerate(zip(before, after, strict=True)):
        if x not in inside:
            assert a[0] == b[0]


@given(strips)
def test_a_strip_does_not_differ_from_itself(strip: Strip) -> None:
    assert list(changed_spans(strip, Strip(list(strip)))) == []
