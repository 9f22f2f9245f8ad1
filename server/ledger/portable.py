"""Rows in a form that is equal whichever database stored them, to compare and to copy ledgers across databases.

PostgreSQL cannot store the character U+0000 in a text (in JSON it can: there it is written as an escape), and the
first version of the tables there kept JSON with the keys in an order of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from server.ledger.compressed import COLUMNS as COMPRESSED
from server.ledger.compressed import expand

JSON_COLUMNS: Mapping[str, tuple[str, ...]] = {
    **{table: names for table, names in COMPRESSED.items() if table != "journal"},
    "ledger_entries": (*COMPRESSED["ledger_entries"], "regime", "execution", "exit"),
    "positions": ("payload",),
    "approvals": ("payload",),
}
"""Columns whose JSON may be compressed, or have been written otherwise than it was given."""


def without_nul(value: str) -> str:
    """Return a text with U+FFFD in place of U+0000."""
    return value.replace("\0", "\ufffd")


def without_nuls(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a row with U+FFFD in place of U+0000 in its texts, as a database holds it."""
    return tuple(_plain(value) for value in row)


def comparable(table: str, columns: tuple[str, ...]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """Return the function that brings a row of a table into the form that can be compared."""
    json = {columns.index(name) for name in JSON_COLUMNS.get(table, ()) if name in columns}

    def same(row: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(_parsed(value) if n in json else _plain(value) for n, value in enumerate(row))

    return same


def _plain(value: Any) -> Any:
    return without_nul(value) if isinstance(value, str) else value


def _parsed(value: Any) -> Any:
    if value is None:
        return None
    try:
        return orjson.loads(expand(value).replace(b"\\u0000", b"\\ufffd"))
    except ValueError:
        return value  # a damaged value differs from every other
