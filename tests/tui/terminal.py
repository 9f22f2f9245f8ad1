"""Processes on a pseudo-terminal of their own, and what a terminal would show of what they write."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

import pyte

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
APP = HERE / "pty_app.py"
READY = b"Regime"

_PLAIN = rb"(?:[^\x00-\x1f\x7f;\xc2]|\xc2[\xa0-\xbf])*"
"""Text without any control character, as UTF-8, that cannot end or split the command it stands in."""
KNOWN = re.compile(
    rb"\x1b\[[0-9;]*[mH]"  # colours and places
    rb"|\x1b\[\?[0-9;]+[hl]|\x1b\[\?[0-9]+\$p"  # modes and their queries
    rb"|\x1b\[[<>]\d*u"  # the keyboard protocol
    rb"|\x1b\]22;[a-z-]*\x1b\\|\x1b\]22;[a-z-]*\x07"  # the pointer's shape
    rb"|\x1b\[2[23];2t|\x1b\]2;(?:\(\d+\) )?gatedeck\x07"  # the title, kept and given back
    rb"|\x1b\]9;gatedeck: " + _PLAIN + rb"\x07|\x1b\]777;notify;gatedeck;" + _PLAIN + rb"\x07|\x07"  # notices
)
"""Every sequence that the deck makes by itself."""
_NOT_PYTES = re.compile(r"\x1b\[\?[0-9]+\$p|\x1b\[[<>]\d*u|\x1b\[2[23];2t|\x1b\][^\x07\x1b]*(\x1b\\|\x07)")


def strange(seen: bytes) -> str:
    """The control and format characters left when the deck's own sequences are taken away; empty is right."""
    rest = KNOWN.sub(b"", seen).replace(b"\r\n", b"").decode("utf-8", "replace")
    return "".join(
        c for c in rest if ord(c) < 32 or 0x7F <= ord(c) <= 0x9F or c in "\u202e\u202c\u200b\u2066"
    )


def children(pid: int) -> list[int]:
    """The children of a process that run."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for each in lists for child in each.read_text().split()]


class Terminal:
    """A process whose terminal this is; nothing is read unless asked for."""

    def __init__(
        self, command: list[str], *, size: tuple[int, int] = (80, 24), env: dict[str, str] | None = None
    ) -> None:
        self.width, self.height = size
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", self.height, self.width, 0, 0))
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=os.environ
            | {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "PYTHONPATH": str(ROOT)}
            | (env or {}),
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self.seen = b""
        self.screen = pyte.Screen(self.width, self.height)
        self._stream = pyte.Stream(self.screen)
        self._fed = 0

    def read(self, seconds: float, until: bytes | None = None) -> bytes:
        got = b""
        end = time.monotonic() + seconds
        while time.monotonic() < end and (until is None or until not in got):
            if not select.select([self.master], [], [], 0.05)[0]:
                continue
            try:
                data = os.read(self.master, 65536)
            except OSError:
                break
            got += data
        self.seen += got
        return got

    def ready(self, text: bytes = READY) -> None:
        assert text in self.seen or text in self.read(20, text), self.seen[-2000:]

    def shown(self) -> list[str]:
        """The lines on the screen after all that was read so far."""
        new = self.seen[self._fed :]
        # A character or a sequence cut in the middle is kept for the next time.
        whole = len(new)
        tail = new.rfind(b"\x1b", max(0, len(new) - 40))
        if tail >= 0 and not KNOWN.match(new, tail):
            whole = tail
        text = new[:whole].decode("utf-8", "ignore")
        self._fed += whole
        self._stream.feed(_NOT_PYTES.sub("", text))
        return list(self.screen.display)

    def wait_for(self, text: str, seconds: float = 30) -> list[str]:
        """Read until the text stands on the screen; returns its lines."""
        end = time.monotonic() + seconds
        while True:
            lines = self.shown()
            if any(text in line for line in lines):
                return lines
            assert time.monotonic() < end, f"{text!r} is not shown:\n" + "\n".join(lines)
            self.read(0.1)

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def resize(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.shown()
        self.screen.resize(height, width)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def hang_up(self) -> None:
        """The terminal goes away, as when an SSH session drops."""
        os.close(self.master)
        self.master = -1

    def signal(self, name: str) -> None:
        self.process.send_signal(getattr(signal, name))

    def wait(self, seconds: float = 10) -> int:
        """Read on until the process has ended; its exit code."""
        end = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < end:
            if self.master >= 0:
                self.read(0.1)
            else:
                time.sleep(0.05)
        assert self.process.poll() is not None, "the process did not end"
        if self.master >= 0:
            self.read(0.1)
        return self.process.returncode

    def restored(self) -> bool:
        """The alternate screen is left and the cursor shown, after everything else that was drawn."""
        left, entered = self.seen.rfind(b"\x1b[?1049l"), self.seen.rfind(b"\x1b[?1049h")
        return left > entered and b"\x1b[?25h" in self.seen

    def cpu_seconds(self) -> float:
        """Processor time so far of the process and of its children: a deck has one that only waits before it."""
        ticks = 0
        for pid in (self.process.pid, *children(self.process.pid)):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.master >= 0:
            os.close(self.master)


class FakeTerminal(Terminal):
    """The deck of ``pty_app.py`` on a fake engine, which writes how it ended to a file."""

    def __init__(self, result: Path, *flags: str, size: tuple[int, int] = (80, 24)) -> None:
        self.result = result
        command = [sys.executable, str(APP), str(result), *flags]
        super().__init__(command, size=size, env={"PYTHONWARNINGS": "error::ResourceWarning"})

    def ended(self, seconds: float = 8) -> dict[str, Any]:
        self.wait(seconds)
        told: dict[str, Any] = json.loads(self.result.read_text())
        return told


def gatedeck(home: Path, *arguments: str, size: tuple[int, int] = (120, 40), **env: str) -> Terminal:
    """The real command with its state and configuration under ``home``."""
    places = {"XDG_STATE_HOME": str(home / "state"), "XDG_CONFIG_HOME": str(home / "config")}
    return Terminal([sys.executable, "-m", "tui.cli", *arguments], size=size, env=places | env)


def url_of(lines: list[str]) -> str:
    """Where the deck says, on its screen, that it listens."""
    found = re.search(r"127\.0\.0\.1:\d+", "\n".join(lines))
    assert found, "\n".join(lines)
    return "http://" + found[0]
