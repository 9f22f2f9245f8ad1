"""Tell quickly whether two ledgers store the same: rows as they are stored, side by side."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import islice, zip_longest
from typing import Any

from server.ledger.compressed import expand
from server.ledger.mark_store import MARKS_IN_BLOCKS
from server.ledger.portable import JSON_COLUMNS
from server.ledger.rows import DERIVED
from server.ledger.snapshot import LedgerSnapshot

_Rows = Iterator[tuple[Any, ...]]

_BLOCK = 512


def equal_tables(one: LedgerSnapshot, other: LedgerSnapshot) -> dict[str, int] | None:
    """Return the rows of each derived table; ``None`` unless both ledgers store the same, in the same blocks.

    Marks of blocks count as rows of marks. What differs here need not differ for ``compare``.
    """
    counts: dict[str, int] = {}
    try:
        with one.strict_text(), other.strict_text():
            for table in DERIVED:
                columns, mine = one.as_stored(table)
                names, theirs = other.as_stored(table)
                found = equal_rows(table, columns, mine, theirs) if names == columns else None
                if found is None:
                    return None
                counts[table] = found
    except sqlite3.OperationalError:
        return None  # a damaged text
    counts["marks"] += int(next(one.query(MARKS_IN_BLOCKS))[0])
    del counts["mark_blocks"]
    return counts


def equal_rows(table: str, columns: tuple[str, ...], mine: _Rows, theirs: _Rows) -> int | None:
    """Return the number of rows, ``None`` unless all are equal; JSON may be compressed here and not there."""
    names = ("payload",) if table == "journal" else JSON_COLUMNS.get(table, ())
    json = {columns.index(name) for name in names if name in columns}
    count = 0
    while True:
        block, other_block = [*islice(mine, _BLOCK)], [*islice(theirs, _BLOCK)]
        if block != other_block:
            pairs = zip_longest(block, other_block, fillvalue=())
            if not all(one == other or _same(one, other, json) for one, other in pairs):
                return None
        if not block:
            return count
        count += len(block)


def _same(one: tuple[Any, ...], other: tuple[Any, ...], json: set[int]) -> bool:
    return len(one) == len(other) and all(
        a == b or (n in json and a is not None and b is not None and _expanded(a) == _expanded(b))
        for n, (a, b) in enumerate(zip(one, other, strict=True))
    )


def _expanded(stored: bytes | str) -> bytes | str:
    """Return JSON as bytes."""
    try:
        return expand(stored)
    except ValueError:
        return stored  # a damaged value
