"""Taking a trade against a WAIT or SKIP: the signal is looked up, asked about, and taken by one command."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any
from uuid import uuid4

from textual.app import App

from server.deck import Command
from tui.interfaces import deck_ui, run_in_background
from tui.widgets.table import LiveTable

log = logging.getLogger("gatedeck.tui")


class TakeActions:
    """Opens the question about a decision of the screen, and sends the command when the user confirms."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._ui = deck_ui(app)

    def take_selected(self) -> None:
        """Ask about the selected decision; without a table of decisions in focus, about the one on the card."""
        focused, latest = self._app.focused, self._ui.latest
        if isinstance(focused, LiveTable) and focused.decisions:
            decision_id = focused.cursor
        else:
            decision_id = latest.decision.id if latest is not None and latest.decision is not None else None
        if decision_id is None:
            self._ui.say("No decision to take", "neutral")
        else:
            self.take(decision_id)

    def take(self, decision_id: str) -> None:
        """Ask about the signal of a decision."""
        run_in_background(self._app, partial(self._ask, decision_id), group="detail", exclusive=True)

    async def _ask(self, decision_id: str) -> None:
        # Imported on first use, so that the deck starts without it.
        from tui.dialogs.take import TakeDialog

        try:
            offers = await self._ui.deck.offers(decision_id)
        except Exception as error:
            log.exception("the signal of decision %s could not be read", decision_id)
            self._ui.say(f"The signal could not be read: {error!r}", "negative")
            return
        if not offers:
            self._ui.say("Nothing to take: its signal has ended, was traded, or is decided again", "neutral")
            return
        dialog = TakeDialog(offers[0])

        def answered(confirmed: bool | None) -> None:
            if confirmed:
                offer = dialog.offer
                command = Command(id=str(uuid4()), name="take", argument=offer.id, note=dialog.note)
                self._ui.send(command, f"Taking {offer.direction} {offer.symbol}")

        self._app.push_screen(dialog, answered)
