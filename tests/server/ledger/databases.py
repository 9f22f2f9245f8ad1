"""Databases for tests on the PostgreSQL of the machine, and changes to a ledger that are no part of the program."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from copy import copy
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from server.ledger.address import DatabaseLedger, LedgerAddress
from tests.ports import own_port

SERVER = os.environ.get("GATEDECK_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
_KEPT = ("migrations", "meta")


@contextmanager
def new_database() -> Iterator[str]:
    """Make a database for the block and yield its URL; skip the test where no server answers."""
    psycopg = pytest.importorskip("psycopg", reason="the postgres extra is not installed")
    try:
        server = psycopg.connect(SERVER, connect_timeout=2, autocommit=True)
    except psycopg.OperationalError as error:
        pytest.skip(f"no PostgreSQL at {SERVER}: {error}")
    name = f"gatedeck_test_{uuid4().hex[:12]}"
    with closing(server):
        server.execute(f"CREATE DATABASE {name} STRATEGY wal_log")
        try:
            yield f"{SERVER.rpartition('/')[0]}/{name}"
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def connected(address: DatabaseLedger) -> Iterator[Any]:
    """Yield a connection whose statements mean the tables of the engine."""
    from server.ledger.postgres.connection import connect

    with closing(connect(address, writes=True)) as connection:
        yield connection


def empty(address: DatabaseLedger) -> None:
    """Delete every row of a ledger, so that the next test finds a new one."""
    with connected(address) as connection:
        tables = [
            row[0]
            for row in connection.execute(
                "SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = to_regnamespace(current_schema())"
                " AND c.relkind = 'r'"
            ).fetchall()
        ]
        deleted = [f"DELETE FROM {table}" for table in tables if table not in _KEPT]
        deleted.append("DELETE FROM meta WHERE key NOT IN ('engine_id', 'streamed_after')")
        if len(deleted) > 1:
            connection.raw.execute("; ".join(deleted).encode())


def change(address: LedgerAddress, sql: str, values: Sequence[Any] = ()) -> list[Any]:
    """Run a statement behind the ledger's back, with ``?`` for each value; return its rows."""
    if isinstance(address, Path):
        with closing(sqlite3.connect(address)) as file, file:
            return file.execute(sql, values).fetchall()
    with connected(address) as connection:
        cursor = connection.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


class Cluster:
    """A PostgreSQL server of the test's own, that it can stop and start; skips where the programs are not there."""

    def __init__(self, folder: Path, password: str | None = None) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
        if not found:
            pytest.skip("no PostgreSQL programs under /usr/lib/postgresql")
        if os.geteuid() == 0 and shutil.which("runuser") is None:
            pytest.skip("PostgreSQL does not run as root, and runuser is not there")
        self._programs = found[-1].parent
        self._data = folder / "data"
        self._port = own_port()
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        access = ["--auth=trust"]
        if password is not None:
            asked = folder / "password"
            asked.write_text(password)
            asked.chmod(0o644)
            access = ["--auth=scram-sha-256", f"--pwfile={asked}"]
        self._run("initdb", "--no-sync", *access, "--username=postgres", "-D", self._data)
        self.start()

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self._port}/postgres"

    def standby(self, folder: Path) -> Cluster:
        """Return a standby that this server waits for at each commit."""
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        other = copy(self)
        other._data, other._port = folder / "data", own_port()
        self._run("pg_basebackup", "-R", "-X", "stream", "-d", self.url, "-D", other._data)
        other.start()
        self._sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self._run("pg_ctl", "-D", self._data, "reload")
        return other

    def promote(self) -> None:
        """Make a standby the server that is written to; it waits for no other."""
        self._run("pg_ctl", "-D", self._data, "-w", "promote")
        self._sql("ALTER SYSTEM RESET synchronous_standby_names")
        self._run("pg_ctl", "-D", self._data, "reload")

    def _sql(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement.encode())

    def start(self) -> None:
        options = (
            f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self._data.parent}"
        )
        self._run("pg_ctl", "-D", self._data, "-w", "-l", self._data.parent / "log", "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "-D", self._data, "-w", "-m", mode, "stop")

    def _run(self, program: str, *arguments: object) -> None:
        user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        command = [*user, str(self._programs / program), *map(str, arguments)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")


@contextmanager
def new_cluster(password: str | None = None) -> Iterator[Cluster]:
    """Start a server for the block, that lets everybody in or wants a password."""
    with tempfile.TemporaryDirectory(prefix="gatedeck-postgres-") as folder:
        Path(folder).chmod(0o755)
        cluster = Cluster(Path(folder), password)
        try:
            yield cluster
        finally:
            with suppress(subprocess.CalledProcessError):
                cluster.stop("immediate")
