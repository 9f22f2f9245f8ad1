"""Lessons of a ledger as lines of text: what each gate saved and cost, shadow trades, and advice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from core.learning.looks import short_rate
from tui import fmt
from tui.metric_format import band_note, format_interval, format_metric, missing_reason, quality_mark
from tui.report.text import plain
from tui.widgets.line import Line

if TYPE_CHECKING:
    from core.learning.effectiveness import Group
    from core.learning.looks import Look
    from core.performance.metric import Metric
    from server.deck.reports import LearningView

_LABEL, _VALUE = 22, 12
LEGEND = (
    "Shadow trades are signals not taken, followed by the same code, outside the P&L.",
    "* fewer than 30 signals or 10 sessions: not enough to act on.",
    "Intervals are 95 % by sessions. mid, exp, far: fills at the mid, as expected, at the far side.",
)


def learning_text(view: LearningView, *, width: int, colour: bool) -> list[str]:
    """Return the view as lines of text; ``colour`` adds ANSI codes."""
    return plain(_lines(view, width), colour=colour)


def looks_text(looks: tuple[Look, ...], chance: float) -> list[str]:
    """Return a line for each look: the largest q that is advice then; ``chance`` as a fraction."""
    head = f"Chance that any advice of a year is false, however often one looks: {fmt.percent(chance)}"
    lines = [f"  session {look.sessions:>3}: advice needs q {_at_most(look.limit)}" for look in looks]
    return [head, *lines]


def _at_most(rate: float) -> str:
    text = fmt.local(short_rate(rate))
    return text if text.startswith("under") else f"≤ {text}"


def _lines(view: LearningView, width: int) -> Iterator[Line]:
    found = view.learning
    taken = found.signals - found.shadows.closed
    yield [(f"Learned from {fmt.plural(found.signals, 'signal')} with an outcome:", "head")]
    yield [(f"{fmt.plural(taken, 'trade')}, {fmt.plural(found.shadows.closed, 'shadow trade')}", "text")]
    for effect in found.gates:
        yield []
        yield [(f"{effect.gate.capitalize()} gate", "head")]
        if effect.failed.n == 0:
            yield [("  nothing kept out yet", "dim")]
            continue
        yield [
            (
                f"  kept out {fmt.plural(effect.failed.n, 'signal')}:"
                f" {effect.skipped_losers} would have lost, {effect.skipped_winners} would have won",
                "text",
            )
        ]
        yield from _metric("saved", effect.saved, width)
        yield from _metric("cost", effect.cost, width)
        yield from _metric("saved less cost", effect.balance, width, sign=True)
        yield from _metric("passed less kept out", effect.edge_r, width, sign=True)
    yield []
    yield [("Shadow trades by what stopped the signal", "head")]
    for row in found.shadows.by_reason:
        yield from _group(row.by, row.group, width)
    yield []
    yield [("Advice", "head")]
    search = found.search
    for suggestion in view.suggestions:
        yield [(fmt.clip(f"  {suggestion.text}", width), "warn")]
    if not view.suggestions:
        why = search.reason or f"{fmt.plural(search.tested, 'bucket')} tested, {search.discoveries} differ"
        yield [(f"  none: {why}", "text")]
    if search.look.number or not search.reason:
        yield [(f"  {search.look.text}", "dim")]
    yield []
    yield from ([(fmt.clip(note, width), "dim")] for note in LEGEND)


def _metric(title: str, metric: Metric, width: int, *, sign: bool = False) -> Iterator[Line]:
    tail = format_interval(metric, sign=sign) or missing_reason(metric)
    value = f"{format_metric(metric, sign=sign)}{quality_mark(metric)}"
    yield [
        (fmt.fit(f"  {title}", _LABEL), "dim"),
        (fmt.fit(value, _VALUE, "right"), "text"),
        (fmt.clip(f"  {tail}", width - _LABEL - _VALUE), "dim"),
    ]
    if metric.band is not None:
        yield [(f"    {band_note(metric)}", "dim")]


def _group(by: str, group: Group, width: int) -> Iterator[Line]:
    if group.n == 0:
        return
    yield [(fmt.clip(f"  {by.replace('+', ' + ')}: {fmt.plural(group.n, 'signal')}", width), "text")]
    yield from _metric("  would have made", group.net, width, sign=True)
    yield from _metric("  won", group.win_rate, width)
