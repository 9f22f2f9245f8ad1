"""A running engine for tests of attached decks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from core.intake import ENDPOINTS, sample
from core.model import Direction
from server.assembly import RunningEngine, running_engine
from server.config import Settings, load_settings
from server.feeds.base import NoFeed
from server.runtime.clock import VirtualClock
from tests.server.conftest import START, UNLIMITED

RULES = (
    "[risk]\nopen_positions = 90\nper_symbol = 90\nsymbol_premium = 1e6\ndaily_loss = 1e6\nlosses_in_a_row = 90\n"
    "approval_above_contracts = 1000\napproval_above_premium = 1e9\n" + UNLIMITED
)
COMMAND_TOKEN = "a-command-token-of-32-characters"
READ_TOKEN = "a-read-token-of-32-characters-xx"


def settings(folder: Path, **more: object) -> Settings:
    flags = {
        "state_dir": folder, "db": str(folder / "gatedeck.db"), "port": 0, "api_token": READ_TOKEN,
        "command_token": COMMAND_TOKEN, "webhook_secret": "s" * 32,
    }  # fmt: skip
    return load_settings(flags | more, Path("/dev/null"))


async def open_position(host: RunningEngine, symbol: str = "SPY", price: float = 450.0) -> None:
    """Submit a sample of every source; the last one, the signal, opens a position."""
    for endpoint, source in sorted(ENDPOINTS.items(), key=lambda each: each[0] == "signals"):
        if endpoint in ("ultimate-options", "strat-exec"):
            continue
        body = sample(source, host.runtime.clock.now(), symbol, price, Direction.LONG, timeframe=15)
        await host.runtime.submit(json.dumps(body), endpoint)


@asynccontextmanager
async def engine(folder: Path, *, rules: str = RULES, **more: object) -> AsyncIterator[RunningEngine]:
    clock = VirtualClock(START, "test")
    async with running_engine(settings(folder, **more), clock, NoFeed(), rules, ticking=False) as host:
        yield host


class Relay:
    """A socket before an engine's, whose connections can be cut, held up, and robbed of what the engine says."""

    def __init__(self, path: Path, engine: Path) -> None:
        self.path, self._engine = path, engine
        self.connections = 0
        self.bytes_from_engine = 0
        self.mute = False
        """Nothing that the engine says arrives any more, and the connections stay open."""
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_unix_server(self._serve, self.path)

    async def cut(self) -> None:
        """End every connection; none can be made until ``start``."""
        if self._server is not None:
            self._server.close()
        self.path.unlink(missing_ok=True)
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            engine_reader, engine_writer = await asyncio.open_unix_connection(self._engine)
        except OSError:
            writer.close()
            return
        self._open |= {writer, engine_writer}
        await asyncio.gather(
            self._pass_on(reader, engine_writer, from_engine=False),
            self._pass_on(engine_reader, writer, from_engine=True),
        )
        self._open -= {writer, engine_writer}

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, from_engine: bool
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                if from_engine:
                    self.bytes_from_engine += len(data)
                    if self.mute:
                        continue
                writer.write(data)
                await writer.drain()
        writer.transport.abort()


async def becomes(true: Callable[[], bool], within: float = 10.0) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(within):
        while not true():  # noqa: ASYNC110  (what is waited for has no event)
            await asyncio.sleep(0.02)
