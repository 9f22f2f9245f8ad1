"""The tables of books: the rows of statements as they were read, and the trades that they make.

A book is matched anew whenever rows are added to it: what closes a trade may come in a later file. Its trades never
touch the table of the engine's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any

from core.effects import RemoveBook, StoreBook
from core.from_json import read_json
from core.statements.matching import Book, BookTrade, match
from core.statements.row import RowKind, StatementRow
from core.statements.told import told
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
_ORPHANS_SHOWN = 20


def store_books(connection: Connection, changes: Iterable[StoreBook | RemoveBook]) -> None:
    """Add rows to books and remove books, in the order of the changes; then match what was changed."""
    last: dict[str, StoreBook] = {}
    imports: dict[str, tuple[int, int]] = {}
    for change in changes:
        if isinstance(change, RemoveBook):
            for table in BOOK_TABLES:
                connection.execute(f"DELETE FROM {table} WHERE book = ?", (change.book,))
            last.pop(change.book, None)
            imports.pop(change.book, None)
            continue
        book = change.rows.book
        if book not in imports:
            found = connection.execute("SELECT imports FROM books WHERE book = ?", (book,)).fetchone()
            imports[book] = 0 if found is None else found[0], 0
        imports[book] = imports[book][0] + 1, _add(connection, change)
        last[book] = change
    for book, change in last.items():
        _write(connection, change, *imports[book])


def rows_of_book(connection: Connection, book: str) -> list[StatementRow]:
    """Return the rows of a book in no particular order."""
    found = connection.execute("SELECT payload FROM book_rows WHERE book = ?", (book,)).fetchall()
    return [read_json(StatementRow, row[0]) for row in found]


def _add(connection: Connection, change: StoreBook) -> int:
    """Store the rows that the book does not have, and return how many; a trade that went on replaces its row."""
    book = change.rows.book
    known = dict(connection.execute("SELECT id, payload FROM book_rows WHERE book = ?", (book,)).fetchall())
    fresh = []
    for row in change.rows.rows:
        stored = known.get(row.id)
        if stored is not None:
            if row.kind is not RowKind.TRADE or _facts(row) == _facts(read_json(StatementRow, stored)):
                continue
            connection.execute("DELETE FROM book_rows WHERE book = ? AND id = ?", (book, row.id))
        fresh.append((book, row.id, change.seq, encode_any(row).decode()))
    _insert(connection, "book_rows", _ROW, fresh)
    return len(fresh)


def _facts(row: StatementRow) -> StatementRow:
    """Return a row without where it stood and how it read: another export of it states the same."""
    return replace(row, line=0, text="")


def _write(connection: Connection, change: StoreBook, imports: int, added: int) -> None:
    """Match a book and write its trades and its sums."""
    name = change.rows.book
    rows = rows_of_book(connection, name)
    book = match(rows)
    connection.execute("DELETE FROM book_trades WHERE book = ?", (name,))
    trades = [_trade_row(name, n, change.seq, trade) for n, trade in enumerate(book.trades, 1)]
    _insert(connection, "book_trades", _TRADE, trades)
    connection.execute("DELETE FROM books WHERE book = ?", (name,))
    values = (
        name, change.seq, micros(change.at), change.rows.layout, imports, change.rows.file, len(change.rows.rows),
        added, change.rows.unread, encode_any(_sums(book, len(rows))).decode(),
    )  # fmt: skip
    _insert(connection, "books", _BOOK, [values])


def _sums(book: Book, rows: int) -> dict[str, Any]:
    closed = sum(trade.state == "CLOSED" for trade in book.trades)
    return {
        "rows": rows,
        "closed": closed,
        "open": len(book.trades) - closed,
        "net": book.net,
        "in_open": book.in_open,
        "orphaned": book.orphaned,
        "amounts": book.amounts,
        "orphans": len(book.orphans),
        "without_opening": [
            f"line {each.row.line}: {each.quantity} {each.row.instrument} on {each.row.day}"
            for each in book.orphans[:_ORPHANS_SHOWN]
        ],
        "money": {what: list(counted) for what, counted in book.money.items()},
        "told": told(book, rows),
    }


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
