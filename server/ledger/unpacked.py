"""All decisions of a ledger in columns, out of their packed records: a million in a second or two."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.decision.columns import DecisionColumns
from core.learning.closed import Closed
from server.ledger.packed import INPUTS, OUTCOME, RECORD
from server.ledger.snapshot import LedgerSnapshot


class Packed(NamedTuple):
    """All decisions in the order of seq and id: n of everything; ``code`` is bytes, empty without one."""

    seq: NDArray[np.int64]
    at: NDArray[np.int64]
    signal: NDArray[np.int64]
    symbol: NDArray[np.int64]
    direction: NDArray[np.int8]
    code: NDArray[np.bytes_]
    columns: DecisionColumns
    closed: Closed


def read_packed(ledger: LedgerSnapshot) -> Packed | None:
    """Every decision of a ledger; ``None`` when it was written before there were packed records."""
    if any(_end(ledger, "ledger_entries", way) != _end(ledger, "decision_columns", way) for way in _WAYS):
        return None
    count = next(ledger.query("SELECT count(*) FROM decision_columns"))[0]
    whole = {name: np.empty(count, dtype=RECORD[name]) for name in RECORD.names or () if name not in _PARTS}
    inputs, closed = (
        {name: np.empty(count, dtype=part[name]) for name in part.names or ()} for part in (INPUTS, OUTCOME)
    )
    at = 0
    for records in _in_blocks(ledger):
        # While a block is still in the processor's cache its fields cost nearly nothing to part.
        rows = slice(at, at + len(records))
        for fields, of in ((whole, records), (inputs, records["inputs"]), (closed, records["outcome"])):
            for name, column in fields.items():
                column[rows] = of[name]
        at = rows.stop
    halves = whole["symbol"]
    return Packed(
        seq=whole["seq"],
        at=whole["at"],
        signal=whole["signal"],
        # One number for a name of up to 16 bytes: an odd factor keeps names apart.
        symbol=(halves[:, 0] * np.uint64(0x9E3779B97F4A7C15) + halves[:, 1]).view(np.int64),
        direction=whole["direction"],
        code=whole["code"],
        columns=DecisionColumns(**inputs),
        closed=Closed(**closed, multiplier=whole["multiplier"]),
    )


def _end(ledger: LedgerSnapshot, table: str, way: str) -> object:
    """The first or last decision that a table has: from some input on, every one has its packed record."""
    return next(ledger.query(f"SELECT seq, id FROM {table} ORDER BY seq {way}, id {way} LIMIT 1"), None)


_WAYS = ("ASC", "DESC")
_PARTS = ("inputs", "outcome")
_BLOCK = 4_096


def _in_blocks(ledger: LedgerSnapshot) -> Iterator[NDArray[np.void]]:
    cursor = ledger.cursor("SELECT packed FROM decision_columns ORDER BY seq, id")
    while rows := cursor.fetchmany(_BLOCK):
        yield np.frombuffer(b"".join([packed for (packed,) in rows]), dtype=RECORD)
