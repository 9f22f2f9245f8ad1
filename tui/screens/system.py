"""The System screen: senders, quarantine, feeds, latencies, ledger and rules."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial
from typing import Any

from textual.app import ComposeResult
from textual.containers import Container

from server.deck import Counters, Deck, DeckSnapshot, Page, PageQuery, SystemView
from tui.commands.registry import bindings
from tui.dialogs.receipt_detail import ReceiptDialog
from tui.interfaces import deck_ui, run_in_background
from tui.panes.engine import EnginePane, EngineView, FeedsPane, LedgerPane, RulesPane
from tui.panes.funnel import FunnelPane
from tui.panes.quarantine import BodyPane, BodyView, QuarantinePane
from tui.panes.risk import FullRiskPane
from tui.panes.senders import SendersPane
from tui.screens.base import SMALL_CLASS
from tui.screens.reports import ReportScreen
from tui.widgets.table import LiveTable

log = logging.getLogger("gatedeck.tui")

REFRESH = 5.0
"""Seconds between two readings while the screen is shown; none while it is not."""
_QUARANTINED = 100
_ENGINE, BOOK, _FUNNEL = "-engine", "-book", "-funnel"
"""Classes of a screen that shows engine, risk or funnel in place of the lists; a wide one shows risk and funnel."""
_VIEWS = {
    "": ("", BOOK),
    "-phone": ("", BOOK, _FUNNEL),
    SMALL_CLASS: ("", _ENGINE, BOOK, _FUNNEL),
}
"""Views by the kind of the screen, in the order of the key; the empty one has the lists."""


class SystemScreen(ReportScreen):
    scope = "system"
    BINDINGS = bindings("screen", "system")
    AUTO_FOCUS = "#quarantine"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (40, "-tall"), (50, "-high")]
    least_rows, least_rows_phone = 24, 20

    def compose_body(self) -> ComposeResult:
        with Container(id="machine"):
            yield EnginePane(id="engine")
            yield LedgerPane(id="ledger")
            yield FeedsPane(id="feeds")
            yield RulesPane(id="rules")
        with Container(id="book"):
            yield FullRiskPane(id="full-risk")
            yield FunnelPane(id="funnel")
        yield SendersPane(id="senders")
        with Container(id="refused"):
            yield QuarantinePane(id="quarantine")
            yield BodyPane(id="raw")

    def on_mount(self) -> None:
        self.set_interval(REFRESH, self._tick)

    def _tick(self) -> None:
        if self.is_current and not deck_ui(self).paused:
            self.read()

    def show_body(self, snapshot: DeckSnapshot) -> Iterator[None]:
        self.query_one(SendersPane).show(snapshot.sources, snapshot.refused, snapshot.phone, snapshot.at)
        yield
        self.query_one(FullRiskPane).show(snapshot.risk)
        yield

    async def fetch(self, deck: Deck) -> tuple[SystemView, Page]:
        system = await deck.system()
        query = PageQuery(what="receipts", limit=_QUARANTINED, filters={"status": "quarantined"})
        return system, await deck.page(query)

    def show_view(self, view: tuple[SystemView, Page] | str) -> None:
        latest = deck_ui(self).latest
        shown: EngineView | str
        if isinstance(view, str):
            shown = view
            self.query_one(QuarantinePane).show_problem(view)
        else:
            system, page = view
            self.query_one(SendersPane).credentials = system.credentials
            # The engine's own numbers are shown even if its snapshot fails; the alarm line says that it does.
            counters = latest.counters if latest is not None else Counters()
            clock_note = latest.clock_note if latest is not None else ""
            at = latest.at if latest is not None else None
            shown = EngineView(system=system, counters=counters, clock_note=clock_note, at=at)
            self.query_one(QuarantinePane).show(page.items, page.next_cursor is not None)
        for kind in (EnginePane, LedgerPane, FeedsPane, RulesPane, FunnelPane):
            self.query_one(kind).show(shown)

    def action_next_view(self) -> None:
        """Show risk and funnel, or the engine, on a screen too small for both; the smaller it is, the more views."""
        if self.query_one("#machine").display and self.query_one("#book").display:
            deck_ui(self).say("All panes are shown", "neutral")
            return
        views = _VIEWS[
            SMALL_CLASS if self.has_class(SMALL_CLASS) else "-phone" if self.has_class("-phone") else ""
        ]
        here = next((n for n, view in enumerate(views) if view and self.has_class(view)), 0)
        there = views[(here + 1) % len(views)]
        for view in (_ENGINE, BOOK, _FUNNEL):
            self.set_class(view == there, view)
        if not there:
            self.query_one(QuarantinePane).focus()

    # --- quarantine -------------------------------------------------------------------------------------

    def on_quarantine_pane_looked(self, message: QuarantinePane.Looked) -> None:
        body = self.query_one(BodyPane)
        body.show(BodyView(message.key, None))
        if message.key is not None:
            run_in_background(self, partial(self._look, message.key), exclusive=True, group="body")

    async def _look(self, key: str) -> None:
        found, problem = await self._receipt(key)
        self.query_one(BodyPane).show(BodyView(key, found, problem))

    async def _receipt(self, key: str) -> tuple[Any, str]:
        try:
            found = await deck_ui(self).deck.receipt(key)
        except Exception as error:  # show any error of the ledger on the screen; the deck keeps running
            log.exception("receipt %s could not be read", key)
            return None, f"could not be read: {error}"
        return found, "" if found is not None else "not in the ledger"

    def on_live_table_opened(self, message: LiveTable.Opened) -> None:
        shown = self.query_one(BodyPane).data
        if not isinstance(message.table, QuarantinePane) or not isinstance(shown, BodyView):
            return
        if shown.id == message.key and shown.receipt is not None:
            self.app.push_screen(ReceiptDialog(shown.receipt))
