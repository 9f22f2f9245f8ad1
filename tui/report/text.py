"""A report as lines of text: legible at 80 columns, in 16 colours or none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from core.performance import CUTS, Bucket, Report
from core.performance.distribution import Histogram
from core.performance.report import CurvePoint
from tui.fmt import NONE, clip, fit, money, safe
from tui.metric_format import (
    GREEKS,
    LEGEND,
    TITLES,
    counts,
    dollars,
    few,
    instant,
    interval_of,
    is_signed,
    mark,
    missing,
    value_of,
    window_title,
    written,
)
from tui.widgets.bars import marked_bar
from tui.widgets.chart import signed_chart
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
_AXIS = 10
_MOST_BUCKETS = 12


def text(report: Report, *, width: int, colour: bool) -> list[str]:
    """The whole report in lines of at most ``width`` cells; ``colour`` adds ANSI codes."""
    return [_drawn(line, colour) for line in _lines(report, width)]


def _drawn(line: Line, colour: bool) -> str:
    pieces = [(safe(words), role) for words, role in line]
    while pieces and not pieces[-1][0].strip():
        pieces.pop()
    if pieces:
        words, role = pieces.pop()
        pieces.append((words.rstrip(), role))
    codes = [_CODES.get(role) if colour and words.strip() else None for words, role in pieces]
    return "".join(
        f"\x1b[{code}m{words}\x1b[0m" if code else words
        for (words, _), code in zip(pieces, codes, strict=True)
    )


def _lines(report: Report, width: int) -> Iterator[Line]:
    made = report.metrics
    yield [(f"Performance, {window_title(report.window_days)} up to {instant(report.as_of)}", "head")]
    yield [(counts(made), "text")]
    if made.trades == 0:
        yield []
        yield [("No closed trades to measure.", "text")]
        return
    yield []
    yield from _figures(report, width)
    yield from _section("P&L by Greek, $", _greeks(report, width))
    yield from _section("Cumulative net P&L, exit by exit, $", _path(report.curve, width, "cumulative"))
    yield from _section("Below the peak (underwater), $", _path(report.curve, width, "underwater"))
    yield from _section("Distribution of net P&L, trades per step of $", _spread(report.distribution, width))
    for name, buckets in report.cuts.items():
        yield from _section(f"By {CUTS[name].title}", _table(buckets, width))
    yield []
    yield from ([(told, "dim")] for told in LEGEND)


def _section(title: str, lines: Iterable[Line]) -> Iterator[Line]:
    yield []
    yield [(title, "head")]
    yield from lines


def _figures(report: Report, width: int) -> Iterator[Line]:
    room = width - _LABEL - _VALUE - _COUNT - 3
    yield [
        (fit("", _LABEL), "dim"),
        (fit("value", _VALUE, "right"), "dim"),
        ("  ", "dim"),
        (fit("n", _COUNT, "left"), "dim"),
        (" 95 % interval", "dim"),
    ]
    for name, title in TITLES.items():
        metric, value = value_of(report.metrics, name)
        weak = few(metric)
        count = f"{metric.n:,} {metric.of}"
        told = interval_of(metric, sign=is_signed(name))
        why = missing(metric)
        tail = " ".join(filter(None, (told, f"({why})" if told and why else why)))
        role = "dim" if weak else _sign(metric.value) if is_signed(name) else "text"
        yield [
            (fit(title, _LABEL), "dim" if weak else "text"),
            (fit(value, _VALUE, "right"), role),
            (f"{mark(metric)} ", "warn"),
            (fit(count, _COUNT), "dim"),
            (" " + clip(tail, room), "dim" if weak else "text"),
        ]
        if (
            name == "win_rate"
            and metric.value is not None
            and metric.low is not None
            and metric.high is not None
        ):
            bar = marked_bar(100 * metric.value, 40, role, (100 * metric.low, 100 * metric.high))
            yield [(fit("", 2), "text"), *bar, ("  ┿┼ ends of the interval", "dim")]


def _sign(value: float | None) -> str:
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
            (fit(written(value, "$", sign=True), _VALUE, "right"), "dim" if few(metric) else "text"),
            (mark(metric), "warn"),
            (" " + left.rjust(half), "bad"),
            ("│", "dim"),
            (right.ljust(half), "good"),
        ]
    if all(m.value is None for m in parts.values()):
        yield [("no attribution known", "dim")]


def _path(points: Sequence[CurvePoint], width: int, field: str, height: int = 8) -> Iterator[Line]:
    values = [getattr(point, field) for point in points]
    shown = values if field == "cumulative" else _deepest(values, width - _AXIS - 1)
    body = signed_chart(_stretched(shown, width - _AXIS - 1), width - _AXIS - 1, height)
    top, low = max(0.0, *shown), min(0.0, *shown)
    labels = [""] * len(body)
    labels[0] = money(top) if top > 0 else "$0"
    if low < 0:
        labels[-1] = money(low)
    for label, line in zip(labels, body, strict=True):
        yield [(fit(label, _AXIS, "right") + " ", "dim"), *line]
    first, last = points[0].at, points[-1].at
    if first is not None and last is not None:
        ends = (instant(first)[:10], instant(last)[:10])
        gap = " " * max(1, width - _AXIS - 1 - len(ends[0]) - len(ends[1]))
        yield [(" " * (_AXIS + 1) + ends[0] + gap + ends[1], "dim")]


def _stretched(values: Sequence[float], width: int) -> list[float]:
    """Few values as steps, so that ten exits fill the chart like a thousand do."""
    count = len(values)
    return list(values) if count >= width else [values[n * count // width] for n in range(width)]


def _deepest(values: Sequence[float], width: int) -> list[float]:
    """One value a column, the lowest of its stretch: a drawdown must not fall between two columns."""
    count = len(values)
    if count <= width:
        return list(values)
    ends = [n * count // width for n in range(width + 1)]
    return [min(values[a:b]) for a, b in pairwise(ends)]


def _spread(made: Histogram, width: int) -> Iterator[Line]:
    most = max(made.counts, default=0) or 1
    room = width - 2 * _AXIS - 12
    for start, end, count in zip(made.edges, made.edges[1:], made.counts, strict=False):
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
        ("n", 5), ("win", 5), ("95 %", 8), ("mean $", 8), ("95 %", 18), ("R", 7), ("net $", 9),
    )  # fmt: skip
    yield [(fit("", name) + "".join(fit(head, size, "right") for head, size in heads), "dim")]
    for bucket in buckets[:_MOST_BUCKETS]:
        made = bucket.metrics
        weak = few(made.win_rate)
        wins, mean, r = made.win_rate, made.expectancy, made.average_r
        win_ends = (
            "" if wins.low is None or wins.high is None else f"{100 * wins.low:.0f}–{100 * wins.high:.0f}"
        )
        cells = (
            (f"{made.trades:,}", 5, "text"),
            (NONE if wins.value is None else f"{100 * wins.value:.0f}%", 5, "text"),
            (win_ends, 8, "text"),
            (dollars(mean.value), 8, _sign(mean.value)),
            (_ends(mean.low, mean.high), 18, "text"),
            (NONE if r.value is None else f"{r.value:+.2f}", 7, _sign(r.value)),
            (dollars(made.net_pnl.value), 9, _sign(made.net_pnl.value)),
        )
        label = fit(bucket.label, name - 1) + mark(mean)
        yield [
            (label, "dim" if weak else "text"),
            *((fit(told, size, "right"), "dim" if weak else role) for told, size, role in cells),
        ]
    if len(buckets) > _MOST_BUCKETS:
        yield [(f"… and {len(buckets) - _MOST_BUCKETS} more (--json has them all)", "dim")]


def _ends(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return ""
    return " to ".join("…" if end is None else dollars(end) for end in (low, high))
