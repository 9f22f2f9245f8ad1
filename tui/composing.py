"""Puts engine and screen together for ``run`` and ``demo``, and takes them apart again whatever ends them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from server.clock import Clock, OffsetClock, RealClock
from server.config import ConfigError, Settings, load_settings
from server.deck import Deck

log = logging.getLogger("gatedeck")

SCREEN_RESTARTS = 3


def run(flags: Mapping[str, Any], config: Path | None, *, mouse: bool, keep_running: bool) -> int:
    """The engine on the real clock (or ``--clock``), with the deck unless headless."""
    settings = load_settings(flags, config)
    _log_to(settings.state_dir / "gatedeck.log")
    rules_text = _rules_text(settings)
    return asyncio.run(_run(settings, rules_text, mouse=mouse, keep_running=keep_running))


def demo(
    flags: Mapping[str, Any],
    *,
    seed: int,
    speed: float,
    seconds: float | None,
    headless: bool,
    json: bool,
    mouse: bool,
) -> int:
    """The simulated market; a temporary ledger unless one is named."""
    with tempfile.TemporaryDirectory(prefix="gatedeck-demo-") as folder:
        home: dict[str, Any] = {"state_dir": Path(folder), "engine_id": "demo"}
        if flags.get("db") is None:
            home["db"] = str(Path(folder) / "demo.db")
        settings = load_settings({**flags, **home}, Path("/dev/null"))
        _log_to(Path(folder) / "gatedeck.log")
        return asyncio.run(
            _demo(
                settings,
                seed=seed,
                speed=speed,
                seconds=seconds,
                headless=headless,
                as_json=json,
                mouse=mouse,
            )
        )


async def _run(settings: Settings, rules_text: str, *, mouse: bool, keep_running: bool) -> int:
    from server.feeds.base import NoFeed
    from server.host import hosting

    clock: Clock = RealClock() if settings.clock is None else OffsetClock(settings.clock)
    async with hosting(settings, clock, NoFeed(), rules_text, ticking=True) as host:
        if settings.headless:
            print(f"gatedeck listens on {host.http.url}", flush=True)
            await _until_told()
            return 0
        went_away = await _show(host.deck, settings, mouse=mouse)
        if went_away and keep_running:
            log.warning("the terminal went away; the engine goes on")
            await _until_told()
        return 0


async def _demo(
    settings: Settings,
    *,
    seed: int,
    speed: float,
    seconds: float | None,
    headless: bool,
    as_json: bool,
    mouse: bool,
) -> int:
    from server.demo.drive import virtual_end
    from server.demo.session import demo_session
    from server.demo.summary import summary

    if headless and seconds is None:
        raise ConfigError("seconds: a headless demo needs an end; give --seconds")
    async with demo_session(settings, seed=seed, speed=speed) as running:
        until = None if seconds is None else virtual_end(running.drive.clock.now(), seconds, speed)
        drive = running.host.supervise("simulation", running.drive.run(until))
        if headless:
            stop = asyncio.create_task(_until_told())
            await asyncio.wait({drive, stop}, return_when=asyncio.FIRST_COMPLETED)
            stop.cancel()
            if drive.done() and drive.exception() is not None:
                print(f"gatedeck: the simulation failed: {drive.exception()!r}", file=sys.stderr)
                return 1
        else:
            await _show(running.host.deck, settings, mouse=mouse)
        drive.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await drive
        await running.host.runtime.settled()
        told = await summary(running.host.runtime.ledger, seed=seed, rules=running.rules.name)
    if as_json:
        import orjson

        print(orjson.dumps(told).decode())
    else:
        _print(told)
    return 0


async def _show(deck: Deck, settings: Settings, *, mouse: bool) -> bool:
    """Show the deck until it is left; a screen that crashes comes back. Returns whether the terminal went away."""
    from tui.app import DeckApp, run_deck

    for attempt in range(SCREEN_RESTARTS):
        screen = DeckApp(deck, refresh_hz=settings.refresh_hz, mouse=mouse)
        code = await run_deck(screen)
        if not code:
            return False
        log.error("the screen ended with code %s (%s of %s)", code, attempt + 1, SCREEN_RESTARTS)
    return True


async def _until_told() -> None:
    """Wait for SIGTERM, SIGINT or SIGHUP."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, told.set)
    await told.wait()


def _rules_text(settings: Settings) -> str:
    if settings.rules is None:
        return ""
    try:
        return settings.rules.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"rules: {settings.rules} cannot be read: {error}") from None


def _log_to(path: Path) -> None:
    """Everything logged goes to a file: on the terminal it would stand across the screen."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def _print(told: Mapping[str, Any]) -> None:
    def words(value: object) -> str:
        return ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)

    for name, value in told.items():
        print(f"{name.replace('_', ' '):24} {words(value)}")


__all__ = ["demo", "run"]
