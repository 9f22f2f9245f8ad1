"""Ledgers of earlier schemas, as files that their version wrote, are brought to the present one.

Versions 1 to 4 are three minutes of the demo of their time (seed 5): three trades, one of them closed, made by
engine versions 1 and 2. Versions 5 to 10 are eight inputs of one trade, the same in each. What the commands say of
them is in tests/tui/test_older_ledgers.py.
"""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.engine import Engine
from core.engine.state import EngineState
from core.model import ENGINE_VERSION
from core.positions.position import STOP, LevelMove
from server.feeds.base import NoFeed
from server.ledger.address import DatabaseLedger
from server.ledger.base import LedgerError
from server.ledger.opened_by_address import open_to_read, open_to_write
from server.ledger.reader import SqliteReader
from server.ledger.schema import VERSION
from server.ledger.soundness import check_ledger
from server.ledger.sqlite import SqliteLedger
from server.replay.verify import verify_ledger
from server.runtime.checkpoints import decode_state
from server.runtime.clock import VirtualClock
from server.runtime.runtime import Runtime
from tests.server.ledger.databases import change, new_database
from tests.server.ledger.older_ledgers import DEMOS, SAME_TRADE, older_ledger, owner_of

DEMO_POSITIONS = {"875e507d-5bef-575b-aaf9-6b587a746721", "d73b4a61-9db6-51a6-ae5e-ff89b360f43a"}


@pytest.fixture(params=SAME_TRADE, ids=str)
def old(request: Any, tmp_path: Path) -> Path:
    return older_ledger(request.param, tmp_path / "old.db")


@pytest.fixture(params=DEMOS, ids=str)
def demo(request: Any, tmp_path: Path) -> Path:
    return older_ledger(request.param, tmp_path / "old.db")


def _made_now(state: EngineState) -> EngineState:
    """A state whose decisions say that they were made by this version of the engine, without its notices.

    Earlier versions did not keep the latest notices.
    """
    recent = [
        replace(made, verdict=replace(made.verdict, engine_version=ENGINE_VERSION)) for made in state.recent
    ]
    return replace(state, recent=recent, notices=[])


async def test_an_older_ledger_keeps_its_journal_and_its_newest_checkpoint(old: Path, make: Any) -> None:
    with pytest.raises(LedgerError, match=r"gatedeck run. upgrades it"):
        await SqliteReader.attach(old)
    ledger = await SqliteLedger.open(old, "station")
    try:
        assert (await ledger.verify()).ok and ledger.last_seq == 8
        saved = await ledger.last_checkpoint()
        assert saved is not None and saved.problem is None and saved.seq == 7
        whole = Engine(engine_id="station")
        async for event in ledger.journal_after(0):
            whole.step(event)
        engine = Engine(decode_state(saved.state), "station")
        async for event in ledger.journal_after(saved.seq):
            engine.step(event)
        assert _made_now(engine.state) == replace(whole.state, notices=[])
        await ledger.commit([(make.tick(9), ())])
    finally:
        await ledger.close()
    with sqlite3.connect(old) as c:
        assert c.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert c.execute("SELECT count(*) FROM sqlite_master WHERE name LIKE 'old_%'").fetchone() == (0,)
    await (await SqliteReader.attach(old)).close()
    assert check_ledger(old).ok


async def test_a_stop_that_an_older_engine_moved_is_in_force_from_then_on(tmp_path: Path) -> None:
    ledger = await SqliteLedger.open(older_ledger(5, tmp_path / "old.db"), "station")
    saved = await ledger.last_checkpoint()
    await ledger.close()
    assert saved is not None and b'"stop_since":null' in saved.state
    moved = saved.state.replace(b'"stop_since":null', b'"stop_since":"2026-11-24T15:00:30Z"')
    at = datetime(2026, 11, 24, 15, 0, 30, tzinfo=UTC)
    (position,) = decode_state(moved).positions.values()
    assert position.moves == (LevelMove(level=STOP, at=at, by="not recorded"),)
    assert position.levels_since == at > position.opened_at
    (untouched,) = decode_state(saved.state).positions.values()
    assert untouched == replace(position, moves=())


async def test_an_older_demo_goes_on_with_the_positions_that_were_open(demo: Path, make: Any) -> None:
    with pytest.raises(LedgerError, match=r"gatedeck run. upgrades it"):
        await SqliteReader.attach(demo)
    ledger = await SqliteLedger.open(demo, "demo")
    assert (await ledger.verify()).ok
    inputs = ledger.last_seq
    (rules, *_) = await ledger.rules_versions()
    clock = VirtualClock(datetime(2026, 11, 25, 14, 40, tzinfo=UTC), "test")
    runtime = Runtime(ledger, clock, NoFeed(), engine_id="demo", rules_text=rules["toml"])
    await runtime.start()
    try:
        assert set(runtime.engine.state.positions) == DEMO_POSITIONS
        await runtime.price("SPY", 600.0, "feed")
    finally:
        await runtime.stop()
    assert check_ledger(demo).ok and check_ledger(demo).last_seq > inputs
    with sqlite3.connect(demo) as c:
        assert c.execute("PRAGMA user_version").fetchone() == (VERSION,)
    c.close()


async def test_a_newer_ledger_is_refused_by_every_way_in(tmp_path: Path) -> None:
    path = tmp_path / "newer.db"
    await (await SqliteLedger.open(path, "station")).close()
    with sqlite3.connect(path) as c:
        c.execute(f"PRAGMA user_version = {VERSION + 1}")
    c.close()
    before = path.read_bytes()
    told = rf"schema version {VERSION + 1}; this program knows version {VERSION}: a newer gatedeck wrote it"
    for way in (SqliteLedger.open(path, "station"), SqliteReader.attach(path)):
        with pytest.raises(LedgerError, match=told):
            await way
    with pytest.raises(LedgerError, match=told):
        check_ledger(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("version", [*DEMOS, *SAME_TRADE])
async def test_an_upgrade_that_fails_leaves_the_older_ledger(
    version: int, tmp_path: Path, monkeypatch: Any
) -> None:
    old = older_ledger(version, tmp_path / "old.db")

    def broken(_: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr("server.ledger.schema._allow_compressed", broken)
    with pytest.raises(LedgerError, match="disk I/O"):
        await SqliteLedger.open(old, owner_of(version))
    with sqlite3.connect(old) as c:
        assert c.execute("PRAGMA user_version").fetchone() == (version,)
    c.close()
    monkeypatch.undo()
    ledger = await SqliteLedger.open(old, owner_of(version))
    assert ledger.last_seq >= 8 and await ledger.last_checkpoint() is not None
    await ledger.close()


async def test_a_newer_database_is_refused_by_every_way_in() -> None:
    from server.ledger.postgres.schema import VERSION as NOW

    with new_database() as url:
        address = DatabaseLedger(url, "station")
        await (await open_to_write(address, "station")).close()
        change(address, "INSERT INTO migrations (version, engine_version) VALUES (?, '9')", (NOW + 1,))
        told = rf"schema version {NOW + 1}; this program knows version {NOW}: a newer gatedeck wrote it"
        for way in (open_to_write(address, "station"), open_to_read(address)):
            with pytest.raises(LedgerError, match=told):
                await way
        with pytest.raises(LedgerError, match=told):
            verify_ledger(address)
