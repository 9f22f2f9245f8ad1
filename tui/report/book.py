"""The report of a book of imported trades as text: its sums, and its P&L by day, symbol and setup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from tui import fmt
from tui.report.text import plain
from tui.widgets.line import Line, heading, signed_role

if TYPE_CHECKING:
    from server.book_report import BookReport, Group

_HEAD = f"{'':<22}{'trades':>7}{'wins':>6}{'net $':>14}"


def book_text(report: BookReport, *, width: int, colour: bool) -> list[str]:
    """Return the report of a book as lines of at most ``width`` cells, with colours of the terminal or without."""
    return plain(_lines(report, width), colour=colour)


def _lines(report: BookReport, width: int) -> Iterator[Line]:
    book, totals = report.book, report.totals
    yield heading(f"Book {book['book']}: {book['layout']}", width)
    yield [(" not among the engine's own trades, its metrics or its limits", "dim")]
    rate = totals["win_rate"]
    yield [
        (f" {totals['closed']} closed, {totals['open']} open", "text"),
        ("   net ", "dim"),
        (_exact(totals["net"]), signed_role(totals["net"])),
        ("   win ", "dim"),
        (fmt.NONE if rate is None else f"{fmt.number(100 * rate, 1)} %", "strong"),
        (f" of {totals['closed']}", "dim"),
    ]
    for text in _wrapped(str(book["told"]), width - 1):
        yield [(f" {text}", "dim")]
    for what, of in book["money"].items():
        yield [
            (f" {what or 'other'} ", "dim"),
            (f"{_exact(of['amount'])}", "text"),
            (f" in {fmt.plural(of['rows'], 'row')}", "dim"),
        ]
    yield from _groups("By day", report.days, width)
    yield from _groups("By symbol", report.symbols, width)
    yield from _groups("By setup", report.setups, width)
    if report.open:
        yield []
        yield heading("Still open", width)
        for trade in report.open:
            yield [
                (f" {trade['opened_day']}  ", "dim"),
                (fmt.fit(str(trade["contract"]), 20), "strong"),
                (f"{trade['contracts']:>8g}", "text"),
                (f"{fmt.number(trade['entry_price']):>10}", "text"),
                (f"{_exact(trade['in_open']):>14}", "text"),
            ]


def _groups(title: str, groups: Sequence[Group], width: int) -> Iterator[Line]:
    if not groups:
        return
    yield []
    yield heading(title, width)
    yield [(_HEAD, "head")]
    for group in groups:
        yield [
            (f" {fmt.fit(group.name, 21)}", "strong"),
            (f"{group.trades:>7}{group.wins:>6}", "text"),
            (f"{_exact(group.net):>14}", signed_role(group.net)),
        ]


def _exact(value: float) -> str:
    """Return dollars to the cent, however many: they are compared with the broker's."""
    mark = "-" if value < 0 else "+" if value > 0 else ""
    return f"{mark}${fmt.number(abs(value))}"


def _wrapped(text: str, width: int) -> list[str]:
    return wrap(text, width)
