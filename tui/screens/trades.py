"""The Trades screen: every trade, open and closed, filtered, searched and sorted, a page at a time."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from textual.app import ComposeResult

from server.deck import DeckSnapshot, PageQuery
from tui.commands.registry import bindings, hint, key_of
from tui.interfaces import NoteSubject, deck_ui, run_in_background
from tui.panes.trades import TradeFilters, TradeFiltersPane, TradesPane, TradeTotalsPane
from tui.screens.base import DeckScreen
from tui.widgets.line import Line
from tui.widgets.table import LiveTable

log = logging.getLogger("gatedeck.tui")

PAGE = 100
WINDOWS = ("", "today", "5d")
OUTCOMES = ("", "win", "loss", "flat", "open")
LISTS = {"setup": "setups", "symbol": "symbols", "tag": "tags", "book": "books"}
"""The deck's list of values for each filter that is chosen from a list."""
IN_A_BOOK = frozenset({"setup", "symbol"})
"""Filters whose values are those of the book that is shown."""


class TradesScreen(DeckScreen):
    scope = "trades"
    BINDINGS = bindings("screen", "trades")
    AUTO_FOCUS = "#trades"

    def __init__(self) -> None:
        super().__init__()
        self._cursors: list[str | None] = [None]
        self._next: str | None = None
        self._state: object = None
        """Open positions and number of exits when the page was read."""
        self.filters: dict[str, str] = {}

    def compose_body(self) -> ComposeResult:
        yield TradeFiltersPane(id="filters")
        yield TradesPane(id="trades")
        yield TradeTotalsPane(id="totals")

    @property
    def table(self) -> TradesPane:
        return self.query_one(TradesPane)

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        if len(self._cursors) == 1:
            self.read()

    def show_body(self, snapshot: DeckSnapshot) -> Iterator[None]:
        state = (snapshot.pnl.closed, frozenset(row.id for row in snapshot.positions))
        if self._state is not None and state != self._state and len(self._cursors) == 1:
            self.read()
        self._state = state
        self.table.show_positions(snapshot.positions)
        yield

    # --- filters and order ------------------------------------------------------------------------------

    def show_filters(self, filters: Mapping[str, str]) -> None:
        """Show the trades that these filters select, newest first."""
        self.filters = dict(filters)
        self.table.unsort()
        self._from_the_start()

    def _filter(self, name: str, value: str) -> None:
        kept = {key: text for key, text in self.filters.items() if key != name}
        self.filters = kept | ({name: value} if value else {})
        self._from_the_start()

    def action_next_window(self) -> None:
        self._next_of("window", WINDOWS)

    def action_next_outcome(self) -> None:
        self._next_of("outcome", OUTCOMES)

    def _next_of(self, name: str, cycle: tuple[str, ...]) -> None:
        here = self.filters.get(name, "")
        self._filter(name, cycle[(cycle.index(here) + 1) % len(cycle) if here in cycle else 0])

    # Dialogs are imported on first use, so that the deck starts without them.

    def action_search(self) -> None:
        from tui.dialogs.search import SearchDialog

        self.app.push_screen(SearchDialog(self.filters.get("text", "")), partial(self._chosen, "text"))

    def action_choose(self, name: str) -> None:
        run_in_background(self, partial(self._choose, name), exclusive=True, group="choice")

    async def _choose(self, name: str) -> None:
        from tui.dialogs.choice import ChoiceDialog

        ui = deck_ui(self)
        within = {"book": self.filters["book"]} if "book" in self.filters and name in IN_A_BOOK else {}
        try:
            page = await ui.deck.page(PageQuery(what=LISTS[name], limit=200, filters=within))
        except Exception as error:
            log.exception("the list of %s could not be read", LISTS[name])
            ui.say(f"The ledger could not be read: {error}", "negative")
            return
        items = [_as_value(item) for item in page.items] if name == "book" else page.items
        values = [item for item in items if item["trades"]]
        if not values and name == "book":
            ui.say("No book yet: gatedeck import FILE", "neutral")
        elif not values:
            ui.say(f"No trade has a {name} yet", "neutral")
        elif self.app.screen is self:
            every = "the engine's own" if name == "book" else "all"
            dialog = ChoiceDialog(name, values, self.filters.get(name, ""), every)
            self.app.push_screen(dialog, partial(self._chosen, name))

    def _chosen(self, name: str, value: str | None) -> None:
        if value is None:
            return
        if name == "book":
            # The other filters name setups and tags of the trades that were shown until now.
            self.show_filters({"book": value} if value else {})
        else:
            self._filter(name, value)

    def action_clear_filters(self) -> None:
        self.show_filters({})

    def action_next_order(self) -> None:
        self.table.next_order()
        self._from_the_start()

    def action_turn_order(self) -> None:
        self.table.turn_order()
        self._from_the_start()

    # --- paging and reading -----------------------------------------------------------------------------

    def action_next_page(self) -> None:
        if self._next is None:
            deck_ui(self).say("This is the last page", "neutral")
            return
        self._cursors.append(self._next)
        self.read(from_top=True)

    def action_previous_page(self) -> None:
        if len(self._cursors) == 1:
            deck_ui(self).say("This is the first page", "neutral")
            return
        self._cursors.pop()
        self.read(from_top=True)

    def action_read(self) -> None:
        self.read()

    def _from_the_start(self) -> None:
        self._cursors = [None]
        self.read(from_top=True)

    def read_again(self) -> None:
        self.read()

    def read(self, *, from_top: bool = False) -> None:
        """Read the page again; a reading in progress is cancelled."""
        self.query_one(TradeFiltersPane).show(TradeFilters(dict(self.filters)))
        run_in_background(self, partial(self._load, from_top), exclusive=True, group="trades")

    async def _load(self, from_top: bool) -> None:
        ui, table = deck_ui(self), self.table
        query = PageQuery(
            what="trades",
            limit=PAGE,
            cursor=self._cursors[-1],
            filters=dict(self.filters),
            order=table.order,
        )
        try:
            page = await ui.deck.page(query)
        except Exception as error:  # show any error of the ledger on the screen; the deck keeps running
            log.exception("the trades could not be read")
            ui.say(f"The trades could not be read: {error}", "negative")
            self._next = None
            table.empty = (f"the ledger could not be read: {hint('ReadTrades')}, {hint('AllTrades')}",)
            table.show_rows((), [])
            table.repaint()
            return
        if from_top:
            table.to_top()
        self._next = page.next_cursor
        table.empty = (f"no such trade: {key_of('AllTrades')} shows all" if self.filters else "no trade yet",)
        first = (len(self._cursors) - 1) * PAGE + 1
        several = page.next_cursor is not None or len(self._cursors) > 1
        places = f"{first}-{first + len(page.items) - 1}" if several and page.items else ""
        keys = f"  {key_of('PreviousTrades')} {key_of('NextTrades')} pages" if several else ""
        order = table.order_note
        note: Line = [
            (order, "info"),
            ("  " if order and places else "", "dim"),
            (places, "text"),
            (keys, "dim"),
        ]
        table.show_page(page, note)
        self.query_one(TradeTotalsPane).show(page.totals)

    # --- the selected trade -----------------------------------------------------------------------------

    def on_live_table_opened(self, message: LiveTable.Opened) -> None:
        if not self._in_book():
            deck_ui(self).open_position_id(message.key)

    def _in_book(self) -> bool:
        """Return whether the trades of a book are shown, and say that they have nothing to open."""
        book = self.filters.get("book")
        if book is not None:
            deck_ui(self).say(f"A trade of book {book} has no decision, price path or notes", "neutral")
        return book is not None

    def action_show_decision(self) -> None:
        if self._in_book():
            return
        if (trade := self.table.selected) is not None:
            deck_ui(self).open_decision(str(trade["id"]))

    def action_add_note(self) -> None:
        if self._in_book():
            return
        trade = self.table.selected
        if trade is None:
            deck_ui(self).say("No trade is selected", "neutral")
            return
        about = NoteSubject(title=str(trade["contract"]), position_id=str(trade["position_id"]))
        deck_ui(self).add_note(about, self.read)

    def action_show_calendar(self) -> None:
        from tui.dialogs.calendar import CalendarDialog

        self.app.push_screen(CalendarDialog(self.filters.get("book")), self._day_chosen)

    def _day_chosen(self, day: str | None) -> None:
        if day is not None:
            kept = {name: value for name, value in self.filters.items() if name == "book"}
            self.show_filters(kept | {"day": day})


def _as_value(book: Mapping[str, Any]) -> dict[str, Any]:
    """Return a book as a value to choose, with its number of trades."""
    return {"value": book["book"], "trades": book["closed"] + book["open"]}
