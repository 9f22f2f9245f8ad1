"""An attached deck: bytes on the wire with thirty positions that are all marked each second, and its cost under load.

The load is 200 durable webhooks a second on one engine. `gatedeck attach` shows its deck on a pseudo-terminal for
GATEDECK_BENCH_ATTACH seconds without a break (default 10; the target is for an hour, 3600). The same load without a
deck goes before and after, as long in all, ten minutes at most.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from server.deck.remote import RemoteDeck
from server.deck.wire.connect import EngineAddress
from tests.benchmarks.bench_deck import POSITIONS, watched
from tests.benchmarks.paced import Paced, send_paced
from tests.benchmarks.table import Row
from tests.benchmarks.terminals import Watched

QUIET_SECONDS = 12.0
LOAD_SECONDS = float(os.environ.get("GATEDECK_BENCH_ATTACH", "10"))
RATE = 200.0
PARTS = 4


class Counted:
    """Bytes that went through a relay before the engine."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 0
        self.bytes = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        engine_reader, engine_writer = await asyncio.open_connection(self._host, self._port)
        with suppress(asyncio.CancelledError):
            await asyncio.gather(self._carry(reader, engine_writer), self._carry(engine_reader, writer))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                self.bytes += len(data)
                writer.write(data)
        writer.close()


async def wire(seconds: float = QUIET_SECONDS) -> tuple[float, float]:
    """Return the bytes a second of an attached deck in both directions, and the bytes until its first snapshot."""
    async with watched(POSITIONS, "none") as (_, url):
        counted = Counted(url)
        relay = await asyncio.start_server(counted, "127.0.0.1", 0)
        port = relay.sockets[0].getsockname()[1]
        deck = RemoteDeck(EngineAddress(url=f"http://127.0.0.1:{port}"))
        await deck.start()
        assert len(deck.snapshot().positions) == POSITIONS
        first = counted.bytes
        await asyncio.sleep(2.0)
        begun = counted.bytes
        await asyncio.sleep(seconds)
        spent = counted.bytes - begun
        await deck.close()
        relay.close()
        return spent / seconds, float(first)


@asynccontextmanager
async def attached(url: str) -> AsyncIterator[Watched]:
    """Attach the deck of a process of its own, with its screen."""
    with tempfile.TemporaryDirectory(prefix="gatedeck-bench-") as folder:
        terminal = Watched(Path(folder) / "unused", "attach", url, command=("-m", "tui.cli"))
        try:
            await terminal.look(b"Positions")
            yield terminal
        finally:
            terminal.close()


@dataclass(slots=True)
class Load:
    """Webhooks and processor seconds of the engine, summed over the turns; memory in MB at begin and end."""

    webhooks: Paced = field(default_factory=Paced)
    seconds: float = 0.0
    processor: float = 0.0
    memory: list[float] = field(default_factory=list)

    async def turn(self, terminal: Watched, url: str, seconds: float, start: int) -> None:
        spent, begun = terminal.cpu(), time.perf_counter()
        self.memory.append(resident(terminal.process.pid))
        told = await send_paced(url, RATE, seconds, start=start)
        self.memory.append(resident(terminal.process.pid))
        self.processor += terminal.cpu() - spent
        self.seconds += time.perf_counter() - begun
        self.webhooks.latencies += told.latencies
        self.webhooks.statuses += told.statuses


async def loaded(seconds: float = LOAD_SECONDS) -> tuple[Load, Load, list[float], float]:
    """Return the load without and with a deck, the deck's memory in MB after each part, and its bytes a second."""
    alone, beside = Load(), Load()
    quiet = min(seconds, 600.0) / 2
    async with watched(POSITIONS, "none") as (terminal, url):
        await send_paced(url, RATE, 3.0)
        await alone.turn(terminal, url, quiet, 10_000_000)
        async with attached(url) as deck:
            memory = [resident(deck.process.pid)]
            for number in range(PARTS):
                await beside.turn(terminal, url, seconds / PARTS, 20_000_000 + number * 5_000_000)
                memory.append(resident(deck.process.pid))
            painted = deck.bytes / beside.seconds
            assert deck.process.poll() is None
        await alone.turn(terminal, url, quiet, 90_000_000)
    return alone, beside, memory, painted


def resident(pid: int) -> float:
    """Return the resident memory of a process in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def rows() -> Iterator[Row]:
    """Yield the bytes of a quiet deck, and what a deck costs the webhooks."""
    rate, first = asyncio.run(wire())
    yield Row(
        "attached deck, 30 positions marked each second", f"{rate:.0f} bytes/s", "–", None, "≤ 2048 bytes/s",
        f"both directions; {first / 1024:.1f} KiB to the first snapshot",
    )  # fmt: skip
    alone, beside, deck, painted = asyncio.run(loaded())
    p99, without = beside.webhooks.quantile(0.99), alone.webhooks.quantile(0.99)
    failed = sum(beside.webhooks.statuses.values()) - beside.webhooks.statuses["200"]
    yield Row(
        f"{RATE:.0f} webhooks/s for {LOAD_SECONDS:g} s beside an attached deck: p99", f"{p99:.1f} ms",
        f"without a deck {without:.1f} ms", without / p99, "≥ .83 ×",
        f"median {beside.webhooks.quantile(0.5):.1f} and {alone.webhooks.quantile(0.5):.1f} ms; "
        f"{failed} of {len(beside.webhooks.latencies):,} not answered 200",
    )  # fmt: skip
    used, usual = beside.processor / beside.seconds, alone.processor / alone.seconds
    yield Row(
        "  processor of the engine", f"{100 * used:.1f} %", f"without a deck {100 * usual:.1f} %", usual / used,
        "≥ .83 ×",
    )  # fmt: skip
    yield Row(
        "  memory of the engine", f"{_grown(beside):+.2f} MB/min", f"without a deck {_grown(alone):+.2f} MB/min",
        None, "no growth by a deck", "MB: " + " → ".join(f"{value:.0f}" for value in beside.memory),
    )  # fmt: skip
    yield Row(
        "  memory of the deck", f"{deck[-1]:.0f} MB", f"after a quarter {deck[1]:.0f} MB", deck[1] / deck[-1],
        "no growth", f"{painted / 1024:.1f} KiB/s painted; MB: " + " → ".join(f"{value:.0f}" for value in deck),
    )  # fmt: skip


def _grown(load: Load) -> float:
    pairs = zip(load.memory[::2], load.memory[1::2], strict=True)
    return sum(after - before for before, after in pairs) / (load.seconds / 60)
