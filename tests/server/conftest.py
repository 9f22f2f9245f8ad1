"""A runtime on a real ledger file, with a disk that can be held up or fail and a market that can be slow."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.effects import FetchMarket, Watch
from core.intake import sample
from core.model import Direction, MarketSnapshot, Source
from server.feeds.base import ASSUMED, MarketReply
from server.ledger.address import LedgerAddress
from server.ledger.base import LedgerError, OwnLedger
from server.ledger.opened_by_address import open_to_write
from server.runtime.clock import VirtualClock
from server.runtime.ports import WebhookAnswer
from server.runtime.runtime import Runtime

START = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
UNASKED = "approval_above_contracts = 1000\napproval_above_premium = 1e9\n"
UNLIMITED = "delta_accounts = 1e6\ngamma_accounts = 1e6\nvega_pct = 1e6\ntheta_pct = 1e6\n"
"""In the table of risk: no trade waits for a person, and no Greek is limited."""
WIDE = (
    "[risk]\nopen_positions = 90\nper_symbol = 90\nsymbol_premium = 1e6\ndaily_loss = 1e6\nlosses_in_a_row = 90\n"
    + UNASKED
    + UNLIMITED
)


class Disk:
    """A ledger whose commits can be held or made to fail; everything else is the ledger's own."""

    def __init__(self, ledger: OwnLedger) -> None:
        self._ledger = ledger
        self.free = asyncio.Event()
        self.free.set()
        self.failing: Callable[[Sequence[Any]], bool] = lambda batch: False
        self.checkpoints_fail = False
        self.batches: list[Sequence[Any]] = []
        self.order: list[str] = []

    async def commit(self, batch: Sequence[Any]) -> None:
        await self.free.wait()
        if self.failing(batch):
            raise LedgerError("disk full")
        await self._ledger.commit(batch)
        self.batches.append(tuple(batch))
        self.order.append("commit")

    async def save_checkpoint(self, seq: int, at: datetime, state: bytes) -> None:
        if self.checkpoints_fail:
            raise LedgerError("disk full")
        await self._ledger.save_checkpoint(seq, at, state)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)


class SlowMarkets:
    """A market that answers when it is let; ``note`` and ``assumed`` as those of no feed."""

    note = "slow"
    assumed = True

    def __init__(self) -> None:
        self.free = asyncio.Event()
        self.asked: list[FetchMarket] = []
        self.watched: list[tuple[Watch, ...]] = []
        self.broken = False

    def at_once(self, ask: FetchMarket, now: datetime, *, chain: bool = True) -> MarketReply | None:
        return None

    async def ask(self, ask: FetchMarket, now: datetime, *, chain: bool = True) -> MarketReply:
        self.asked.append(ask)
        await self.free.wait()
        if self.broken:
            raise RuntimeError("a feed that should never raise")
        return MarketReply(MarketSnapshot(symbol=ask.symbol, as_of=now, assumed=ASSUMED))

    async def watch(self, wanted: Sequence[Watch]) -> None:
        if self.broken:
            raise RuntimeError("a feed that should never raise")
        self.watched.append(tuple(wanted))

    def trouble(self, symbol: str) -> str:
        return ""

    def status(self) -> tuple[Any, ...]:
        return ()


class Station:
    """Starts runtimes on one ledger, one after the other."""

    def __init__(self, path: LedgerAddress) -> None:
        self.path = path
        self.clock = VirtualClock(START, "test")
        self.running: list[Runtime] = []

    async def start(self, markets: Any, *, rules: str = WIDE, **options: Any) -> Runtime:
        disk = Disk(await open_to_write(self.path, "station"))
        runtime = Runtime(disk, self.clock, markets, engine_id="station", rules_text=rules, **options)
        try:
            await runtime.start()
        except BaseException:
            await runtime.stop()
            raise
        self.running.append(runtime)
        return runtime

    async def stop(self, runtime: Runtime) -> None:
        self.running.remove(runtime)
        await runtime.stop()

    async def kill(self, runtime: Runtime) -> None:
        """End it as kill -9 would: nothing is finished, no checkpoint is left."""
        self.running.remove(runtime)
        ending = [task for task in (runtime.engine_loop._task, *runtime._requests) if task is not None]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        await runtime.ledger.close()

    def later(self, seconds: float = 0, minutes: float = 0) -> None:
        self.clock.move(self.clock.now() + timedelta(seconds=seconds, minutes=minutes))

    def text(self, source: Source, symbol: str = "SPY", price: float = 450.0, **wanted: Any) -> str:
        direction = wanted.pop("direction", Direction.LONG)
        return json.dumps(sample(source, self.clock.now(), symbol, price, direction, **wanted))

    async def send(
        self, runtime: Runtime, source: Source, symbol: str = "SPY", **wanted: Any
    ) -> WebhookAnswer:
        return await runtime.submit(self.text(source, symbol, **wanted), "/api/webhooks")

    async def enter(self, runtime: Runtime, symbol: str = "SPY") -> WebhookAnswer:
        """Everything an EXECUTE takes; returns the signal's answer."""
        for source in (Source.SATY_PHASE, Source.MTF_DOTS, Source.STRAT_EXEC):
            await self.send(runtime, source, symbol)
        return await self.send(runtime, Source.TRADINGVIEW_SIGNAL, symbol)


@pytest.fixture
async def station(tmp_path: Path) -> AsyncIterator[Station]:
    found = Station(tmp_path / "ledger.db")
    yield found
    for runtime in found.running:
        runtime.ledger.free.set()
        runtime.ledger.failing = lambda batch: False
        await runtime.stop()


@pytest.fixture
def slow_markets() -> SlowMarkets:
    return SlowMarkets()
