"""Copy a whole ledger from a file into a database, or from a database into a file, and compare the copy with it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from server.ledger.address import DatabaseLedger, LedgerAddress
from server.ledger.base import LedgerError
from server.ledger.chain import verify
from server.ledger.compare import compare
from server.ledger.compressed import COLUMNS as COMPRESSED
from server.ledger.compressed import compressed_again
from server.ledger.databases import database
from server.ledger.files import delete_files
from server.ledger.lock import WriterLock
from server.ledger.mark_store import pack_marks
from server.ledger.retention import KEY as REMOVED
from server.ledger.retention import Removed
from server.ledger.rows import DERIVED
from server.ledger.same_rows import equal_rows
from server.ledger.schema import REORDERED, STREAMED_AFTER, create
from server.ledger.snapshot import LedgerSnapshot
from server.private_files import make_private_file, make_private_folder

_JOURNAL = ("seq", "at", "kind", "payload", "hash")
_INPUTS = f"SELECT {', '.join(_JOURNAL)} FROM journal ORDER BY seq"
_CHECKPOINTS = ("seq", "at", "head", "state", "hash")


@dataclass(frozen=True, slots=True)
class Migrated:
    """Result of a migration: the engine's id, the inputs copied, the chain's head, and the rows by table."""

    engine_id: str
    inputs: int
    head: bytes
    rows: dict[str, int]


class Target(Protocol):
    """A new ledger that takes whole rows as some ledger stored them, with JSON compressed or not."""

    def put(self, table: str, columns: tuple[str, ...], rows: Iterator[tuple[Any, ...]]) -> None: ...

    def set_fact(self, key: str, value: str) -> None:
        """Store a fact about the ledger itself."""
        ...


def migrate(source: LedgerAddress, target: Path | str) -> Migrated:
    """Copy a ledger to a new file or into the database of a URL, and compare every row of the copy.

    No engine may write the source meanwhile. Raises LedgerLocked when one does, LedgerError when the target holds a
    ledger of this engine already, and when the copy differs: then there is none.
    """
    with _held(source), LedgerSnapshot(source) as old:
        where = target if isinstance(target, Path) else DatabaseLedger(target, old.engine_id)
        with _new(where, old.engine_id) as new:
            new.set_fact(STREAMED_AFTER, str(old.streamed_after))
            if old.reordered or isinstance(source, DatabaseLedger):
                new.set_fact(REORDERED, "database")
            if old.removed != Removed():
                new.set_fact(REMOVED, old.removed.note)
            new.put("journal", _JOURNAL, old.query(_INPUTS))
            put_derived(old, new)
        try:
            return _compared(old, where)
        except LedgerError:
            _delete(where)
            raise


def put_derived(old: LedgerSnapshot, new: Target) -> None:
    """Copy all that is derived from the journal."""
    for table in DERIVED:
        new.put(table, *old.as_stored(table))
    checkpoints = old.query(f"SELECT {', '.join(_CHECKPOINTS)} FROM checkpoints")
    new.put("checkpoints", _CHECKPOINTS, checkpoints)


def _compared(old: LedgerSnapshot, where: LedgerAddress) -> Migrated:
    """Compare a copy with its original. Raises LedgerError naming the first difference."""
    with LedgerSnapshot(where) as new:
        found = verify(old.journal())
        if not found.ok or equal_rows("journal", _JOURNAL, old.query(_INPUTS), new.query(_INPUTS)) is None:
            raise LedgerError(
                f"{where}: the journal of the copy differs: {found.problem or 'a row is another'}"
            )
        differences = compare(old, new)
        if not differences.equal:
            raise LedgerError(f"{where}: the copy differs: {differences.first[0]}")
        if [*old.checkpoints()] != [*new.checkpoints()]:
            raise LedgerError(f"{where}: the checkpoints of the copy differ")
        return Migrated(old.engine_id, found.rows, found.head, differences.rows)


@contextmanager
def _held(source: LedgerAddress) -> Iterator[None]:
    """Hold the lock of a ledger's writer."""
    if not isinstance(source, Path):
        with database("copying").held(source):
            yield
        return
    if not source.is_file():
        raise LedgerError(f"{source}: no ledger there")
    try:
        lock = WriterLock(source, "migrate")
    except OSError as error:
        raise LedgerError(f"{source}: {error.strerror}") from error
    try:
        lock.hold_file()
        yield
    finally:
        lock.release()


def _new(where: LedgerAddress, engine_id: str) -> AbstractContextManager[Target]:
    if isinstance(where, Path):
        return _new_file(where, engine_id)
    target: AbstractContextManager[Target] = database("copying").new_ledger(where)
    return target


def _delete(where: LedgerAddress) -> None:
    if isinstance(where, Path):
        delete_files(where)
    else:
        database("copying").delete(where)


class _File:
    """A ledger file within its first transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def put(self, table: str, columns: tuple[str, ...], rows: Iterator[tuple[Any, ...]]) -> None:
        packed = [columns.index(name) for name in COMPRESSED.get(table, ())]
        places = ", ".join("?" * len(columns))
        sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"
        self._connection.executemany(sql, (_packed(row, packed) for row in rows))

    def set_fact(self, key: str, value: str) -> None:
        self._connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, value))


def _pack_marks(connection: sqlite3.Connection) -> None:
    """Put the marks into blocks as if they had been committed here."""
    marked = [row[0] for row in connection.execute("SELECT DISTINCT position_id FROM marks").fetchall()]
    closed = "SELECT id FROM positions WHERE closed_at IS NOT NULL"
    pack_marks(connection, marked, [row[0] for row in connection.execute(closed).fetchall()])


def _packed(row: tuple[Any, ...], places: Iterable[int]) -> list[Any]:
    values = list(row)
    for place in places:
        value = values[place]
        if value is not None:
            values[place] = compressed_again(value)
    return values


@contextmanager
def _new_file(path: Path, engine_id: str) -> Iterator[_File]:
    if path.exists():
        raise LedgerError(f"{path}: exists already; name a new file")
    try:
        make_private_folder(path.parent)
        lock = WriterLock(path, engine_id)
        make_private_file(path)
    except OSError as error:
        raise LedgerError(f"{path}: {error.strerror}") from error
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.row_factory = sqlite3.Row
            create(connection)
            connection.execute("BEGIN")
            target = _File(connection)
            target.set_fact("engine_id", engine_id)
            yield target
            _pack_marks(connection)
            connection.execute("COMMIT")
            connection.execute("PRAGMA journal_mode = WAL")
    except BaseException as error:
        delete_files(path)
        if isinstance(error, sqlite3.Error):
            raise LedgerError(f"{path}: {error}") from error
        raise
    finally:
        lock.release()
