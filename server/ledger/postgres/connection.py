"""Connections to the database, and the thread that each is used on."""

from __future__ import annotations

import asyncio
import os
import platform
import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, TypeVar

import psycopg
from psycopg.pq import TransactionStatus

from server.ledger.address import DatabaseLedger, password_fault, passwords_in
from server.ledger.base import LedgerError
from server.ledger.postgres.schema import check, engines, exists, use
from server.ledger.postgres.statements import PgStatements
from server.ledger.postgres.values import adapt

T = TypeVar("T")

_CONNECT_SECONDS = 3


class PgConnection(PgStatements):
    """A connection of an engine's ledger, and its end."""

    def rows(self, sql: str, parameters: Sequence[Any] = (), /) -> Iterator[Any]:
        """Yield the rows of a SELECT within a transaction, block by block."""
        with self.stream(sql, parameters) as cursor:
            yield from cursor

    @contextmanager
    def together(self) -> Iterator[None]:
        """Send the statements of a block without waiting for each answer; one whose rows are read is waited for.

        The first error of the block is raised then, or at its end.
        """
        # A libpq of before version 14 sends one statement at a time.
        with self.raw.pipeline() if psycopg.Pipeline.is_supported() else nullcontext():
            yield

    def close(self) -> None:
        self.raw.close()

    @property
    def in_transaction(self) -> bool:
        """Return whether a transaction is open, as far as is known here."""
        return self.raw.info.transaction_status is not TransactionStatus.IDLE

    @property
    def lost(self) -> bool:
        """Return whether the connection has ended, as far as is known here."""
        return self.raw.closed or self.raw.broken

    def cut(self) -> None:
        """End the connection from another thread: what waits for an answer gets an error."""
        with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(self.raw.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)


def application_name(engine_id: str) -> str:
    """Return the name under which the server lists this process: process, host and engine."""
    return f"gatedeck {os.getpid()}@{platform.node()[:24]} {engine_id}"[:63]


def connect(address: DatabaseLedger, *, writes: bool, newest: bool = False) -> PgConnection:
    """Open a connection whose statements mean the tables of the engine, existing or not. Raises psycopg.Error.

    One that does not write cannot. Of several servers in the URL, ``writes`` and ``newest`` take the one that can be
    written to, as a standby may be behind it.
    """
    if (fault := password_fault(address.url)) is not None:
        raise LedgerError(f"{address}: {fault}")
    raw = _connect(
        address.url,
        autocommit=True,
        connect_timeout=_CONNECT_SECONDS,
        application_name=application_name(address.engine_id),
        keepalives_idle=5,
        keepalives_interval=2,
        keepalives_count=3,
        tcp_user_timeout=10_000,
        target_session_attrs="read-write" if writes or newest else "any",
    )
    try:
        adapt(raw)
        raw.execute("SET TimeZone TO 'UTC'")
        raw.execute("SET client_encoding TO 'UTF8'")
        # To compile a statement takes the server longer than to run any of these.
        raw.execute("SET jit TO off")
        use(raw, address.engine_id)
        if not writes:
            raw.execute("SET default_transaction_read_only TO on")
    except BaseException:
        raw.close()
        raise
    return PgConnection(raw)


def _connect(url: str, **options: Any) -> psycopg.Connection[Any]:
    """Open a connection. Raises psycopg.Error, in whose text no password stands."""
    try:
        return psycopg.connect(url, **options)
    except psycopg.Error as error:
        text = str(error)
        for password in passwords_in(url):
            text = text.replace(password, "***")
        raise psycopg.OperationalError(text) from None


def connect_to_read(address: DatabaseLedger, *, newest: bool = False) -> PgConnection:
    """Open a read-only connection to an engine's ledger of the present schema. Raises LedgerError, psycopg.Error."""
    connection = connect(address, writes=False, newest=newest)
    try:
        if not exists(connection.raw, address.engine_id):
            others = engines(connection.raw)
            there = f"; it holds those of {', '.join(others)}: set engine_id to one of them" if others else ""
            raise LedgerError(f"{address}: the database has no ledger of engine {address.engine_id}{there}")
        check(connection.raw, address.engine_id)
    except BaseException:
        connection.close()
        raise
    return connection


class Worker:
    """A thread that runs one call after the other."""

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def run(self, work: Callable[[], T]) -> T:
        """Run ``work`` after the calls made before, and return its result."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        """End the thread, which has no call left."""
        self._thread.shutdown()
