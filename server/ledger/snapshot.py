"""A ledger as it was at one instant, for replay, verify, search and export.

One read transaction lasts from construction to ``close``: what an engine writes meanwhile is not seen.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

from core.events import Event
from core.model import ENGINE_VERSION
from server.ledger.address import LedgerAddress
from server.ledger.base import LedgerError
from server.ledger.chain import GENESIS, JournalRow, follows
from server.ledger.checkpoint import AFTER_ALL, read_checkpoint
from server.ledger.codec import encode_any
from server.ledger.compressed import COLUMNS as COMPRESSED
from server.ledger.compressed import expanded
from server.ledger.connection import open_file
from server.ledger.databases import database
from server.ledger.journal import JOURNAL, JOURNAL_PART, checked_inputs, hash_at, journal_end, journal_row
from server.ledger.mark_store import marks_by_position
from server.ledger.path_quotes import PATHS, stored_quotes
from server.ledger.retention import removed_of
from server.ledger.schema import REORDERED, STREAMED_AFTER, check
from server.ledger.sql import Blocks, Connection

T = TypeVar("T")

_REORDERED = f"SELECT value FROM meta WHERE key = '{REORDERED}'"
MAGIC = b"SQLite format 3\x00"
_LOSSLESS = partial(str, encoding="utf-8", errors="surrogateescape")


@dataclass(frozen=True, slots=True)
class TableOrder:
    """The key that orders and names the rows of a derived table; ``left_out`` columns are not compared."""

    key: tuple[str, ...]
    left_out: tuple[str, ...] = ()


ORDERS: dict[str, TableOrder] = {
    "receipts": TableOrder(("seq",)),
    "ledger_entries": TableOrder(("seq", "id")),
    "decision_columns": TableOrder(("seq", "id")),
    "followed": TableOrder(("seq", "id")),
    "positions": TableOrder(("id",)),
    "trades": TableOrder(("seq", "id")),
    "notes": TableOrder(("seq",)),
    "books": TableOrder(("book",)),
    "book_rows": TableOrder(("book", "id")),
    "book_trades": TableOrder(("book", "n")),
    "marks": TableOrder(("position_id", "n"), ("n",)),
    "paths": TableOrder(("seq",)),
    "path_bars": TableOrder(("seq",)),
    "rules_versions": TableOrder(("seq",)),
    "suggestions": TableOrder(("seq",)),
    "approvals": TableOrder(("id",)),
    "risk_events": TableOrder(("id",)),
    "stream_events": TableOrder(("seq", "n")),
}
"""Every derived table, blocks of marks as marks; these are numbered by insertion, by a rebuild maybe otherwise."""

_STORED = {
    "marks": ("position_id, at, payload", "position_id, n"),
    "mark_blocks": ("*", "position_id, first"),
}


def is_ledger(path: Path) -> bool:
    """Return whether a file is a SQLite database. Raises LedgerError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError as error:
        raise LedgerError(f"{path}: {error.strerror}") from error


def holds_ledger(address: LedgerAddress) -> bool:
    """Return whether an address is that of a ledger, and not of another file. Raises LedgerError as ``is_ledger``."""
    return not isinstance(address, Path) or is_ledger(address)


class Snapshot(Connection, Protocol):
    """A connection in a read transaction that lasts until it is closed."""

    def stream(self, sql: str, parameters: Sequence[Any] = ..., /) -> Blocks:
        """Return a cursor of a SELECT with many rows."""
        ...

    def rows(self, sql: str, parameters: Sequence[Any] = ..., /) -> Iterator[Any]:
        """Yield the rows of a SELECT."""
        ...

    def strict_text(self) -> AbstractContextManager[None]:
        """Read texts quickly inside: a damaged one is an error of the database."""
        ...

    def close(self) -> None: ...


