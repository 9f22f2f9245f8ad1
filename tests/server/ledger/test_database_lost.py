"""A database whose connection is lost in any phase of a commit, or that is away: nothing lost, nothing twice."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.approvals import ApprovalStatus
from core.effects import RemoveNote
from server.ledger.address import DatabaseLedger
from server.ledger.base import LedgerError
from server.ledger.opened_by_address import open_to_write
from server.ledger.paging import PageQuery
from server.ledger.rows import DERIVED
from server.ledger.snapshot import LedgerSnapshot
from tests.server.ledger.databases import connected

pytest.importorskip("psycopg", reason="the postgres extra is not installed")

from server.ledger.postgres import ledger as ledger_module
from server.ledger.postgres import session as session_module
from server.ledger.postgres.connection import PgConnection
from server.ledger.postgres.ledger import PostgresLedger
from server.ledger.postgres.schema import column_types

PHASES = {
    "before it begins": ("BEGIN", "before"),
    "after it began": ("BEGIN", "after"),
    "while it is written": ("SELECT e.id", "before"),
    "before the end": ("COMMIT", "before"),
    "after the end, before the answer": ("COMMIT", "after"),
}


def first(make: Any) -> list[Any]:
    """Return a trade that is open, one that waits for approval, a note, and marks."""
    return [
        (make.received(1), (*make.decided(1)[1], make.trade(1), make.marks(1, 1))),
        (make.tick(2), (make.approval(2), make.note(2, 1, "early #fomo"), make.risk(2))),
    ]


def second(make: Any) -> list[Any]:
    """Return the steps that change every row of the first that can change, and add others."""
    gone = RemoveNote(id=make.id(2, "note"), seq=4)
    return [
        make.decided(3),
        (make.tick(4), (make.trade(1, closed_at=4), make.marks(1, 4), gone, make.note(4, 1, "late"))),
        (make.tick(5), (make.approval(2, ApprovalStatus.EXPIRED), make.trade(3), make.put(5))),
    ]


def contents(address: DatabaseLedger) -> dict[str, list[Any]]:
    """Return every row of every table but checkpoints."""
    with LedgerSnapshot(address) as ledger:
        tables = ("journal", *DERIVED)
        return {table: sorted(map(repr, ledger.query(f"SELECT * FROM {table}"))) for table in tables}


def end_connection(address: DatabaseLedger, process: int) -> None:
    with connected(address) as connection:
        connection.execute("SELECT pg_terminate_backend(?)", (process,))
        while connection.execute("SELECT 1 FROM pg_stat_activity WHERE pid = ?", (process,)).fetchone():
            time.sleep(0.005)


class Breaks:
    """Ends the writer's connection once, before or after a statement that begins so."""

    def __init__(self, patch: pytest.MonkeyPatch, ledger: PostgresLedger, sql: str, side: str) -> None:
        self.done = False
        execute: Callable[..., Any] = PgConnection.execute

        def breaking(connection: PgConnection, statement: str, values: Any = (), /) -> Any:
            hit = not self.done and statement.startswith(sql) and connection is ledger._session._connection
            if hit and side == "before":
                self.done = True
                end_connection(ledger.address, connection.raw.info.backend_pid)
            found = execute(connection, statement, values)
            if hit and side == "after":
                self.done = True
                end_connection(ledger.address, connection.raw.info.backend_pid)
                execute(connection, "SELECT 1")  # the answer that does not come
            return found

        patch.setattr(PgConnection, "execute", breaking)


@pytest.fixture
async def reference(database: DatabaseLedger, make: Any) -> dict[str, list[Any]]:
    """Return the rows of both batches as an undisturbed ledger stores them."""
    ledger = await PostgresLedger.open(replace(database, engine_id="reference"))
    if ledger.last_seq == 0:
        await ledger.commit(first(make))
        await ledger.commit(second(make))
    await ledger.close()
    return contents(replace(database, engine_id="reference"))


