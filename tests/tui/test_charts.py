"""Charts: readable axes at every size, drawn once, away from the event loop, and never harmful to the screen."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fake_charts import CHARTS, START, exits, prices
from fake_deck import FakeDeck, screen_text
from hypothesis import given, settings
from hypothesis import strategies as st
from test_snapshots import charts_drawn

from tui import fmt
from tui.app import DeckApp
from tui.charts import Canvas, Chart, ChartFrame, ChartWorker, axis, draw_chart
from tui.charts.canvas import LevelLabel, parse_figure
from tui.charts.equity import CumulativeChart, DrawdownChart
from tui.charts.excursions import ExcursionsChart
from tui.charts.time_axis import DayScale
from tui.panes.equity import EquityPane
from tui.widgets.line import Line, width_of


def text_of(lines: list[Line]) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


# --- readable --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CHARTS)
@given(st.integers(1, 120), st.integers(1, 30))
@settings(max_examples=12, deadline=None)
def test_a_chart_keeps_to_its_room_at_every_size(name: str, width: int, height: int) -> None:
    lines = draw_chart(CHARTS[name], width, height)
    if len(lines) == height:
        assert all(width_of(line) <= width for line in lines)
    else:
        assert text_of(lines) == [" too small for a chart"[:width]]
    assert all(text.isprintable() for text in text_of(lines))


amounts = st.floats(-1e9, 1e9, allow_nan=False).map(lambda value: round(value, 2))


@given(st.lists(st.tuples(st.integers(0, 10_000), amounts), min_size=1, max_size=30))
@settings(max_examples=25, deadline=None)
def test_any_results_are_drawn_with_at_least_two_values_on_the_axis(points: list[tuple[int, float]]) -> None:
    points.sort()
    at = tuple(START + timedelta(hours=hours) for hours, _ in points)
    values = tuple(value for _, value in points)
    for chart in (
        CumulativeChart(at, values),
        DrawdownChart(at, tuple(-abs(value) for value in values)),
        ExcursionsChart(tuple((-abs(value), abs(value), value) for value in values)),
    ):
        lines = text_of(draw_chart(chart, 60, 9))
        assert len(lines) == 9 and sum("$" in line.split("┤")[0].split("├")[0] for line in lines[:-2]) >= 2


def test_the_axis_has_round_values_and_zero() -> None:
    lines = text_of(draw_chart(CumulativeChart(exits(3, 2), (-300.0, 900.0, 2100.0)), 60, 9))
    assert [line.split("┤")[0].split("├")[0].strip() for line in lines if "$" in line] == [
        "+$2,000", "+$1,000", "$0",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0.0, 5.0, ["$0", "+$2", "+$4"]),
        (0.0, 0.05, ["$0", "+$0.02", "+$0.04"]),
        (-120_000.0, 260_000.0, ["-$100k", "$0", "+$100k", "+$200k"]),
        (0.0, 2_600_000.0, ["$0", "+$1M", "+$2M"]),
        (0.0, 4e12, ["$0", "+$1T", "+$2T", "+$3T", "+$4T"]),
    ],
)
def test_dollar_ticks(low: float, high: float, labels: list[str]) -> None:
    assert [label for _, label in axis.signed_dollars(low, high, 9)] == labels


def test_ticks_are_written_in_the_number_format_in_use() -> None:
    fmt.use_numbers("1.234,56")
    try:
        assert "+$2.000" in "\n".join(
            text_of(draw_chart(CumulativeChart(exits(3, 2), (0.0, 900.0, 2100.0)), 60, 9))
        )
        assert "$449,50" in "\n".join(text_of(draw_chart(prices(90), 60, 18)))
    finally:
        fmt.use_numbers("")


@pytest.mark.parametrize(
    ("hours", "count", "ticks"),
    [
        (0.5, 10, ["10:00", "11:00", "12:00", "13:00", "14:00"]),
        (24, 5, ["Mon 02", "Tue 03", "Wed 04", "Thu 05", "Fri 06"]),
        (24, 50, ["02 Nov", "12 Nov", "22 Nov", "02 Dec", "12 Dec"]),
        (24 * 30, 40, ["Nov 2026", "Nov 2027", "Nov 2028", "Nov 2029"]),
    ],
)
def test_the_time_axis_has_clock_times_days_or_months(hours: float, count: int, ticks: list[str]) -> None:
    chart = CumulativeChart(exits(count, hours), tuple(float(n) for n in range(count)))
    assert " ".join(text_of(draw_chart(chart, 62, 9))[-1].split()) == " ".join(ticks)


def test_nights_and_weekends_without_exits_are_short() -> None:
    friday, monday = datetime(2026, 11, 6, 20, 0, tzinfo=UTC), datetime(2026, 11, 9, 15, 0, tzinfo=UTC)
    scale = DayScale.of([friday - timedelta(hours=5), friday, monday])
    within_friday = scale.position(friday) - scale.position(friday - timedelta(hours=5))
    assert 0 < scale.position(monday) - scale.position(friday) < within_friday / 4


def test_exits_without_a_known_time_are_numbered() -> None:
    lines = text_of(draw_chart(CumulativeChart((None,) * 5, (1.0, -2.0, 3.0, 4.0, 5.0)), 60, 9))
    assert lines[-1].split()[:2] == ["exit", "1"]


def test_a_loss_lies_below_zero_and_a_gain_above_with_or_without_colour() -> None:
    lines = draw_chart(CumulativeChart(exits(2, 2), (-100.0, 100.0)), 60, 9)
    zero = next(y for y, text in enumerate(text_of(lines)) if "$0" in text)
    for y, line in enumerate(lines):
        roles = {role for text, role in line if any(0x2800 < ord(c) < 0x2900 for c in text)}
        assert roles <= ({"good", "bad"} if y == zero else {"good"} if y < zero else {"bad"})


def test_the_deepest_drawdown_is_never_thinned_away() -> None:
    values = [0.0] * 400
    values[123] = -50.0
    rows = text_of(draw_chart(DrawdownChart(exits(400, 0.01), tuple(values)), 39, 6))
    assert any(0x2800 < ord(c) < 0x2900 for c in rows[-2])


def test_a_trade_won_and_a_trade_lost_in_one_cell_are_both_shown() -> None:
    chart = ExcursionsChart(((-50.0, 60.0, 1.0), (-50.0, 60.0, -1.0), (-9.0, 90.0, 1.0), (-90.0, 9.0, -1.0)))
    text = "\n".join(text_of(draw_chart(chart, 60, 12)))
    assert text.count("◆") == text.count("▲") == text.count("▼") == 1
    assert "worst (MAE)" in text and "best (MFE)" in text
    assert "MAE -$" in "\n".join(text_of(draw_chart(chart, 39, 6)))


def test_levels_at_one_height_are_all_named() -> None:
    levels = tuple(LevelLabel(450.0 + n / 1000, f"T{n} {450 + n / 1000:.3f}", "good") for n in range(4))
    text = "\n".join(text_of(draw_chart(prices(90, levels=levels), 60, 9)))
    assert all(level.name in text for level in levels)


def test_no_escape_sequence_is_left() -> None:
    lines = parse_figure("\x1b[38;5;16mone\x1b[0m two\x1b[1m\x1b[38;5;18mthree\x1b[0m\n")
    assert lines == [[("one two", "text"), ("three", "strong")]]
    hostile = prices(9, levels=(LevelLabel(450.0, "\x1b]0;x\x07\x1b[2J", "bad"),))
    drawn = "".join(fmt.safe(text) for line in draw_chart(hostile, 60, 9) for text, _ in line)
    assert drawn.isprintable()


def test_a_chart_is_the_same_in_every_process() -> None:
    """plotext orders ticks and points by hashes, which differ from process to process."""
    code = (
        f"import sys; sys.path[:0] = [r'{Path(__file__).parent}']\n"
        "from fake_charts import CHARTS\nfrom tui.charts import draw_chart\n"
        "print([draw_chart(chart, w, h) for chart in CHARTS.values() for w, h in ((39, 6), (60, 9), (99, 15))])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
            capture_output=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(outputs) == 1


# --- the worker -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Slow:
    """A chart whose building can be held up; ``name`` is its text."""

    name: str

    def plot(self, canvas: Canvas) -> None: ...


class Builder:
    """Builds charts as one line with their name, and counts them."""

    def __init__(self) -> None:
        self.built: list[str] = []
        self.go = threading.Event()
        self.go.set()

    def __call__(self, chart: Chart, width: int, height: int) -> list[Line]:
        assert isinstance(chart, Slow) and self.go.wait(5)
        self.built.append(f"{chart.name} {width}x{height}")
        if chart.name == "broken":
            raise ValueError("no such chart [/x]")
        return [[(chart.name, "text")]]


class Place(ChartFrame):
    """A place for one chart that counts its repaints."""

    def __init__(self, worker: ChartWorker) -> None:
        super().__init__(worker, self.count)
        self.repaints = 0

    def count(self) -> None:
        self.repaints += 1

    def shown(self, name: str, width: int = 20) -> str:
        return text_of(self.lines(Slow(name), width, 3))[0].strip()


@pytest.fixture
def builder() -> Iterator[Builder]:
    made = Builder()
    yield made
    made.go.set()


async def test_the_same_chart_and_size_are_built_once(builder: Builder) -> None:
    worker = ChartWorker(builder)
    place, other = Place(worker), Place(worker)
    assert place.shown("a") == other.shown("a") == "drawing …"
    await worker.idle()
    assert place.shown("a") == other.shown("a") == "a"
    assert (place.repaints, other.repaints) == (1, 1)
    place.shown("a", 30)
    await worker.idle()
    assert builder.built == ["a 20x3", "a 30x3"]


async def test_the_chart_before_stays_until_the_next_is_there_and_only_the_newest_is_built(
    builder: Builder,
) -> None:
    worker = ChartWorker(builder)
    place = Place(worker)
    place.shown("a")
    await worker.idle()
    builder.go.clear()
    assert [place.shown(name) for name in "abcd"] == ["a", "a", "a", "a"]
    builder.go.set()
    await worker.idle()
    assert builder.built == ["a 20x3", "b 20x3", "d 20x3"], "c was replaced before it began"
    assert place.repaints == 2, "b came after a newer request and was not shown"
    assert place.shown("d") == "d"


async def test_a_chart_that_cannot_be_built_is_one_line_and_the_next_is_drawn(
    builder: Builder, caplog: pytest.LogCaptureFixture
) -> None:
    worker = ChartWorker(builder)
    place, other = Place(worker), Place(worker)
    place.shown("broken", 70)
    other.shown("a")
    await worker.idle()
    assert place.shown("broken", 70) == "chart not drawn: ValueError('no such chart [/x]')"
    assert other.shown("a") == "a" and builder.built == ["broken 70x3", "a 20x3"]
    assert "Slow could not be drawn" in caplog.text


async def test_the_cache_is_bounded(builder: Builder) -> None:
    worker = ChartWorker(builder, kept=3)
    place = Place(worker)
    for name in "abcda":
        place.shown(name)
        await worker.idle()
    assert builder.built == [f"{name} 20x3" for name in "abcda"]
    place.shown("d")
    assert worker._requests == {} and len(worker._figures) == 3


async def test_the_loop_runs_while_a_chart_is_built(builder: Builder) -> None:
    worker = ChartWorker(builder)
    builder.go.clear()
    start = time.perf_counter()
    Place(worker).shown("a")
    assert time.perf_counter() - start < 0.1
    turns = 0
    while turns < 20:
        await asyncio.sleep(0)
        turns += 1
    assert builder.built == []
    builder.go.set()
    await worker.idle()


async def test_a_figure_that_fails_leaves_the_screen_standing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("plotext")

    monkeypatch.setattr(CumulativeChart, "plot", broken)
    app = DeckApp(FakeDeck(), refresh_hz=0.01)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        await charts_drawn(pilot)
        text = screen_text(app)
        assert (
            "chart not drawn: ZeroDivisionError('plotext')" in text
            and "Drawdown" in text
            and "10 Sep" in text
        )


async def test_a_pane_that_is_resized_shows_its_chart_at_the_new_size() -> None:
    app = DeckApp(FakeDeck(), refresh_hz=0.01)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        await charts_drawn(pilot)
        pane = app.screen.query_one(EquityPane)
        assert "+$5,000" in "\n".join(text_of(pane.lines(*pane.content_size)))
        await pilot.resize_terminal(200, 60)
        await charts_drawn(pilot)
        assert "+$8,000" in "\n".join(text_of(pane.lines(*pane.content_size)))
        assert "drawing" not in screen_text(app)


def test_plotext_is_loaded_with_the_first_chart_and_not_before() -> None:
    code = f"""
import asyncio, sys
sys.path[:0] = [r"{Path(__file__).parent}"]
from fake_deck import FakeDeck
from test_snapshots import charts_drawn
import tui.cli
from tui.app import DeckApp

async def main():
    app = DeckApp(FakeDeck(), refresh_hz=0.01)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("2", "5", "1")
        await pilot.pause()
        before = "plotext" in sys.modules
        await pilot.press("3")
        await charts_drawn(pilot)
        print(before, "plotext" in sys.modules)

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
