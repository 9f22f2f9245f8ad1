"""The deck on a pseudo-terminal of 120×40, in the event loop of a real engine: bytes, CPU, latencies.

Thirty positions are marked every second. Webhooks arrive at a fixed rate and are on disk when answered. The deck
is compared with the same engine with an idle deck, without a deck, and with Textual's own DataTable.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.paced import Paced, send_paced
from tests.benchmarks.table import Row
from tests.benchmarks.terminals import Watched

POSITIONS = 30
QUIET_SECONDS = 12.0
LOAD_SECONDS = 10.0
STALL_SECONDS = float(os.environ.get("GATEDECK_BENCH_STALL", "60"))
"""Seconds that the terminal stalls; the target is for a minute, a quick run may use fewer."""
KEYS = 40


@asynccontextmanager
async def watched(positions: int, screen: str = "deck", *more: str) -> AsyncIterator[tuple[Watched, str]]:
    with tempfile.TemporaryDirectory(prefix="gatedeck-bench-") as folder:
        options = ["--positions", str(positions), "--screen", screen, *more]
        terminal = Watched(Path(folder) / "result.json", *options)
        try:
            url = await terminal.url()
            if screen != "none":
                await terminal.look(b"Positions" if screen == "deck" else b"P&L")
            await asyncio.sleep(2.5)
            yield terminal, url
        finally:
            terminal.close()


@dataclass(frozen=True, slots=True)
class Quiet:
    kib_per_second: float
    cpu_percent: float


async def quiet(positions: int, screen: str = "deck", seconds: float = QUIET_SECONDS) -> Quiet:
    """Measure bytes and CPU of a deck without input; with positions, CPU includes the engine's marking."""
    async with watched(positions, screen) as (terminal, _):
        wrote, spent, begun = terminal.bytes, terminal.cpu(), time.perf_counter()
        await asyncio.sleep(seconds)
        took = time.perf_counter() - begun
        return Quiet((terminal.bytes - wrote) / 1024 / took, 100 * (terminal.cpu() - spent) / took)


@dataclass(frozen=True, slots=True)
class Loaded:
    webhooks: Paced
    during_dialogs: Paced
    keys: list[float]
    dialogs: list[float]
    lag_p99: float
    lag_max: float

    @property
    def failed(self) -> int:
        both = self.webhooks.statuses + self.during_dialogs.statuses
        return sum(both.values()) - both["200"]


