"""The base of every screen: status line, alarms, the body, senders and the key bar."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget

from server.deck import DeckSnapshot
from tui.commands.positions import UNDO_MODE
from tui.commands.registry import in_scope, key_of
from tui.dialogs.guide import GuideDialog
from tui.dialogs.help import HelpDialog
from tui.guide.pages import find_topic
from tui.interfaces import deck_ui
from tui.panes.sources import SourcesPane, SourcesView, freshest
from tui.panes.status import AlarmPane, StatusPane, StatusView, StopsPane
from tui.textual_patches.single_layout import SingleLayout
from tui.widgets.keybar import KeyBar
from tui.widgets.table import LiveTable

SMALL = 16
"""Rows of a terminal below which a screen shows only what is acted on."""
SMALL_CLASS = "-small"
_NARROW = 76
"""Columns of a terminal from which panes stand side by side."""


class DeckScreen(SingleLayout, Screen[None]):
    """Shows a snapshot when given one; keeps no state of the engine between two snapshots."""

    scope: ClassVar[str] = ""
    least_rows: ClassVar[int] = SMALL
    least_rows_phone: ClassVar[int] = SMALL
    """Rows of a terminal below which the screen shows only what is acted on; the second for a narrow one."""
    _has_body = False
    _was_lost = False
    HORIZONTAL_BREAKPOINTS = [(0, "-phone"), (_NARROW, "-narrow"), (108, "-normal"), (160, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall"), (50, "-high")]

    def compose(self) -> ComposeResult:
        yield StatusPane(id="status")
        yield AlarmPane(id="alarms")
        yield StopsPane(id="stops")
        yield from self.compose_body()
        yield SourcesPane(id="sources")
        commands = [each for each in in_scope("screen", self.scope) if each.goes_to != self.scope]
        yield KeyBar(commands, id="keys")

    def compose_body(self) -> ComposeResult:
        yield Widget()

    def on_resize(self) -> None:
        """Mark a screen with few rows, on which the style sheet leaves out what matters least."""
        least = self.least_rows_phone if self.size.width < _NARROW else self.least_rows
        self.set_class(self.size.height < least, SMALL_CLASS)

    def on_screen_resume(self) -> None:
        deck_ui(self).pull()

    def action_show_help(self) -> None:
        self.app.push_screen(HelpDialog(self.to_explain()))

    def to_explain(self) -> list[tuple[str, list[str]]]:
        """Return what the help explains before the keys: a title, and texts with codes of the glossary."""
        row = self.focused.current_row if isinstance(self.focused, LiveTable) else None
        return [] if row is None else [("On the selected row", [text for text, _ in row.cells])]

    def action_open_guide(self, name: str) -> None:
        topic = find_topic(name)
        if topic is not None:
            self.app.push_screen(GuideDialog(topic))

    def show(self, snapshot: DeckSnapshot, alarms: tuple[str, ...]) -> Iterator[None]:
        """Give every pane its part of the snapshot, one pane at each step of the iterator.

        A pane whose part did not change does nothing. While the display is paused the body keeps what it shows;
        status, alarms and senders go on.
        """
        ui = deck_ui(self)
        self._show_frame(snapshot, alarms, ui.paused_label(snapshot))
        lost = bool(snapshot.connection_note)
        if self._was_lost and not lost:
            self.read_again()
        self._was_lost = lost
        if not (ui.paused and self._has_body):
            self._has_body = True
            yield
            yield from self.show_body(snapshot)

    def read_again(self) -> None:
        """Read again what the screen shows of the ledger, after a time without the engine."""

    def show_alarms(self, alarms: tuple[str, ...]) -> None:
        """Show failures of the deck itself; used alone while the engine has given no snapshot."""
        self.query_one(AlarmPane).show(alarms)

    def _show_frame(self, snapshot: DeckSnapshot, alarms: tuple[str, ...], paused: str) -> None:
        self.query_one(StatusPane).show(
            StatusView(
                mode=snapshot.mode,
                mode_reason=snapshot.mode_reason,
                mode_end=snapshot.mode_end,
                exchange=snapshot.exchange,
                clock_note=snapshot.clock_note,
                market_note=snapshot.market_note,
                market_assumed=snapshot.market_assumed,
                paused=paused,
                undo="" if snapshot.mode_before is None else key_of(UNDO_MODE.name),
            )
        )
        self.show_alarms(alarms + snapshot.alarms)
        self.query_one(StopsPane).show(snapshot.stops)
        rules = f"{snapshot.rules_name} {snapshot.rules_fingerprint[:6]}"
        self.query_one(SourcesPane).show(
            SourcesView(sources=freshest(snapshot.sources), rules=rules, listener=snapshot.listener)
        )

    def show_body(self, snapshot: DeckSnapshot) -> Iterator[None]:
        """Show the panes between the status line and the senders, one at each step."""
        yield from ()
