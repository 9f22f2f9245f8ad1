"""Books and their trades as items of lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.from_json import read_json
from core.statements.told import BookSums, told
from server.ledger.timestamps import iso


def book_item(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a book: its layout, last file and import, and its sums in $."""
    sums = read_json(BookSums, row["sums"])
    names = ("seq", "layout", "imports", "file", "file_rows", "added", "unread")
    return {
        "id": row["book"],
        "book": row["book"],
        **{name: row[name] for name in names},
        "imported_at": iso(row["at"]),
        **{name: getattr(sums, name) for name in ("rows", "closed", "open", "orphans")},
        **{name: getattr(sums, name) / 100 for name in ("net", "in_open", "orphaned", "amounts")},
        "without_opening": [
            f"line {line}: {quantity} {instrument} on {day}"
            for line, quantity, instrument, day in sums.without_opening
        ],
        "money": {
            what: {"rows": count, "amount": cents / 100} for what, (count, cents) in sums.money.items()
        },
        "told": told(sums),
    }


def book_trade_item(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a trade of a book with the fields of a trade of the engine; those that it has none of are ``None``."""
    names = (
        "id seq book symbol direction contract occ setup state side opened_day closed_day contracts entry_price"
        " exit_price hold_seconds r net in_open fees reason"
    )
    return {name: row[name] for name in names.split()} | {
        "position_id": row["id"],
        "opened_at": iso(row["opened_at"]),
        "closed_at": iso(row["closed_at"]),
        **dict.fromkeys(("timeframe", "quality", "confidence", "mae", "mfe")),
        "stale": False,
        "tags": [],
    }
