"""An engine that outlives its terminal: started in the background, or left running when the deck is closed.

The shell waits for the process that it started. `gatedeck run` is therefore two: the one that the shell knows only
waits, passes signals on, and ends when the other one, which is engine and deck, leaves the terminal.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

from server.config import ConfigError, Settings
from server.private_files import make_private_file, make_private_folder
from server.telemetry.log_output import LOG_FILE
from tui.cli import wait_for_child

OUTPUT_FILE = "gatedeck.out"
"""Standard output and standard error of an engine without a terminal; its log is another file."""
START_SECONDS = 30.0
_LOOK_SECONDS = 0.02


# --- an engine with a deck, which may leave its terminal ------------------------------------------------------


class Terminal:
    """The terminal of the process that is engine and deck, and the process that waits in front of it."""

    def __init__(self, told: int) -> None:
        self._told = told

    def leave(self, output: Path) -> None:
        """Leave the terminal: the shell goes on, and standard output and error go to a file. Raises OSError."""
        make_private_file(output)
        with output.open("ab", buffering=0) as file, Path(os.devnull).open("rb", buffering=0) as nothing:
            sys.stdout.flush()
            sys.stderr.flush()
            os.dup2(nothing.fileno(), 0)
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        os.setsid()
        os.write(self._told, b"left")
        os.close(self._told)


def with_terminal(work: Callable[[Terminal | None], int]) -> int:
    """Run ``work`` in a process that can leave its terminal, and return its exit code; call it before any thread.

    In the new process this returns too, with the same code. ``work`` gets None where that cannot be.
    """
    if not hasattr(os, "fork") or os.getpid() == 1:
        return work(None)  # a container ends with its first process, whatever goes on in it
    from_child, told = os.pipe()
    alive, waiting = os.pipe()
    os.set_inheritable(waiting, True)
    child = os.fork()
    if child == 0:
        os.close(from_child)
        os.close(waiting)
        _end_with(alive)
        return work(Terminal(told))
    os.close(told)
    os.close(alive)
    return _wait(child, from_child)


def _end_with(alive: int) -> None:
    """Kill this process when the one that waits in front of it is killed, unless the terminal was left.

    Who kills the process that the shell knows means the engine, and may start it again at once: an engine that still
    ends in order would hold the ledger then.
    """
    parent = os.getppid()

    def watch() -> None:
        with suppress(OSError):
            os.read(alive, 1)
        if os.getsid(0) != os.getpid() and os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    import threading

    threading.Thread(target=watch, name="terminal's process", daemon=True).start()


def _wait(child: int, from_child: int) -> int:
    """Wait until the child ends or leaves the terminal; does not return where the small program can be run.

    What is imported here takes 60 MB, which would stay in use as long as the deck.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.set_inheritable(from_child, True)
    with suppress(OSError):
        os.execv(
            sys.executable, [sys.executable, "-IS", wait_for_child.__file__, str(child), str(from_child)]
        )
    return wait_for_child.main(child, from_child)


# --- an engine in the background from its start ---------------------------------------------------------------


def start_detached(arguments: Sequence[str], settings: Settings) -> int:
    """Start `gatedeck run` without a screen in a session of its own; return 0 when it is ready, else its exit code.

    ``arguments`` are those of the command line, from ``run`` on.
    """
    output = settings.state_dir / OUTPUT_FILE
    try:
        make_private_folder(settings.state_dir)
        make_private_file(output)
        begun = output.stat().st_size
        with output.open("ab") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "tui.cli", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
    except OSError as error:
        raise ConfigError(f"state_dir: {output} cannot be written: {error.strerror or error}") from None
    until = monotonic() + START_SECONDS
    while monotonic() < until:
        if (code := process.poll()) is not None:
            with output.open("rb") as file:
                file.seek(begun)
                print(file.read().decode("utf-8", "replace").rstrip(), file=sys.stderr)
            return code or 1
        if (url := _ready(process.pid, settings)) is not None:
            print(runs_on(process.pid, url, settings))
            return 0
        sleep(_LOOK_SECONDS)
    process.terminate()
    print(f"gatedeck: the engine was not ready within {START_SECONDS:.0f} s; see {output}", file=sys.stderr)
    return 1


def _ready(pid: int, settings: Settings) -> str | None:
    """Return the address of the engine once it says on its socket that it is this process."""
    import asyncio

    from server.deck.wire.connect import CannotConnect, EngineAddress, connect

    async def ask() -> str | None:
        async with await connect(EngineAddress(socket=settings.deck_socket)) as connection:
            return connection.hello.url if connection.hello.pid == pid else None

    if not settings.deck_socket.exists():
        return None
    try:
        return asyncio.run(ask())
    except CannotConnect:
        return None


def runs_on(pid: int, url: str, settings: Settings) -> str:
    """Return what a person needs to know of an engine without a terminal."""
    return (
        f"gatedeck runs without a terminal: process {pid} at {url}\n"
        "  come back    gatedeck attach\n"
        "  look         gatedeck status\n"
        "  stop         gatedeck stop\n"
        f"  log          {settings.state_dir / LOG_FILE}"
    )
