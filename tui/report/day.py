"""The report of one day as text: its sums, its trades, what stayed open, and its notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tui import fmt
from tui.panes.notes import note_lines
from tui.report.text import plain
from tui.widgets.line import Line, heading, signed_role

if TYPE_CHECKING:
    from server.day_report import DayReport

_HEAD = (
    f"{'in':<6} {'out':<5} {'trade':<16}{'qty':>3}{'in $':>7}{'out $':>7}{'net $':>10}{'R':>6} {'reason':<11}"
    f"{'hold':>6}"
)


def day_text(report: DayReport, *, width: int, colour: bool) -> list[str]:
    """Return the report of a day as lines of at most ``width`` cells, with colours of the terminal or without."""
    return plain(_lines(report, width), colour=colour)


def _lines(report: DayReport, width: int) -> Iterator[Line]:
    day = report.day.isoformat()
    yield heading(f"{report.day:%A %d %B %Y}", width)
    if not (report.closed or report.overnight or report.opened):
        yield [(" no trade was opened or closed", "dim")]
    else:
        yield from _sums(report)
    if report.closed:
        yield from _trades("Closed", report.closed, day, width)
    if report.overnight:
        yield from _trades("Open overnight", [_as_held(row) for row in report.overnight], day, width)
    if report.notes:
        yield []
        yield heading("Notes on the day", width)
        for note in report.notes:
            yield from note_lines(note, width)


def _sums(report: DayReport) -> Iterator[Line]:
    totals = report.totals
    net, rate, r = totals["net"], totals["win_rate"], totals["average_r"]
    counts = f" {report.opened} opened, {totals['closed']} closed, {len(report.overnight)} open overnight"
    yield [(counts, "text")]
    yield [
        (" net ", "dim"),
        (fmt.money(net), signed_role(net)),
        ("   win ", "dim"),
        (fmt.NONE if rate is None else f"{fmt.number(100 * rate, 1)} %", "strong"),
        (f" of {totals['closed']}", "dim"),
        ("   avg R ", "dim"),
        (fmt.signed(r), signed_role(r)),
        (f" of {totals['with_r']}", "dim"),
    ]


def _trades(title: str, rows: Sequence[Mapping[str, Any]], day: str, width: int) -> Iterator[Line]:
    yield []
    yield heading(title, width)
    yield [(_HEAD, "head")]
    for row in rows:
        yield _trade(row, day)
        for note in row["notes"]:
            yield from ([("   ", "text"), *line] for line in note_lines(note, width - 3))


def _trade(row: Mapping[str, Any], day: str) -> Line:
    """Return a trade as a line; one that was opened on another day has its date in place of the time."""
    net = row["net"]
    return [
        (f"{_time(row['opened_at']) if row['opened_day'] == day else _date(row['opened_at']):<6} ", "dim"),
        (f"{_time(row['closed_at']):<5} ", "dim"),
        (fmt.fit(str(row["contract"]), 16), "strong"),
        (f"{row['contracts']:>3}", "text"),
        (f"{fmt.number(row['entry_price']):>7}{fmt.number(row['exit_price']):>7}", "text"),
        (f"{fmt.money(net).replace('$', ''):>10}", signed_role(net)),
        (f"{fmt.signed(row['r']):>6}", signed_role(row["r"])),
        (f" {row['reason'] or row['state'].lower():<11}{fmt.age(row['hold_seconds']):>6}", "text"),
    ]


def _as_held(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a trade without what became of it later."""
    later = dict.fromkeys(("closed_at", "closed_day", "exit_price", "net", "r", "reason", "hold_seconds"))
    return {**row, **later, "state": "OPEN", "notes": ()}


def _time(text: str | None) -> str:
    return fmt.NONE if text is None else fmt.clock(datetime.fromisoformat(text))[:5]


def _date(text: str) -> str:
    return fmt.date(datetime.fromisoformat(text))