class _FileSnapshot:
    """A read transaction of a ledger file."""

    def __init__(self, path: Path, lossless: bool) -> None:
        if not path.exists():
            raise LedgerError(f"{path}: no ledger there")
        if not is_ledger(path):
            raise LedgerError(f"{path}: not a ledger")
        try:
            self._connection = open_file(path)
            if lossless:
                self._connection.text_factory = _LOSSLESS
            self._read_text = self._connection.text_factory
            check(self._connection)
            self._connection.execute("BEGIN")
        except (sqlite3.Error, TypeError, ValueError) as error:
            raise LedgerError(f"{path}: {error}") from error
        self.execute = self._connection.execute
        self.close = self._connection.close

    @contextmanager
    def strict_text(self) -> Iterator[None]:
        self._connection.text_factory = str
        try:
            yield
        finally:
            self._connection.text_factory = self._read_text

    def stream(self, sql: str, parameters: Sequence[Any] = (), /) -> sqlite3.Cursor:
        return self._connection.cursor().execute(sql, parameters)

    def rows(self, sql: str, parameters: Sequence[Any] = (), /) -> Iterator[Any]:
        return iter(self.stream(sql, parameters))


def _open(address: LedgerAddress, lossless: bool) -> Snapshot:
    if isinstance(address, Path):
        return _FileSnapshot(address, lossless)
    opened: Snapshot = database("snapshot").DatabaseSnapshot(address)
    return opened


