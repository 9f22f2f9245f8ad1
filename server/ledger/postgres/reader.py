"""Read an engine's ledger in a database, on a connection and a thread of its own."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import psycopg

from server.ledger.address import DatabaseLedger
from server.ledger.base import LedgerError
from server.ledger.paging import Page, PageQuery
from server.ledger.postgres.connection import PgConnection, Worker, connect_to_read
from server.ledger.postgres.timescale import chunk_bytes
from server.ledger.reader import SqlReader
from server.ledger.sql import Connection

T = TypeVar("T")

SIZE = (
    "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c"
    " WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'"
)
"""Bytes of all tables, their indexes included."""


class PostgresReader(SqlReader):
    """A read-only view of an engine's ledger; open it with ``PostgresReader.attach`` and close it.

    A connection that was lost is made again at the next read.
    """

    def __init__(
        self, address: DatabaseLedger, worker: Worker, connection: PgConnection, newest: bool
    ) -> None:
        self.place = address
        self._address, self._newest = address, newest
        self._worker, self._connection = worker, connection
        self.settle: Callable[[], Awaitable[None]] | None = None
        """Called before each read, by the writer that this reader belongs to."""

    @classmethod
    async def attach(cls, address: DatabaseLedger, *, newest: bool = False) -> PostgresReader:
        """Open an existing ledger; of several servers, with ``newest`` not one that may be behind.

        Raises LedgerError when the database has none of this engine.
        """
        worker = Worker("ledger reader")
        try:
            connection = await worker.run(lambda: connect_to_read(address, newest=newest))
        except psycopg.Error as error:
            worker.close()
            raise LedgerError(f"{address}: {said(error)}") from error
        except BaseException:
            worker.close()
            raise
        return cls(address, worker, connection, newest)

    async def close(self) -> None:
        """Finish the reads under way and close the connection."""
        await self._worker.run(self._connection.close)
        self._worker.close()

    async def page(self, query: PageQuery) -> Page:
        """Return one page of a list. Raises ValueError naming what is not accepted."""
        try:
            return await super().page(query)
        except LedgerError as error:
            if isinstance(error.__cause__, psycopg.DataError):
                raise ValueError("cursor: not one that this list gave out") from None
            raise

    async def _one(self, sql: str, key: str, show: Callable[[Mapping[str, Any]], T]) -> T | None:
        try:
            return await super()._one(sql, key, show)
        except LedgerError as error:
            if isinstance(error.__cause__, psycopg.DataError):
                return None  # the key is not the id of anything
            raise

    async def _bytes_on_disk(self) -> int:
        def read(connection: Connection) -> int:
            found: int = connection.execute(SIZE).fetchone()[0]
            return found + chunk_bytes(self._connection.raw)

        return await self._read(read)

    async def _read(self, work: Callable[[Connection], T]) -> T:
        def run() -> T:
            if self._connection.lost:
                self._connection = connect_to_read(self._address, newest=self._newest)
            try:
                return work(self._connection)
            except psycopg.OperationalError:
                if not self._connection.lost:
                    raise
                self._connection = connect_to_read(self._address, newest=self._newest)
                return work(self._connection)

        if self.settle is not None:
            await self.settle()
        try:
            return await self._worker.run(run)
        except psycopg.Error as error:
            raise LedgerError(f"{self.place}: {said(error)}") from error


_NO_CONNECTION = re.compile(
    r"connection to server .*? failed: (?:FATAL: )?(.*?)(?: Is the server running.*)?$"
)


def said(error: psycopg.Error) -> str:
    """Return what the database says about an error, on one line."""
    text = " ".join(str(error).split()) or type(error).__name__
    found = _NO_CONNECTION.search(text)
    return text if found is None else f"no connection: {found[1]}"
