"""The History screen: every decision in the ledger, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from textual.app import ComposeResult

from core.decision.deciding_reason import code_in_evidence
from core.model import Action, Quality
from server.deck import Page, PageQuery
from tui import fmt
from tui.commands.registry import bindings, hint, key_of
from tui.dialogs.symbol import SymbolDialog
from tui.interfaces import deck_ui, run_in_background
from tui.panes.filters import FilterPane, FilterView
from tui.panes.recent import result
from tui.screens.base import DeckScreen
from tui.widgets.line import ACTION_ROLE, DIRECTION_MARK, DIRECTION_ROLE, Line
from tui.widgets.table import Cell, Column, LiveTable, Row

PAGE = 20
COLUMNS = (
    Column("time ET", 15),
    Column("action", 7),
    Column("signal", 18),
    Column("conf.", 5, "right"),
    Column("code or outcome, net $", 23),
    Column("size", 5, "right"),
    Column("quality", 7),
    Column("source", 18),
)
CYCLES: Mapping[str, tuple[str, ...]] = {
    "decision": ("", *(str(each) for each in Action)),
    "timeframe": ("", "1", "3", "5", "15", "30", "60", "240", "1440"),
    "quality": ("", *(str(each) for each in Quality)),
}
"""The values each filter's key cycles through; an empty string is no filter."""
ORDERS = ("time", "confidence")


class HistoryScreen(DeckScreen):
    scope = "history"
    BINDINGS = bindings("screen", "history")
    AUTO_FOCUS = "#history"

    def __init__(self) -> None:
        super().__init__()
        self._cursors: list[str | None] = [None]
        self._next: str | None = None
        self.filters: dict[str, str] = {}
        self._order = 0

    def compose_body(self) -> ComposeResult:
        yield FilterPane(id="filters")
        table = LiveTable("History", COLUMNS, id="history", empty=("reading the ledger",))
        table.decisions = True
        yield table

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        if len(self._cursors) == 1:
            self._read()

    def read_again(self) -> None:
        self._read()

    # No ``show_body``: the page does not change while it is read; r reads the newest page.

    # --- paging -----------------------------------------------------------------------------------------

    def action_older_page(self) -> None:
        if self._next is None:
            self.notify("This is the oldest page", markup=False)
            return
        self._cursors.append(self._next)
        self._read(from_top=True)

    def action_newer_page(self) -> None:
        if len(self._cursors) == 1:
            self.notify("This is the newest page", markup=False)
            return
        self._cursors.pop()
        self._read(from_top=True)

    def action_newest_page(self) -> None:
        self._cursors = [None]
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
        self._cursors = [None]
        self._read(from_top=True)

    # --- reading ----------------------------------------------------------------------------------------

    def _read(self, *, from_top: bool = False) -> None:
        self.query_one(FilterPane).show(FilterView(dict(self.filters), ORDERS[self._order]))
        run_in_background(self, partial(self._load, from_top), exclusive=True, group="history")

    async def _load(self, from_top: bool) -> None:
        ui = deck_ui(self)
        table = self.query_one("#history", LiveTable)
        query = PageQuery(
            what="decisions",
            limit=PAGE,
            cursor=self._cursors[-1],
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

    def _show_page(self, table: LiveTable, page: Page) -> None:
        self._next = page.next_cursor
        table.empty = (
            f"no such decision: {key_of('NoFilter')} shows all" if self.filters else "no decision yet",
        )
        first = (len(self._cursors) - 1) * PAGE + 1
        note: Line = [
            (f"{first}-{first + len(page.items) - 1}" if page.items else "", "text"),
            (f"  {hint('OlderPage')}" if page.next_cursor else "  the oldest", "dim"),
        ]
        table.show_rows(tuple(Row(str(item["id"]), item, item_cells) for item in page.items), note)
        table.repaint()

    def on_live_table_opened(self, message: LiveTable.Opened) -> None:
        deck_ui(self).open_decision(message.key)


def item_cells(item: Mapping[str, Any]) -> tuple[Cell, ...]:
    """Return the cells of one row from a ledger item."""
    action = str(item["decision"])
    side = str(item.get("direction") or item["proposed_direction"])
    frame = item.get("timeframe")
    size = (item.get("decision_breakdown") or {}).get("size") or {}
    outcome = item.get("outcome") or {}
    held = "open" if item.get("position_id") else ""
    deciding = code_in_evidence(action, item.get("decision_breakdown") or {})
    code = item.get("code") or deciding
    code = deciding if deciding.startswith(f"{code} +") else code
    return (
        (_when(str(item["created_at"])), "dim"),
        (action, ACTION_ROLE.get(action, "text")),
        (f"{DIRECTION_MARK.get(side, ' ')} {side} {item['symbol']} {fmt.timeframe(frame) if frame else fmt.NONE}",
         DIRECTION_ROLE.get(side, "text") if item.get("direction") else "text"),
        (fmt.number(item["confidence"], 1), "strong"),
        result(code, outcome.get("exit_reason") or held, outcome.get("pnl_net")),
        (fmt.factor(size.get("final")), "text"),
        (str(item["quality"]), "text"),
        (str(item.get("source") or fmt.NONE), "dim"),
    )  # fmt: skip


def _when(text: str) -> str:
    try:
        return fmt.day_clock(datetime.fromisoformat(text)).split(" ", 1)[1].rsplit(" ", 1)[0]
    except ValueError:
        return text
