"""The deck as a Textual app: takes snapshots, hands them to the screen, and composes the parts of the deck.

The parts are PositionActions (exits, approvals, mode), CommandSender, Appearance and ClipboardActions. Screens and
dialogs see the app as ``tui.interfaces.DeckUi``.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import Any
from uuid import uuid4

import tui.textual_patches.environment  # noqa: F401  # isort: skip  (before Textual, which reads it once)

from textual import events
from textual.app import App, ScreenStackError
from textual.command import CommandPalette
from textual.notifications import SeverityLevel

from core.model import Tone
from server.deck import Command, Deck, DeckSnapshot, Notice, PositionRow
from tui import fmt
from tui.appearance import Appearance
from tui.charts import ChartWorker
from tui.clipboard import ClipboardActions
from tui.command_sender import CommandSender
from tui.commands.general import QUIT
from tui.commands.keymap import NO_KEYS, KeyMap
from tui.commands.registry import key_of
from tui.dialogs.base import Dialog
from tui.dialogs.decision_detail import DecisionDialog
from tui.dialogs.notices import NoticesDialog
from tui.dialogs.position_detail import PositionDialog
from tui.dialogs.quit import QuitDialog
from tui.engine_text import told
from tui.interfaces import NoteSubject, run_in_background
from tui.notices import SILENT, TOAST, NoticeSettings, Notifier
from tui.palette import DeckCommands
from tui.position_actions import PositionActions
from tui.screens.base import DeckScreen
from tui.screens.history import HistoryScreen
from tui.screens.learning import LearningScreen
from tui.screens.live import LiveScreen
from tui.screens.performance import PerformanceScreen
from tui.screens.system import SystemScreen
from tui.screens.trades import TradesScreen
from tui.settings import SettingsStore
from tui.symbol_actions import SymbolActions
from tui.take_actions import TakeActions
from tui.textual_patches.ansi_output import CroppedOutput
from tui.textual_patches.app_internals import write_to_terminal
from tui.textual_patches.style_cache_leak import patch_style_cache
from tui.textual_patches.stylesheet_cache import CachedStylesheet, DialogStylesFirst
from tui.textual_patches.unseen_commands import SeenCommandPalette
from tui.themes import DEFAULTS

log = logging.getLogger("gatedeck.tui")
patch_style_cache()

_TOAST_SECONDS = 4.0
_TOAST_FRAME, _TOAST_LEAST = 5, 10
"""Cells beside the text of a toast, and the fewest of its text; what is cut can be read among the events."""
_SAID = 50
"""Texts of toasts that are kept to be read."""
_TOAST_GAP = 2.0
"""Seconds between two toasts about events; the next toast counts the events in between."""
_WATCH_SECONDS = 1.0
_CRASH_SECONDS = 600.0
"""Seconds for which a screen shows that the one before crashed."""
_NOTICES = "notices"
_DONE = object()
_SEVERITY: dict[str, SeverityLevel] = {"positive": "information", "neutral": "warning", "negative": "error"}


class DeckApp(CroppedOutput, DialogStylesFirst, App[str]):
    """Shows a ``Deck``; ``run`` returns the reason it ended: quit, a signal's name, or terminal closed."""

    CSS_PATH = "deck.tcss"
    TITLE = "gatedeck"
    MODES = {
        "live": LiveScreen,
        "history": HistoryScreen,
        "performance": PerformanceScreen,
        "learning": LearningScreen,
        "system": SystemScreen,
        "trades": TradesScreen,
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
        crash: str = "",
        ask_at_quit: bool = False,
        can_leave_running: bool = False,
    ) -> None:
        """``refresh_hz`` snapshots a second (at most 1 with ``low_bandwidth``: 16 colours and no toasts).

        ``on_quit`` is called once when the deck is left on purpose, not when it crashes. ``settings`` are
        what a person chose before, ``keymap`` their own keys. ``crash`` tells of the crash of the screen before.
        With ``ask_at_quit`` the key that quits asks first while positions are open or trades wait, and offers to
        leave the engine running with ``can_leave_running``.
        """
        super().__init__(driver_class=_driver_class())
        self.deck = deck
        self.mouse = mouse
        self.low_bandwidth = low_bandwidth
        self.refresh_hz = min(refresh_hz, 1.0) if low_bandwidth else refresh_hz
        self.latest: DeckSnapshot | None = None
        self.charts = ChartWorker()
        self._on_quit = on_quit
        self._ask_at_quit = ask_at_quit
        self._can_leave_running = can_leave_running
        self._alarms: dict[str, str] = {"crash": crash} if crash else {}
        self._known_alarms: frozenset[str] = frozenset()
        self._toasts_due: list[Notice] = []
        self._said: list[Notice] = []
        self._last_toast = float("-inf")
        self.appearance = Appearance(self, settings, keymap, low_bandwidth=low_bandwidth)
        self.stylesheet = CachedStylesheet(variables=self.get_css_variables())
        # An action resumes a paused display, so that its result is visible.
        self.sender = CommandSender(self, on_send=self.appearance.resume, on_event=self.show_event)
        self.positions = PositionActions(self, self.sender)
        self.clipboard_actions = ClipboardActions(self)
        self.symbol_actions = SymbolActions(self)
        self.take_actions = TakeActions(self)
        saved: dict[str, Any] = self.appearance.settings.get(_NOTICES, {})
        # A demo has events all the time: no bell or desktop notification by default.
        default = NoticeSettings() if self.appearance.settings.keeps else SILENT
        self.notifier = Notifier(
            self._write_to_terminal, NoticeSettings.from_dict(saved) if saved else default
        )

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return DEFAULTS

    # --- snapshots --------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        self.set_interval(1 / self.refresh_hz, self.pull_in_turns)
        run_in_background(self, self._listen, name="events")
        self.appearance.report_problems()
        self.notifier.show_title()
        self.set_timer(_CRASH_SECONDS, partial(self._alarms.pop, "crash", None))
        if not self.is_headless and os.name == "posix":
            self.set_interval(_WATCH_SECONDS, self._watch_terminal)

    def pull(self) -> None:
        """Take a snapshot and show it on the screen, or on the dialog that covers the screen."""
        self._take_snapshot()
        for _ in self._show_in_parts():
            pass

    async def pull_in_turns(self) -> None:
        """Do the same in several turns of the event loop, so that a webhook waits for one pane at most."""
        self._take_snapshot()
        snapshot = self.latest
        parts = self._show_in_parts()
        with closing(parts):
            while True:
                await asyncio.sleep(0)
                if not self.is_running or self.latest is not snapshot:
                    return  # the deck ended, or a newer snapshot was shown meanwhile
                if next(parts, _DONE) is _DONE:
                    return

    def _take_snapshot(self) -> None:
        """Keep the engine's snapshot as the latest; on a failure keep the last one and raise an alarm."""
        try:
            self.latest = self.deck.snapshot()
            self._alarms.pop("snapshot", None)
            if fmt.use_day(self.latest.at):
                self.appearance.forget_painted()
        except Exception as error:
            # The engine's failure must be seen on the deck, not take the deck away.
            log.exception("the deck's snapshot failed")
            self._alarms["snapshot"] = f"the engine gives no snapshot: {error!r}"

    def _show_in_parts(self) -> Generator[None]:
        snapshot, screen = self.latest, self.screen
        lost = (snapshot.connection_note,) if snapshot is not None and snapshot.connection_note else ()
        alarms = (*lost, *self._alarms.values())
        if snapshot is None:
            if isinstance(screen, DeckScreen) and screen.is_mounted:
                screen.show_alarms(alarms)
            return
        self.sender.forget_exited(snapshot)
        self._report_new_alarms(snapshot)
        self.notifier.flush()
        if isinstance(screen, Dialog):
            if screen.is_mounted:
                screen.show_connection(snapshot.connection_note)
                screen.show(snapshot)
        elif isinstance(screen, DeckScreen) and screen.is_mounted:
            for _ in screen.show(snapshot, alarms):
                yield
                if self.screen is not screen or not screen.is_mounted:
                    return
            self._show_toast()

    # --- events -----------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        try:
            async for event in self.deck.changes():
                if not self.sender.is_echo(event):
                    self.show_event(event)
        except Exception:
            log.exception("the stream of events failed")
            self._alarms["events"] = "events are not arriving: toasts are off"

    def show_event(self, event: Notice) -> None:
        """Announce an event by the channels that are on for its kind."""
        self.notifier.announce(event)
        if self.notifier.settings.wants(event.kind, TOAST):
            self._toasts_due.append(event)
            self._show_toast()

    def _report_new_alarms(self, snapshot: DeckSnapshot) -> None:
        """Announce alarms of the engine that were not in the last snapshot, like events."""
        for text in snapshot.alarms:
            if text not in self._known_alarms:
                self.show_event(Notice(at=snapshot.at, kind="feed", text=text, tone=Tone.NEGATIVE))
        self._known_alarms = frozenset(snapshot.alarms)

    def _show_toast(self) -> None:
        """Show the newest event as a toast: at most one each two seconds, and none over a dialog."""
        if not self._toasts_due or self.low_bandwidth:
            self._toasts_due.clear()
            return
        if monotonic() - self._last_toast < _TOAST_GAP or not isinstance(self.screen, DeckScreen):
            return
        event, more = self._toasts_due[-1], len(self._toasts_due) - 1
        self._toasts_due.clear()
        self._last_toast = monotonic()
        self.clear_notifications()
        rest = f"  and {more} more ({key_of('ShowEvents')})" if more else ""
        if event.kind == "mode" and not more and self.deck.snapshot().mode_before is not None:
            rest = f"  {key_of('UndoMode')} undoes"
        self._toast(fmt.clip(told(event.text), self.size.width - _TOAST_FRAME - len(rest)) + rest, event.tone)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key):
            self.notifier.mark_seen()
        # A key or a size may arrive while the deck closes: there is no screen to take it any more.
        with suppress(ScreenStackError):
            await super().on_event(event)

    def _write_to_terminal(self, command: str) -> None:
        write_to_terminal(self, command)

    def set_notices(self, notices: NoticeSettings) -> None:
        """Put alert settings in force and save them."""
        self.notifier.settings = notices
        self.notifier.show_title()
        self.appearance.settings.set(_NOTICES, notices.as_dict())

    def say(self, text: str, tone: str = "positive") -> None:
        """Show a text on the row of the keys for four seconds; markup and control characters have no effect."""
        at = self.latest.at if self.latest is not None else datetime.now(UTC)
        self._said.append(Notice(at=at, kind="said", text=text, tone=Tone(tone)))
        del self._said[:-_SAID]
        self._toast(text, tone)

    def _toast(self, text: str, tone: str) -> None:
        shown = fmt.clip(text, max(_TOAST_LEAST, self.size.width - _TOAST_FRAME))
        self.notify(shown, severity=_SEVERITY[tone], markup=False)

    # --- what screens and dialogs ask for (DeckUi) --------------------------------------------------------

    @property
    def paused(self) -> bool:
        return self.appearance.paused_at is not None

    @property
    def risk_open(self) -> bool | None:
        return self.appearance.risk_open

    def keep_risk_open(self, is_open: bool) -> None:
        self.appearance.keep_risk_open(is_open)

    def chosen_columns(self, table: str) -> tuple[str, ...] | None:
        """Return the columns a person chose for a list; ``None`` while the standard ones are in force."""
        return self.appearance.chosen_columns(table)

    def paused_label(self, snapshot: DeckSnapshot) -> str:
        """Return the status line's text while the display is paused, else an empty string."""
        return self.appearance.paused_label(snapshot)

    def send(self, command: Command, description: str, on_answer: Callable[[], None] | None = None) -> None:
        """Send a command to the engine once and show its answer as a toast."""
        self.sender.send(command, description, on_answer=on_answer)

    def copy_value(self, value: object, *, json: bool) -> None:
        """Copy a position or a decision to the clipboard, as text or as JSON."""
        self.clipboard_actions.copy_value(value, json=json)

    def open_position(self, row: PositionRow) -> None:
        """Open the detail of a position on the screen."""
        self.push_screen(PositionDialog(row))

    def open_position_id(self, position_id: str) -> None:
        """Open the detail of a position, open or closed, read from the ledger."""
        work = partial(self._fetch_position, position_id)
        run_in_background(self, work, group="detail", exclusive=True)

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

    def open_decision(self, decision_id: str | None = None) -> None:
        """Open a decision; without an id, the one on the card."""
        shown = self.latest.decision if self.latest else None
        if decision_id is None or (shown is not None and shown.id == decision_id):
            if shown is None:
                self.say("No decision yet", "neutral")
            else:
                self.push_screen(DecisionDialog(shown))
            return
        work = partial(self._fetch_decision, decision_id)
        run_in_background(self, work, group="detail", exclusive=True)

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

    def take_decision(self, decision_id: str) -> None:
        """Ask whether to take the trade of a WAIT or SKIP."""
        self.take_actions.take(decision_id)

    def open_trades(self, filters: Mapping[str, str]) -> None:
        """Go to the Trades screen and show the trades that these filters select."""
        self.action_show_screen("trades")
        self.call_next(self._filter_trades, dict(filters))

    def _filter_trades(self, filters: Mapping[str, str]) -> None:
        if isinstance(self.screen, TradesScreen):
            self.screen.show_filters(filters)

    def add_note(self, about: NoteSubject, on_answer: Callable[[], None] | None = None) -> None:
        """Ask for a note on a trade or a day and send it."""
        # Imported on first use, so that the deck starts without it.
        from tui.dialogs.note import NoteDialog

        def typed(text: str | None) -> None:
            if text is None:
                return
            argument = text if about.day is None else f"{about.day} {text}"
            command = Command(id=str(uuid4()), name="note", position_id=about.position_id, argument=argument)
            self.send(command, f"Note on {about.title}", on_answer)

        self.push_screen(NoteDialog(about), typed)

    # --- actions of commands ----------------------------------------------------------------------------

    def action_show_screen(self, mode: str) -> None:
        if self.current_mode != mode:
            self.switch_mode(mode)

    def action_command_palette(self) -> None:
        if self.use_command_palette and not CommandPalette.is_open(self):
            self.push_screen(SeenCommandPalette(id="--command-palette"))

    def action_help_quit(self) -> None:
        """Name the key that quits: Ctrl+C does not, because it is pressed by reflex and would end the engine."""
        quits = f"{QUIT.key_name} quits" if QUIT.key_name else "the palette has Quit"
        first = "" if isinstance(self.screen, DeckScreen) else "Esc closes this, then "
        self.say(f"Ctrl+C does not quit: {first}{quits}", "neutral")

    def action_change_mode(self) -> None:
        self.positions.change_mode()

    def action_undo_mode(self) -> None:
        self.positions.undo_mode()

    def action_take_trade(self) -> None:
        self.take_actions.take_selected()

    def action_show_symbol(self) -> None:
        self.symbol_actions.show_symbol()

    def action_show_watchlist(self) -> None:
        self.symbol_actions.show_watchlist()

    def action_show_events(self) -> None:
        from tui.dialogs.events import EventsDialog

        told = self.latest.events if self.latest is not None else ()
        self.push_screen(EventsDialog((*told, *self._said)))

    def action_configure_alerts(self) -> None:
        self.push_screen(NoticesDialog(self.notifier.settings))

    def action_toggle_pause(self) -> None:
        self.appearance.toggle_pause()

    def action_copy(self, json: bool) -> None:
        self.clipboard_actions.copy_selected(json=json)

    def action_save_screenshot(self) -> None:
        self.appearance.save_screenshot()

    def action_next_theme(self) -> None:
        self.appearance.next_theme()

    def action_choose_columns(self) -> None:
        self.appearance.choose_columns()

    def action_toggle_compact(self) -> None:
        self.appearance.toggle_compact()

    def action_next_number_format(self) -> None:
        self.appearance.next_number_format()

    # --- leaving ----------------------------------------------------------------------------------------

    async def action_quit(self) -> None:
        now = self.latest
        if not self._ask_at_quit or now is None or not (now.positions or now.approvals):
            self.leave("quit")
            return

        def answered(reason: str | None) -> None:
            if reason:
                self.leave(reason)

        self.push_screen(QuitDialog(now, can_leave_running=self._can_leave_running), answered)

    def leave(self, reason: str) -> None:
        """End the deck cleanly; the reason is quit, leave running, the name of a signal, or terminal closed."""
        self.notifier.restore_title()
        on_quit, self._on_quit = self._on_quit, None
        if on_quit is not None:
            on_quit()
        self.exit(reason)

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