@pytest.mark.parametrize("phase", PHASES)
async def test_a_connection_lost_in_a_commit_is_not_noticed(
    phase: str,
    database: DatabaseLedger,
    reference: dict[str, list[Any]],
    make: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger = await PostgresLedger.open(database)
    await ledger.commit(first(make))
    breaks = Breaks(monkeypatch, ledger, *PHASES[phase])
    await ledger.commit(second(make))
    assert breaks.done and ledger.last_seq == 5
    assert len((await ledger.page(PageQuery(what="trades"))).items) == 2
    await ledger.close()
    assert _numbered(contents(database)) == _numbered(reference)


def _numbered(rows: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Return rows without the numbers of the marks, which have gaps where a transaction was not finished."""
    return {**rows, "marks": sorted(row.partition(", ")[2] for row in rows["marks"])}


class Away:
    """A server that accepts no connection, until it is back."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        import psycopg

        self.now = False
        connect = session_module.connect

        def refusing(address: DatabaseLedger, *, writes: bool) -> PgConnection:
            if self.now:
                raise psycopg.OperationalError("connection refused")
            return connect(address, writes=writes)

        patch.setattr(session_module, "connect", refusing)


@pytest.mark.parametrize("phase", PHASES)
async def test_a_batch_that_counts_as_not_stored_is_not_there_afterwards(
    phase: str, database: DatabaseLedger, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = await PostgresLedger.open(database)
    await ledger.commit(first(make))
    before = contents(database)
    breaks, away = Breaks(monkeypatch, ledger, *PHASES[phase]), Away(monkeypatch)
    away.now = True
    with pytest.raises(LedgerError, match="nothing stored"):
        await ledger.commit(second(make))
    assert breaks.done and ledger.last_seq == 2
    with pytest.raises(LedgerError, match="connection refused"):
        await ledger.check()
    away.now = False
    # The engine reads its state again before it goes on: it must not see the batch either.
    assert [event.seq async for event in ledger.journal_after(0)] == [1, 2]
    await ledger.check()
    assert contents(database) == before
    await ledger.commit([make.webhook(3)])
    assert (await ledger.verify()).rows == 3
    await ledger.close()


async def test_a_server_that_does_not_answer_is_given_up(
    database: DatabaseLedger, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_module, "_LONGEST_SECONDS", 0.3)
    ledger = await PostgresLedger.open(database)
    await ledger.commit([make.webhook(1)])
    with connected(database) as other:
        other.execute("BEGIN")
        other.execute("LOCK TABLE receipts IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(LedgerError, match="nothing stored"):
            await ledger.commit([make.webhook(2)])
        other.execute("ROLLBACK")
    await ledger.commit([make.webhook(2)])
    assert (await ledger.verify()).rows == 2
    await ledger.close()


async def test_a_full_disk_of_the_server_refuses_and_recovers(database: DatabaseLedger, make: Any) -> None:
    full = (
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION"
        " 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;"
        " CREATE TRIGGER full_disk BEFORE INSERT ON receipts FOR EACH ROW EXECUTE FUNCTION full_disk()"
    )
    ledger = await PostgresLedger.open(database)
    await ledger.commit([make.webhook(1)])
    with connected(database) as other:
        other.raw.execute(full.encode())
        try:
            with pytest.raises(LedgerError, match="nothing stored: could not extend file: No space left"):
                await ledger.commit([make.webhook(2)])
        finally:
            other.raw.execute(b"DROP FUNCTION full_disk CASCADE")
    assert [event.seq async for event in ledger.journal_after(0)] == [1]
    await ledger.commit([make.webhook(2)])
    assert (await ledger.verify()).rows == 2
    await ledger.close()


async def test_without_psycopg_the_extra_is_named(
    database: DatabaseLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "server.ledger.postgres.ledger", None)
    with pytest.raises(LedgerError, match=r"needs psycopg .*pip install 'gatedeck\[postgres\]'"):
        await open_to_write(database, "engine-1")


ROADMAP = {
    "id": "uuid", "created_at": "timestamptz", "engine_version": "text", "signal": "json", "decision": "text",
    "decision_breakdown": "json", "confluence_score": "numeric", "execution": "json", "exit": "json",
    "regime": "json", "hypothetical": "json",
}  # fmt: skip


async def test_the_roadmaps_columns_can_be_asked_about(database: DatabaseLedger, make: Any) -> None:
    ledger = await PostgresLedger.open(database)
    await ledger.commit(first(make))
    with connected(database) as other:
        types = column_types(other.raw)["ledger_entries"]
        assert {name: types[name] for name in ROADMAP} == ROADMAP
        (row,) = other.execute(
            "SELECT signal ->> 'symbol' AS symbol, (decision_breakdown -> 'gates' -> 'regime' ->> 'score')::float8"
            " AS score, (execution ->> 'filled_contracts')::int AS contracts, confluence_score FROM ledger_entries"
        ).fetchall()
    assert tuple(row) == ("SPY", 82.5, 2, 81.26)
    await ledger.close()


async def test_a_server_that_lost_inputs_is_not_written_on(database: DatabaseLedger, make: Any) -> None:
    ledger = await PostgresLedger.open(database)
    await ledger.commit([make.webhook(1), make.webhook(2)])
    with connected(database) as other:
        other.execute("DELETE FROM journal WHERE seq = 2")
    with pytest.raises(LedgerError, match=r"ends at seq 1, but seq 2 had been stored"):
        await ledger.commit([make.webhook(3)])
    await ledger.close()


async def test_a_start_says_what_the_server_has_lost(
    database: DatabaseLedger, make: Any, tmp_path: Path
) -> None:
    address = replace(database, beside=tmp_path / "state" / "database")
    ledger = await PostgresLedger.open(address)
    await ledger.commit([make.webhook(1), make.webhook(2), make.webhook(3)])
    await ledger.close()
    ledger = await PostgresLedger.open(address)
    assert ledger.missing is None
    await ledger.close()
    with connected(database) as other:
        other.execute("DELETE FROM journal WHERE seq > 1")
    ledger = await PostgresLedger.open(address)
    assert "ends at seq 1, but seq 3 had been stored: 2 inputs" in (ledger.missing or "")
    await ledger.close()
    ledger = await PostgresLedger.open(address)
    assert ledger.missing is None, "told once"
    await ledger.close()


async def test_the_server_has_the_commit_on_disk_before_it_answers(database: DatabaseLedger) -> None:
    with connected(database) as other:
        name = other.raw.info.dbname
        other.execute(f"ALTER DATABASE {name} SET synchronous_commit TO off")
    try:
        ledger = await PostgresLedger.open(database)
        shown = await ledger._worker.run(
            lambda: ledger._session._connection.execute("SHOW synchronous_commit").fetchone()
        )
        assert shown is not None and shown[0] == "on"
        await ledger.close()
    finally:
        with connected(database) as other:
            other.execute(f"ALTER DATABASE {name} RESET synchronous_commit")


async def test_engines_share_a_database_and_see_only_their_own(database: DatabaseLedger, make: Any) -> None:
    one = await PostgresLedger.open(database)
    two = await PostgresLedger.open(replace(database, engine_id="engine-2"))
    try:
        await one.commit([make.webhook(1), make.webhook(2)])
        await two.commit([make.webhook(1)])
        assert (one.last_seq, two.last_seq) == (2, 1)
        assert ((await one.verify()).rows, (await two.verify()).rows) == (2, 1)
        with pytest.raises(LedgerError, match=r"no ledger of engine x; it holds those of .*engine-2"):
            LedgerSnapshot(replace(database, engine_id="x"))
        two.discard()
    finally:
        await one.close()
        await two.close()
    with pytest.raises(LedgerError, match="no ledger of engine engine-2"):
        LedgerSnapshot(replace(database, engine_id="engine-2"))
