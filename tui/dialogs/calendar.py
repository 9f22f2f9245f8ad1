"""The calendar: a month of days with their P&L and trades; a day opens its trades, or takes a note."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.content import Content

from server.deck import PageQuery
from tui import fmt
from tui.dialogs.base import Dialog
from tui.interfaces import NoteSubject, deck_ui, run_in_background
from tui.panes.calendar import CalendarPane, CalendarView, month_days, weekday_on

log = logging.getLogger("gatedeck.tui")

_READING = "reading the ledger"
_FIRST_YEAR, _LAST_YEAR = 1998, 2030
"""Years of the exchange's calendar."""


class CalendarDialog(Dialog[str]):
    """Returns the chosen day as 2026-11-24, ``None`` when closed."""

    BINDINGS = [
        Binding("left,h", "day(-1)", show=False),
        Binding("right,l", "day(1)", show=False),
        Binding("up,k", "week(-1)", show=False),
        Binding("down,j", "week(1)", show=False),
        Binding("pageup", "month(-1)", show=False),
        Binding("pagedown", "month(1)", show=False),
        Binding("home", "today", show=False),
        Binding("enter", "choose", show=False),
        Binding("n", "add_note", show=False),
        Binding("escape,q,v", "cancel", show=False),
    ]
    AUTO_FOCUS = "CalendarPane"

    def __init__(self, book: str | None = None) -> None:
        """``book`` is the book whose trades are summed, by default the engine's own."""
        super().__init__()
        self._book = book
        self._view = CalendarView(date.min, date.min, problem=_READING)

    def compose(self) -> ComposeResult:
        latest = deck_ui(self).latest
        zone = fmt.exchange_zone()
        today = latest.at.astimezone(zone).date() if latest is not None else date.today()
        # A weekend has no column: the session before it is selected.
        selected = today if today.weekday() < 5 else weekday_on(today, -1)
        self._view = CalendarView(selected, today, problem=_READING)
        with Container(classes="box full"):
            pane = CalendarPane(id="calendar")
            pane.data = self._view
            yield pane

    def on_mount(self) -> None:
        super().on_mount()
        keys = "arrows day  PgUp PgDn month  Enter trades  n note  Esc"
        self.query_one(".box").border_subtitle = Content(f" {keys} ")
        self._read()

    # --- moving -----------------------------------------------------------------------------------------

    def action_day(self, step: int) -> None:
        self._select(weekday_on(self._view.selected, step))

    def action_week(self, step: int) -> None:
        self._select(self._view.selected + timedelta(days=7 * step))

    def action_month(self, step: int) -> None:
        first, last = month_days(self._view.selected)
        there = last + timedelta(days=1) if step > 0 else first - timedelta(days=1)
        day = min(self._view.selected.day, month_days(there)[1].day)
        found = there.replace(day=day)
        while found.weekday() >= 5:
            found -= timedelta(days=1)
        self._select(found if found.month == there.month else weekday_on(there.replace(day=1), 1))

    def action_today(self) -> None:
        today = self._view.today
        self._select(today if today.weekday() < 5 else weekday_on(today, -1))

    def _select(self, day: date) -> None:
        if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
            return
        other = (day.year, day.month) != (self._view.selected.year, self._view.selected.month)
        if other:
            self._view = CalendarView(day, self._view.today, problem=_READING)
            self._read()
        else:
            self._view = replace(self._view, selected=day)
        self._show()

    # --- reading ----------------------------------------------------------------------------------------

    def _read(self) -> None:
        run_in_background(self, self._load, exclusive=True, group="calendar")

    async def _load(self) -> None:
        first, last = month_days(self._view.selected)
        try:
            days = await self._listed("days", first, last)
            weeks = await self._listed("weeks", first - timedelta(days=6), last)
            months = await self._listed("months", first, last)
        except Exception as error:
            log.exception("the calendar could not be read")
            self._view = replace(self._view, problem=f"the ledger could not be read: {error}")
        else:
            self._view = replace(self._view, days=days, weeks=weeks, month=months.get(first), problem="")
        if self.is_mounted:
            self._show()

    async def _listed(self, what: str, first: date, last: date) -> dict[date, Mapping[str, Any]]:
        filters = {"from": first.isoformat(), "to": last.isoformat()}
        if self._book is not None:
            filters["book"] = self._book
        page = await deck_ui(self).deck.page(PageQuery(what=what, limit=40, filters=filters))
        return {date.fromisoformat(str(item["day"])): item for item in page.items}

    def _show(self) -> None:
        self.query_one(CalendarPane).show(self._view)

    # --- the selected day -------------------------------------------------------------------------------

    def action_choose(self) -> None:
        if not self.too_soon:
            self.dismiss(self._view.selected.isoformat())

    def action_add_note(self) -> None:
        if not self.too_soon:
            day = self._view.selected
            deck_ui(self).add_note(NoteSubject(title=f"{day:%a %d %b %Y}", day=day.isoformat()), self._read)

    def action_cancel(self) -> None:
        if not self.too_soon:
            self.dismiss(None)
