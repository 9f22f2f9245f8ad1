"""`gatedeck attach` and `gatedeck stop`: a deck on a running engine, and the end of one."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from server.config import ConfigError, Settings, is_loopback, load_settings
from server.telemetry.log_output import log_output
from tui.cli.client import own_engine
from tui.cli.console import require_terminal
from tui.cli.run import with_user_files
from tui.supervisor import Display, print_error, supervise_screen

if TYPE_CHECKING:
    from server.deck.wire.connect import EngineAddress

LOG_FILE = "attach.log"
STOP_SECONDS = 6.0
"""Longest wait for an engine to end; it ends itself by force 4.5 s after the signal."""


def attach(url: str | None, flags: Mapping[str, Any], config: Path | None, display: Display) -> int:
    """Show the deck of a running engine until the user leaves it; return 0, or 1 when none can be reached."""
    settings = load_settings(flags, config)
    address = engine_address(url, settings, ledger_named=flags.get("db") is not None)
    require_terminal()
    display = with_user_files(display, settings, settings.state_dir, config)
    with log_output(settings, file=LOG_FILE):
        return asyncio.run(_attach(address, display, url))


async def _attach(address: EngineAddress, display: Display, url: str | None) -> int:
    from server.deck.remote import RemoteDeck
    from server.deck.wire.connect import CannotConnect

    deck = RemoteDeck(address)
    try:
        await deck.start()
    except CannotConnect as error:
        start = "" if url else "; `gatedeck run --detach` starts an engine"
        print_error(f"gatedeck: cannot attach to {address}: {error}{start}")
        return 1
    try:
        ended = await supervise_screen(deck, display)
        if ended.crashed:
            print_error("gatedeck: the screen crashed; the engine is not affected")
        elif not ended.terminal_went_away:
            goes_on = (
                "the engine runs on" if deck.connected else f"the engine is not reached now ({deck.reason})"
            )
            print_error(f"gatedeck: {goes_on}; come back with: gatedeck attach{f' {url}' if url else ''}")
        return 1 if ended.crashed else 0
    finally:
        await deck.close()


# --- where the engine is --------------------------------------------------------------------------------------


def engine_address(url: str | None, settings: Settings, *, ledger_named: bool = False) -> EngineAddress:
    """Return where to attach: the address given, else the engine of this user. Raises ConfigError."""
    from server.deck.wire.connect import EngineAddress

    if url is not None:
        return _remote(url, settings)
    path = local_socket(settings, ledger_named=ledger_named)
    if path is not None:
        return EngineAddress(socket=path)
    own, tls = own_engine(settings)
    return EngineAddress(url=own, token=_token(settings, own_token=True), tls=tls)


def local_socket(settings: Settings, *, ledger_named: bool) -> Path | None:
    """Return the socket of the running engine of these settings, ``None`` without one.

    Unless the ledger is named, an engine of another ledger in the same state folder is taken too, if it is the
    only one. Raises ConfigError naming them if there are several.
    """
    if _listens(settings.deck_socket):
        return settings.deck_socket
    if ledger_named:
        return None
    others = [path for path in sorted(settings.state_dir.glob("deck*.sock")) if _listens(path)]
    if len(others) > 1:
        raise ConfigError(
            f"db: {len(others)} engines run in {settings.state_dir}; say which by --db, the path of its ledger"
        )
    return others[0] if others else None


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def _remote(url: str, settings: Settings) -> EngineAddress:
    from server.deck.wire.connect import EngineAddress

    if "://" not in url:
        host = urlsplit(f"//{url}").hostname or ""
        url = f"{'http' if is_loopback(host) else 'https'}://{url}"
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"url: {url!r} is not an address such as https://deck.example")
    here = is_loopback(parts.hostname)
    if parts.scheme == "http" and not here:
        raise ConfigError(f"url: {url} would send the token unencrypted; use https")
    own, tls = own_engine(settings)
    return EngineAddress(
        url=url.rstrip("/"),
        token=_token(settings, own_token=here),
        tls=tls if url.rstrip("/") == own else None,
    )


def _token(settings: Settings, *, own_token: bool) -> str | None:
    """Return the command token, else the read token; the one in the state folder is for this machine alone."""
    from server.http.tokens import FILE_NAME, read_token

    if settings.command_token:
        return settings.command_token[0].value
    if own_token and (found := read_token(settings.state_dir / FILE_NAME)):
        return found
    return settings.api_token[0].value if settings.api_token else None


# --- stopping -------------------------------------------------------------------------------------------------


def stop(flags: Mapping[str, Any], config: Path | None) -> int:
    """End this user's engine and print what stays open; return 0, or 1 without one or when it does not end."""
    settings = load_settings(flags, config)
    path = local_socket(settings, ledger_named=flags.get("db") is not None)
    if path is None:
        print(f"gatedeck: no engine runs in {settings.state_dir}", file=sys.stderr)
        return 1
    pid, left = asyncio.run(_ask(path))
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        pass
    except PermissionError:
        print(f"gatedeck: process {pid} belongs to another user", file=sys.stderr)
        return 1
    until = monotonic() + STOP_SECONDS
    while monotonic() < until:
        if not _runs(pid):
            print(f"gatedeck stopped: {left}")
            return 0
        asyncio.run(asyncio.sleep(0.05))
    print(f"gatedeck: process {pid} still runs after {STOP_SECONDS:.0f} s; see its log", file=sys.stderr)
    return 1


async def _ask(path: Path) -> tuple[int, str]:
    """Return the process of an engine, and what it would leave open. Raises ConfigError."""
    from server.deck.left_open import left_open
    from server.deck.remote import RemoteDeck
    from server.deck.wire.connect import CannotConnect, EngineAddress

    deck = RemoteDeck(EngineAddress(socket=path))
    try:
        await deck.start()
        hello = deck.hello
        if hello is None:
            raise CannotConnect("it says nothing of itself")
        return hello.pid, left_open(deck.snapshot())
    except CannotConnect as error:
        raise ConfigError(f"stop: the engine at {path} cannot be asked: {error}") from None
    finally:
        with suppress(Exception):
            await deck.close()


def _runs(pid: int) -> bool:
    """Return whether a process runs; one that has ended and is not collected yet does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    return True
