"""Read the packed records of a whole ledger."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from server.ledger.packed import RECORD, Packed, joined
from server.ledger.snapshot import LedgerSnapshot


def read_packed(ledger: LedgerSnapshot) -> Packed | None:
    """Return every decision of a ledger; ``None`` for a ledger from before packed records."""
    if any(_end(ledger, "ledger_entries", way) != _end(ledger, "decision_columns", way) for way in _WAYS):
        return None
    count = next(ledger.query("SELECT count(*) FROM decision_columns"))[0]
    return joined(count, _in_blocks(ledger))


def _end(ledger: LedgerSnapshot, table: str, way: str) -> object:
    """Return the first (ASC) or last (DESC) decision of a table, to compare two tables by their ends."""
    return ledger.first(f"SELECT seq, id FROM {table} ORDER BY seq {way}, id {way} LIMIT 1")


_WAYS = ("ASC", "DESC")
_BLOCK = 4_096


def _in_blocks(ledger: LedgerSnapshot) -> Iterator[NDArray[np.void]]:
    cursor = ledger.cursor("SELECT packed FROM decision_columns ORDER BY seq, id")
    while rows := cursor.fetchmany(_BLOCK):
        yield np.frombuffer(b"".join([packed for (packed,) in rows]), dtype=RECORD)
