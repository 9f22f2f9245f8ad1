"""The latest events, newest first."""

from __future__ import annotations

from server.deck import Notice
from tui import fmt
from tui.engine_text import told
from tui.widgets.line import TONE_MARK, TONE_ROLE, Line, clip_line, heading
from tui.widgets.line_widget import Pane


class EventsPane(Pane):
    data: tuple[Notice, ...] = ()

    def lines(self, width: int, height: int) -> list[Line]:
        out = [heading("Events", width)]
        if not self.data:
            return [*out, [(" nothing yet", "dim")]]
        newest = sorted(self.data, key=lambda event: event.at, reverse=True)
        return out + [event_line(event, width) for event in newest[: height - 1]]


def event_line(event: Notice, width: int) -> Line:
    role = TONE_ROLE[event.tone]
    text_role = "text" if role == "good" else role
    return clip_line(
        [
            (f" {fmt.moment(event.at)} ", "dim"),
            (f"{TONE_MARK[event.tone]} ", role),
            (told(event.text), text_role),
        ],
        width,
    )
