"""The dialog with one decision: its evidence, the trade that followed, and the receipt it came from."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from textual.binding import Binding

from core.model import DecisionRecord
from server.deck import WhyNoTrade
from tui.commands.positions import NOTE_POSITION, TAKE_TRADE
from tui.dialogs.base import Reading
from tui.documents.decision import decision_lines
from tui.documents.outcome import followed_lines, receipt_lines
from tui.interfaces import NoteSubject, deck_ui, run_in_background
from tui.widgets.document import Document
from tui.widgets.line import Line, heading

log = logging.getLogger("gatedeck.tui")

_TAKE = replace(TAKE_TRADE, action="take_trade").binding
"""The key of the screens below, for the decision that is shown."""


class DecisionDialog(Reading):
    """Shows a decision; its distance from a trade, outcome and receipt are read when the dialog opens."""

    BINDINGS = [Binding("o", "open_position", "its position"), NOTE_POSITION.binding, _TAKE]

    def __init__(self, record: DecisionRecord) -> None:
        super().__init__()
        self.record = record
        self.entry: Mapping[str, Any] | None = None
        self.receipt: Mapping[str, Any] | None = None
        self.why: WhyNoTrade | None = None
        self.reading = True

    @property
    def value(self) -> DecisionRecord:
        return self.record

    def on_mount(self) -> None:
        super().on_mount()
        run_in_background(self, self._read, exclusive=True, group="entry")

    async def _read(self) -> None:
        deck = deck_ui(self).deck
        try:
            self.why = await deck.why_no_trade(self.record.id)
            self.entry = await deck.entry(self.record.id)
            self.receipt = await deck.receipt(self.record.receipt_id)
        except Exception:
            log.exception("the ledger entry of decision %s could not be read", self.record.id)
        self.reading = False
        if self.is_mounted:
            self._fit()
            self.query_one(Document).repaint()

    @property
    def position_id(self) -> str | None:
        return self.record.position_id or (self.entry or {}).get("position_id")

    def action_open_position(self) -> None:
        if self.position_id is None:
            deck_ui(self).say("Nothing was bought on this decision", "neutral")
        elif not self.too_soon:
            deck_ui(self).open_position_id(self.position_id)

    def action_take_trade(self) -> None:
        if not self.too_soon:
            deck_ui(self).take_decision(self.record.id)

    def action_add_note(self) -> None:
        if self.position_id is None:
            deck_ui(self).say(
                "Nothing was bought on this decision: a note is about a trade or a day", "neutral"
            )
        elif not self.too_soon:
            name = self.record.contract.label if self.record.contract is not None else self.record.symbol
            deck_ui(self).add_note(NoteSubject(title=name, position_id=self.position_id))

    def write(self, width: int) -> list[Line]:
        return [*decision_lines(self.record, width, self.why), *self._from_ledger(width)]

    def _from_ledger(self, width: int) -> list[Line]:
        if self.reading:
            return [[], heading("What followed", width), [("  reading the ledger", "dim")]]
        out: list[Line] = []
        if self.entry is not None:
            out += [[], *followed_lines(self.entry, width)]
            if self.position_id is not None:
                key = NOTE_POSITION.key_name
                out.append(
                    [
                        ("  o", "key"),
                        (" opens the position with its path and attribution   ", "dim"),
                        (key, "key"),
                        (" notes it", "dim"),
                    ]
                )
        else:
            out += [[], heading("What followed", width), [("  not in the ledger yet", "dim")]]
        if self.receipt is not None:
            out += [[], *receipt_lines(self.receipt, width)]
        return out
