"""The journal as read: rows as bytes, so that a damaged text is a broken link and not an error of the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from core.events import Event
from server.ledger.base import LedgerError
from server.ledger.chain import GENESIS, JournalRow, follows
from server.ledger.codec import decode
from server.ledger.compressed import expand
from server.ledger.sql import Connection

_COLUMNS = "seq, at, CAST(kind AS BLOB), CAST(payload AS BLOB), hash"
JOURNAL_PART = f"SELECT {_COLUMNS} FROM journal WHERE seq > ? ORDER BY seq LIMIT ?"
JOURNAL = f"SELECT {_COLUMNS} FROM journal ORDER BY seq"
_HASH = "SELECT hash FROM journal WHERE seq = ?"
_END = "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1"


def journal_row(stored: Sequence[Any]) -> JournalRow:
    """Return a row of these columns; a value of another type than was written is replaced by an impossible one."""
    seq, at, kind, payload, digest = stored
    plain = _payload(payload)
    return JournalRow(
        seq,
        at if isinstance(at, int) else -1,
        (kind or b"").decode(errors="replace"),
        plain,
        digest if isinstance(digest, bytes) else b"",
        None if plain is payload else payload,
    )


def _payload(stored: bytes | None) -> bytes:
    try:
        return expand(stored or b"")
    except ValueError:
        return stored or b""  # its hash will be found wrong


def journal_end(connection: Connection) -> tuple[int, bytes]:
    """Return seq and hash of the last input; 0 and the hash before the first one in an empty journal."""
    row = connection.execute(_END).fetchone()
    return (0, GENESIS) if row is None else (row[0], row[1])


def hash_at(connection: Connection, seq: int) -> bytes | None:
    """Return the hash of an input, or that before the first one for seq 0; ``None`` when there is no such input."""
    if seq == 0:
        return GENESIS
    row = connection.execute(_HASH, (seq,)).fetchone()
    return None if row is None else row[0]


def checked_inputs(
    rows: Iterator[JournalRow], previous: bytes, last: int
) -> Iterator[tuple[JournalRow, Event]]:
    """Yield each row with its input; ``previous`` and ``last`` are hash and seq of the input before.

    Raises LedgerError naming the first input that was changed, moved or removed.
    """
    for row in rows:
        if row.seq != last + 1 or not follows(previous, row):
            raise LedgerError(
                f"the journal was changed at seq {row.seq}: its hash is wrong; `gatedeck verify` says what is sound"
            )
        previous, last = row.hash, row.seq
        try:
            yield row, decode(row.payload)
        except ValueError as error:
            raise LedgerError(f"journal seq {row.seq} cannot be read: {error}") from error


def checked_events(rows: Iterator[JournalRow], previous: bytes, last: int) -> Iterator[tuple[Event, bytes]]:
    """Yield each input with its hash, as ``checked_inputs`` does."""
    return ((event, row.hash) for row, event in checked_inputs(rows, previous, last))
