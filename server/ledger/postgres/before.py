"""The rows that a batch is about to change, as they are before it, so that the batch can be taken back.

A batch adds rows with the seqs of its inputs, and changes rows of earlier inputs: positions, what became of an entry,
approvals, removed notes, trades. Only the latter are read before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.effects import StoreBook
from server.ledger.books import BOOK_TABLES
from server.ledger.postgres.connection import PgConnection
from server.ledger.postgres.writing import Types, insert_all
from server.ledger.rows import APPROVAL, CLOSED, MARK, NOTE, OUTCOME, POSITION, REMOVED, SHADOW, Tables

_OF_INPUTS = (
    "journal", "receipts", "ledger_entries", "decision_columns", "followed", "paths", "path_bars", "rules_versions",
    "suggestions", "approvals", "risk_events", "stream_events", "notes", "trades", "checkpoints",
)  # fmt: skip
"""Tables whose rows have the seq of the input that added them."""
_CHANGED: Mapping[str, tuple[tuple[str, int], ...]] = {
    "ledger_entries": ((OUTCOME, -1), (SHADOW, -1)),
    "decision_columns": ((CLOSED, -1),),
    "followed": ((OUTCOME, -1), (SHADOW, -1)),
    "positions": ((POSITION, 0),),
    "approvals": ((APPROVAL, 0),),
    "notes": ((REMOVED, 0),),
    "trades": ((OUTCOME, -1),),
}
"""Tables of which a batch changes rows, by id: the statements that do, and the place of the id in their values."""
_LAST_MARK = "SELECT coalesce(max(n), 0) FROM marks"
_TRADES_OF_NOTES = (
    "SELECT t.id FROM notes n JOIN trades t ON t.position_id = n.position_id WHERE n.id = ANY(?::text[])"
)


@dataclass(frozen=True, slots=True)
class Before:
    """The end of the journal and of the marks before a batch, and by table the ids and rows that it changes."""

    seq: int
    mark: int | None
    rows: Mapping[str, tuple[list[str], Sequence[Any]]]
    books: tuple[list[str], Mapping[str, Sequence[Any]]]
    """Names of the books that it changes, and their rows by table."""


def read_before(connection: PgConnection, tables: Tables, seq: int) -> Before:
    """Return what a batch is about to change, within its transaction."""
    rows: dict[str, tuple[list[str], Sequence[Any]]] = {}
    for table, changes in _CHANGED.items():
        ids = [row[place] for statement, place in changes for row in tables[statement]]
        if table == "trades":
            ids += _of_removed_notes(connection, tables)
        if ids:
            rows[table] = ids, _rows(connection, table, ids)
    mark = connection.execute(_LAST_MARK).fetchone()[0] if tables[MARK] else None  # type: ignore[index]
    names = [*{change.rows.book if isinstance(change, StoreBook) else change.book for change in tables.books}]
    books = {table: _of_books(connection, table, names) for table in BOOK_TABLES} if names else {}
    return Before(seq, mark, rows, (names, books))


def take_back(connection: PgConnection, before: Before, types: Types) -> None:
    """Undo a batch within the open transaction."""
    for table in _OF_INPUTS:
        connection.execute(f"DELETE FROM {table} WHERE seq > ?", (before.seq,))
    if before.mark is not None:
        connection.execute("DELETE FROM marks WHERE n > ?", (before.mark,))
    for table, (ids, rows) in before.rows.items():
        connection.execute(f"DELETE FROM {table} WHERE {_among(table)}", (ids,))
        if rows:
            insert_all(connection, table, rows[0].keys(), rows, types)
    names, books = before.books
    for table, rows in books.items():
        connection.execute(f"DELETE FROM {table} WHERE book = ANY(?::text[])", (names,))
        if rows:
            insert_all(connection, table, rows[0].keys(), rows, types)


def _of_books(connection: PgConnection, table: str, names: list[str]) -> Sequence[Any]:
    return connection.execute(f"SELECT * FROM {table} WHERE book = ANY(?::text[])", (names,)).fetchall()


def _rows(connection: PgConnection, table: str, ids: list[str]) -> Sequence[Any]:
    return connection.execute(f"SELECT * FROM {table} WHERE {_among(table)}", (ids,)).fetchall()


def _among(table: str) -> str:
    kind = "uuid" if table in ("ledger_entries", "decision_columns") else "text"
    return f"id = ANY(?::{kind}[])"


def _of_removed_notes(connection: PgConnection, tables: Tables) -> list[str]:
    notes = [row[0] for row in tables[REMOVED]]
    positions = [row[3] for row in tables[NOTE] if row[3] is not None]
    found = connection.execute(_TRADES_OF_NOTES, (notes,)).fetchall() if notes else []
    if positions:
        found += connection.execute(
            "SELECT id FROM trades WHERE position_id = ANY(?::text[])", (positions,)
        ).fetchall()
    return [row[0] for row in found]
