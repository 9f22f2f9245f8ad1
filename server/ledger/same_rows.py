"""Tell quickly whether two ledgers store the same: rows as they are stored, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from server.ledger.compressed import expand
from server.ledger.mark_store import MARKS_IN_BLOCKS
from server.ledger.portable import JSON_COLUMNS
from server.ledger.rows import DERIVED
from server.ledger.snapshot import LedgerSnapshot

_Rows = Iterator[tuple[Any, ...]]


def equal_tables(one: LedgerSnapshot, other: LedgerSnapshot) -> dict[str, int] | None:
    """Return the rows of each derived table; ``None`` unless both ledgers store the same, in the same blocks.

    Marks of blocks count as rows of marks. What differs here need not differ for ``compare``.
    """
    counts: dict[str, int] = {}
    for table in DERIVED:
        columns, mine = one.as_stored(table)
        names, theirs = other.as_stored(table)
        found = equal_rows(table, columns, mine, theirs) if names == columns else None
        if found is None:
            return None
        counts[table] = found
    counts["marks"] += int(next(one.query(MARKS_IN_BLOCKS))[0])
    del counts["mark_blocks"]
    return counts


def equal_rows(table: str, columns: tuple[str, ...], mine: _Rows, theirs: _Rows) -> int | None:
    """Return the number of rows, ``None`` unless all are equal; JSON may be compressed here and not there."""
    names = ("payload",) if table == "journal" else JSON_COLUMNS.get(table, ())
    json = {columns.index(name) for name in names if name in columns}
    count = 0
    for one, other in zip_longest(mine, theirs):
        if one != other and not _same(one, other, json):
            return None
        count += 1
    return count


def _same(one: tuple[Any, ...] | None, other: tuple[Any, ...] | None, json: set[int]) -> bool:
    if one is None or other is None:
        return False
    return all(
        a == b or (n in json and a is not None and b is not None and _expanded(a) == _expanded(b))
        for n, (a, b) in enumerate(zip(one, other, strict=True))
    )


def _expanded(stored: bytes | str) -> bytes | str:
    """Return JSON as bytes."""
    try:
        return expand(stored)
    except ValueError:
        return stored  # a damaged value
