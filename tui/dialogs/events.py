"""All events that the deck keeps, and what it said itself, in full and newest first."""

from __future__ import annotations

from collections.abc import Sequence

from server.deck import Notice
from tui import fmt
from tui.dialogs.base import Reading
from tui.engine_text import told
from tui.widgets.line import TONE_MARK, TONE_ROLE, Line, heading, wrap_text


class EventsDialog(Reading):
    """The events; a line that the deck showed above its keys can be read in full here."""

    def __init__(self, events: Sequence[Notice]) -> None:
        super().__init__()
        self._events = sorted(events, key=lambda event: event.at, reverse=True)

    def write(self, width: int) -> list[Line]:
        out: list[Line] = [heading("Events", width, [(str(len(self._events)), "dim")])]
        if not self._events:
            return [*out, [(" nothing yet", "dim")]]
        for event in self._events:
            start = f"  {fmt.moment(event.at)} {TONE_MARK[event.tone]} "
            rows = wrap_text(told(event.text), "text", width - len(start) - 1)
            for n, row in enumerate(rows):
                role = TONE_ROLE[event.tone] if n == 0 else "text"
                out.append([(start if n == 0 else " " * len(start), role), *row])
        return out
