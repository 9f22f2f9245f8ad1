"""Whole lists of a ledger, oldest first, as the API shows their items: for export, search and what-if."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from server.ledger.codec import loads
from server.ledger.entries import COLUMNS, ITEMS
from server.ledger.mark_store import marks_by_time
from server.ledger.prices import price_rows
from server.ledger.snapshot import LedgerSnapshot
from server.ledger.timestamps import iso

Item = Mapping[str, Any]
_OF_THE_ENGINE = frozenset(
    ("seq", "position_id", "timeframe", "quality", "confidence", "mae", "mfe", "stale", "tags")
)

_ENTRIES: Mapping[str, str] = {
    "decisions": "",
    "ledger": "",
    "trades": "WHERE execution IS NOT NULL",
}
LISTS = (*_ENTRIES, "receipts", "marks", "prices", "notes")
"""The names that ``items`` accepts."""


def items(ledger: LedgerSnapshot, what: str) -> Iterator[Item]:
    """Yield each item of the list ``what`` (one of ``LISTS``) as the API shows it.

    A receipt comes with its body, a mark with the id of its position, a price as a bar.
    """
    if what == "receipts":
        yield from _receipts(ledger)
    elif what == "prices":
        yield from price_rows(ledger)
    elif what == "notes":
        for row in ledger.mappings("SELECT * FROM notes WHERE removed = 0 ORDER BY seq"):
            yield ITEMS[what](row)
    elif what == "marks":
        for mark in marks_by_time(ledger.query):
            yield {"position_id": mark.position_id, **loads(mark.text)}
    else:
        kind = "ledger" if what == "trades" else what
        sql = f"SELECT {COLUMNS[kind]} FROM ledger_entries {_ENTRIES[what]} ORDER BY seq, id"
        for row in ledger.mappings(sql):
            yield ITEMS[kind](row)


def has_book(ledger: LedgerSnapshot, book: str) -> bool:
    """Return whether there is a book of that name."""
    return any(True for _ in ledger.query("SELECT 1 FROM books WHERE book = ?", (book,)))


def book_trades(ledger: LedgerSnapshot, book: str) -> Iterator[Item]:
    """Yield the trades of a book in the order of their openings; without the fields that only the engine's have."""
    sql = "SELECT * FROM book_trades WHERE book = ? ORDER BY n"
    for row in ledger.mappings(sql, (book,)):
        item = ITEMS["book_trades"](row)
        yield {name: value for name, value in item.items() if name not in _OF_THE_ENGINE}


def _receipts(ledger: LedgerSnapshot) -> Iterator[Item]:
    sql = "SELECT r.*, j.payload FROM receipts r JOIN journal j ON j.seq = r.seq ORDER BY r.seq"
    for row in ledger.mappings(sql):
        yield ITEMS["receipts"](row) | {
            "received_at": iso(row["received_at"]),
            "body": loads(row["payload"])["body"],
        }
