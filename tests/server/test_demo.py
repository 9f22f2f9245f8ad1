"""The demo is a discrete-event simulation: what comes of it hangs on the seed and on nothing else."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.exchange.calendar import Calendar
from core.options.trading_clock import TradingClock
from core.rules import Rules
from server.config import Settings, load_settings
from server.demo import drive
from server.demo.drive import virtual_end
from server.demo.market import LISTINGS, SimulatedMarket, session_shape
from server.demo.session import START, demo_session
from server.demo.summary import summary
from server.runtime import engine_loop
from tests.server.conftest import Disk


@dataclass
class Ran:
    head: bytes
    told: dict[str, Any]
    last: datetime
    sources: frozenset[str]


def settings(folder: Path, **given: Any) -> Settings:
    folder.mkdir()
    flags = {"state_dir": folder, "db": str(folder / "demo.db"), "engine_id": "demo", "port": 0, **given}
    return load_settings(flags, Path("/dev/null"))


async def ran(folder: Path, *, seed: int = 7, minutes: float = 12, **given: Any) -> Ran:
    async with demo_session(settings(folder, **given), seed=seed, speed=float("inf")) as demo:
        await demo.drive.run(virtual_end(demo.drive.clock.now(), minutes, float("inf")))
        runtime = demo.host.runtime
        verified = await runtime.ledger.verify()
        assert verified.ok
        told = await summary(runtime.ledger, seed=seed, rules=demo.rules.name)
        known = frozenset(s.source.value for s in runtime.engine.state.senders.known.values())
        return Ran(verified.head, told, demo.drive.clock.now(), known)


async def busy() -> None:
    """A machine that has other things to do."""
    n = 0
    while True:
        n += 1
        if n % 3 == 0:
            time.sleep(0.002)  # noqa: ASYNC251
        await asyncio.sleep(0)


async def test_the_same_seed_gives_the_same_journal_whatever_the_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await ran(tmp_path / "1")
    monkeypatch.setattr(engine_loop, "BATCH_SECONDS", 0.0)
    load = asyncio.create_task(busy())
    second = await ran(tmp_path / "2")
    load.cancel()
    assert (first.head, first.told, first.last) == (second.head, second.told, second.last)
    other = await ran(tmp_path / "3", seed=8)
    assert other.head != first.head and other.told != {**first.told, "seed": 8}
    assert first.last == START + timedelta(minutes=12)
    assert len(first.sources) == 5 and first.told["decisions"]["EXECUTE"] > 0


async def test_a_ledger_that_cannot_store_for_a_while_does_not_end_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drive, "AGAIN_SECONDS", 0.02)
    async with demo_session(settings(tmp_path / "1"), seed=7, speed=float("inf")) as demo:
        runtime = demo.host.runtime
        disk = Disk(runtime.ledger)
        runtime.ledger = runtime.engine_loop.ledger = disk
        failed: list[int] = []

        def failing(batch: Any) -> bool:
            """Fail ten commits in the fifth minute."""
            due = demo.drive.clock.now() >= START + timedelta(minutes=5) and len(failed) < 10
            failed.extend([len(batch)] if due else ())
            return due

        disk.failing = failing
        await demo.drive.run(virtual_end(demo.drive.clock.now(), 8, float("inf")))
        assert len(failed) == 10 and (await runtime.ledger.verify()).ok
        assert demo.drive.clock.now() == START + timedelta(minutes=8)
        assert runtime.health().ready and not runtime.health().alarms


async def test_closed_hours_are_skipped_and_the_next_session_goes_on(tmp_path: Path) -> None:
    """From five minutes before Wednesday's close over Thanksgiving into Friday's half session."""
    start = datetime(2026, 11, 25, 20, 55, tzinfo=UTC)
    found = await ran(tmp_path / "1", minutes=12, clock=start)
    assert found.last == datetime(2026, 11, 27, 14, 37, tzinfo=UTC)


async def test_a_listener_that_refuses_ends_the_demo(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="HTTP 401"):
        await ran(tmp_path / "1", webhook_secret="a real one")


def market(seed: int) -> SimulatedMarket:
    rules = Rules()
    return SimulatedMarket(
        START, Calendar.from_rules(rules.clock), TradingClock.from_rules(rules.clock), seed
    )


def test_bars_are_whole_and_follow_each_other() -> None:
    m = market(1)
    closes = {listing.symbol: listing.price for listing in LISTINGS}
    for _ in range(600):
        session = m.session
        for bar in m.step():
            assert 0 < bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
            if m.session is session:
                assert abs(bar.open / closes[bar.symbol] - 1) < 0.05
            closes[bar.symbol] = bar.close
        assert m.session.open < m.now <= m.session.close


def test_the_variance_of_a_session_is_what_is_quoted_at_its_start() -> None:
    assert session_shape(390).mean() == pytest.approx(1)
    total = np.zeros(len(LISTINGS))
    quoted = np.zeros(len(LISTINGS))
    for seed in range(40):
        m = market(seed)
        last = np.log(m.price)
        expiry = m.session.date
        years = m.clock.years_to_expiry(m.now, expiry)
        quoted += [m.quoted_volatility(s, expiry) ** 2 * years for s in m.symbols]
        while m.now < m.session.close:
            m.step()
            total += (np.log(m.price) - last) ** 2
            last = np.log(m.price)
    ratio = float((total / quoted).mean())
    assert 0.95 < ratio < 1.05
