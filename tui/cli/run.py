"""`gatedeck run` and `gatedeck demo`: start the engine, show the screen, and stop both in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from traceback import format_exception
from typing import TYPE_CHECKING, Any

from core.rules import parse_rules
from server.config import (
    DECK_FILE,
    ConfigError,
    Settings,
    default_config_path,
    default_state_dir,
    load_settings,
)
from server.deck.left_open import left_open
from server.feeds.base import Markets, NoFeed
from server.ledger.address import is_database
from server.runtime.clock import SIMULATED, Clock, OffsetClock, SteadyClock
from server.runtime.garbage import none_at_start
from server.sd_notify import Notifier
from server.telemetry.log_output import LOG_FILE, log_output
from tui import fmt
from tui.cli.console import print_json, read_text, require_terminal, warn_of_password
from tui.cli.detach import OUTPUT_FILE, Terminal, runs_on, start_detached, with_terminal
from tui.cli.practice import NOTE, practice_settings
from tui.cli.rules_file import remember, remembered
from tui.exit_guard import LEAVE_RUNNING
from tui.supervisor import Display, print_error, report_failures, supervise_screen, wait_for_signal

if TYPE_CHECKING:
    from server.assembly import RunningEngine

Check = Callable[[], Awaitable[Sequence[str]]]
"""Asks each feed for its state; gives a line for each that cannot be used."""

log = logging.getLogger("gatedeck")

KEYS_FILE = "keys.toml"
UPGRADE_SECONDS = 3600
"""Time that systemd is asked for when a start upgrades the ledger; without it, it would end the start after 90 s."""
_HEARD = timedelta(hours=1)
"""Simulated time after which a muted source stops in a demo without an end."""
_DEMO_SETTINGS: Mapping[str, Any] = {
    "host": "127.0.0.1", "webhook_secret": (), "webhook_secrets": {}, "api_token": (), "command_token": (),
    "allow_from": (), "proxies": (), "allowed_hosts": (), "log_to": "file", "sentry_dsn": None,
    "notify_urls": (), "backup_every": None,
    "tls_certificate": None, "tls_key": None, "client_ca": None,
    "client_subject": None,
}  # fmt: skip


def run(
    flags: Mapping[str, Any],
    config: Path | None,
    display: Display,
    *,
    keep_running: bool,
    ledger_ahead: bool,
    practice: bool = False,
) -> int:
    """Run the engine on the real clock (or ``--clock``), with a screen unless headless; return the exit code."""
    settings = _settings(flags, config, practice=practice)
    if not settings.headless:
        require_terminal()
    rules_text = None if settings.rules is None else read_text(settings.rules, "rules")
    display = replace(with_user_files(display, settings, settings.state_dir, config), ask_at_quit=True)

    def work(terminal: Terminal | None) -> int:
        shown = replace(display, can_leave_running=terminal is not None)
        with log_output(settings), none_at_start():
            return asyncio.run(
                _run(
                    settings,
                    rules_text,
                    shown,
                    terminal,
                    keep_running=keep_running,
                    ledger_ahead=ledger_ahead,
                    practice=practice,
                )
            )

    return work(None) if settings.headless else with_terminal(work)


def detach(
    flags: Mapping[str, Any], config: Path | None, arguments: Sequence[str], *, practice: bool = False
) -> int:
    """Start the engine in the background with these arguments of the command line; return the exit code."""
    settings = _settings(flags, config, practice=practice)
    given = [word for word in arguments[list(arguments).index("run") + 1 :] if word != "--detach"]
    return start_detached(["run", "--headless", *given], settings)


def _settings(flags: Mapping[str, Any], config: Path | None, *, practice: bool) -> Settings:
    warn_of_password(flags.get("db"))
    settings = load_settings(flags, config)
    return practice_settings(settings) if practice else settings


def demo(
    flags: Mapping[str, Any],
    display: Display,
    *,
    seed: int,
    speed: float,
    seconds: float | None,
    headless: bool,
    json: bool,
    feed: str | None = None,
    mute: str | None = None,
) -> int:
    """Run the engine on a simulated market; without a ``db`` flag the ledger is deleted at the end."""
    if not headless:
        require_terminal()
    with tempfile.TemporaryDirectory(prefix="gatedeck-demo-") as folder:
        places: dict[str, Any] = {"state_dir": Path(folder), "engine_id": "demo"}
        if flags.get("db") is None:
            places["db"] = str(Path(folder) / "demo.db")
        settings = load_settings({**flags, **places}, Path("/dev/null"))
        # Secrets, rules and addresses of the real engine, set in the environment, are not for the demo.
        from_flags = {
            name: getattr(settings, name) if flags.get(name) is not None else None
            for name in ("rules", "clock")
        }
        settings = settings.model_copy(update={**from_flags, **_DEMO_SETTINGS})
        # Use the user's display settings, but do not save changes.
        display = replace(with_user_files(display, settings, default_state_dir(), None), keep_settings=False)
        with log_output(settings):
            return asyncio.run(
                _demo(
                    settings,
                    display,
                    seed=seed,
                    speed=speed,
                    seconds=seconds,
                    headless=headless,
                    as_json=json,
                    feed=feed,
                    mute=mute,
                )
            )


def with_user_files(display: Display, settings: Settings, state: Path, config: Path | None) -> Display:
    """Return the display options with the refresh rate and the paths of the user's settings and keys."""
    folder = (config or default_config_path()).parent
    return replace(
        display,
        refresh_hz=settings.refresh_hz,
        settings_path=state / DECK_FILE,
        keys_path=folder / KEYS_FILE,
    )


