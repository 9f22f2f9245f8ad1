"""What every screen of the deck shares: status above, senders and keys below, and the commands' keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget

from server.deck import DeckSnapshot
from tui.commands.registry import BY_NAME, in_scope
from tui.panes.sources import SourcesPane, SourcesView, freshest
from tui.panes.status import AlarmPane, StatusPane, StatusView
from tui.textual_patches.single_layout import SingleLayout
from tui.widgets.keybar import KeyBar

if TYPE_CHECKING:
    from tui.app import DeckApp


class DeckScreen(SingleLayout, Screen[None]):
    """A screen shows a snapshot when it is given one; it keeps nothing of the engine between two."""

    scope: ClassVar[str] = ""
    _has_body = False
    HORIZONTAL_BREAKPOINTS = [(0, "-phone"), (76, "-narrow"), (108, "-normal"), (160, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall"), (50, "-high")]

    def compose(self) -> ComposeResult:
        yield StatusPane(id="status")
        yield AlarmPane(id="alarms")
        yield from self.compose_body()
        yield SourcesPane(id="sources")
        commands = [each for each in in_scope("screen", self.scope) if each.goes_to != self.scope]
        yield KeyBar(commands, id="keys")

    def compose_body(self) -> ComposeResult:
        yield Widget()

    def on_screen_resume(self) -> None:
        app: DeckApp = self.app  # type: ignore[assignment]
        app.pull()

    def action_command(self, name: str) -> None:
        app: DeckApp = self.app  # type: ignore[assignment]
        BY_NAME[name]().run(app)

    def show(self, snapshot: DeckSnapshot, alarms: tuple[str, ...]) -> Iterator[None]:
        """Give every pane its slice, one at each step; a pane whose slice did not change does nothing.

        While the display is paused only the lines around the body go on.
        """
        app: DeckApp = self.app  # type: ignore[assignment]
        self._show_frame(snapshot, alarms, app.paused_words(snapshot))
        if not (app.paused and self._has_body):
            self._has_body = True
            yield
            yield from self.show_body(snapshot)

    def _show_frame(self, snapshot: DeckSnapshot, alarms: tuple[str, ...], paused: str) -> None:
        self.query_one(StatusPane).show(
            StatusView(
                mode=snapshot.mode,
                exchange=snapshot.exchange,
                clock_note=snapshot.clock_note,
                market_note=snapshot.market_note,
                market_assumed=snapshot.market_assumed,
                paused=paused,
            )
        )
        self.query_one(AlarmPane).show(alarms + snapshot.alarms)
        rules = f"{snapshot.rules_name} {snapshot.rules_fingerprint[:6]}"
        self.query_one(SourcesPane).show(
            SourcesView(sources=freshest(snapshot.sources), rules=rules, listener=snapshot.listener)
        )

    def show_body(self, snapshot: DeckSnapshot) -> Iterator[None]:
        """The panes of this screen, one at each step."""
        yield from ()
