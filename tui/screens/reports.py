"""The base of Performance, Learning and System: read when shown, after each exit, and when rules change."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from time import monotonic
from typing import Any

from server.deck import Deck, DeckSnapshot, Notice
from tui.interfaces import deck_ui, run_in_background
from tui.screens.base import DeckScreen

log = logging.getLogger("gatedeck.tui")

_LESS = ("-one-less", "-two-less")
"""Classes of a screen with one or two lines of alarms, on which a pane gives as many rows."""
READ_GAP = 5.0
"""Least seconds between two automatic readings."""


Changed = tuple[int, int, Notice | None]


def _changed(snapshot: DeckSnapshot) -> Changed:
    """Return what is another after an exit of either side, and after rules or a challenger changed."""
    changed = next((event for event in snapshot.events if event.kind == "rules"), None)
    return snapshot.pnl.closed, snapshot.challenger_closed, changed


class ReportScreen(DeckScreen):
    """Reads its view in a worker; the screen keeps the last view until the new one has arrived."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: Changed | None = None
        self._read_at = float("-inf")

    async def fetch(self, deck: Deck) -> Any:
        """Return the view read from the deck; each screen overrides this."""
        raise LookupError("a report screen overrides fetch")

    def show_view(self, view: Any) -> None:
        """Give every pane its part of the view; a string in place of the view is the error to show."""

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        if self._due():
            self.read()

    def _show_frame(self, snapshot: DeckSnapshot, alarms: tuple[str, ...], paused: str) -> None:
        super()._show_frame(snapshot, alarms, paused)
        lines = int(bool(alarms or snapshot.alarms)) + int(bool(snapshot.stops))
        for n, less in enumerate(_LESS, start=1):
            self.set_class(lines == n, less)

    def show_body(self, snapshot: DeckSnapshot) -> Iterator[None]:
        if _changed(snapshot) != self._seen and self._due():
            self.read()
        yield

    def _due(self) -> bool:
        return monotonic() - self._read_at >= READ_GAP

    def action_read(self) -> None:
        self.read()

    def read_again(self) -> None:
        self.read()

    def read(self) -> None:
        """Read the view again; a reading in progress is cancelled."""
        latest = deck_ui(self).latest
        self._seen = _changed(latest) if latest is not None else None
        self._read_at = monotonic()
        run_in_background(self, self._load, exclusive=True, group="report")

    async def _load(self) -> None:
        try:
            view = await self.fetch(deck_ui(self).deck)
        except Exception as error:  # show any error of the ledger on the screen; the deck keeps running
            log.exception("%s could not be read", type(self).__name__)
            view = f"could not be read: {error}"
        if self.is_mounted:
            with self.app.batch_update():
                self.show_view(view)
