"""Screen supervisor: run the deck's screen, and restart it when it crashes.

The engine, its listener and its ledger run in the same event loop. A crash of the screen does not stop them.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from server.deck import Deck
from server.private_files import make_private_file
from tui.exit_guard import guard_signal

if TYPE_CHECKING:
    from tui.app import DeckApp

log = logging.getLogger("gatedeck.screen")

RESTARTS = 3
"""Crashes in a row after which the screen is not restarted."""
HEALTHY_SECONDS = 60.0
"""A screen that ran this long sets the count of crashes back to zero."""
LEAVE_SECONDS = 1.5
"""Seconds that a screen has to end after a signal, and again after it was cancelled."""
CRASH_FILE = "screen-crash.txt"
_WATCH_SECONDS = 1.0
RESTART_DELAY = 0.3
"""Seconds between a crash and the restart."""
THEMES = ("dark", "light", "high-contrast", "colour-blind", "ansi")
"""Names of the themes, listed here so that the command line can check one without importing Textual."""


@dataclass(frozen=True, slots=True)
class Display:
    """Display options of the deck; ``theme`` None keeps the theme from the user's settings."""

    refresh_hz: float = 2.0
    mouse: bool = True
    low_bandwidth: bool = False
    theme: str | None = None
    settings_path: Path | None = None
    keep_settings: bool = True
    keys_path: Path | None = None
    ask_at_quit: bool = False
    can_leave_running: bool = False


@dataclass(frozen=True, slots=True)
class ScreenExit:
    """Result of a screen: ``reason`` is quit, LEAVE_RUNNING, a signal's name or terminal closed, None after a crash.

    ``error`` is the exception of a crash where there was one.
    """

    reason: str | None
    return_code: int = 0
    error: BaseException | None = None

    @property
    def crashed(self) -> bool:
        return self.reason is None

    @property
    def terminal_went_away(self) -> bool:
        return self.reason in ("SIGHUP", "terminal closed")


async def supervise_screen(deck: Deck, display: Display) -> ScreenExit:
    """Show the deck until the user leaves it, its terminal is gone, or it crashed ``RESTARTS`` times in a row.

    Returns the last exit; ``crashed`` means that the screen is not coming back. A crash is told on the next screen,
    of this process or of the next one.
    """
    # Ignore SIGHUP here: a second one during shutdown would kill the process.
    set_sighup_handler(signal.SIG_IGN)
    notes = CrashNotes(display.settings_path if display.keep_settings else None)
    crashes = 0
    while True:
        began = monotonic()
        ended = await _start_screen(deck, display, notes.take())
        if not ended.crashed:
            return ended
        crashes = 1 if monotonic() - began > HEALTHY_SECONDS else crashes + 1
        log.error("the screen crashed (%s of %s): %r", crashes, RESTARTS, ended.error)
        notes.add(ended.error)
        if terminal_went_away():
            return ScreenExit("terminal closed", ended.return_code, ended.error)
        if crashes >= RESTARTS:
            return ended
        await asyncio.sleep(RESTART_DELAY)


class CrashNotes:
    """A sentence about the last crash of a screen, kept in a file until a screen has shown it."""

    def __init__(self, settings_path: Path | None) -> None:
        """The file lies beside the deck's settings; without a path the sentence lives as long as the process."""
        self._path = None if settings_path is None else settings_path.with_name(CRASH_FILE)
        self._text = ""

    def add(self, error: BaseException | None) -> None:
        self._text = (
            f"the screen crashed at {datetime.now():%Y-%m-%d %H:%M:%S}: {error!r}; the log has the traceback"
        )
        if self._path is not None:
            with suppress(OSError):
                make_private_file(self._path)
                self._path.write_text(self._text + "\n", encoding="utf-8")

    def take(self) -> str:
        """Return the sentence, empty without a crash, and forget it."""
        text, self._text = self._text, ""
        if self._path is not None:
            with suppress(OSError, UnicodeDecodeError):
                text = text or self._path.read_text(encoding="utf-8").strip()
            with suppress(OSError):
                self._path.unlink()
        return text


