"""Rebuild a ledger's derived tables from its journal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from core.engine import Engine
from server.ledger.base import Entry
from server.ledger.snapshot import LedgerSnapshot
from server.ledger.sqlite import SqliteLedger


async def rebuild_ledger(path: Path) -> None:
    """Write every derived table again, all or nothing.

    Raises LedgerError when an engine is writing the ledger, or when its journal was changed.
    """
    with LedgerSnapshot(path) as source:
        engine_id = source.engine_id
    ledger = await SqliteLedger.open(path, engine_id)
    try:
        await ledger.rebuild(_steps(path, engine_id))
    finally:
        await ledger.close()


def _steps(path: Path, engine_id: str) -> Iterator[Entry]:
    # Opened where it is used: the ledger consumes this in the thread of its writing connection.
    engine = Engine(engine_id=engine_id)
    with LedgerSnapshot(path) as source:
        for event in source.events():
            yield event, engine.step(event)
