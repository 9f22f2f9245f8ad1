"""A demo session of a few minutes, recorded once, and receipts with bars made by hand."""

from __future__ import annotations

import asyncio
import json
import math
import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.model import Source
from server.config import load_settings
from server.demo.drive import virtual_end
from server.demo.session import demo_session
from server.feeds.base import NoFeed
from server.ledger.compressed import expanded
from server.ledger.paging import PageQuery
from server.runtime.ports import Command
from tests.server.conftest import Station


def _record(folder: Path, minutes: int) -> Path:
    """Play a live demo: real listener, real engine, virtual time. Return its ledger."""
    flags = {"state_dir": folder, "engine_id": "demo", "db": str(folder / "demo.db"), "port": 0}

    async def play() -> None:
        settings = load_settings(flags, Path("/dev/null"))
        async with demo_session(settings, seed=7, speed=math.inf) as running:
            await running.drive.run(virtual_end(running.drive.clock.now(), minutes, math.inf))
            await running.host.runtime.settled()
            ledger = running.host.runtime.ledger
            (trade, *_) = (await ledger.page(PageQuery(what="trades"))).items
            for n, (position_id, text) in enumerate(
                ((trade["position_id"], "late #fomo"), (None, "2026-11-24 x"))
            ):
                note = Command(id=f"note-{n}", name="note", position_id=position_id, argument=text)
                assert (await running.host.runtime.command(note)).ok

    asyncio.run(play())
    return folder / "demo.db"


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session of 45 minutes."""
    return _record(tmp_path_factory.mktemp("recorded"), 45)


@pytest.fixture(scope="session")
def brief(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One of a quarter of an hour, for what is replayed again and again: decisions of all kinds, exits and marks."""
    return _record(tmp_path_factory.mktemp("brief"), 15)


@pytest.fixture
def ledger(brief: Path, tmp_path: Path) -> Path:
    """A copy of the brief session, to be spoiled."""
    return Path(shutil.copy(brief, tmp_path / "copy.db"))


@pytest.fixture
def spoil() -> Callable[[Path, str], None]:
    """Change a ledger behind its back."""

    def change(path: Path, sql: str) -> None:
        connection = sqlite3.connect(path)
        connection.create_function("expanded", 1, expanded)
        assert connection.execute(sql).rowcount == 1
        connection.commit()
        connection.close()

    return change


OPEN = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)


def _signal(at: datetime, price: float, direction: str, score: float) -> dict[str, Any]:
    return {
        "received_at": at.isoformat(),
        "body": json.dumps(
            {
                "ticker": "SPY",
                "direction": direction,
                "timeframe": "15",
                "score": score,
                "price": price,
                "id": f"{at:%H%M}-{direction}",
                "timestamp": int((at - timedelta(minutes=15)).timestamp() * 1000),
            }
        ),
        "endpoint": "signals",
    }


@pytest.fixture(scope="session")
def rising(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Receipts and bars of one session in which SPY rises by a cent every six seconds: (jsonl, csv)."""
    bars = ["epoch_ms,open,high,low,close,volume"]
    for minute in range(390):
        start = 660 + minute * 0.1
        at = int((OPEN + timedelta(minutes=minute)).timestamp() * 1000)
        bars.append(f"{at},{start:.2f},{start + 0.1:.2f},{start:.2f},{start + 0.1:.2f},1000")
    signals = [
        _signal(OPEN + timedelta(minutes=30, seconds=20), 663.0, "LONG", 9.5),
        _signal(OPEN + timedelta(minutes=60, seconds=20), 666.0, "SHORT", 4.0),
    ]
    folder = tmp_path_factory.mktemp("rising")
    receipts, prices = folder / "receipts.jsonl", folder / "SPY_1m.csv"
    receipts.write_text("".join(json.dumps(line) + "\n" for line in signals))
    prices.write_text("\n".join(bars) + "\n")
    return receipts, prices


SUFFIXES = ("", "-wal", ".head")


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of an engine that was killed: part of the session in the file, part in its log, pages free."""
    folder = tmp_path_factory.mktemp("killed")

    async def session() -> Path:
        station = Station(folder / "ledger.db")
        runtime = await station.start(NoFeed())
        for symbol in ("SPY", "QQQ"):
            await station.enter(runtime, symbol)
            station.later(minutes=1)
            await runtime.price(symbol, 450.5, "feed")
        await runtime.submit("{{close}}", None)
        await station.stop(runtime)
        with sqlite3.connect(station.path) as c:
            c.execute("CREATE TABLE filler (text)")
            c.executemany("INSERT INTO filler VALUES (?)", [("x" * 3000,)] * 10)
            c.execute("DROP TABLE filler")
        c.close()
        runtime = await station.start(NoFeed())
        await station.enter(runtime, "IWM")
        await station.send(runtime, Source.SATY_PHASE, "DIA")
        await runtime.engine_loop._checkpoints.store(runtime.engine.state)
        await station.send(runtime, Source.SATY_PHASE, "AAPL")
        copy = folder / "copy"
        copy.mkdir()
        for suffix in SUFFIXES:
            shutil.copy(f"{station.path}{suffix}", copy / f"ledger.db{suffix}")
        await station.stop(runtime)
        return copy / "ledger.db"

    return asyncio.run(session())
