"""The deck as a Textual app: it pulls snapshots, hands them to the screen, and sends what a person asks for."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic
from typing import Any
from uuid import uuid4

from tui import environment as environment  # isort: skip  (Textual reads the environment when imported)

from textual.app import App
from textual.reactive import var

from server.deck import Command, Deck, DeckSnapshot, EventLine, PositionRow
from tui import fmt
from tui.commands.palette import DeckCommands
from tui.dialogs.base import Dialog
from tui.dialogs.decision_detail import DecisionDialog
from tui.dialogs.exit_all import ExitAllDialog
from tui.dialogs.exit_position import ExitDialog
from tui.dialogs.position_detail import PositionDialog
from tui.panes.positions import PositionsPane
from tui.screens.base import DeckScreen
from tui.screens.history import HistoryScreen
from tui.screens.live import LiveScreen
from tui.themes import DEFAULTS, THEMES

log = logging.getLogger("gatedeck.tui")

_TOAST_SECONDS = 4.0
_TOAST_GAP = 2.0
"""Seconds between two toasts about events; what comes in between is counted on the next."""
_WATCH_SECONDS = 1.0
_SEVERITY = {"positive": "information", "neutral": "warning", "negative": "error"}


class DeckApp(App[str]):
    """Shows a ``Deck``; the result of a run is the word for why it was left."""

    CSS_PATH = "deck.tcss"
    TITLE = "gatedeck"
    MODES = {"live": LiveScreen, "history": HistoryScreen}
    DEFAULT_MODE = "live"
    COMMANDS = {DeckCommands}
    ALLOW_SELECT = False
    NOTIFICATION_TIMEOUT = _TOAST_SECONDS

    exiting: var[frozenset[str]] = var(frozenset())
    """Positions whose exit was asked for here and is not yet seen in a snapshot."""

    def __init__(
        self,
        deck: Deck,
        *,
        refresh_hz: float = 2.0,
        mouse: bool = True,
        low_bandwidth: bool = False,
        on_quit: Callable[[], None] | None = None,
    ) -> None:
        """``refresh_hz`` snapshots a second (at most 1 with ``low_bandwidth``, which also sends no toasts).

        ``on_quit`` is called once when the deck is left on purpose, not when it crashes.
        """
        super().__init__(driver_class=_driver_class())
        self.deck = deck
        self.mouse = mouse
        self.low_bandwidth = low_bandwidth
        self.refresh_hz = min(refresh_hz, 1.0) if low_bandwidth else refresh_hz
        self.latest: DeckSnapshot | None = None
        self._on_quit = on_quit
        self._alarms: dict[str, str] = {}
        self._unsaid: list[EventLine] = []
        self._said_at = float("-inf")
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = THEMES[0].name

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return DEFAULTS

    # --- snapshots --------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        self.set_interval(1 / self.refresh_hz, self.pull)
        self.run_worker(self._listen(), name="events", exit_on_error=False)
        if not self.is_headless and os.name == "posix":
            self.set_interval(_WATCH_SECONDS, self._watch_terminal)

    def pull(self) -> None:
        """Read a snapshot and show it; a dialog is shown it instead of the screen below."""
        try:
            snapshot = self.deck.snapshot()
            self._alarms.pop("snapshot", None)
        except Exception as error:
            # The engine's failure must be seen on the deck, not take the deck away.
            log.exception("the deck's snapshot failed")
            self._alarms["snapshot"] = f"the engine gives no snapshot: {error!r}"
            if self.latest is None:
                return
            snapshot = self.latest
        self.latest = snapshot
        self._forget_exited(snapshot)
        screen = self.screen
        if isinstance(screen, Dialog):
            if screen.is_mounted:
                screen.show(snapshot)
        elif isinstance(screen, DeckScreen) and screen.is_mounted:
            with self.batch_update():
                screen.show(snapshot, tuple(self._alarms.values()))
            self._say_events()

    def _forget_exited(self, snapshot: DeckSnapshot) -> None:
        self.exiting &= frozenset(row.id for row in snapshot.positions)

    # --- events -----------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        try:
            async for event in self.deck.changes():
                self._unsaid.append(event)
                self._say_events()
        except Exception:
            log.exception("the stream of events failed")
            self._alarms["events"] = "events are not arriving: toasts are off"

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

    def say(self, text: str, tone: str = "positive") -> None:
        """A toast; never markup, never a control character."""
        self.notify(fmt.safe(text), severity=_SEVERITY[tone], markup=False)  # type: ignore[arg-type]

    # --- what a person asks for -------------------------------------------------------------------------

    def ask_exit(self) -> None:
        """Open the dialog for the position under the cursor as it is painted now."""
        if not isinstance(self.screen, LiveScreen):
            return
        table = self.screen.query_one(PositionsPane)
        row = table.selected
        if row is None:
            self.say("No open position to exit", "neutral")
        elif not table.has_focus:
            table.focus()
            self.say(f"The cursor is on {row.contract}: x again to exit it", "neutral")
        elif row.id in self.exiting or row.state != "OPEN":
            self.say(f"{row.contract} is already leaving", "neutral")
        elif table.cursor_moved_by_itself:
            self.say(f"The cursor has just moved to {row.contract}: x again to exit it", "neutral")
        else:
            self.push_screen(ExitDialog(row), partial(self._exit_answered, row))

    def _exit_answered(self, row: PositionRow, confirmed: bool | None) -> None:
        if not confirmed:
            return
        command = Command(
            id=str(uuid4()), name="exit", position_id=row.id, contracts=row.remaining, expected=row.remaining
        )
        self._send(command, frozenset({row.id}), f"Exiting {row.contract}")

    def ask_exit_all(self) -> None:
        rows = tuple(row for row in self.latest.positions if row.state == "OPEN") if self.latest else ()
        if not rows:
            self.say("No open position to exit", "neutral")
            return
        self.push_screen(ExitAllDialog(rows), partial(self._exit_all_answered, rows))

    def _exit_all_answered(self, rows: tuple[PositionRow, ...], confirmed: bool | None) -> None:
        if not confirmed:
            return
        command = Command(id=str(uuid4()), name="exit_all", expected=len(rows))
        self._send(command, frozenset(row.id for row in rows), f"Exiting {fmt.plural(len(rows), 'position')}")

    def _send(self, command: Command, positions: frozenset[str], words: str) -> None:
        self.exiting |= positions
        self.run_worker(self._command(command, positions, words), name=command.id, exit_on_error=False)
        self.pull()

    async def _command(self, command: Command, positions: frozenset[str], words: str) -> None:
        try:
            result = await self.deck.command(command)
        except Exception as error:
            # Whether it went through is not known: the row stays EXITING only if the engine says so.
            log.exception("command %s failed", command.name)
            self.exiting -= positions
            self.say(f"{words}: not known whether it went through ({error!r})", "negative")
        else:
            if not result.ok:
                self.exiting -= positions
            text = result.text or result.code
            self.say(text if result.ok else f"{words}: {text}", "positive" if result.ok else "negative")
        self.pull()

    def open_position(self, row: PositionRow | None) -> None:
        if row is not None:
            self.push_screen(PositionDialog(row))

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

    def next_theme(self) -> None:
        names = [theme.name for theme in THEMES]
        here = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(here + 1) % len(names)]

    # --- leaving ----------------------------------------------------------------------------------------

    async def action_quit(self) -> None:
        self.leave("quit")

    def leave(self, why: str) -> None:
        """End the deck cleanly: quit, the name of a signal, or terminal closed."""
        tell, self._on_quit = self._on_quit, None
        if tell is not None:
            tell()
        self.exit(why)

    def _watch_terminal(self) -> None:
        from tui.driver import terminal_is_gone

        stdin = sys.__stdin__
        if stdin is not None and terminal_is_gone(stdin.fileno()):
            self.leave("terminal closed")


@dataclass(frozen=True, slots=True)
class DeckExit:
    """Why a deck ended: ``reason`` is quit, a signal's name, terminal closed, or None after a crash.

    True like a process's code: when it crashed, so that a caller may start it again.
    """

    reason: str | None
    return_code: int
    error: BaseException | None = None

    @property
    def crashed(self) -> bool:
        return self.reason is None

    @property
    def terminal_went_away(self) -> bool:
        return self.reason in ("SIGHUP", "terminal closed")

    def __bool__(self) -> bool:
        return self.crashed


async def run_deck(app: DeckApp) -> DeckExit:
    """Run the deck in the running loop until it is left; never raises what went wrong in it.

    Signals end it cleanly, and the loop's task factory is put back, so that the engine's tasks start as
    they would without a screen.
    """
    from tui.driver import install_signals

    loop = asyncio.get_running_loop()
    factory = loop.get_task_factory()
    restore = install_signals(app.leave)
    # Textual sets its own factory when it starts; ours is back before its first turn of the loop is over.
    loop.call_soon(loop.set_task_factory, factory)
    ended = DeckExit(None, 1)
    try:
        reason = await app.run_async(mouse=app.mouse)
        ended = DeckExit(reason, app.return_code or 0, getattr(app, "_exception", None))
    except Exception as error:
        log.exception("the deck crashed")
        ended = replace(ended, error=error)
    finally:
        restore()
        loop.set_task_factory(factory)
    if ended.crashed:
        log.error("the deck ended with code %s: %r", ended.return_code, ended.error)
    return ended


def _driver_class() -> Any:
    """The driver that drops frames; Textual's own where there is no such terminal."""
    if os.name != "posix":
        return None
    from tui.driver import QuietDriver

    return QuietDriver
