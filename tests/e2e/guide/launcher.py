"""Starts the program in the sandbox: its files there, the domain of the pages on this machine, and no screen.

One process loads the program once; each command is a fork of it, so that a page with thirty commands takes seconds.
What differs from the command that a reader types: ``run`` and ``demo`` are headless, ``demo`` ends after some seconds
of the market, ``run`` goes into the background once it listens, ``attach`` gets a terminal and is left once it shows
the engine, and ``feeds --test`` asks a local server that answers as the vendor does.
"""

from __future__ import annotations

import array
import asyncio
import fcntl
import gc
import json
import os
import pty
import signal
import socket
import struct
import sys
import termios
import threading
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

DOMAIN = "deck.example.com"
SIZE = 1 << 20
SHOWN = b"ACTIVE"
"""Word of the deck that only an engine tells: its mode."""
_resolve = socket.getaddrinfo


def serve(folder: str) -> None:
    """Fork for each command until the process is ended."""
    load()
    gc.freeze()  # or each fork's collections would copy all that was loaded
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"{folder}/run/launcher")
        listening.listen(16)
        while True:
            caller, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                os._exit(answer(caller))
            caller.close()


def answer(caller: socket.socket) -> int:
    """Run one command in a process of its own; tell the caller its id, and how it ended."""
    data, ancillary, *_ = caller.recvmsg(SIZE, socket.CMSG_SPACE(3 * 4))
    while len(data) < 4 + int.from_bytes(data[:4]):
        data += caller.recv(SIZE)
    asked = json.loads(data[4:])
    streams = array.array("i")
    streams.frombytes(ancillary[0][2])
    pid = os.fork()
    if pid == 0:
        caller.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        # Whatever the launcher's own streams are, the command's are as those of a new process.
        sys.stdin = sys.__stdin__ = open(0, closefd=False)  # noqa: SIM115
        sys.stdout = sys.__stdout__ = open(1, "w", closefd=False)  # noqa: SIM115
        sys.stderr = sys.__stderr__ = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
        os.setsid()
        os.chdir(asked["folder"])
        os.environ.clear()
        os.environ.update(asked["environ"])
        sys.exit(run(asked["words"]))
    caller.sendall(f"{pid}\n".encode())
    caller.sendall(f"{os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}\n".encode())
    return 0


def load() -> None:
    """Import what the commands need."""
    for name in (
        "typer_app",
        "doctor",
        "replay",
        "run",
        "send",
        "status",
        "guide",
        "service",
        "control",
        "attach",
    ):
        import_module(f"tui.cli.{name}")
    for name in ("server.assembly", "server.deck.remote", "server.replay.rebuild", "tui.app"):
        import_module(name)


def run(words: list[str]) -> int:
    """Run the program with these words."""
    sandbox = Path(os.environ["SANDBOX"])
    if words[:1] == ["attach"]:
        return on_a_screen(words)
    if words[:1] == ["run"] and not {"--headless", "--detach"} & set(words):
        words = [*words, "--headless"]
        if (engine := os.fork()) != 0:
            return until_it_listens(engine)
        (sandbox / "run" / f"engine{os.getpid()}.pid").write_text(str(os.getpid()))
        with (sandbox / "run/laptop.out").open("w") as out:
            os.dup2(out.fileno(), 1)
            os.dup2(out.fileno(), 2)
    if words[:1] == ["demo"]:
        words = [*words, "--headless", "--seconds", "5", "--speed", "max"]
    if words == ["feeds", "--test"]:
        point_at_a_local_vendor()
    return start(words)


def start(words: list[str]) -> int:
    """Start the program, in the sandbox's folders and with the pages' domain on this machine."""
    import server.service_unit
    from tui.cli import main as program

    sandbox = Path(os.environ["SANDBOX"])
    sys.argv = [str(sandbox / "usr/local/bin/gatedeck"), *words]
    socket.getaddrinfo = lambda host, *rest, **named: _resolve(
        "127.0.0.1" if host == DOMAIN else host, *rest, **named
    )
    server.service_unit.SYSTEM_FOLDER = sandbox / "etc/systemd/system"
    program()
    return 0


def on_a_screen(words: list[str]) -> int:
    """Run the deck on a terminal until it shows the engine, leave it by ``q``, and print its last words."""
    pid, terminal = pty.fork()
    if pid == 0:
        sys.stdout = sys.__stdout__ = open(1, "w", closefd=False)  # noqa: SIM115
        return start(words)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    said, left = b"", False
    with suppress(OSError):  # Linux's way to say that the other side is closed
        while data := os.read(terminal, SIZE):
            said += data
            if not left and SHOWN in said:
                os.write(terminal, b"q")
                left = True
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    print(said.decode(errors="replace").rpartition("gatedeck: ")[2])
    return code if left else 1


def until_it_listens(engine: int) -> int:
    """Wait for the engine that was just started; return 1 and print what it said if it ends."""
    port = int(os.environ["GATEDECK_PORT"])
    while os.waitpid(engine, os.WNOHANG)[0] == 0:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return 0
        time.sleep(0.02)
    print((Path(os.environ["SANDBOX"]) / "run/laptop.out").read_text())
    return 1


def point_at_a_local_vendor() -> None:
    """Start a server that answers as Tradier does, and name it in the environment."""
    from datetime import UTC, datetime

    from core.exchange.calendar import Calendar
    from core.options.trading_clock import TradingClock
    from core.rules import parse_rules
    from server.demo.feed import SimulatedFeed
    from server.demo.market import SimulatedMarket
    from server.demo.vendors.door import KEYS, SERVERS
    from server.demo.vendors.simulated import SimulatedSource

    rules = parse_rules("")
    calendar = Calendar.from_rules(rules.clock)
    market = SimulatedMarket(
        datetime(2026, 11, 24, 15, tzinfo=UTC), calendar, TradingClock.from_rules(rules.clock), 7
    )
    source: Any = SimulatedSource(market, SimulatedFeed(market, rules), 7)
    source._clock = lambda: datetime.now(UTC)
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    vendor = SERVERS["tradier"](source, per_minute=10_000)
    asyncio.run_coroutine_threadsafe(vendor.start(), loop).result(10)
    os.environ |= {
        "GATEDECK_TRADIER_URL": f"http://127.0.0.1:{vendor.port}/v1",
        "GATEDECK_TRADIER_STREAM_URL": f"ws://127.0.0.1:{vendor.port}/v1/markets/events",
        "TRADIER_TOKEN": KEYS["TRADIER_TOKEN"],
    }


if __name__ == "__main__":
    serve(sys.argv[1])