async def _start_screen(deck: Deck, display: Display, crash: str) -> ScreenExit:
    """Build the app and run it once; an error while it starts counts as a crash."""
    try:
        from tui.app import DeckApp
        from tui.commands.keymap import NO_KEYS, load_keymap
        from tui.settings import SettingsStore

        settings = SettingsStore(display.settings_path, keep=display.keep_settings)
        if display.theme is not None:
            settings.set("theme", display.theme)
        app = DeckApp(
            deck,
            refresh_hz=display.refresh_hz,
            mouse=display.mouse,
            low_bandwidth=display.low_bandwidth,
            settings=settings,
            keymap=load_keymap(display.keys_path) if display.keys_path is not None else NO_KEYS,
            crash=crash,
            ask_at_quit=display.ask_at_quit,
            can_leave_running=display.can_leave_running,
        )
        return await run_screen(app)
    except Exception as error:
        log.exception("the screen could not be shown")
        return ScreenExit(None, 1, error)


async def run_screen(app: DeckApp) -> ScreenExit:
    """Run the app in the running event loop until it ends; an error inside it is returned, never raised.

    SIGTERM, SIGHUP and SIGINT end it cleanly, or after ``LEAVE_SECONDS`` without it. Textual replaces the loop's task
    factory when it starts; the former one is put back, so that the engine's tasks start as they do without a screen.
    """
    from tui.textual_patches.app_internals import exception_of
    from tui.textual_patches.terminal_driver import TerminalMode, install_signals

    loop = asyncio.get_running_loop()
    factory = loop.get_task_factory()
    terminal = TerminalMode(sys.__stdin__)
    reasons: list[str] = []
    overdue = asyncio.Event()

    def leave(reason: str) -> None:
        if not reasons:
            loop.call_later(LEAVE_SECONDS, overdue.set)
        reasons.append(reason)
        try:
            app.leave(reason)
        except Exception:
            log.exception("the screen cannot be left after %s", reason)

    restore = install_signals(leave)
    running = loop.create_task(app.run_async(mouse=app.mouse), name="screen")
    # Runs right after Textual has set its own factory, before any other callback of the loop.
    loop.call_soon(loop.set_task_factory, factory)
    late = loop.create_task(overdue.wait(), name="time to leave the screen")
    ended = ScreenExit(None, 1)
    try:
        await asyncio.wait({running, late}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            ended = ScreenExit(running.result(), app.return_code or 0, exception_of(app))
        else:
            log.error("the screen does not end after %s: going on without it", reasons[0])
            running.cancel()
            await asyncio.wait({running}, timeout=LEAVE_SECONDS)
            terminal.restore()
            ended = ScreenExit(reasons[0], 1)
    except Exception as error:
        log.exception("the deck crashed")
        terminal.restore()
        ended = ScreenExit(None, 1, error)
    finally:
        late.cancel()
        restore()
        loop.set_task_factory(factory)
    if ended.crashed:
        log.error("the deck ended with code %s: %r", ended.return_code, ended.error, exc_info=ended.error)
        if reasons:  # it crashed while it was leaving
            ended = ScreenExit(reasons[0], ended.return_code, ended.error)
    return ended


def terminal_went_away() -> bool:
    """Return whether standard input was a terminal and is none any more."""
    from tui.textual_patches.terminal_driver import terminal_is_gone

    return sys.__stdin__ is not None and terminal_is_gone(sys.__stdin__.fileno())


def set_sighup_handler(handler: Any) -> None:
    """Set the handler of SIGHUP; do nothing on a system without that signal."""
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, handler)


async def wait_for_signal(*, hangup: bool = True, terminal: bool = False) -> None:
    """Wait for SIGTERM, SIGINT or, with ``hangup``, SIGHUP; with ``terminal`` also for the end of the terminal."""
    received = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in ("SIGTERM", "SIGINT", *(("SIGHUP",) if hangup else ())):
        number = getattr(signal, name)
        if name == "SIGHUP" and not terminal and signal.getsignal(number) is signal.SIG_IGN:
            continue  # started under nohup
        loop.add_signal_handler(number, received.set)
        if name != "SIGHUP":
            guard_signal(number)
    while not received.is_set():
        if terminal and terminal_went_away():
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(received.wait(), _WATCH_SECONDS if terminal else None)


def print_error(text: str) -> None:
    """Print a line to standard error; log it instead when standard error is closed."""
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        log.warning("not shown: %s", text)


def report_failures(alarm: Callable[[str], None]) -> None:
    """Log unhandled task exceptions and show them as an alarm: behind a screen a traceback is not visible."""

    def handler(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        log.error("%s", context.get("message"), exc_info=error)
        if error is not None:
            alarm(f"something failed, see the log: {error!r}")

    asyncio.get_running_loop().set_exception_handler(handler)
