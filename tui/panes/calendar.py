"""A month of days with the P&L and number of trades closed on each, the sums of its weeks, and one day in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from tui import fmt
from tui.widgets.line import Line, fold, heading, pad_line, signed_role, wrap_text
from tui.widgets.line_widget import Pane

Item = Mapping[str, Any]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri")
_WHOLE_DOLLARS_BELOW = 12
"""Cells of a day below which its P&L has no cents."""
_TALL = 32
"""Rows from which a week has a third row, with what was won, and an empty one after it."""


@dataclass(frozen=True, slots=True)
class CalendarView:
    """The month of ``selected``: days, weeks (by their Monday) and the month as the deck lists them."""

    selected: date
    today: date
    days: Mapping[date, Item] = field(default_factory=dict)
    weeks: Mapping[date, Item] = field(default_factory=dict)
    month: Item | None = None
    problem: str = ""
    """Reason why there are no figures: they are read, or could not be read."""


def weekday_on(day: date, step: int) -> date:
    """Return the next day of the week that has sessions, forwards or backwards."""
    day += timedelta(days=step)
    while day.weekday() >= len(_DAYS):
        day += timedelta(days=step)
    return day


def month_days(of: date) -> tuple[date, date]:
    """Return the first and the last day of a month."""
    first = of.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


class CalendarPane(Pane, can_focus=True):
    """Weeks of five days and their sum; the selected day in words below."""

    data: CalendarView

    def lines(self, width: int, height: int) -> list[Line]:
        view = self.data
        first, last = month_days(view.selected)
        lines = [heading(f"{first:%B %Y}", width, _sums(view.month))]
        cell = max(8, (width - 1) // (len(_DAYS) + 1))
        head: Line = [(" ", "head")]
        for name in (*_DAYS, "week"):
            head.append((fmt.fit(f" {name}", cell), "head"))
        lines.append(head)
        monday = first - timedelta(days=first.weekday())
        while monday <= last:
            week = [monday + timedelta(days=n) for n in range(len(_DAYS))]
            if any(day.month == first.month for day in week):
                lines += _week(view, week, cell, tall=height >= _TALL)
            monday += timedelta(days=7)
        if view.problem:
            return [*lines, [(f" {view.problem}", "warn")]]
        return [*lines, [], *day_lines(view.days.get(view.selected), view.selected, width)][:height]


def _week(view: CalendarView, week: list[date], cell: int, *, tall: bool) -> list[Line]:
    rows: list[Line] = [[(" ", "text")] for _ in range(3)]
    for day in week:
        shown = day.month == view.selected.month
        item = view.days.get(day) if shown else None
        rows[0] += _day(item, day, view, cell) if shown else [(" " * cell, "text")]
        rows[1] += pad_line(_money(item, cell), cell)
        rows[2] += pad_line(_won(item), cell)
    total = view.weeks.get(week[0])
    rows[0] += pad_line([(" " + _count(total), "dim")], cell)
    rows[1] += pad_line(_money(total, cell), cell)
    rows[2] += pad_line(_won(total), cell)
    return [*rows, []] if tall else rows[:2]


def _day(item: Item | None, day: date, view: CalendarView, cell: int) -> Line:
    selected = day == view.selected
    mark = "▸" if selected else " "
    role = "title-focus" if selected else "strong" if day == view.today else "text"
    noted = " ✎" if item is not None and item["notes"] else ""
    line: Line = [(f"{mark}{day.day:2d}", role), (noted, "info")]
    if count := _count(item):
        left = cell - 3 - len(noted) - 1
        line.append((f" {count}" if len(count) < left else f" {count.split(' ')[0]}", "dim"))
    return pad_line(line, cell)


def _won(item: Item | None) -> Line:
    return [] if item is None or not item["trades"] else [(f" {item['wins']} won", "dim")]


def _count(item: Item | None) -> str:
    return f"{item['trades']} tr" if item is not None and item["trades"] else ""


def _money(item: Item | None, cell: int) -> Line:
    if item is None or not item["trades"]:
        return []
    net = item["net"]
    text = fmt.whole_dollars(net, sign=True) if cell < _WHOLE_DOLLARS_BELOW else fmt.money(net)
    return [(f" {text.replace('$', '')}", signed_role(net))]


def _sums(item: Item | None) -> Line:
    if item is None or not item["trades"]:
        return []
    return [
        (f"{fmt.plural(item['trades'], 'trade')}  ", "dim"),
        *[(fmt.money(item["net"]), signed_role(item["net"]))],
    ]


def day_lines(item: Item | None, day: date, width: int) -> list[Line]:
    """Return a day in words: its sums, and its notes."""
    line: Line = [(f" {day:%a %d %b}  ", "strong")]
    if item is None or not (item["trades"] or item["opened"]):
        line.append(("no trade opened or closed", "dim"))
    else:
        line += [
            (f"{item['opened']} opened, {item['trades']} closed, {item['wins']} won", "text"),
            ("  net ", "dim"),
            (f"{fmt.arrow(item['net'])}{fmt.money(item['net'])}", signed_role(item["net"])),
            ("  avg R ", "dim"),
            (fmt.signed(item["average_r"]), signed_role(item["average_r"])),
        ]
    lines = fold(line, width)
    for note in item["notes"] if item is not None else ():
        text = wrap_text(str(note["text"]), "info", width - 3)
        lines += [[(" ✎ " if n == 0 else "   ", "info"), *each] for n, each in enumerate(text)]
    return lines
