"""The hash chain over the journal: change, drop or reorder one row and every hash after it is wrong.

A link is sha256 over the hash before it, seq, instant, kind and the canonical payload (the JSON that
``codec.encode`` wrote). The receipt's id is left out, because it derives from the engine's id: two
engines given the same inputs have the same chain.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from core.fast_init import fast_init

GENESIS = bytes(32)
"""The hash before the first row."""

RECEIPT_ID, _CLOSES = b'"receipt_id":"', b'",'
"""Begin and end of the part that a link leaves out."""


@fast_init
@dataclass(frozen=True, slots=True)
class JournalRow:
    """One input as stored; ``at`` in microseconds since 1970 UTC.

    ``frame`` is the payload as it is stored compressed, ``None`` where it is not.
    """

    seq: int
    at: int
    kind: str
    payload: bytes
    hash: bytes
    frame: bytes | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Verified:
    """The result of checking the chain: the rows checked, the last valid hash, and the first broken link."""

    rows: int
    head: bytes
    broken_seq: int | None = None
    problem: str | None = None
    last_seq: int = 0

    @property
    def ok(self) -> bool:
        return self.problem is None


def link(previous: bytes, seq: int, at: int, kind: str, payload: bytes) -> bytes:
    """Return the hash of one row, 32 bytes, from the hash of the row before it."""
    start = payload.find(RECEIPT_ID) if kind == "received" else -1
    end = payload.find(_CLOSES, start + len(RECEIPT_ID)) if start >= 0 else -1
    if end >= 0:
        payload = payload[:start] + payload[end + len(_CLOSES) :]
    return hashlib.sha256(b"%b%d %d %b\n%b" % (previous, seq, at, kind.encode(), payload)).digest()


def follows(previous: bytes, row: JournalRow) -> bool:
    """Return whether a row's hash is that of its contents after the row with hash ``previous``."""
    return link(previous, row.seq, row.at, row.kind, row.payload) == row.hash


def verify(rows: Iterable[JournalRow], previous: bytes = GENESIS, last_seq: int = 0) -> Verified:
    """Check the chain over ``rows`` in order of seq and name the first broken link.

    ``previous`` and ``last_seq`` are those of the row before the first one given, to check in parts. A
    cut-off end cannot be seen from inside a chain: compare ``head`` with one noted elsewhere.
    """
    count = 0
    for row in rows:
        if not follows(previous, row):
            return Verified(count, previous, row.seq, _problem(row.seq, last_seq), last_seq)
        previous, last_seq, count = row.hash, row.seq, count + 1
    return Verified(count, previous, last_seq=last_seq)


def _problem(seq: int, last_seq: int) -> str:
    if seq > last_seq + 1:
        gone = f"{last_seq + 1}" if seq == last_seq + 2 else f"{last_seq + 1}–{seq - 1}"
        return f"seq {seq}: does not follow seq {last_seq}; what stood at seq {gone} may have been removed"
    return f"seq {seq}: its contents or its hash were changed, or the row before it was"
