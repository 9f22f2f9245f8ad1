"""A running engine for tests of attached decks."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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
