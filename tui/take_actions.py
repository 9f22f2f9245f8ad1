"""Taking a trade against a WAIT or SKIP: the signal is looked up, asked about, and taken by one command."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from textual.app import App

from core.decision.deciding_reason import text_of
from core.model import DecisionRecord
from server.deck import Command
from tui import fmt
from tui.interfaces import deck_ui, run_in_background
from tui.widgets.table import LiveTable

log = logging.getLogger("gatedeck.tui")


NEVER_TAKEN = ("LATE", "NO_CONTRACT", "TIME_UNREADABLE", "TIMEFRAME_UNKNOWN", "TEST")
"""Codes of signals that nobody can take, however fresh they are."""
SHORTEST_LIFE = 15
"""Minutes for which a signal of a shorter timeframe, or of none, can be taken."""


def nothing_to_take(record: DecisionRecord | None, now: datetime | None) -> str:
    """Return why the signal of a decision cannot be taken, for a person who asked to take it."""
    if record is None:
        return "Nothing to take: this decision is not in the ledger"
    name = f"{record.symbol} {record.proposed_direction} of {fmt.moment(record.at)}"
    if record.position_id is not None:
        return f"Nothing to take: {name} is traded already"
    if record.code in NEVER_TAKEN:
        return f"Nothing to take: {name} was refused for good, {record.code}: {text_of(record) or 'no reason given'}"
    life = timedelta(minutes=max(record.timeframe or 0, SHORTEST_LIFE))
    if now is not None and now > record.at + life:
        return f"Nothing to take: the signal {name} ended {fmt.age((now - record.at - life).total_seconds())} ago"
    return f"Nothing to take: {name} was decided again since, or has ended; take its newest decision"


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
            record = None if offers else await self._ui.deck.decision(decision_id)
        except Exception as error:
            log.exception("the signal of decision %s could not be read", decision_id)
            self._ui.say(f"The signal could not be read: {error!r}", "negative")
            return
        if not offers:
            latest = self._ui.latest
            self._ui.say(nothing_to_take(record, None if latest is None else latest.at), "neutral")
            return
        dialog = TakeDialog(offers[0])

        def answered(confirmed: bool | None) -> None:
            if confirmed:
                offer = dialog.offer
                command = Command(id=str(uuid4()), name="take", argument=offer.id, note=dialog.note)
                self._ui.send(command, f"Taking {offer.direction} {offer.symbol}")

        self._app.push_screen(dialog, answered)
