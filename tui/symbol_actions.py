"""Opening a symbol from any row, and the watchlist."""

from __future__ import annotations

from typing import Any

from textual.app import App

from tui.dialogs.symbol_detail import SymbolDetail
from tui.dialogs.watchlist import WatchlistDialog
from tui.documents.symbol import symbol_of
from tui.interfaces import deck_ui
from tui.widgets.table import LiveTable


class SymbolActions:
    """Opens the view of a symbol, or the list of all of them."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._ui = deck_ui(app)

    def show_symbol(self) -> None:
        """Open the symbol of the selected row, else of the decision on the card; without both, the watchlist."""
        focused = self._app.focused
        row = focused.current_row if isinstance(focused, LiveTable) else None
        latest = self._ui.latest
        symbol = symbol_of(row.of if row else None) or symbol_of(latest.decision if latest else None)
        if symbol is None:
            self.show_watchlist()
        else:
            self._app.push_screen(SymbolDetail(symbol))

    def show_watchlist(self) -> None:
        """Open the list of all symbols heard or fed."""
        self._app.push_screen(WatchlistDialog())