async def _run(
    settings: Settings,
    rules_text: str | None,
    display: Display,
    terminal: Terminal | None,
    *,
    keep_running: bool,
    ledger_ahead: bool,
    practice: bool,
) -> int:
    from server.assembly import running_engine

    note = NOTE if practice else SIMULATED
    clock: Clock = SteadyClock() if settings.clock is None else OffsetClock(settings.clock, note)
    if settings.clock is not None and set(settings.feeds) - {"webhook"}:
        # The prices of now would be hours or days away from the engine's time: none of them could be used.
        settings = settings.model_copy(update={"feeds": ()})
        print_error("gatedeck: --clock is set: the feeds are left out, their prices are of another time")
    markets, check = _open_markets(settings, clock)
    tell_upgrade(settings)
    try:
        async with running_engine(
            settings, clock, markets, rules_text, ticking=True, ledger_ahead=ledger_ahead
        ) as host:
            if settings.rules is not None and rules_text is not None:
                remember(settings, settings.rules, parse_rules(rules_text).fingerprint)
            report_failures(lambda alarm: host.runtime.counters.alarms.update(loop=alarm))
            if check is not None:
                host.supervise("check of the feeds", _tell_faults(check, on_screen=not settings.headless))
            if settings.headless:
                await _serve(host, partial(_tell_start, host, settings, practice=practice))
                return 0
            _tell_start(host, settings, practice=practice)
            ended = await supervise_screen(host.deck, display)
            if ended.crashed:
                print_error(
                    f"gatedeck: the screen crashed; the engine runs on without it at {host.http.url}\n"
                    f"gatedeck: Ctrl+C stops the engine; the error is in {settings.state_dir / LOG_FILE}"
                )
                await wait_for_signal(hangup=not keep_running, terminal=not keep_running)
            elif ended.reason == LEAVE_RUNNING and terminal is not None:
                await _leave_terminal(host, settings, terminal)
            elif ended.terminal_went_away and keep_running:
                log.warning("the terminal was closed; the engine runs on at %s", host.http.url)
                await wait_for_signal(hangup=False)
            log.info("the screen ended: %s", ended.reason)
            left = left_open(host.deck.snapshot())
            if not ended.terminal_went_away:
                print_error(f"gatedeck stopped: {left}")
            return 0
    finally:
        await markets.close()


def tell_upgrade(settings: Settings) -> None:
    """Say that a start takes longer if it upgrades the ledger file, and ask systemd for the time."""
    from server.ledger.schema import VERSION, upgrade_due

    if is_database(settings.db) or (version := upgrade_due(Path(settings.db))) is None:
        return
    told = f"upgrading the ledger from schema version {version} to {VERSION}; for a year of trades this takes minutes"
    print_error(f"gatedeck: {told}")
    Notifier().send(EXTEND_TIMEOUT_USEC=str(UPGRADE_SECONDS * 1_000_000), STATUS=told)


def _tell_start(host: RunningEngine, settings: Settings, *, practice: bool) -> None:
    """Print what a start changed or left: other rules, a rules file that is not what it was, a practice ledger."""
    if practice and settings.clock is not None:
        print(
            f"gatedeck practice: the clock starts at {fmt.day_clock(settings.clock)}, the ledger is {settings.db}"
        )
    if host.rules_change:
        print(f"gatedeck: {host.rules_change}")
    if settings.rules is None and (file := remembered(settings)) is not None and (drift := file.drift()):
        host.deck.tell_of_rules(drift)
        print(f"gatedeck: {drift}; --rules {file.path} puts it in force")
    sys.stdout.flush()


