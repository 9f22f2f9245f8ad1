"""Start and stop the servers that are compared, each as a process with its own folder."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.ports import own_port

_HERE = Path(__file__).resolve().parent
_ROOT = _HERE.parent.parent
_COMPILED = Path(tempfile.gettempdir()) / "gatedeck-bench-compiled"
START_SECONDS = 30.0
STOP_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: its address without a path, and its process id."""

    url: str
    pid: int

    def processor(self) -> float | None:
        """Return the CPU seconds of all threads of the process, or None where /proc does not exist."""
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii")
        except OSError:
            return None
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return this process's environment without gatedeck's settings, with its state under ``home``.

    Compiled Python files are shared, or every start would compile them again.
    """
    left_out = ("GATEDECK_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    paths = f"{_ROOT}{os.pathsep}{kept['PYTHONPATH']}" if kept.get("PYTHONPATH") else str(_ROOT)
    own = {name: str(home) for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME")} | {"PYTHONPATH": paths}
    own["PYTHONPYCACHEPREFIX"] = str(_COMPILED)
    return kept | own | more


def gatedeck(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tui.cli", *arguments]


@asynccontextmanager
async def running(command: Sequence[str], home: Path, **more: str) -> AsyncIterator[Served]:
    """Run a server that prints ``… listens on URL``, then stop it by SIGTERM; raises RuntimeError if it does not."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, env=environment(home, **more), cwd=_HERE
    )
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), START_SECONDS)).decode()
        if "listens on " not in line:
            raise RuntimeError(f"{' '.join(command)} did not start: {line!r}")
        yield Served(line.rpartition(" ")[2].strip(), process.pid)
    finally:
        await _end(process)


@asynccontextmanager
async def our_engine(*arguments: str) -> AsyncIterator[Served]:
    """Run ``gatedeck run --headless`` with a new ledger."""
    with tempfile.TemporaryDirectory(prefix="gatedeck-bench-") as folder:
        home = Path(folder)
        command = gatedeck("run", "--headless", "--port", "0", "--db", str(home / "ledger.db"), *arguments)
        async with running(command, home) as served:
            yield served


@asynccontextmanager
async def bare_aiohttp() -> AsyncIterator[Served]:
    with tempfile.TemporaryDirectory(prefix="gatedeck-bench-") as folder:
        async with running([sys.executable, str(_HERE / "peer_bare.py")], Path(folder)) as served:
            yield served


@asynccontextmanager
async def flask_bot(workers: int = 2, threads: int = 8) -> AsyncIterator[Served]:
    """Run the Flask bot under gunicorn with keep-alive; raises ImportError if either is not installed."""
    import flask  # noqa: F401
    import gunicorn  # noqa: F401

    with tempfile.TemporaryDirectory(prefix="gatedeck-bench-") as folder:
        home, port = Path(folder), own_port()
        command = [
            sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread",
            "--workers", str(workers), "--threads", str(threads), "--keep-alive", "60",
            "--log-level", "error", "--no-control-socket", "peer_flask:app",
        ]  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            *command, env=environment(home, PEER_DATABASE=str(home / "bot.db")), cwd=_HERE
        )
        try:
            await _answering(port)
            yield Served(f"http://127.0.0.1:{port}", process.pid)
        finally:
            await _end(process)


async def _answering(port: int) -> None:
    async with asyncio.timeout(START_SECONDS):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