async def loaded(screen: str = "deck", *, rate: float = 200, seconds: float = LOAD_SECONDS) -> Loaded:
    """Measure thirty positions, a deck at 2 Hz, durable webhooks at ``rate`` per second, and key presses."""
    async with watched(POSITIONS, screen, "--lag") as (terminal, url):
        keys: list[float] = []
        dialogs: list[float] = []
        sending = asyncio.create_task(send_paced(url, rate, seconds))
        if screen != "none":
            await asyncio.sleep(0.5)
            keys = await cursor_keys(terminal, KEYS)
        told = await sending
        if screen == "none":
            return Loaded(told, Paced(), keys, dialogs, 0.0, 0.0)
        # Two dialogs a second are not usual work, so webhooks during them are timed separately.
        sending = asyncio.create_task(send_paced(url, rate, seconds / 2, start=5_000_000))
        dialogs = await dialog_keys(terminal, KEYS // 4)
        asked = await sending
        terminal.press("q")
        last = await terminal.told("receipts") if screen == "deck" else {"lag_p99_ms": 0.0, "lag_max_ms": 0.0}
        return Loaded(told, asked, keys, dialogs, last["lag_p99_ms"], last["lag_max_ms"])


async def cursor_keys(terminal: Watched, count: int) -> list[float]:
    """Return the milliseconds from each cursor key to the paint of the cursor in another row."""
    out = []
    for n in range(count):
        await asyncio.sleep(0.083)
        terminal.forget()
        begun = time.perf_counter()
        terminal.press(
            "\x1b[B" if n % 2 == 0 else "\x1b[A"
        )  # back and forth: in a table that scrolls the cursor would stay in its line
        out.append(1000 * (await terminal.look("▸".encode()) - begun))
    return out


async def dialog_keys(terminal: Watched, count: int) -> list[float]:
    """Return the milliseconds from each x key to the paint of the exit dialog."""
    out = []
    for _ in range(count):
        terminal.forget()
        begun = time.perf_counter()
        terminal.press("x")
        out.append(1000 * (await terminal.look(b"Exit this position?") - begun))
        await asyncio.sleep(0.25)
        terminal.press("n")
        await asyncio.sleep(0.25)
    return out


@dataclass(frozen=True, slots=True)
class Stalled:
    calm: Paced
    stalled: Paced
    lost: int
    right_after: float
    """Seconds from the end of the stall to a screen that shows the count of all webhooks."""


async def stalled(seconds: float = STALL_SECONDS, rate: float = 50) -> Stalled:
    """Measure webhooks while the terminal does not read, and before that while it reads."""
    async with watched(POSITIONS) as (terminal, url):
        before = 4 * POSITIONS  # webhooks that opened the positions
        calm = await send_paced(url, rate, min(seconds, 20.0))
        terminal.reading(False)
        stuck = await send_paced(url, rate, seconds, start=10_000_000)
        sent = len(calm.latencies) + len(stuck.latencies)
        terminal.forget()
        begun = time.perf_counter()
        terminal.reading(True)
        right = await terminal.see(f"{before + sent} webhooks", 10.0) - begun
        terminal.press("q")
        last = await terminal.told("receipts")
        return Stalled(calm, stuck, before + sent - last["receipts"], right)


def rows() -> Iterator[Row]:
    """Yield rows for bytes and CPU without and with positions, for load, and for a stalled terminal."""
    idle, marked = asyncio.run(quiet(0)), asyncio.run(quiet(POSITIONS))
    stock_quiet, none = asyncio.run(quiet(POSITIONS, "stock")), asyncio.run(quiet(POSITIONS, "none"))
    what = f"deck at 120×40, {POSITIONS} positions marked each second"
    yield Row(
        f"{what}: to the terminal", f"{marked.kib_per_second:.2f} KiB/s",
        f"DataTable {stock_quiet.kib_per_second:.1f} KiB/s",
        stock_quiet.kib_per_second / marked.kib_per_second, "≤ 6 KiB/s",
    )  # fmt: skip
    yield Row(
        f"{what}: of a core", f"{marked.cpu_percent:.1f} %", f"DataTable {stock_quiet.cpu_percent:.1f} %",
        stock_quiet.cpu_percent / max(0.1, marked.cpu_percent), "≤ 8 %",
        f"engine and marking in it; without a deck {none.cpu_percent:.1f} %",
    )  # fmt: skip
    yield Row("idle deck: to the terminal", f"{idle.kib_per_second:.3f} KiB/s", "–", None, "≤ .2 KiB/s")
    yield Row("idle deck: of a core", f"{idle.cpu_percent:.1f} %", "–", None, "≤ 1 %")
    yield from _under_load()
    yield from _stall()


def _under_load() -> Iterator[Row]:
    ours, still = asyncio.run(loaded()), asyncio.run(loaded(rate=0))
    stock, none = asyncio.run(loaded("stock")), asyncio.run(loaded("none"))
    p99, theirs = ours.webhooks.quantile(0.99), stock.webhooks.quantile(0.99)
    failed = f"; {ours.failed} not answered 200" if ours.failed else ""
    yield Row(
        "200 durable webhooks/s beside that deck: p99", f"{p99:.1f} ms", f"DataTable {theirs:.0f} ms",
        theirs / p99, "≤ 15 ms", f"without a deck {none.webhooks.quantile(0.99):.1f} ms, with two dialogs a second "
        f"{ours.during_dialogs.quantile(0.99):.1f} ms{failed}",
    )  # fmt: skip
    key, their_key = statistics.median(ours.keys), statistics.median(stock.keys)
    yield Row(
        "  cursor key to paint, median and p95", f"{key:.1f} and {_p95(ours.keys):.1f} ms",
        f"DataTable {their_key:.0f} and {_p95(stock.keys):.0f} ms", their_key / key, "≤ 10 and ≤ 25 ms",
        f"idle {statistics.median(still.keys):.1f} and {_p95(still.keys):.1f} ms",
    )  # fmt: skip
    dialog, their_dialog = statistics.median(ours.dialogs), statistics.median(stock.dialogs)
    yield Row(
        "  key to a painted dialog, median", f"{dialog:.1f} ms", f"DataTable {their_dialog:.0f} ms",
        their_dialog / dialog, "≤ 25 ms", f"idle {statistics.median(still.dialogs):.1f} ms",
    )  # fmt: skip
    yield Row(
        "  event-loop lag, p99 and max", f"{ours.lag_p99:.1f} and {ours.lag_max:.0f} ms", "–", None,
        "≤ 5 and ≤ 20 ms", "idle " + f"{still.lag_p99:.1f} and {still.lag_max:.0f} ms",
    )  # fmt: skip


def _stall() -> Iterator[Row]:
    seen = asyncio.run(stalled())
    calm, stuck = seen.calm.quantile(0.99), seen.stalled.quantile(0.99)
    yield Row(
        f"terminal stalled {STALL_SECONDS:g} s, 50 webhooks/s: p99", f"{stuck:.1f} ms",
        f"terminal that reads {calm:.1f} ms", calm / stuck, "≥ .5 ×", f"{seen.lost} receipts lost",
    )  # fmt: skip
    yield Row("  right again after resuming", f"{seen.right_after:.2f} s", "–", None, "≤ 1 s")


def _p95(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(0.95 * len(values)))]
