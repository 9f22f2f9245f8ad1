"""Time from the command to the first paint, and the resident memory of `gatedeck run` with and without a screen.

The screen is a pseudo-terminal of 120×40 that is read at once. It counts as painted when the panes are complete.
One run of each kind comes first and is not counted, so that compiled Python files are in the cache.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.processes import environment, gatedeck
from tests.benchmarks.table import Row, duration

RUNS = 5
SIZE = (40, 120)
PAINTED = (b"Positions", b"Decision")
LISTENS = (b"listens on",)
IMPORTS = (
    "import aiohttp.web, aiosqlite, numpy, orjson, pydantic_settings, scipy.special, textual.widgets, typer"
)
SETTLE_SECONDS = 1.0
PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Started:
    """Seconds until the process was ready, and its memory in MB a second later."""

    seconds: float
    memory: float


def start(command: list[str], signs: tuple[bytes, ...], home: Path) -> Started:
    """Run a command on a pseudo-terminal until all ``signs`` have been written, then stop it.

    Raises RuntimeError if they are not written in time.
    """
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=end, stdout=end, stderr=end, env=environment(home, TERM="xterm-256color"), cwd=home,
        start_new_session=True,
    )  # fmt: skip
    os.close(end)
    try:
        seconds = _until(terminal, signs, begun)
        _read_for(terminal, SETTLE_SECONDS)
        return Started(seconds, _resident(process.pid))
    finally:
        process.send_signal(signal.SIGTERM)
        _read_for(terminal, 5.0, process)
        if process.poll() is None:
            process.kill()
        process.wait()
        os.close(terminal)


def _until(terminal: int, signs: tuple[bytes, ...], begun: float) -> float:
    seen = b""
    while time.perf_counter() - begun < PATIENCE:
        data = _read(terminal, 0.2)
        if data is None:
            break
        seen += data
        if data and all(sign in seen for sign in signs):
            return time.perf_counter() - begun
    raise RuntimeError(f"{signs} never came: …{seen[-300:]!r}")


def _read_for(terminal: int, seconds: float, process: subprocess.Popen[bytes] | None = None) -> None:
    """Read what is written until the time is over or the process has ended."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until and (process is None or process.poll() is None):
        if _read(terminal, 0.05) is None:
            return


def _read(terminal: int, wait: float) -> bytes | None:
    """Return what was written, b"" for nothing, or None when the other end is closed."""
    if not select.select([terminal], [], [], wait)[0]:
        return b""
    try:
        return os.read(terminal, 1 << 16)
    except OSError:
        return None


def _resident(pid: int) -> float:
    """Return the resident memory of a process and its children in megabytes (10⁶ bytes)."""
    children = [
        int(child)
        for each in Path(f"/proc/{pid}/task").glob("*/children")
        for child in each.read_text(encoding="ascii").split()
    ]
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6 + sum(map(_resident, children))
    raise RuntimeError("this system does not tell a process's memory")


def measure(runs: int = RUNS) -> dict[str, list[Started]]:
    """Run each kind in turns, after a first run of each that is not counted."""
    with tempfile.TemporaryDirectory(prefix="gatedeck-bench-") as folder:
        home = Path(folder)
        kinds = {
            "imports": ([sys.executable, "-c", f"{IMPORTS}; print('listens on'); input()"], LISTENS),
            "headless": (_run(home, "--headless"), LISTENS),
            "deck": (_run(home), PAINTED),
        }
        seen: dict[str, list[Started]] = {name: [] for name in kinds}
        for number in range(runs + 1):
            for name, (command, signs) in kinds.items():
                found = start(command, signs, home)
                if number:
                    seen[name].append(found)
    return seen


def _run(home: Path, *more: str) -> list[str]:
    return gatedeck("run", "--port", "0", "--db", str(home / "ledger.db"), *more)


def rows() -> Iterator[Row]:
    """Yield time and memory of both, against an interpreter that only imports the libraries."""
    seen = measure()
    seconds = {name: statistics.median(s.seconds for s in found) for name, found in seen.items()}
    memory = {name: statistics.median(s.memory for s in found) for name, found in seen.items()}
    imports = seconds["imports"]
    for name, what, target in (
        ("deck", "start of run to the painted deck", "≤ 1 s"),
        ("headless", "start of run --headless to listening", "–"),
    ):
        yield Row(
            what, duration(seconds[name]), f"imports alone {duration(imports)}", imports / seconds[name],
            target, f"{memory[name]:.0f} MB resident, ≤ 110 MB; imports alone {memory['imports']:.0f} MB",
        )  # fmt: skip
