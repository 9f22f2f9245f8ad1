"""Readers of a database: killed, cut off by a time limit, too many; none is ever in the way of the writer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from server.ledger.address import DatabaseLedger
from server.ledger.base import LedgerError
from server.ledger.opened_by_address import open_to_read, open_to_write
from server.ledger.paging import PageQuery
from server.ledger.snapshot import LedgerSnapshot
from tests.server.ledger.databases import connected
from tests.server.ledger.test_database_lost import end_connection

pytest.importorskip("psycopg", reason="the postgres extra is not installed")

from server.ledger.postgres.ledger import PostgresLedger

RECEIPTS = PageQuery(what="receipts")


@pytest.fixture
async def written(database: DatabaseLedger, make: Any) -> AsyncIterator[PostgresLedger]:
    ledger = await PostgresLedger.open(database)
    await ledger.commit([make.webhook(seq) for seq in range(1, 6)])
    yield ledger
    assert (await ledger.verify()).rows == ledger.last_seq
    await ledger.close()


def process_of(connection: Any) -> int:
    found: int = connection.raw.info.backend_pid
    return found


async def test_a_page_is_read_again_when_its_connection_is_ended(written: PostgresLedger, make: Any) -> None:
    reader, asked = written.reader, 0
    end_connection(written.address, process_of(reader._connection))
    assert len((await reader.page(RECEIPTS)).items) == 5

    def ended_within(connection: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked == 1:
            end_connection(written.address, process_of(connection))
        return connection.execute("SELECT count(*) FROM receipts").fetchone()[0]

    assert (await reader._read(ended_within), asked) == (5, 2)
    await written.commit([make.webhook(6)])


async def test_a_report_that_is_ended_says_so(written: PostgresLedger, make: Any) -> None:
    with LedgerSnapshot(written.address) as ledger:
        rows = ledger.query("SELECT r.seq FROM receipts r, generate_series(1, 5000)")
        next(rows)
        end_connection(written.address, process_of(ledger._connection._connection))  # type: ignore[attr-defined]
        with pytest.raises(LedgerError, match="terminating connection due to administrator command"):
            list(rows)
    await written.commit([make.webhook(6)])


async def test_a_time_limit_of_the_server_ends_the_question_only(written: PostgresLedger, make: Any) -> None:
    limited = DatabaseLedger(f"{written.address.url}?options=-c%20statement_timeout%3D50", "engine-1")
    reader = await open_to_read(limited)
    process = await reader._read(process_of)
    with pytest.raises(LedgerError, match="statement timeout"):
        await reader._read(lambda c: c.execute("SELECT pg_sleep(20)").fetchone())
    assert len((await reader.page(RECEIPTS)).items) == 5 and await reader._read(process_of) == process
    await reader.close()
    await written.commit([make.webhook(6)])


async def test_more_readers_than_the_server_takes_leave_the_writer_alone(
    database: DatabaseLedger, make: Any
) -> None:
    name = f"few_{database.url.rpartition('_')[2]}"
    with connected(database) as other:
        other.execute(f"CREATE ROLE {name} LOGIN CONNECTION LIMIT 3")
        other.execute(f"GRANT CREATE ON DATABASE {other.raw.info.dbname} TO {name}")
        address = DatabaseLedger(database.url.replace("postgres@", f"{name}@"), "few")
        try:
            ledger = await open_to_write(address, "few")
            await ledger.commit([make.webhook(1)])
            third = await open_to_read(address)
            for _ in range(3):
                with pytest.raises(LedgerError, match="too many connections for role"):
                    LedgerSnapshot(address)
            await ledger.commit([make.webhook(2)])
            assert len((await ledger.page(RECEIPTS)).items) == len((await third.page(RECEIPTS)).items) == 2
            await third.close()
            await ledger.close()
        finally:
            other.execute(f"DROP OWNED BY {name} CASCADE")
            other.execute(f"DROP ROLE {name}")


async def test_a_long_report_does_not_hold_up_the_writer(written: PostgresLedger, make: Any) -> None:
    with LedgerSnapshot(written.address) as ledger:
        rows = ledger.query("SELECT r.seq FROM receipts r, generate_series(1, 3000)")
        next(rows)
        async with asyncio.timeout(20):
            await written.commit([make.decided(6), (make.tick(7), (make.trade(6), make.marks(6, 6)))])
            await written.save_checkpoint(7, make.at(7), b"{}")
            await written.remove_old(make.at(7), make.at(7))
        assert len([*rows]) == 5 * 3000 - 1
