"""Screen supervisor: run the deck's screen, and restart it when it crashes.

The engine, its listener and its ledger run in the same event loop. A crash of the screen does not stop them.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from server.deck import Deck

if TYPE_CHECKING:
    from tui.app import DeckApp

log = logging.getLogger("gatedeck.screen")

RESTARTS = 3
"""Crashes in a row after which the screen is not restarted."""
HEALTHY_SECONDS = 60.0
"""A screen that ran this long sets the count of crashes back to zero."""
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


@dataclass(frozen=True, slots=True)
class ScreenExit:
    """Result of a screen: ``reason`` is quit, a signal's name or terminal closed, and None after a crash.

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
    """Show the deck until the user leaves it or it crashed ``RESTARTS`` times in a row.

    Returns the last exit; ``crashed`` means that the screen is not coming back.
    """
    # Ignore SIGHUP here: a second one during shutdown would kill the process.
    set_sighup_handler(signal.SIG_IGN)
    crashes = 0
    while True:
        began = monotonic()
        ended = await _start_screen(deck, display)
        if not ended.crashed:
            return ended
        crashes = 1 if monotonic() - began > HEALTHY_SECONDS else crashes + 1
        log.error("the screen crashed (%s of %s): %r", crashes, RESTARTS, ended.error)
        if crashes >= RESTARTS:
            return ended
        await asyncio.sleep(RESTART_DELAY)


async def _start_screen(deck: Deck, display: Display) -> ScreenExit:
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
        )
        return await run_screen(app)
    except Exception as error:
        log.exception("the screen could not be shown")
        return ScreenExit(None, 1, error)


async def run_screen(app: DeckApp) -> ScreenExit:
    """Run the app in the running event loop until it ends; an error inside it is returned, never raised.

    SIGTERM, SIGHUP and SIGINT end it cleanly. Textual replaces the loop's task factory when it starts; the
    former one is put back, so that the engine's tasks start as they do without a screen.
    """
    from tui.textual_patches.app_internals import exception_of
    from tui.textual_patches.terminal_driver import install_signals

    loop = asyncio.get_running_loop()
    factory = loop.get_task_factory()
    restore = install_signals(app.leave)
    # Runs right after Textual has set its own factory, before any other callback of the loop.
    loop.call_soon(loop.set_task_factory, factory)
    ended = ScreenExit(None, 1)
    try:
        reason = await app.run_async(mouse=app.mouse)
        ended = ScreenExit(reason, app.return_code or 0, exception_of(app))
    except Exception as error:
        log.exception("the deck crashed")
        ended = ScreenExit(None, 1, error)
    finally:
        restore()
        loop.set_task_factory(factory)
    if ended.crashed:
        log.error("the deck ended with code %s: %r", ended.return_code, ended.error)
    return ended


def set_sighup_handler(handler: Any) -> None:
    """Set the handler of SIGHUP; do nothing on a system without that signal."""
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, handler)


async def wait_for_signal(*, hangup: bool = True) -> None:
    """Wait for SIGTERM, SIGINT or, with ``hangup``, SIGHUP."""
    received = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in ("SIGTERM", "SIGINT", *(("SIGHUP",) if hangup else ())):
        number = getattr(signal, name)
        if name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN:
            continue  # started under nohup
        loop.add_signal_handler(number, received.set)
    await received.wait()


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
