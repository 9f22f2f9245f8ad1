"""Webhooks while notices go to a dead phone: one address refuses, a mail server takes connections and says nothing.

Two engines with the same work take turns: one sends its notices nowhere, the other to both. The mode is changed ten
times a second beside the webhooks, each time a notice; the loss must be told by the engine's status.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.benchmarks.paced import send_paced
from tests.benchmarks.processes import Served, gatedeck, running
from tests.benchmarks.table import Row

RATE, SECONDS, TURNS = 100, 3.0, 3
NOTICES_A_SECOND = 10.0
TOKEN = "a-command-token-of-the-usual-length"


@dataclass
class Side:
    """One of the two engines."""

    served: Served
    latencies: list[float] = field(default_factory=list)
    failed: int = 0
    processor: float = 0.0
    """CPU seconds."""

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.latencies, n=100)[98]


@asynccontextmanager
async def engine(addresses: dict[str, str]) -> AsyncIterator[Side]:
    """Run an engine that sends its notices to these addresses."""
    with tempfile.TemporaryDirectory(prefix="gatedeck-bench-") as folder:
        config = Path(folder) / "config.toml"
        lines = ["notify_per_minute = 60", "[notify_urls]", *(f'{k} = "{v}"' for k, v in addresses.items())]
        config.write_text("\n".join(lines), encoding="utf-8")
        db = str(Path(folder) / "ledger.db")
        command = gatedeck("run", "--headless", "--port", "0", "--db", db, "--config", str(config))
        async with running(command, Path(folder), GATEDECK_COMMAND_TOKEN=TOKEN) as served:
            yield Side(served)


async def change_modes(url: str) -> None:
    """Change the mode again and again, until cancelled."""
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        while True:
            for mode in ("REDUCING", "ACTIVE"):
                async with client.post(f"{url}/api/mode", json={"mode": mode}) as answer:
                    assert answer.status == 200, await answer.text()
                await asyncio.sleep(1 / NOTICES_A_SECOND)


async def work(side: Side, start: int) -> None:
    changing = asyncio.create_task(change_modes(side.served.url))
    before = side.served.processor() or 0.0
    done = await send_paced(side.served.url, RATE, SECONDS, start=start)
    side.processor += (side.served.processor() or 0.0) - before
    changing.cancel()
    await asyncio.gather(changing, return_exceptions=True)
    side.latencies += done.latencies
    side.failed += sum(count for status, count in done.statuses.items() if status != "200")


async def measure() -> tuple[Side, Side, str]:
    """Return the engine without a phone, the one with a dead one, and what the latter says of it."""
    connected: list[asyncio.StreamWriter] = []
    silent = await asyncio.start_server(lambda _, writer: connected.append(writer), "127.0.0.1", 0)
    closed = await asyncio.start_server(lambda _, __: None, "127.0.0.1", 0)
    ports = [server.sockets[0].getsockname()[1] for server in (closed, silent)]
    closed.close()
    urls = {
        "phone": f"ntfy://127.0.0.1:{ports[0]}/topic",
        "mail": f"mailto://127.0.0.1:{ports[1]}/d@e.ff?from=a@b.cc&mode=insecure",
    }
    try:
        async with engine({}) as without, engine(urls) as dead:
            for turn in range(TURNS):
                for side in (without, dead) if turn % 2 else (dead, without):
                    await work(side, turn * 1_000_000)
            async with (
                aiohttp.ClientSession() as client,
                client.get(f"{dead.served.url}/api/status") as answer,
            ):
                status = await answer.json()
    finally:
        silent.close()
        for writer in connected:
            writer.close()
    told = "; ".join(
        f"{each['name']} {each['lost']} lost, {each['waiting']} waiting" for each in status["phone"]
    )
    alarms = sum("not sent to" in alarm for alarm in status["alarms"])
    return without, dead, f"{told}; {alarms} alarms of it"


def rows() -> Iterator[Row]:
    """Yield the webhooks' p99 with both addresses dead beside the one without any."""
    without, dead, told = asyncio.run(measure())
    cpu = [side.processor / max(1, len(side.latencies)) * 1000 for side in (dead, without)]
    note = (
        f"median {statistics.median(dead.latencies):.1f} ms against {statistics.median(without.latencies):.1f} ms, "
        f"engine {cpu[0]:.1f} ms of CPU a webhook against {cpu[1]:.1f} ms, {dead.failed} failed; {told}"
    )
    yield Row(
        f"notify: webhook p99 at {RATE}/s, phone and mail dead", f"{dead.p99:.1f} ms",
        f"without a phone {without.p99:.1f} ms", without.p99 / max(dead.p99, 0.01), "≥ 0.8 ×", note,
    )  # fmt: skip
