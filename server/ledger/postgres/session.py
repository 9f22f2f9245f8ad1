"""The writing connection: its lock, its transactions, and what is done when it is lost.

A connection that is lost while the server was told to commit leaves open whether it did. So a new connection first
takes the engine's lock, which the old one must have given up, and then reads the end of the journal: the batch is
stored or it is not. If the server cannot be reached at once, the batch counts as not stored, its senders are told so,
and should it turn out later that it was, it is taken back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg

from server.ledger.address import DatabaseLedger
from server.ledger.base import LedgerError
from server.ledger.head_file import Head, HeadFile, read_head, remove_head
from server.ledger.journal import journal_end
from server.ledger.missing import missing_at_end, note_missing
from server.ledger.postgres.before import Before, read_before, take_back
from server.ledger.postgres.connection import PgConnection, connect
from server.ledger.postgres.lock import hold
from server.ledger.postgres.schema import column_types, create, drop
from server.ledger.postgres.writing import write
from server.ledger.rows import Tables
from server.ledger.sql import Connection
from server.private_files import make_private_folder

T = TypeVar("T")

_ENDS = "SELECT journal_ends(?)"

End = tuple[int, bytes]
"""Seq and hash of the last input."""


@dataclass(frozen=True, slots=True)
class _Doubt:
    """A batch of which it is not known whether the server stored it: the end with it, the rows before it."""

    end: End
    before: Before


class Session:
    """The only writer of an engine's ledger; use it on one thread, but for ``cut``. Its errors are psycopg's."""

    def __init__(self, address: DatabaseLedger) -> None:
        """Connect, lock and create what is missing. Raises LedgerError, LedgerLocked, psycopg.Error."""
        self.address = address
        self.missing: str | None = None
        self._doubt: _Doubt | None = None
        self._given_up = False
        self._connection = connect(address, writes=True)
        try:
            hold(self._connection, address)
            noted = None if address.beside is None else read_head(address.beside)
            self.created = create(self._connection.raw, address.engine_id)
            self._prepare()
            self.end: End = journal_end(self._connection)
            if noted is not None and (missing := missing_at_end(self._connection, noted)) is not None:
                self.missing = f"{missing}. A standby that lacked them may have taken over."
                note_missing(self._connection, self.missing)
            self._head_file = _head_file(address, self.end)
        except BaseException:
            self._connection.close()
            raise

    def store(self, tables: Tables, end: End) -> None:
        """Write the rows of a batch with which the journal ends at ``end``, whole or not at all."""
        before: Before | None = None

        def put(connection: PgConnection) -> None:
            nonlocal before
            connection.execute(_ENDS, (self.end[1] if self.end[0] else None,))
            before = read_before(connection, tables, self.end[0])
            write(connection, tables, self._types)

        self._given_up = False
        # Twice, so that senders do not notice a connection that is lost while the server goes on.
        for again in (True, False):
            try:
                self.in_transaction(put)
                break
            except _Unknown:
                assert before is not None
                self._doubt = _Doubt(end, before)
                stored = self._was_stored()
                if stored:
                    break
                if stored is None or self._given_up or not again:
                    raise
            except psycopg.Error:
                if not self._connection.lost:
                    self._check_end(self._connection)  # if it is that, this says it better
                    raise
                if self._given_up or not again:
                    raise
        self.end = end
        if self._head_file is not None:
            self._head_file.write(*end)

    @property
    def raw(self) -> psycopg.Connection[Any]:
        """Return psycopg's connection."""
        return self._connection.raw

    @property
    def in_doubt(self) -> bool:
        """Return whether a batch that counts as not stored may be found in the ledger."""
        return self._doubt is not None

    def check(self) -> None:
        """Raise an error unless the server answers; connect again after a loss."""
        self._usable().execute("SELECT 1")

    def in_transaction(self, work: Callable[[PgConnection], T]) -> T:
        """Return what ``work`` does in a transaction of its own."""
        connection = self._usable()
        committing = False
        try:
            with connection.together():
                connection.execute("BEGIN")
                done = work(connection)
                committing = True
                connection.execute("COMMIT")
        except BaseException as error:
            if not connection.lost:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
            elif committing and isinstance(error, psycopg.Error):
                raise _Unknown(str(error)) from error
            raise
        return done

    def cut(self) -> None:
        """End the connection from another thread: what waits for the server gets an error."""
        self._given_up = True
        self._connection.cut()

    def close(self, *, delete: bool) -> None:
        """Close the connection, with which the lock ends; ``delete`` drops the ledger."""
        try:
            if delete and not self._connection.lost:
                drop(self._connection.raw, self.address.engine_id)
        finally:
            self._connection.close()
            if self._head_file is not None:
                self._head_file.close()
            if delete and self.address.beside is not None:
                remove_head(self.address.beside)

    def _usable(self) -> PgConnection:
        """Return the connection, a new one after a loss. Raises LedgerError if the ledger was written meanwhile."""
        if self._connection.lost:
            fresh = connect(self.address, writes=True)
            try:
                hold(fresh, self.address, self._process)
                self._connection = fresh
                self._prepare()
                self._settle(fresh)
            except BaseException:
                fresh.close()
                raise
        return self._connection

    def _prepare(self) -> None:
        connection = self._connection
        self._process = connection.raw.info.backend_pid
        # The promise is that an answered webhook is on disk. A server that waits for standbys as well may do so.
        if connection.execute("SHOW synchronous_commit").fetchone()[0] in ("off", "local"):  # type: ignore[index]
            connection.execute("SET synchronous_commit TO on")
        self._types = column_types(connection.raw)

    def _settle(self, connection: PgConnection) -> None:
        """Take back a batch that counts as not stored, if the server has stored it."""
        doubt = self._doubt
        if doubt is not None:
            if journal_end(connection) == doubt.end:
                connection.execute("BEGIN")
                take_back(connection, doubt.before, self._types)
                connection.execute("COMMIT")
            self._doubt = None
        self._check_end(connection)

    def _was_stored(self) -> bool | None:
        """Connect again at once and return whether the batch in doubt is stored; ``None`` if the server is away."""
        doubt = self._doubt
        assert doubt is not None
        try:
            fresh = connect(self.address, writes=True)
        except psycopg.Error:
            return None
        try:
            hold(fresh, self.address, self._process)
            self._connection = fresh
            self._prepare()
            end = journal_end(fresh)
        except (psycopg.Error, LedgerError):
            fresh.close()
            return None
        self._doubt = None
        return end == doubt.end

    def _check_end(self, connection: Connection) -> None:
        """Raise LedgerError unless the journal ends with what this writer stored last."""
        end = journal_end(connection)
        if end == self.end:
            return
        if end[0] < self.end[0]:
            raise LedgerError(
                f"{self.address}: the ledger ends at seq {end[0]}, but seq {self.end[0]} had been stored: the server "
                "has lost inputs, or a standby that lacks them took over"
            )
        raise LedgerError(
            f"{self.address}: another program has written to the ledger, which ends at seq {end[0]} and not at "
            f"{self.end[0]}: stop that program, and start gatedeck again"
        )


def _head_file(address: DatabaseLedger, end: End) -> HeadFile | None:
    if address.beside is None:
        return None
    make_private_folder(address.beside.parent)
    return HeadFile(address.beside, Head(*end))


class _Unknown(psycopg.OperationalError):
    """The connection was lost while the server committed."""