class LedgerSnapshot:
    """The journal and the tables of a ledger. Raises LedgerError when there is none at the address.

    Damaged texts are read with a mark in place of each damaged byte, or so that two of them are equal only if their
    bytes are, with ``lossless``.
    """

    def __init__(self, address: LedgerAddress, *, lossless: bool = False) -> None:
        self.address = address
        self._connection = _open(address, lossless)
        try:
            self.reordered = self._value(_REORDERED) is not None
            """True if values may be written otherwise than the engine made them: see ``REORDERED``."""
            self.engine_id = str(self._value("SELECT value FROM meta WHERE key = 'engine_id'") or "local")
            self.streamed_after = int(self._value(f"SELECT value FROM meta WHERE key = '{STREAMED_AFTER}'"))
            """The last input before the events of the stream were stored."""
            self.removed = removed_of(self._connection)
            """The marks and prices that were removed because they are old."""
            self.inputs = int(self._value("SELECT count(*) FROM journal"))
        except (sqlite3.Error, TypeError, ValueError) as error:
            raise LedgerError(f"{address}: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def strict_text(self) -> AbstractContextManager[None]:
        """Read texts quickly inside: a damaged one raises sqlite3.OperationalError."""
        return self._connection.strict_text()

    @property
    def path(self) -> Path:
        """Return the ledger's file. Raises LedgerError for a ledger in a database."""
        if not isinstance(self.address, Path):
            raise LedgerError(f"{self.address}: the ledger is not a file")
        return self.address

    @property
    def head(self) -> bytes:
        """Hash of the last input."""
        return journal_end(self._connection)[1]

    def journal(self) -> Iterator[JournalRow]:
        """Yield the inputs as stored, in order."""
        return map(journal_row, self._connection.rows(JOURNAL))

    def journal_rows(self, after: int, upto: int) -> Iterator[JournalRow]:
        """Yield the inputs after a seq, up to another, each link of the hash chain checked. Raises LedgerError."""
        previous = hash_at(self._connection, after)
        for row in map(journal_row, self.query(JOURNAL_PART, (after, upto - after))):
            if previous is None or row.seq != after + 1 or not follows(previous, row):
                raise LedgerError(
                    f"{self.address}: the journal was changed at seq {row.seq}: its hash is wrong"
                )
            yield row
            after, previous = row.seq, row.hash

    def hash_at(self, seq: int) -> bytes | None:
        """Return the hash of an input, ``None`` when there is no such input."""
        return hash_at(self._connection, seq)

    def events(self) -> Iterator[Event]:
        """Yield the inputs in order, each link of the hash chain checked.

        Raises LedgerError naming the first input that was changed, moved or removed.
        """
        return (event for _, event in self.checked_inputs())

    def checked_inputs(self) -> Iterator[tuple[JournalRow, Event]]:
        """Yield the inputs as stored and as events, as ``events`` does."""
        try:
            yield from checked_inputs(self.journal(), GENESIS, 0)
        except (LedgerError, sqlite3.Error) as error:
            raise LedgerError(f"{self.address}: {error}") from error

    def checkpoints(self) -> Iterator[tuple[int, bytes]]:
        """Yield seq and state of each sound checkpoint, newest first."""
        before = AFTER_ALL
        while (saved := read_checkpoint(self._connection, before)) is not None:
            if saved.problem is None:
                yield saved.seq, saved.state
            before = saved.seq

    def other_engines(self) -> str | None:
        """Return which decisions another version of the engine made, ``None`` when this one made first and last.

        A ledger of a million decisions is not read for the usual answer: versions follow each other in time.
        """
        query = "SELECT engine_version FROM ledger_entries ORDER BY seq {0}, id {0} LIMIT 1"
        ends = {row[0] for way in ("ASC", "DESC") for row in self.query(query.format(way))}
        if ends <= {ENGINE_VERSION}:
            return None
        made = dict(self.query("SELECT engine_version, count(*) FROM ledger_entries GROUP BY engine_version"))
        total = sum(made.values())
        others = sorted(set(made) - {ENGINE_VERSION})
        if not others:
            return None
        count = sum(made[version] for version in others)
        return f"engine version {', '.join(others)} made {count:,} of {total:,} decisions; this is {ENGINE_VERSION}"

    def rows(self, table: str) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
        """Return the columns of a derived table, and its rows in the order of its key, compressed values as text.

        A damaged value stays as it is, so that it differs from every other. Marks are those of rows and blocks, and
        the quotes of paths those of the journal where it keeps them.
        """
        if table == "marks":
            found = marks_by_position(self.query)
            return ("position_id", "at", "payload"), (
                (mark.position_id, mark.at, mark.text.decode(errors="surrogateescape")) for mark in found
            )
        if table == "paths":
            return self._paths()
        cursor = self.cursor(f"SELECT * FROM {table} ORDER BY {', '.join(ORDERS[table].key)}")
        columns = tuple(column[0] for column in cursor.description)
        places = [columns.index(name) for name in COMPRESSED.get(table, ())]

        def plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
            values = list(row)
            for place in places:
                text = expanded(values[place])
                values[place] = values[place] if text is None else text
            return tuple(values)

        return columns, map(plain, cursor) if places else iter(cursor)

    def as_stored(self, table: str) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
        """Return the columns of a derived table or of blocks of marks, and its rows with JSON as it is stored.

        They are in the order of the key; marks, which are numbered anew where they are written, without their number.
        """
        columns, key = _STORED.get(table) or ("*", ", ".join(ORDERS[table].key))
        cursor = self.cursor(f"SELECT {columns} FROM {table} ORDER BY {key}")
        return tuple(column[0] for column in cursor.description), iter(cursor)

    def _paths(self) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
        cursor = self.cursor(PATHS)
        columns = tuple(column[0] for column in cursor.description)[:-2]

        def whole(row: tuple[Any, ...]) -> tuple[Any, ...]:
            *values, quotes, _, payload = row
            try:
                return (
                    *values,
                    None if quotes is None else encode_any(stored_quotes(quotes, payload)).decode(),
                )
            except ValueError:
                return (*values, quotes)

        return columns, map(whole, cursor)

    def query(self, sql: str, parameters: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of any SELECT."""
        return self._connection.rows(sql, parameters)

    def first(self, sql: str, parameters: tuple[Any, ...] = ()) -> tuple[Any, ...] | None:
        """Return the first row of a SELECT of few rows, read in one exchange with a database."""
        row: tuple[Any, ...] | None = self._connection.execute(sql, parameters).fetchone()
        return row

    def read(self, work: Callable[[Connection], T]) -> T:
        """Return what ``work`` reads."""
        return work(self._connection)

    def cursor(self, sql: str) -> Blocks:
        """Return a cursor for a SELECT, to fetch its rows in blocks."""
        return self._connection.stream(sql)

    def mappings(self, sql: str, parameters: tuple[Any, ...] = ()) -> Iterator[dict[str, Any]]:
        """Yield the rows of a SELECT as mappings from column to value."""
        cursor = self._connection.stream(sql, parameters)
        columns = [column[0] for column in cursor.description]
        return (dict(zip(columns, row, strict=True)) for row in cursor)

    def _value(self, sql: str) -> Any:
        row = self._connection.execute(sql).fetchone()
        return None if row is None else row[0]
