"""Keeps a screen before a person for as long as there is one: a crash brings it back, never takes the engine.

The engine, its listener and its ledger run in the same loop and know nothing of this.
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
from typing import Any

from server.deck import Deck

log = logging.getLogger("gatedeck.screen")

RESTARTS = 3
"""Crashes in a row after which no screen is tried again."""
HEALTHY_SECONDS = 60.0
"""A screen that stood this long starts the count of crashes anew."""
REST_SECONDS = 0.3
THEMES = ("dark", "light", "high-contrast", "colour-blind", "ansi")
"""The names of the themes, known without loading a screen."""


@dataclass(frozen=True, slots=True)
class Display:
    """How the deck is to be shown; ``theme`` None is the one chosen before."""

    refresh_hz: float = 2.0
    mouse: bool = True
    low_bandwidth: bool = False
    theme: str | None = None
    settings_path: Path | None = None
    keep_settings: bool = True
    keys_path: Path | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """Why there is no screen any more: ``reason`` as of a deck's exit, None when it only crashed."""

    reason: str | None

    @property
    def gave_up(self) -> bool:
        return self.reason is None

    @property
    def terminal_went_away(self) -> bool:
        return self.reason in ("SIGHUP", "terminal closed")


async def show(deck: Deck, display: Display) -> Shown:
    """Show the deck until it is left; one that crashes is shown again, ``RESTARTS`` times in a row."""
    # Once the deck no longer handles it, a hang-up that comes again must not end us in mid-close.
    with_hangup(signal.SIG_IGN)
    crashes = 0
    while True:
        began = monotonic()
        reason, error = await _once(deck, display)
        if reason is not None:
            return Shown(reason)
        crashes = 1 if monotonic() - began > HEALTHY_SECONDS else crashes + 1
        log.error("the screen crashed (%s of %s): %r", crashes, RESTARTS, error)
        if crashes >= RESTARTS:
            return Shown(None)
        await asyncio.sleep(REST_SECONDS)


async def _once(deck: Deck, display: Display) -> tuple[str | None, BaseException | None]:
    """One life of the screen; what goes wrong before it stands counts as its crash."""
    try:
        from tui.app import DeckApp, run_deck
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
        ended = await run_deck(app)
    except Exception as error:
        log.exception("the screen could not be shown")
        return None, error
    return ended.reason, ended.error


def with_hangup(handler: Any) -> None:
    """Give SIGHUP a handler where the system has one."""
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, handler)


async def until_told(*, hangup: bool = True) -> None:
    """Wait for SIGTERM, SIGINT or, with ``hangup``, SIGHUP."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in ("SIGTERM", "SIGINT", *(("SIGHUP",) if hangup else ())):
        number = getattr(signal, name)
        if name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN:
            continue  # nohup asked for that
        loop.add_signal_handler(number, told.set)
    await told.wait()


def tell(text: str) -> None:
    """A line on standard error, if there is still someone to read it."""
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        log.warning("not shown: %s", text)


def report_failures(alarm: Callable[[str], None]) -> None:
    """Have what nobody waited for logged and stand on the deck: under a screen it would vanish."""

    def handler(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        log.error("%s", context.get("message"), exc_info=error)
        if error is not None:
            alarm(f"something failed, see the log: {error!r}")

    asyncio.get_running_loop().set_exception_handler(handler)
