"""Report as lines of text, for 80 columns or more, in 16 colours or none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from core.performance import Bucket, Report
from core.performance.cuts import CUT_TITLES
from core.performance.distribution import Histogram
from tui.charts import draw_chart
from tui.charts.equity import CumulativeChart, DrawdownChart
from tui.fmt import NONE, clip, fit, safe
from tui.metric_format import (
    GREEKS,
    LEGEND,
    TITLES,
    band_note,
    exchange_minute,
    format_interval,
    format_value,
    has_enough_trades,
    is_signed,
    missing_reason,
    named_metric,
    quality_mark,
    table_dollars,
    trade_counts,
    window_title,
)
from tui.widgets.bars import marked_bar
from tui.widgets.line import Line

_CODES = {
    "good": "32",
    "bad": "31",
    "warn": "33",
    "dim": "2",
    "strong": "1",
    "head": "1",
    "rule": "2",
    "track": "2",
}
_LABEL, _VALUE, _COUNT = 22, 14, 14
"""Widths of the columns for a metric's title, value and n."""
_AXIS = 10
"""Width of the labels of an axis."""
_MAX_BUCKETS = 12
"""Rows of one breakdown that are shown."""
_LEAST_EXITS = 2
"""Exits from which a curve is drawn."""
_CHART = 10
"""Lines of a chart with its axis."""


def text(report: Report, *, width: int, colour: bool) -> list[str]:
    """Return the report as lines of at most ``width`` cells; ``colour`` adds ANSI codes."""
    return plain(_lines(report, width), colour=colour)


def plain(lines: Iterable[Line], *, colour: bool) -> list[str]:
    """Return lines as text; ``colour`` adds ANSI codes."""
    return [_to_text(line, colour) for line in lines]


def _to_text(line: Line, colour: bool) -> str:
    """Return a line without trailing blanks, each piece in its colour."""
    pieces = [(safe(piece), role) for piece, role in line]
    while pieces and not pieces[-1][0].strip():
        pieces.pop()
    if pieces:
        piece, role = pieces.pop()
        pieces.append((piece.rstrip(), role))
    codes = [_CODES.get(role) if colour and piece.strip() else None for piece, role in pieces]
    return "".join(
        f"\x1b[{code}m{piece}\x1b[0m" if code else piece
        for (piece, _), code in zip(pieces, codes, strict=True)
    )


def _lines(report: Report, width: int) -> Iterator[Line]:
    yield [(f"Performance, {window_title(report.window_days)} up to {exchange_minute(report.as_of)}", "head")]
    yield [(trade_counts(report.metrics), "text")]
    if report.metrics.trades == 0:
        yield []
        yield [("No closed trades to measure.", "text")]
        return
    yield []
    yield from _metrics(report, width)
    yield from _section("P&L by Greek, $", _greeks(report, width))
    yield from _section("Cumulative net P&L, $", _cumulative(report, width))
    yield from _section("Below the peak (underwater), $", _drawdown(report, width))
    yield from _section(
        "Distribution of net P&L, trades per step of $", _histogram(report.distribution, width)
    )
    for name, buckets in report.cuts.items():
        yield from _section(f"By {CUT_TITLES[name]}", _table(buckets, width))
    yield []
    yield from ([(note, "dim")] for note in LEGEND)


def _section(title: str, lines: Iterable[Line]) -> Iterator[Line]:
    yield []
    yield [(title, "head")]
    yield from lines


def _metrics(report: Report, width: int) -> Iterator[Line]:
    interval_width = width - _LABEL - _VALUE - _COUNT - 3
    yield [
        (fit("", _LABEL), "dim"),
        (fit("value", _VALUE, "right"), "dim"),
        ("  ", "dim"),
        (fit("n", _COUNT, "left"), "dim"),
        (" 95 % interval", "dim"),
    ]
    for name, title in TITLES.items():
        metric, value = named_metric(report.metrics, name)
        weak = not has_enough_trades(metric)
        count = f"{metric.n:,} {metric.of}"
        interval = format_interval(metric, sign=is_signed(name))
        reason = missing_reason(metric)
        tail = " ".join(filter(None, (interval, f"({reason})" if interval and reason else reason)))
        role = "dim" if weak else _sign_role(metric.value) if is_signed(name) else "text"
        yield [
            (fit(title, _LABEL), "dim" if weak else "text"),
            (fit(value, _VALUE, "right"), role),
            (f"{quality_mark(metric)} ", "warn"),
            (fit(count, _COUNT), "dim"),
            (" " + clip(tail, interval_width), "dim" if weak else "text"),
        ]
        if note := band_note(metric):
            yield [(fit("", 2), "text"), (clip(note, width - 2), "dim" if metric.band is None else "text")]
        if (
            name == "win_rate"
            and metric.value is not None
            and metric.low is not None
            and metric.high is not None
        ):
            bar = marked_bar(100 * metric.value, 40, role, (100 * metric.low, 100 * metric.high))
            yield [(fit("", 2), "text"), *bar, ("  ┿┼ ends of the interval", "dim")]


