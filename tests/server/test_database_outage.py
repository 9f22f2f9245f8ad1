"""An engine whose database goes away: senders are refused, exits wait and then act, and it goes on by itself."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.effects import StoreTrade
from core.model import ExitReason, Source
from server.feeds.base import NoFeed
from server.ledger.address import DatabaseLedger
from server.ledger.snapshot import LedgerSnapshot
from server.runtime import engine_loop, outage
from server.runtime.ports import NotStored
from tests.server.ledger.databases import Cluster, connected, new_cluster, new_database

pytest.importorskip("psycopg", reason="the postgres extra is not installed")

SATY, DOTS = Source.SATY_PHASE, Source.MTF_DOTS


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outage, "TRY_AGAIN_SECONDS", 0.05)
    monkeypatch.setattr(engine_loop, "READ_AGAIN_SECONDS", 0.05)


async def until_ready(runtime: Any) -> None:
    async with asyncio.timeout(30):
        while not runtime.health().ready:
            await runtime.check_ledger()
            await asyncio.sleep(0.02)


async def test_an_engine_goes_on_when_its_database_is_back(
    station: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.server.ledger.test_database_lost import Away, end_connection

    with new_database() as url:
        station.path = DatabaseLedger(url, "station")
        runtime = await station.start(NoFeed())
        away = Away(monkeypatch)

        def leave() -> None:
            away.now = True
            end_connection(station.path, runtime.ledger._session._process)

        await _through_an_outage(station, runtime, leave, lambda: setattr(away, "now", False))
        await station.stop(runtime)
        again = await station.start(NoFeed())
        assert not any(p.is_open for p in again.engine.state.positions.values())
        await station.stop(again)


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with new_cluster() as made:
        yield made


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_an_engine_goes_on_when_its_server_was_stopped_and_started(
    station: Any, cluster: Cluster, mode: str
) -> None:
    station.path = DatabaseLedger(cluster.url, "station")
    runtime = await station.start(NoFeed())
    await _through_an_outage(station, runtime, lambda: cluster.stop(mode), cluster.start)
    await station.stop(runtime)


async def _through_an_outage(station: Any, runtime: Any, leave: Any, come_back: Any) -> None:
    await station.enter(runtime)
    (position,) = runtime.engine.state.positions.values()
    await runtime.check_ledger()
    assert runtime.health().ready
    await asyncio.to_thread(leave)
    await runtime.check_ledger()
    assert not runtime.health().ready, "known before a webhook comes"
    assert "nothing can be stored" in runtime.health().alarms[0]
    station.later(seconds=30)
    with pytest.raises(NotStored):
        await station.send(runtime, SATY, "QQQ")
    station.later(seconds=30)
    crossed = station.clock.now()
    for price in (position.stop - 0.1, 450.2):
        with pytest.raises(NotStored):
            await runtime.price("SPY", price, "feed")
        station.later(seconds=1)
    with pytest.raises(NotStored):
        await station.enter(runtime, "IWM")
    assert "no entries, exits wait" in " ".join(runtime.health().alarms)
    await asyncio.to_thread(come_back)
    await until_ready(runtime)
    stored = [e for batch in runtime.ledger.batches for _, effects in batch for e in effects]
    (leg,) = [e.position for e in stored if isinstance(e, StoreTrade)][-1].legs
    assert (leg.reason, leg.at) == (ExitReason.STOP_LOSS, crossed)
    assert runtime.health().alarms == ()
    await station.send(runtime, SATY, "QQQ")
    assert (await runtime.ledger.verify()).ok


@pytest.mark.slow
async def test_what_is_acknowledged_is_stored_whatever_the_server_does(
    station: Any, cluster: Cluster
) -> None:
    """Three stops, each at another point of the commits under way, one of them of a killed connection only."""
    station.path = DatabaseLedger(cluster.url, "station")
    runtime = await station.start(NoFeed())
    answered: list[str] = []
    refused = 0
    going = True

    async def send_on(symbol: str) -> None:
        nonlocal refused
        while going:
            station.later(seconds=1)
            try:
                answered.append((await station.send(runtime, DOTS, symbol)).receipt_id)
            except NotStored:
                refused += 1
                await asyncio.sleep(0.01)

    senders = [asyncio.create_task(send_on(symbol)) for symbol in ("SPY", "QQQ", "IWM", "TSLA")]
    for mode in ("immediate", "fast", "connection", "immediate"):
        await asyncio.sleep(1)
        if mode == "connection":
            with connected(station.path) as other:
                other.execute("SELECT pg_terminate_backend(?)", (runtime.ledger._session._process,))
            continue
        await asyncio.to_thread(cluster.stop, mode)
        await asyncio.sleep(0.3)
        await asyncio.to_thread(cluster.start)
        await until_ready(runtime)
    going = False
    await asyncio.gather(*senders)
    await station.stop(runtime)
    with LedgerSnapshot(station.path) as ledger:
        stored = [row[0] for row in ledger.query("SELECT id FROM receipts")]
        assert sum(1 for _ in ledger.events()) == ledger.inputs
    print(f"\n{len(answered)} acknowledged, {refused} refused, {len(stored)} receipts stored")
    assert set(answered) <= set(stored) and len(stored) == len(set(stored)) and refused and len(answered) > 50


@pytest.fixture
def standby(cluster: Cluster) -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="gatedeck-standby-") as folder:
        Path(folder).chmod(0o755)
        made = cluster.standby(Path(folder))
        yield made
        made.stop("immediate")


@pytest.mark.slow
async def test_an_engine_goes_on_at_the_standby_that_takes_over(
    station: Any, cluster: Cluster, standby: Cluster
) -> None:
    servers = ",".join(each.url.split("@")[1].split("/")[0] for each in (cluster, standby))
    station.path = DatabaseLedger(f"postgresql://postgres@{servers}/postgres", "station")
    runtime = await station.start(NoFeed())

    def leave() -> None:
        cluster.stop("immediate")

    await _through_an_outage(station, runtime, leave, standby.promote)
    await station.stop(runtime)
