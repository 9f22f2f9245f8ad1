"""Ledgers in a database: older tables, as their version wrote them, are upgraded; newer ones are refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server.ledger.address import DatabaseLedger
from server.ledger.base import LedgerError
from server.ledger.compare import compare
from server.ledger.migrate import migrate
from server.ledger.opened_by_address import open_to_read, open_to_write
from server.ledger.snapshot import LedgerSnapshot
from server.replay.rebuild import rebuild_database
from server.replay.verify import verify_ledger
from tests.server.ledger.databases import change, new_database

pytest.importorskip("psycopg", reason="the postgres extra is not installed")

from server.ledger.postgres.schema import VERSION
from server.ledger.postgres.state import describe

OLD = Path(__file__).parent / "schemas" / "postgres"


@pytest.fixture
def own_database() -> Iterator[str]:
    with new_database() as url:
        yield url


@pytest.mark.parametrize("version", [1])
async def test_older_tables_are_upgraded_by_a_writer(
    version: int, own_database: str, make: Any, tmp_path: Path
) -> None:
    import psycopg

    with psycopg.connect(own_database) as raw:
        raw.execute((OLD / f"version_{version}.sql").read_bytes())
    address = DatabaseLedger(own_database, "station")
    told = rf"schema version {version}; `gatedeck run` upgrades it to version {VERSION}"
    for read in (LedgerSnapshot, describe):
        with pytest.raises(LedgerError, match=told):
            read(address)
    with pytest.raises(LedgerError, match=told):
        await open_to_read(address)
    ledger = await open_to_write(address, "station")
    assert (await ledger.verify()).rows == ledger.last_seq == 8
    await ledger.commit([(replace(make.tick(9), at=make.at(9_000)), ())])
    await ledger.close()
    assert change(address, "SELECT count(*) FROM migrations") == [(2,)]
    types = "SELECT count(*) FROM information_schema.columns WHERE udt_name = ? AND table_schema = current_schema()"
    assert change(address, types, ("jsonb",)) == [(0,)] and change(address, types, ("json",))[0][0] > 5
    # What was stored has its keys in another order; a copy is equal by value, a rebuild by letter.
    assert migrate(address, tmp_path / "copy.db").inputs == 9
    with LedgerSnapshot(address) as upgraded, LedgerSnapshot(tmp_path / "copy.db") as copy:
        assert upgraded.reordered and copy.reordered and compare(upgraded, copy).equal
    rebuild_database(address)
    with LedgerSnapshot(address) as rebuilt:
        assert not rebuilt.reordered
    assert verify_ledger(address)["ok"]


async def test_newer_tables_are_refused_by_every_way_in(own_database: str) -> None:
    address = DatabaseLedger(own_database, "station")
    await (await open_to_write(address, "station")).close()
    change(address, "INSERT INTO migrations (version, engine_version) VALUES (?, '9')", (VERSION + 1,))
    told = rf"schema version {VERSION + 1}; this program knows version {VERSION}: a newer gatedeck wrote it"
    for way in (open_to_write(address, "station"), open_to_read(address)):
        with pytest.raises(LedgerError, match=told):
            await way
    for read in (LedgerSnapshot, describe):
        with pytest.raises(LedgerError, match=told):
            read(address)
    assert change(address, "SELECT count(*) FROM migrations") == [(2,)]