def _sign_role(value: float | None) -> str:
    return "text" if not value else "good" if value > 0 else "bad"


def _greeks(report: Report, width: int) -> Iterator[Line]:
    parts = report.metrics.pnl_by_greek
    most = max((abs(m.value) for m in parts.values() if m.value is not None), default=0.0) or 1.0
    half = (width - 14 - _VALUE - 3) // 2
    for name, title in GREEKS.items():
        metric = parts[name]
        value = metric.value
        cells = 0 if value is None else round(abs(value) / most * half)
        if value is not None and abs(value) >= 0.005:
            cells = max(1, cells)
        left, right = ("█" * cells, "") if (value or 0) < 0 else ("", "█" * cells)
        yield [
            (fit(title, 14), "text"),
            (fit(format_value(value, "$"), _VALUE, "right"), "text" if has_enough_trades(metric) else "dim"),
            (quality_mark(metric), "warn"),
            (" " + left.rjust(half), "bad"),
            ("│", "dim"),
            (right.ljust(half), "good"),
        ]
    if all(m.value is None for m in parts.values()):
        yield [("no attribution known", "dim")]


def _cumulative(report: Report, width: int) -> list[Line]:
    if len(report.curve) < _LEAST_EXITS:
        return [[("drawn from two closed trades on", "dim")]]
    at, values = zip(*((point.at, point.cumulative) for point in report.curve), strict=True)
    return draw_chart(CumulativeChart(at, values), width, _CHART)


def _drawdown(report: Report, width: int) -> list[Line]:
    if len(report.curve) < _LEAST_EXITS:
        return [[("drawn from two closed trades on", "dim")]]
    if not report.metrics.max_drawdown.value:
        return [[("no drawdown: never below the peak before", "dim")]]
    at, values = zip(*((point.at, point.underwater) for point in report.curve), strict=True)
    return draw_chart(DrawdownChart(at, values), width, _CHART)


def _histogram(histogram: Histogram, width: int) -> Iterator[Line]:
    most = max(histogram.counts, default=0) or 1
    room = width - 2 * _AXIS - 12
    for start, end, count in zip(histogram.edges, histogram.edges[1:], histogram.counts, strict=False):
        cells = max(1, round(count / most * room)) if count else 0
        yield [
            (fit(f"{start:,.10g}", _AXIS, "right"), "text"),
            (" to ", "dim"),
            (fit(f"{end:,.10g}", _AXIS, "right"), "text"),
            (fit(f"{count:,}" if count else "", 6, "right") + " ", "text"),
            ("█" * cells, "bad" if end <= 0 else "good"),
        ]


def _table(buckets: Sequence[Bucket], width: int) -> Iterator[Line]:
    name = max(20, width - 60)
    heads = (
        ("n", 5), ("win", 5), ("95 %", 7), ("mean $", 8), ("95 %", 19), ("R", 7), ("net $", 9),
    )  # fmt: skip
    yield [(fit("", name) + "".join(fit(head, size, "right") for head, size in heads), "dim")]
    for bucket in buckets[:_MAX_BUCKETS]:
        metrics = bucket.metrics
        wins, mean, r = metrics.win_rate, metrics.expectancy, metrics.average_r
        weak = not has_enough_trades(wins)
        win_ends = (
            "" if wins.low is None or wins.high is None else f"{100 * wins.low:.0f}–{100 * wins.high:.0f}"
        )
        cells = (
            (f"{metrics.trades:,}", 5, "text"),
            (NONE if wins.value is None else f"{100 * wins.value:.0f}%", 5, "text"),
            (win_ends, 7, "text"),
            (table_dollars(mean.value), 8, _sign_role(mean.value)),
            (_dollar_interval(mean.low, mean.high), 19, "text"),
            (NONE if r.value is None else f"{r.value:+.2f}", 7, _sign_role(r.value)),
            (table_dollars(metrics.net_pnl.value), 9, _sign_role(metrics.net_pnl.value)),
        )
        label = fit(bucket.label, name - 1) + quality_mark(mean)
        yield [
            (label, "dim" if weak else "text"),
            *((fit(cell, size, "right"), "dim" if weak else role) for cell, size, role in cells),
        ]
    if len(buckets) > _MAX_BUCKETS:
        yield [(f"… and {len(buckets) - _MAX_BUCKETS} more (all are in --json)", "dim")]


def _dollar_interval(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return ""
    return " to ".join("…" if end is None else table_dollars(end) for end in (low, high))
