"""The History screen: every decision in the ledger, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from textual.app import ComposeResult

from core.model import Action, Quality
from server.deck import Page, PageQuery
from tui.commands.registry import bindings, hint, key_of
from tui.dialogs.symbol import SymbolDialog
from tui.interfaces import deck_ui, run_in_background
from tui.panes.filters import FilterPane, FilterView
from tui.panes.history import HistoryPane
from tui.screens.base import DeckScreen
from tui.widgets.line import Line
from tui.widgets.table import LiveTable

PAGE = 20
"""Decisions on a page at least; a taller list has as many as it has rows."""
CYCLES: Mapping[str, tuple[str, ...]] = {
    "decision": ("", *(str(each) for each in Action)),
    "timeframe": ("", "1", "3", "5", "15", "30", "60", "240", "1440"),
    "quality": ("", *(str(each) for each in Quality)),
}
"""The values each filter's key cycles through; an empty string is no filter."""
ORDERS = ("time", "confidence")
_FIRST_PAGE: tuple[str | None, int] = (None, 1)


class HistoryScreen(DeckScreen):
    scope = "history"
    BINDINGS = bindings("screen", "history")
    AUTO_FOCUS = "#history"

    def __init__(self) -> None:
        super().__init__()
        self._pages: list[tuple[str | None, int]] = [_FIRST_PAGE]
        """Cursor of each page up to the one shown, and the number of its first decision."""
        self._next: str | None = None
        self.filters: dict[str, str] = {}
        self._order = 0

    def compose_body(self) -> ComposeResult:
        yield FilterPane(id="filters")
        yield HistoryPane(id="history")

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        if len(self._pages) == 1:
            self._read()

    def read_again(self) -> None:
        self._read()

    # No ``show_body``: the page does not change while it is read; r reads the newest page.

    # --- paging -----------------------------------------------------------------------------------------

    def action_older_page(self) -> None:
        if self._next is None:
            deck_ui(self).say("This is the oldest page", "neutral")
            return
        self._pages.append((self._next, self._pages[-1][1] + len(self.query_one(HistoryPane).rows)))
        self._read(from_top=True)

    def action_newer_page(self) -> None:
        if len(self._pages) == 1:
            deck_ui(self).say("This is the newest page", "neutral")
            return
        self._pages.pop()
        self._read(from_top=True)

    def action_newest_page(self) -> None:
        self._pages = [_FIRST_PAGE]
        self._read()

    # --- filters and order ------------------------------------------------------------------------------

    def action_next_filter(self, name: str) -> None:
        cycle = CYCLES[name]
        here = self.filters.get(name, "")
        place = cycle.index(here) if here in cycle else 0
        self._filter(name, cycle[(place + 1) % len(cycle)])

    def action_filter_symbol(self) -> None:
        self.app.push_screen(SymbolDialog(self.filters.get("symbol", "")), self._symbol_typed)

    def _symbol_typed(self, symbol: str | None) -> None:
        if symbol is not None:
            self._filter("symbol", symbol)

    def _filter(self, name: str, value: str) -> None:
        kept = {key: text for key, text in self.filters.items() if key != name}
        self.filters = kept | ({name: value} if value else {})
        self._from_the_start()

    def action_clear_filters(self) -> None:
        self.filters, self._order = {}, 0
        self._from_the_start()

    def action_next_order(self) -> None:
        self._order = (self._order + 1) % len(ORDERS)
        self._from_the_start()

    def _from_the_start(self) -> None:
        self._pages = [_FIRST_PAGE]
        self._read(from_top=True)

    # --- reading ----------------------------------------------------------------------------------------

    def _read(self, *, from_top: bool = False) -> None:
        self.query_one(FilterPane).show(FilterView(dict(self.filters), ORDERS[self._order]))
        run_in_background(self, partial(self._load, from_top), exclusive=True, group="history")

    async def _load(self, from_top: bool) -> None:
        ui = deck_ui(self)
        table = self.query_one(HistoryPane)
        query = PageQuery(
            what="decisions",
            limit=max(PAGE, table.room),
            cursor=self._pages[-1][0],
            filters=dict(self.filters),
            order=ORDERS[self._order],
        )
        try:
            page = await ui.deck.page(query)
        except Exception as error:  # show any error of the ledger on the screen; the deck keeps running
            ui.say(f"The ledger could not be read: {error}", "negative")
            self._next = None
            table.empty = (f"the ledger could not be read: {hint('NewestPage')}, {hint('NoFilter')}",)
            table.show_rows((), [])
            table.repaint()
            return
        if from_top:
            table.to_top()
        self._show_page(table, page)

    def _show_page(self, table: HistoryPane, page: Page) -> None:
        self._next = page.next_cursor
        table.empty = (
            f"no such decision: {key_of('NoFilter')} shows all" if self.filters else "no decision yet",
        )
        first = self._pages[-1][1]
        note: Line = [
            (f"{first}-{first + len(page.items) - 1}" if page.items else "", "text"),
            (f"  {hint('OlderPage')}" if page.next_cursor else "  the oldest", "dim"),
        ]
        table.show_items(page.items, note)

    def on_history_pane_taller(self) -> None:
        if self._next is not None and self.query_one(HistoryPane).lacks_rows:
            self._read()

    def on_live_table_opened(self, message: LiveTable.Opened) -> None:
        deck_ui(self).open_decision(message.key)
