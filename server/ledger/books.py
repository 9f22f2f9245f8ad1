"""The tables of books: the rows of statements as they were read, and the trades that they make.

A book is matched anew whenever rows are added to it: what closes a trade may come in a later file. Its trades never
touch the table of the engine's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

from core.effects import RemoveBook, StoreBook
from core.from_json import read_json
from core.statements.matching import BookTrade, match
from core.statements.row import RowKind, StatementRow
from core.statements.told import BookSums, sums_of
from server.ledger.codec import encode_any
from server.ledger.sql import Connection
from server.ledger.timestamps import micros

BOOK_TABLES = ("books", "book_rows", "book_trades")
_BOOK = ("book", "seq", "at", "layout", "imports", "file", "file_rows", "added", "unread", "sums")
_ROW = ("book", "id", "seq", "payload")
_TRADE = (
    "book", "n", "seq", "id", "symbol", "direction", "contract", "occ", "setup", "state", "side", "opened_at",
    "opened_day", "closed_at", "closed_day", "contracts", "entry_price", "exit_price", "hold_seconds", "r", "net",
    "in_open", "fees", "reason", "search",
)  # fmt: skip
_MOST_PARAMETERS = 999


@dataclass(slots=True)
class _Changed:
    """The changes of a book by a batch: its imports so far, the last one, and the last one that added rows."""

    imports: int
    last: StoreBook
    added: int = 0
    added_by: StoreBook | None = None


def store_books(connection: Connection, changes: Iterable[StoreBook | RemoveBook]) -> None:
    """Add rows to books and remove books, in the order of the changes; then match those that got rows.

    Seqs are those of the changes, however they are divided into batches: a replay makes the same rows.
    """
    books: dict[str, _Changed] = {}
    for change in changes:
        if isinstance(change, RemoveBook):
            for table in BOOK_TABLES:
                connection.execute(f"DELETE FROM {table} WHERE book = ?", (change.book,))
            books.pop(change.book, None)
            continue
        name = change.rows.book
        if name not in books:
            found = connection.execute("SELECT imports FROM books WHERE book = ?", (name,)).fetchone()
            books[name] = _Changed(0 if found is None else found[0], change)
        of = books[name]
        of.imports, of.last, of.added = of.imports + 1, change, _add(connection, change)
        of.added_by = change if of.added else of.added_by
    for name, of in books.items():
        _write(connection, name, of)


def _add(connection: Connection, change: StoreBook) -> int:
    """Store the rows that the book does not have, and return how many; a trade that went on replaces its row."""
    book = change.rows.book
    known = {
        row[0] for row in connection.execute("SELECT id FROM book_rows WHERE book = ?", (book,)).fetchall()
    }
    fresh = []
    for row in change.rows.rows:
        if row.id in known:
            if row.kind is not RowKind.TRADE or not _went_on(connection, book, row):
                continue
            connection.execute("DELETE FROM book_rows WHERE book = ? AND id = ?", (book, row.id))
        fresh.append((book, row.id, change.seq, encode_any(row).decode()))
    _insert(connection, "book_rows", _ROW, fresh)
    return len(fresh)


def _went_on(connection: Connection, book: str, row: StatementRow) -> bool:
    """Return whether a trade says something else than when it was imported, but for where it stood."""
    sql = "SELECT payload FROM book_rows WHERE book = ? AND id = ?"
    stored = read_json(StatementRow, connection.execute(sql, (book, row.id)).fetchone()[0])
    return replace(row, line=0, text="") != replace(stored, line=0, text="")


def _write(connection: Connection, name: str, of: _Changed) -> None:
    """Write the sums of a book and, if it got rows, its trades."""
    last, change = of.last, of.last.rows
    if of.added_by is None:
        sums = connection.execute("SELECT sums FROM books WHERE book = ?", (name,)).fetchone()[0]
    else:
        sums = encode_any(_match(connection, name, of.added_by.seq)).decode()
    connection.execute("DELETE FROM books WHERE book = ?", (name,))
    values = (
        name, last.seq, micros(last.at), change.layout, of.imports, change.file, len(change.rows), of.added,
        change.unread, sums,
    )  # fmt: skip
    _insert(connection, "books", _BOOK, [values])


def _match(connection: Connection, name: str, seq: int) -> BookSums:
    """Match a book and write its trades; return its sums."""
    found = connection.execute("SELECT payload FROM book_rows WHERE book = ?", (name,)).fetchall()
    book = match(read_json(StatementRow, row[0]) for row in found)
    connection.execute("DELETE FROM book_trades WHERE book = ?", (name,))
    trades = (_trade_row(name, n, seq, trade) for n, trade in enumerate(book.trades, 1))
    _insert(connection, "book_trades", _TRADE, trades)
    return sums_of(book, len(found))


def _trade_row(book: str, n: int, seq: int, trade: BookTrade) -> tuple[Any, ...]:
    held = None
    if trade.closed_at is not None and trade.opened_at is not None:
        held = (trade.closed_at - trade.opened_at).total_seconds()
    texts = (trade.symbol, trade.direction, trade.contract, trade.setup, trade.state, trade.reason, trade.occ)
    return (
        book, n, seq, trade.id, trade.symbol, trade.direction, trade.contract, trade.occ, trade.setup, trade.state,
        str(trade.side), _micros(trade.opened_at), trade.opened_day.isoformat(), _micros(trade.closed_at),
        None if trade.closed_day is None else trade.closed_day.isoformat(), float(trade.quantity), trade.entry_price,
        trade.exit_price, held, trade.r, None if trade.cents is None else trade.cents / 100, trade.open_cents / 100,
        trade.fees / 100, trade.reason, " ".join(text for text in texts if text).casefold(),
    )  # fmt: skip


def _micros(at: datetime | None) -> int | None:
    return None if at is None else micros(at)


def _insert(
    connection: Connection, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Insert rows, many with each statement."""
    place = f"({', '.join('?' * len(columns))})"
    rest = iter(rows)
    while block := [*islice(rest, _MOST_PARAMETERS // len(columns))]:
        values = [value for row in block for value in row]
        sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([place] * len(block))}"
        connection.execute(sql, values)
