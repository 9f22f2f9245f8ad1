"""The deck as a Textual app: it pulls snapshots, hands them to the screen, and sends what a person asks for."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from time import monotonic
from typing import Any

from textual import events
from textual.app import App

from core.model import Tone
from server.deck import Deck, DeckSnapshot, EventLine, PositionRow
from tui import fmt
from tui.appearance import Appearance
from tui.commands.keymap import NO_KEYS, KeyMap
from tui.dialogs.base import Dialog
from tui.dialogs.decision_detail import DecisionDialog
from tui.dialogs.notices import NoticesDialog
from tui.dialogs.position_detail import PositionDialog
from tui.notices import SILENT, TOAST, NoticeSettings, Notifier
from tui.palette import DeckCommands
from tui.panes.positions import PositionsPane
from tui.position_actions import PositionActions
from tui.screens.base import DeckScreen
from tui.screens.history import HistoryScreen
from tui.screens.learning import LearningScreen
from tui.screens.live import LiveScreen
from tui.screens.performance import PerformanceScreen
from tui.screens.system import SystemScreen
from tui.settings import SettingsStore
from tui.textual_patches.ansi_output import CroppedOutput
from tui.textual_patches.app_internals import write_to_terminal
from tui.textual_patches.style_cache_leak import patch_style_cache
from tui.textual_patches.stylesheet_cache import CachedStylesheet, DialogStylesFirst
from tui.themes import DEFAULTS

log = logging.getLogger("gatedeck.tui")
patch_style_cache()

_TOAST_SECONDS = 4.0
_TOAST_CELLS = 160
"""Longer texts are cut: a toast must not hide the screen."""
_TOAST_GAP = 2.0
"""Seconds between two toasts about events; what comes in between is counted on the next."""
_WATCH_SECONDS = 1.0
_NOTICES = "notices"
_SHOWN = object()
_SEVERITY = {"positive": "information", "neutral": "warning", "negative": "error"}


class DeckApp(PositionActions, Appearance, CroppedOutput, DialogStylesFirst, App[str]):
    """Shows a ``Deck``; the result of a run is the word for why it was left."""

    CSS_PATH = "deck.tcss"
    TITLE = "gatedeck"
    MODES = {
        "live": LiveScreen,
        "history": HistoryScreen,
        "performance": PerformanceScreen,
        "learning": LearningScreen,
        "system": SystemScreen,
    }
    DEFAULT_MODE = "live"
    COMMANDS = {DeckCommands}
    ALLOW_SELECT = False
    NOTIFICATION_TIMEOUT = _TOAST_SECONDS

    def __init__(
        self,
        deck: Deck,
        *,
        refresh_hz: float = 2.0,
        mouse: bool = True,
        low_bandwidth: bool = False,
        on_quit: Callable[[], None] | None = None,
        settings: SettingsStore | None = None,
        keymap: KeyMap = NO_KEYS,
    ) -> None:
        """``refresh_hz`` snapshots a second (at most 1 with ``low_bandwidth``: 16 colours and no toasts).

        ``on_quit`` is called once when the deck is left on purpose, not when it crashes. ``settings`` are
        what a person chose before, ``keymap`` their own keys.
        """
        super().__init__(driver_class=_driver_class())
        self.deck = deck
        self.mouse = mouse
        self.low_bandwidth = low_bandwidth
        self.refresh_hz = min(refresh_hz, 1.0) if low_bandwidth else refresh_hz
        self.latest: DeckSnapshot | None = None
        self._on_quit = on_quit
        self._alarms: dict[str, str] = {}
        self._alarms_heard: frozenset[str] = frozenset()
        self._unsaid: list[EventLine] = []
        self._said_at = float("-inf")
        self.set_up_appearance(settings, keymap, low_bandwidth=low_bandwidth)
        self.stylesheet = CachedStylesheet(variables=self.get_css_variables())
        self.set_up_position_actions()
        kept = self.settings.get(_NOTICES, {})
        # In a demo something happens all the time: it shows, and does not ring.
        usual = NoticeSettings() if self.settings.keeps else SILENT
        self.notifier = Notifier(self._tell_terminal, NoticeSettings.from_dict(kept) if kept else usual)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return DEFAULTS

    # --- snapshots --------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        self.set_interval(1 / self.refresh_hz, self.pull_in_turns)
        self.run_worker(self._listen(), name="events", exit_on_error=False)
        self.tell_problems()
        self.notifier.show_title()
        if not self.is_headless and os.name == "posix":
            self.set_interval(_WATCH_SECONDS, self._watch_terminal)

    def pull(self) -> None:
        """Read a snapshot and show it; a dialog is shown it instead of the screen below."""
        if self._read():
            self._show()

    async def pull_in_turns(self) -> None:
        """The same in several turns of the loop: no webhook waits for more than the slowest pane."""
        if not self._read():
            return
        snapshot = self.latest
        with closing(self._show_in_parts()) as parts:
            while True:
                await asyncio.sleep(0)
                if not self.is_running or self.latest is not snapshot:
                    return  # the deck was left, or a newer one was shown meanwhile
                if next(parts, _SHOWN) is _SHOWN:
                    return

    def _read(self) -> bool:
        """Take the engine's snapshot as the latest; False when there never was one."""
        try:
            snapshot = self.deck.snapshot()
            self._alarms.pop("snapshot", None)
        except Exception as error:
            # The engine's failure must be seen on the deck, not take the deck away.
            log.exception("the deck's snapshot failed")
            self._alarms["snapshot"] = f"the engine gives no snapshot: {error!r}"
            if self.latest is None:
                return False
            snapshot = self.latest
        self.latest = snapshot
        return True

    def _show(self) -> None:
        for _ in self._show_in_parts():
            pass

    def _show_in_parts(self) -> Iterator[None]:
        snapshot = self.latest
        assert snapshot is not None
        self.forget_exited(snapshot)
        self._hear_alarms(snapshot)
        self.notifier.flush()
        screen = self.screen
        if isinstance(screen, Dialog):
            if screen.is_mounted:
                screen.show(snapshot)
        elif isinstance(screen, DeckScreen) and screen.is_mounted:
            for _ in screen.show(snapshot, tuple(self._alarms.values())):
                yield
                if self.screen is not screen or not screen.is_mounted:
                    return
            self._say_events()

    # --- events -----------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        try:
            async for event in self.deck.changes():
                if not self.is_echo(event):
                    self.hear(event)
        except Exception:
            log.exception("the stream of events failed")
            self._alarms["events"] = "events are not arriving: toasts are off"

    def hear(self, event: EventLine) -> None:
        """Tell of an event in the ways that are switched on for its kind."""
        self.notifier.hear(event)
        if self.notifier.settings.wants(event.kind, TOAST):
            self._unsaid.append(event)
            self._say_events()

    def _hear_alarms(self, snapshot: DeckSnapshot) -> None:
        """An alarm that was not there before is told of like an event."""
        for text in snapshot.alarms:
            if text not in self._alarms_heard:
                self.hear(EventLine(at=snapshot.at, kind="feed", text=text, tone=Tone.NEGATIVE))
        self._alarms_heard = frozenset(snapshot.alarms)

    def _say_events(self) -> None:
        """Toast what is urgent, at most one each two seconds, and never over a dialog."""
        if not self._unsaid or self.low_bandwidth:
            self._unsaid.clear()
            return
        if monotonic() - self._said_at < _TOAST_GAP or not isinstance(self.screen, DeckScreen):
            return
        event, more = self._unsaid[-1], len(self._unsaid) - 1
        self._unsaid.clear()
        self._said_at = monotonic()
        self.clear_notifications()
        self.say(event.text + (f"  (and {more} more)" if more else ""), event.tone)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key):
            self.notifier.seen()
        await super().on_event(event)

    def _tell_terminal(self, command: str) -> None:
        write_to_terminal(self, command)

    def ask_notices(self) -> None:
        self.push_screen(NoticesDialog(self.notifier.settings))

    def set_notices(self, notices: NoticeSettings) -> None:
        """What a person is told of from now on, remembered."""
        self.notifier.settings = notices
        self.notifier.show_title()
        self.settings.set(_NOTICES, notices.as_dict())

    def say(self, text: str, tone: str = "positive") -> None:
        """A toast; never markup, never a control character."""
        self.notify(fmt.clip(text, _TOAST_CELLS), severity=_SEVERITY[tone], markup=False)  # type: ignore[arg-type]

    # --- what a person looks at ------------------------------------------------------------------------

    def open_position(self, row: PositionRow | None) -> None:
        if row is not None:
            self.push_screen(PositionDialog(row))

    def open_position_id(self, position_id: str) -> None:
        """Open a position in full, open or closed, by its id."""
        self.run_worker(
            self._fetch_position(position_id), exit_on_error=False, group="detail", exclusive=True
        )

    async def _fetch_position(self, position_id: str) -> None:
        try:
            found = await self.deck.position(position_id)
        except Exception as error:
            log.exception("position %s could not be read", position_id)
            self.say(f"The position could not be read: {error!r}", "negative")
            return
        if found is None:
            self.say("This position is not in the ledger yet", "neutral")
        else:
            self.push_screen(PositionDialog(found.row, found))

    def sort_positions(self) -> None:
        """Put the positions in the next order; behind a dialog they stay as they are."""
        if isinstance(self.screen, LiveScreen):
            self.screen.query_one(PositionsPane).next_order()

    def open_decision(self, decision_id: str | None = None) -> None:
        """Open a decision in full; without an id, the one on the card."""
        shown = self.latest.decision if self.latest else None
        if decision_id is None or (shown is not None and shown.id == decision_id):
            if shown is None:
                self.say("No decision yet", "neutral")
            else:
                self.push_screen(DecisionDialog(shown))
            return
        self.run_worker(
            self._fetch_decision(decision_id), exit_on_error=False, group="detail", exclusive=True
        )

    async def _fetch_decision(self, decision_id: str) -> None:
        try:
            record = await self.deck.decision(decision_id)
        except Exception as error:
            log.exception("decision %s could not be read", decision_id)
            self.say(f"The decision could not be read: {error!r}", "negative")
            return
        if record is None:
            self.say("This decision is not in the ledger yet", "neutral")
        elif isinstance(self.screen, DeckScreen):
            self.push_screen(DecisionDialog(record))

    def switch_to(self, mode: str) -> None:
        if self.current_mode != mode:
            self.switch_mode(mode)

    # --- leaving ----------------------------------------------------------------------------------------

    async def action_quit(self) -> None:
        self.leave("quit")

    def leave(self, why: str) -> None:
        """End the deck cleanly: quit, the name of a signal, or terminal closed."""
        self.notifier.leave()
        tell, self._on_quit = self._on_quit, None
        if tell is not None:
            tell()
        self.exit(why)

    def _watch_terminal(self) -> None:
        from tui.textual_patches.terminal_driver import terminal_is_gone

        stdin = sys.__stdin__
        if stdin is not None and terminal_is_gone(stdin.fileno()):
            self.leave("terminal closed")


def _driver_class() -> Any:
    """The driver that drops frames; Textual's own where there is no such terminal."""
    if os.name != "posix":
        return None
    from tui.textual_patches.terminal_driver import NonBlockingDriver

    return NonBlockingDriver
