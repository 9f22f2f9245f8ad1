"""Stored checkpoints: compressed, bound to the hash chain at their seq, and hashed themselves.

A start believes a checkpoint, so that a changed digit in one could sell contracts that were never bought. Its hash
covers the hash of the input it was made after, its seq, its instant and the state as stored.
"""

from __future__ import annotations

import hashlib
import zlib
from datetime import datetime

import zstandard

from server.ledger.base import Checkpoint
from server.ledger.sql import Connection
from server.ledger.timestamps import Micros, instant, micros

_LEVEL = 6
"""Compression level of zstandard: higher ones take far longer for a few percent."""

_NEWEST = "SELECT seq, at, head, state, hash FROM checkpoints WHERE seq < ? ORDER BY seq DESC LIMIT 1"
_INPUT = "SELECT hash FROM journal WHERE seq = ?"
_INSERT = (
    "INSERT INTO checkpoints (seq, at, head, state, hash) VALUES (?, ?, ?, ?, ?) ON CONFLICT (seq) DO UPDATE"
    " SET at = excluded.at, head = excluded.head, state = excluded.state, hash = excluded.hash"
)
_OTHERS = (
    "DELETE FROM checkpoints WHERE seq > ? OR seq NOT IN"
    " (SELECT seq FROM checkpoints WHERE seq <= ? ORDER BY seq DESC LIMIT ?)"
)
AFTER_ALL = (1 << 63) - 1
"""A seq after every other."""


def compress(state: bytes | bytearray) -> bytes:
    """Return a state as it is stored; releases the interpreter lock, for use in a thread."""
    return zstandard.ZstdCompressor(level=_LEVEL).compress(state)


def expand(packed: bytes) -> bytes:
    """Return a state from its stored form, also from that of before schema 12; raises ValueError if damaged."""
    try:
        if packed.startswith(zstandard.FRAME_HEADER):
            return zstandard.ZstdDecompressor().decompress(packed)
        return zlib.decompress(packed)
    except (zstandard.ZstdError, zlib.error) as error:
        raise ValueError(str(error)) from error


def seal(head: bytes, seq: int, at: int, packed: bytes) -> bytes:
    """Return the hash of a checkpoint, 32 bytes; ``at`` in microseconds, ``packed`` the state as stored."""
    return hashlib.sha256(b"%b%d %d\n%b" % (head, seq, at, packed)).digest()


def put_checkpoint(
    connection: Connection, seq: int, at: datetime, head: bytes, packed: bytes, *, keep: int
) -> None:
    """Write a checkpoint within the open transaction; drop those after it, and all but the newest ``keep``."""
    when = Micros(micros(at))
    connection.execute(_INSERT, (seq, when, head, packed, seal(head, seq, when, packed)))
    connection.execute(_OTHERS, (seq, seq, keep))


def read_checkpoint(connection: Connection, before: int = AFTER_ALL) -> Checkpoint | None:
    """Return the newest checkpoint before a seq, with its ``problem`` and without a state if it is damaged."""
    row = connection.execute(_NEWEST, (before,)).fetchone()
    if row is None:
        return None
    seq, at, head, packed, digest = row
    stored = connection.execute(_INPUT, (seq,)).fetchone()
    problem = _problem(seq, at, head, packed, digest, None if stored is None else stored[0])
    state = b""
    if problem is None:
        try:
            state = expand(packed)
        except ValueError as error:
            problem = f"its state cannot be unpacked: {error}"
    if problem is not None:
        return Checkpoint(seq=seq, at=None, state=b"", problem=f"checkpoint of seq {seq}: {problem}")
    return Checkpoint(seq=seq, at=instant(at), state=state)


def _problem(
    seq: int, at: object, head: object, packed: object, digest: object, of_input: object
) -> str | None:
    if not (isinstance(at, int) and isinstance(head, bytes) and isinstance(packed, bytes)):
        return "it was changed: a column holds another type"
    if seal(head, seq, at, packed) != digest:
        return "it was changed: its hash is wrong"
    if of_input is None:
        return "the journal has no such input"
    if of_input != head:
        return "it belongs to another journal: the hash of its input is another"
    return None
