"""The marks of positions: the newest of an open one as rows, all before as blocks of columns.

A block holds the next ``TOGETHER`` marks of its position, and the last block those up to the close. So blocks depend
on the marks alone and not on how they were committed. The checksum of a block covers every column of its row.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from server.ledger.codec import loads
from server.ledger.compressed import expand
from server.ledger.mark_columns import pack, unpack
from server.ledger.sql import Connection
from server.ledger.timestamps import Micros, micros

TOGETHER = 64
_WAITING = "SELECT count(*) FROM marks WHERE position_id = ?"
_ROWS = "SELECT n, at, payload FROM marks WHERE position_id = ? ORDER BY n LIMIT ?"
_DELETE = "DELETE FROM marks WHERE position_id = ? AND n <= ?"
_NEXT = "SELECT coalesce(max(first + marks), 0) FROM mark_blocks WHERE position_id = ?"
_INSERT = (
    "INSERT INTO mark_blocks (position_id, first, marks, first_at, last_at, packed) VALUES (?, ?, ?, ?, ?, ?)"
)
_BLOCK = "position_id, first, marks, first_at, last_at, packed"
_BLOCKS_OF = "SELECT first, marks FROM mark_blocks WHERE position_id = ? ORDER BY first"
_ONE_BLOCK = f"SELECT {_BLOCK} FROM mark_blocks WHERE position_id = ? AND first = ?"
_ROWS_OF = "SELECT payload FROM marks WHERE position_id = ? ORDER BY n"
_CLOSED_WITH_ROWS = (
    "SELECT p.id FROM positions p WHERE p.closed_at IS NOT NULL"
    " AND EXISTS (SELECT 1 FROM marks m WHERE m.position_id = p.id) LIMIT ?"
)
MARKS_IN_BLOCKS = "SELECT coalesce(sum(marks), 0) FROM mark_blocks"


class StoredMark(NamedTuple):
    """One mark: ``at`` in microseconds, ``text`` its JSON; a damaged one is stored bytes."""

    at: int
    position_id: str
    text: bytes


class Query(Protocol):
    """Yields the rows of a SELECT."""

    def __call__(self, sql: str, parameters: tuple[Any, ...] = ..., /) -> Iterator[Sequence[Any]]: ...


def pack_marks(connection: Connection, marked: Iterable[str], closed: Iterable[str]) -> None:
    """Put the marks of positions that fill a block into it, of closed positions all; in the open transaction."""
    ended = set(closed)
    for position_id in dict.fromkeys((*marked, *ended)):
        waiting = connection.execute(_WAITING, (position_id,)).fetchone()[0]
        while waiting >= TOGETHER or (waiting and position_id in ended):
            rows = connection.execute(_ROWS, (position_id, TOGETHER)).fetchall()
            _put_block(connection, position_id, rows)
            connection.execute(_DELETE, (position_id, rows[-1][0]))
            waiting -= len(rows)


def closed_with_rows(connection: Connection, most: int) -> list[str]:
    """Return some closed positions whose marks are rows; fewer than ``most`` are all."""
    return [row[0] for row in connection.execute(_CLOSED_WITH_ROWS, (most,)).fetchall()]


def _put_block(connection: Connection, position_id: str, rows: Sequence[Any]) -> None:
    first = connection.execute(_NEXT, (position_id,)).fetchone()[0]
    facts = (position_id, first, len(rows), rows[0][1], rows[-1][1])
    packed = pack([expand(payload) for _, _, payload in rows], _bound(facts))
    connection.execute(_INSERT, (*facts[:3], Micros(facts[3]), Micros(facts[4]), packed))


def _bound(facts: Sequence[Any]) -> bytes:
    """Return what the checksum of a block covers besides its marks."""
    return " ".join(map(str, facts)).encode(errors="surrogateescape")


def marks_of(connection: Connection, position_id: str, at_most: int | None) -> list[bytes]:
    """Return the JSON of a position's marks, oldest first; with ``at_most`` evenly spaced, always with the last one.

    Raises ValueError for a damaged block.
    """
    blocks = [tuple(row) for row in connection.execute(_BLOCKS_OF, (position_id,))]
    rows = [row[0] for row in connection.execute(_ROWS_OF, (position_id,))]
    whole = sum(marks for _, marks in blocks) + len(rows)
    step = 1 if at_most is None else max(1, -(-whole // at_most))
    chosen = iter(range((whole - 1) % step, whole, step))
    found: list[bytes] = []
    place, before = next(chosen, whole), 0
    for first, marks in blocks:
        places = []
        while place < before + marks:
            places.append(place - before)
            place = next(chosen, whole)
        if places:
            row = connection.execute(_ONE_BLOCK, (position_id, first)).fetchone()
            found += unpack(row[5], _bound(tuple(row)[:5]), places)
        before += marks
    while place < whole:
        found.append(expand(rows[place - before]))
        place = next(chosen, whole)
    return found


def marks_by_position(query: Query) -> Iterator[StoredMark]:
    """Yield every mark, ordered by position and then as they were made; a damaged block is one damaged mark."""
    blocks = query(f"SELECT {_BLOCK} FROM mark_blocks ORDER BY position_id, first")
    rows = query("SELECT position_id, at, payload FROM marks ORDER BY position_id, n")
    for row in heapq.merge(blocks, rows, key=lambda row: (str(row[0]), len(row) == 3)):
        yield from _marks_in(row)


def marks_by_time(query: Query) -> Iterator[StoredMark]:
    """Yield every mark, oldest first; those of one instant by position. A damaged block is one damaged mark."""
    blocks = query(f"SELECT {_BLOCK} FROM mark_blocks ORDER BY first_at, position_id, first")
    rows = query("SELECT position_id, at, payload FROM marks ORDER BY at, n")
    begun: list[tuple[int, str, int, StoredMark]] = []
    for count, row in enumerate(heapq.merge(blocks, rows, key=_begins)):
        while begun and begun[0][0] < _begins(row):
            yield heapq.heappop(begun)[3]
        for n, mark in enumerate(_marks_in(row)):
            heapq.heappush(begun, (mark.at, mark.position_id, count * TOGETHER + n, mark))
    while begun:
        yield heapq.heappop(begun)[3]


def _begins(row: Sequence[Any]) -> int:
    at = row[1] if len(row) == 3 else row[3]
    return at if isinstance(at, int) else 0


def _marks_in(row: Sequence[Any]) -> list[StoredMark]:
    """Return the marks of a row or block."""
    if len(row) == 3:
        position_id, at, payload = row
        try:
            return [StoredMark(at, position_id, expand(payload))]
        except (ValueError, AttributeError):
            return [StoredMark(_begins(row), str(position_id), repr(payload).encode())]
    try:
        texts = unpack(row[5], _bound(tuple(row)[:5]))
    except (ValueError, TypeError):
        return [StoredMark(_begins(row), str(row[0]), repr(row[5]).encode())]
    return [StoredMark(instant_of(text), row[0], text) for text in texts]


def instant_of(text: bytes) -> int:
    """Return the instant of a mark's JSON in microseconds."""
    return micros(datetime.fromisoformat(loads(text)["at"]))