async def _leave_terminal(host: RunningEngine, settings: Settings, terminal: Terminal) -> None:
    """Run on without a terminal until a signal."""
    print_error(runs_on(os.getpid(), host.http.url, settings))
    terminal.leave(settings.state_dir / OUTPUT_FILE)
    log.info("the deck was closed; the engine runs on without a terminal at %s", host.http.url)
    await wait_for_signal(hangup=False)


async def _serve(host: RunningEngine, tell_start: Callable[[], None]) -> None:
    """Run without a screen until a signal; tell systemd, where it started this, that it is ready, alive, stopping."""
    notifier = Notifier()
    print(f"gatedeck listens on {host.http.url}", flush=True)
    tell_start()
    notifier.send(READY="1", STATUS=f"listens on {host.http.url}")
    host.supervise("signs of life", notifier.keep_alive(lambda: host.runtime.engine_loop.running))
    await wait_for_signal()
    left = left_open(host.deck.snapshot())
    notifier.send(STOPPING="1", STATUS=left)
    print(f"gatedeck stopped: {left}", flush=True)


def _open_markets(settings: Settings, clock: Clock) -> tuple[Markets, Check | None]:
    """Return the market of the settings' feeds, and what checks them, ``None`` without a feed. Raises ConfigError."""
    if not settings.feeds:
        return NoFeed(), None
    # Here, because the vendors' parts take long to import and are not needed without a feed.
    from server.feeds.live import LiveMarkets, open_markets

    markets = open_markets(settings, clock)
    return markets, markets.check if isinstance(markets, LiveMarkets) else None


async def _tell_faults(check: Check, *, on_screen: bool) -> None:
    """Log one line for each feed that cannot be used; print it too where no screen shows it."""
    for line in await check():
        log.warning("%s", line)
        if not on_screen:
            print_error(f"gatedeck: {line}")


async def _demo(
    settings: Settings,
    display: Display,
    *,
    seed: int,
    speed: float,
    seconds: float | None,
    headless: bool,
    as_json: bool,
    feed: str | None,
    mute: str | None,
) -> int:
    from core.intake import ENDPOINTS
    from server.demo.drive import Mute, virtual_end
    from server.demo.session import demo_session
    from server.demo.summary import quiet_senders, summary

    if headless and seconds is None:
        raise ConfigError("seconds: a headless demo does not end without a limit; give --seconds")
    if mute is not None and mute not in ENDPOINTS:
        raise ConfigError(f"mute: {mute!r} is none of {', '.join(ENDPOINTS)}")
    async with demo_session(settings, seed=seed, speed=speed, vendor=feed) as running:
        until = None if seconds is None else virtual_end(running.drive.clock.now(), seconds, speed)
        if mute is not None:
            start = running.drive.clock.now()
            heard = _HEARD if until is None else (until - start) / 2
            running.drive.mute = Mute(f"/api/webhooks/{mute}", start + heard)
        drive = running.host.supervise("simulation", running.drive.run(until))
        gone = False
        report_failures(lambda alarm: running.host.runtime.counters.alarms.update(loop=alarm))
        if headless:
            stop = asyncio.create_task(wait_for_signal())
            await asyncio.wait({drive, stop}, return_when=asyncio.FIRST_COMPLETED)
            stop.cancel()
            if drive.done() and drive.exception() is not None:
                print(f"gatedeck: the simulation failed: {drive.exception()!r}", file=sys.stderr)
                return 1
        else:
            ended = await supervise_screen(running.host.deck, display)
            gone = ended.terminal_went_away
            if ended.crashed:
                print_error(
                    f"gatedeck: the screen crashed\n{''.join(format_exception(ended.error)).rstrip()}"
                )
        drive.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await drive
        await running.host.runtime.settled()
        result = await summary(running.host.runtime.ledger, seed=seed, rules=running.rules.name)
        if mute is not None:
            result["quiet_senders"] = quiet_senders(running.host.deck.snapshot().sources)
    if gone:
        return 0
    if as_json:
        import orjson

        print_json(orjson.dumps(result))
    else:
        _print_summary(result)
    return 0


def _print_summary(result: Mapping[str, Any]) -> None:
    def format_value(value: object) -> str:
        if isinstance(value, list):
            return f"{len(value)}" + "".join(f"\n  {each}" for each in value)
        return ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)

    for name, value in result.items():
        print(f"{name.replace('_', ' '):24} {format_value(value)}")
