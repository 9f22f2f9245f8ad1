"""The System screen: is everything heard, stored and answered as it should be."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import Container

from server.deck import DeckSnapshot, Page, PageQuery, SystemView
from tui.commands.registry import bindings
from tui.dialogs.receipt_detail import ReceiptDialog
from tui.panes.engine import EnginePane, EngineView, FeedsPane, LedgerPane, RulesPane
from tui.panes.quarantine import BodyPane, BodyView, QuarantinePane
from tui.panes.senders import SendersPane
from tui.screens.reports import ReportScreen
from tui.widgets.table import LiveTable

if TYPE_CHECKING:
    from tui.app import DeckApp

log = logging.getLogger("gatedeck.tui")

REFRESH = 5.0
"""Seconds between two readings while the screen is shown; none while it is not."""
_QUARANTINED = 100


class SystemScreen(ReportScreen):
    scope = "system"
    BINDINGS = bindings("screen", "system")
    AUTO_FOCUS = "#quarantine"

    def compose_body(self) -> ComposeResult:
        with Container(id="machine"):
            yield EnginePane(id="engine")
            yield LedgerPane(id="ledger")
            yield FeedsPane(id="feeds")
            yield RulesPane(id="rules")
        yield SendersPane(id="senders")
        with Container(id="refused"):
            yield QuarantinePane(id="quarantine")
            yield BodyPane(id="raw")

    def on_mount(self) -> None:
        self.set_interval(REFRESH, self._tick)

    def _tick(self) -> None:
        app: DeckApp = self.app  # type: ignore[assignment]
        if self.is_current and not app.paused:
            self.read()

    def show_body(self, snapshot: DeckSnapshot) -> Iterator[None]:
        self.query_one(SendersPane).show(snapshot.sources, snapshot.at)
        yield

    async def fetch(self, app: DeckApp) -> tuple[SystemView, Page]:
        system = await app.deck.system()
        query = PageQuery(what="receipts", limit=_QUARANTINED, filters={"status": "quarantined"})
        return system, await app.deck.page(query)

    def got(self, view: tuple[SystemView, Page] | str) -> None:
        latest = self.app.latest  # type: ignore[attr-defined]
        shown: EngineView | str
        if isinstance(view, str):
            shown = view
            self.query_one(QuarantinePane).show_problem(view)
        else:
            system, page = view
            shown = EngineView(system=system, counters=latest.counters, clock_note=latest.clock_note)
            self.query_one(QuarantinePane).show(page.items, page.next_cursor is not None)
        for kind in (EnginePane, LedgerPane, FeedsPane, RulesPane):
            self.query_one(kind).show(shown)

    # --- what was not understood ------------------------------------------------------------------------

    def on_quarantine_pane_looked(self, message: QuarantinePane.Looked) -> None:
        body = self.query_one(BodyPane)
        body.show(BodyView(message.key, None))
        if message.key is not None:
            self.run_worker(self._look(message.key), exclusive=True, exit_on_error=False, group="body")

    async def _look(self, key: str) -> None:
        app: DeckApp = self.app  # type: ignore[assignment]
        found, problem = await self._receipt(app, key)
        self.query_one(BodyPane).show(BodyView(key, found, problem))

    async def _receipt(self, app: DeckApp, key: str) -> tuple[Any, str]:
        try:
            found = await app.deck.receipt(key)
        except Exception as error:  # whatever the ledger says, the deck stays up and says it
            log.exception("receipt %s could not be read", key)
            return None, f"could not be read: {error}"
        return found, "" if found is not None else "not in the ledger"

    def on_live_table_opened(self, message: LiveTable.Opened) -> None:
        shown = self.query_one(BodyPane).data
        if not isinstance(message.table, QuarantinePane) or not isinstance(shown, BodyView):
            return
        if shown.id == message.key and shown.receipt is not None:
            self.app.push_screen(ReceiptDialog(shown.receipt))
