"""Ledgers of earlier schemas, as files that their version wrote, are brought to the present one."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.engine import Engine
from core.engine.state import EngineState
from core.model import ENGINE_VERSION
from server.ledger.base import LedgerError
from server.ledger.reader import SqliteReader
from server.ledger.schema import VERSION
from server.ledger.soundness import check_ledger
from server.ledger.sqlite import SqliteLedger
from server.runtime.checkpoints import decode_state

OLD = Path(__file__).parent / "schemas"


@pytest.fixture(params=sorted(OLD.glob("*.sql")), ids=lambda path: path.stem)
def old(request: Any, tmp_path: Path) -> Path:
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as c:
        c.executescript(request.param.read_text())
    c.close()
    return path


def _made_now(state: EngineState) -> EngineState:
    """A state whose decisions say that they were made by this version of the engine."""
    recent = [
        replace(made, verdict=replace(made.verdict, engine_version=ENGINE_VERSION)) for made in state.recent
    ]
    return replace(state, recent=recent)


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
        assert _made_now(engine.state) == whole.state
        await ledger.commit([(make.tick(9), ())])
    finally:
        await ledger.close()
    with sqlite3.connect(old) as c:
        assert c.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert c.execute("SELECT count(*) FROM sqlite_master WHERE name LIKE 'old_%'").fetchone() == (0,)
    await (await SqliteReader.attach(old)).close()
    assert check_ledger(old).ok


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


async def test_an_upgrade_that_fails_leaves_the_older_ledger(old: Path, monkeypatch: Any) -> None:
    def broken(_: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr("server.ledger.schema._allow_compressed", broken)
    with pytest.raises(LedgerError, match="disk I/O"):
        await SqliteLedger.open(old, "station")
    monkeypatch.undo()
    ledger = await SqliteLedger.open(old, "station")
    assert ledger.last_seq == 8 and await ledger.last_checkpoint() is not None
    await ledger.close()
