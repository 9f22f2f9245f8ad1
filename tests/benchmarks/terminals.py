"""A process on a pseudo-terminal, whose output is read in this event loop, or not read as by a stalled terminal."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve().parent
_NOT_PYTES = re.compile(r"\x1b\[\?[0-9]+\$p|\x1b\[[<>]\d*u|\x1b\[2[23];2t|\x1b\][^\x07\x1b]*(\x1b\\|\x07)")


class Watched:
    """A process on a pseudo-terminal; counts its output in bytes and waits for texts in it."""

    def __init__(
        self,
        result: Path,
        *options: str,
        size: tuple[int, int] = (120, 40),
        command: tuple[str, ...] = (str(_HERE / "deck_process.py"),),
    ) -> None:
        """Start a command of Python; the deck of the benchmarks is also told where to write its results."""
        self.result = result
        told = [str(result)] if command[0].endswith("deck_process.py") else []
        self._size = size
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        os.set_blocking(self.master, False)
        self.process = subprocess.Popen(
            [sys.executable, *command, *told, *options],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self.bytes = 0
        self.recent = b""
        self._all = bytearray()
        self._arrived = asyncio.Event()
        self.reading(True)

    def reading(self, on: bool) -> None:
        """Start or stop reading the output, as a terminal that stalls does."""
        loop = asyncio.get_running_loop()
        if on:
            loop.add_reader(self.master, self._take)
        else:
            loop.remove_reader(self.master)

    def _take(self) -> None:
        try:
            data = os.read(self.master, 1 << 16)
        except BlockingIOError:
            return
        except OSError:
            self.reading(False)
            return
        self.bytes += len(data)
        self._all += data
        self.recent = (self.recent + data)[-200_000:]
        self._arrived.set()

    async def look(self, words: bytes, timeout: float = 20.0) -> float:
        """Wait until the process has written a text since ``forget``; return the time (perf_counter)."""
        async with asyncio.timeout(timeout):
            while words not in self.recent:
                self._arrived.clear()
                await self._arrived.wait()
        return time.perf_counter()

    async def see(self, words: str, timeout: float = 20.0) -> float:
        """Wait until a text is on the screen, which is built from all output; return the time (perf_counter)."""
        import pyte

        screen = pyte.Screen(*self._size)
        stream = pyte.Stream(screen)
        fed = 0
        async with asyncio.timeout(timeout):
            while True:
                new = bytes(self._all[fed:])
                # An escape sequence that is not complete yet is left for the next turn.
                whole = len(new) if b"\x1b" not in new[-40:] else new.rfind(b"\x1b")
                fed += whole
                stream.feed(_NOT_PYTES.sub("", new[:whole].decode("utf-8", "ignore")))
                if any(words in line for line in screen.display):
                    return time.perf_counter()
                self._arrived.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._arrived.wait(), 0.05)

    def forget(self) -> None:
        self.recent = b""

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    async def url(self) -> str:
        return str((await self.told("url"))["url"])

    async def told(self, name: str, timeout: float = 60.0) -> dict[str, Any]:
        """Wait until the result file has that name, and return its JSON object."""
        async with asyncio.timeout(timeout):
            while True:
                if self.result.exists():
                    told: dict[str, Any] = json.loads(self.result.read_text())
                    if name in told:
                        return told
                if self.process.poll() is not None and not self.result.exists():
                    raise RuntimeError(self.recent[-2000:].decode("utf-8", "replace"))
                await asyncio.sleep(0.02)

    def cpu(self) -> float:
        """Return the CPU seconds of the process so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        self.reading(False)
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(3)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        os.close(self.master)
