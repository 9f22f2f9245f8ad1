"""What the screens of reports share: they are read when shown and after each exit, never on a timer of paints."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from time import monotonic
from typing import TYPE_CHECKING, Any

from server.deck import DeckSnapshot
from tui.screens.base import DeckScreen

if TYPE_CHECKING:
    from tui.app import DeckApp

log = logging.getLogger("gatedeck.tui")

READ_GAP = 5.0
"""Seconds between two readings that nobody asked for."""


class ReportScreen(DeckScreen):
    """Reads its view in a worker; what is on the screen stays until the next has come."""

    def __init__(self) -> None:
        super().__init__()
        self._trades_seen: int | None = None
        self._read_at = float("-inf")

    async def fetch(self, app: DeckApp) -> Any:
        """The view, from the deck."""
        raise LookupError("a screen of reports says what it reads")

    def got(self, view: Any) -> None:
        """Give every pane its part; a sentence in place of the view is why there is none."""

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        if self._due():
            self.read()

    def show_body(self, snapshot: DeckSnapshot) -> Iterator[None]:
        if snapshot.pnl.closed != self._trades_seen and self._due():
            self.read()
        yield

    def _due(self) -> bool:
        return monotonic() - self._read_at >= READ_GAP

    def read(self) -> None:
        """Read the view again; a reading under way is given up."""
        latest = self.app.latest  # type: ignore[attr-defined]
        self._trades_seen = latest.pnl.closed if latest is not None else None
        self._read_at = monotonic()
        # The function rather than its coroutine: one that is replaced before it began leaves nothing behind.
        self.run_worker(self._load, exclusive=True, exit_on_error=False, group="report")  # type: ignore[arg-type]

    async def _load(self) -> None:
        app: DeckApp = self.app  # type: ignore[assignment]
        try:
            view = await self.fetch(app)
        except Exception as error:  # whatever the ledger says, the deck stays up and says it
            log.exception("%s could not be read", type(self).__name__)
            view = f"could not be read: {error}"
        if self.is_mounted:
            with self.app.batch_update():
                self.got(view)
