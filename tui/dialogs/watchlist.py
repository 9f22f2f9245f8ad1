"""The watchlist: every symbol heard or fed, with its last price and age. Enter opens one."""

from __future__ import annotations

import logging

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container

from server.deck import DeckSnapshot, WatchedSymbol
from tui import fmt
from tui.commands.registry import BY_NAME
from tui.dialogs.base import Dialog
from tui.dialogs.symbol_detail import SymbolDetail
from tui.interfaces import deck_ui, run_in_background
from tui.widgets.columns import Cell, Column, Row
from tui.widgets.table import LiveTable

log = logging.getLogger("gatedeck.tui")

COLUMNS = (
    Column("symbol", 8),
    Column("price $", 10, "right"),
    Column("age", 5, "right"),
    Column("held", 4, "right"),
    Column("heard", 5, "right"),
    Column("remark", 22, weight=1),
    Column("live signals", 12, "right"),
    Column("price from", 12),
)


def watched_cells(row: WatchedSymbol) -> tuple[Cell, ...]:
    """Return the cells of one symbol; an old price is marked, a symbol without one says so."""
    price = row.price
    role = "warn" if price is not None and price.stale else "text"
    return (
        (row.symbol, "strong"),
        ("none", "dim") if price is None else (fmt.number(price.price), role),
        (fmt.NONE if price is None else fmt.age(price.age), role),
        (str(row.positions or fmt.NONE), "strong" if row.positions else "dim"),
        (fmt.age(row.heard_age), "dim"),
        (row.remark, "bad"),
        (str(row.signals or fmt.NONE), "text" if row.signals else "dim"),
        (fmt.NONE if price is None else price.source, "dim"),
    )


class WatchlistDialog(Dialog[None]):
    """Follows the engine while it is open."""

    BINDINGS = [Binding("escape,q", "close", "close"), BY_NAME["ChooseColumns"].binding]
    AUTO_FOCUS = "#watchlist"

    def compose(self) -> ComposeResult:
        with Container(classes="box full"):
            empty = ("no symbol heard yet: POST a webhook",)
            yield LiveTable("Watchlist", COLUMNS, id="watchlist", empty=empty)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(".box").border_subtitle = " Enter opens a symbol   Esc closes "
        self.read()

    def show(self, snapshot: DeckSnapshot) -> None:
        self.read()

    def read(self) -> None:
        run_in_background(self, self._read, exclusive=True, group="watchlist")

    async def _read(self) -> None:
        table = self.query_one(LiveTable)
        try:
            symbols = await deck_ui(self).deck.symbols()
        except Exception as error:
            log.exception("the watchlist could not be read")
            table.note = [(f"not read: {error}", "bad")]
            table.repaint()
            return
        rows = tuple(Row(each.symbol, each, watched_cells) for each in symbols)
        table.show_rows(rows, [(fmt.plural(len(rows), "symbol"), "dim")])

    def on_live_table_opened(self, message: LiveTable.Opened) -> None:
        if not self.too_soon:
            self.app.push_screen(SymbolDetail(message.key))

    def action_close(self) -> None:
        if not self.too_soon:
            self.dismiss(None)
