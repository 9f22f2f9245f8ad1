"""Remove marks and paths of long ago: what can be made again from the journal, which is never touched.

A removal is a few rows at a time, each with its note in ``meta`` in the same transaction. The note says before which
instant rows may be missing, so that `gatedeck verify` does not miss them and reports can say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from server.ledger.sql import Connection
from server.ledger.timestamps import Micros, instant, micros

KEY = "removed"
"""Key in ``meta`` of what was removed."""
_POSITIONS, _PRICES = 20, 2_000
"""Most positions whose marks, and most prices that one call removes: a commit that waits for it waits a moment."""

_OLD_POSITIONS = (
    "SELECT p.id FROM positions p WHERE p.closed_at < ? AND (EXISTS"
    " (SELECT 1 FROM mark_blocks b WHERE b.position_id = p.id) OR EXISTS"
    " (SELECT 1 FROM marks m WHERE m.position_id = p.id)) LIMIT ?"
)
_MARKS_OF = (
    "SELECT (SELECT coalesce(sum(marks), 0) FROM mark_blocks WHERE position_id = ?)"
    " + (SELECT count(*) FROM marks WHERE position_id = ?)"
)
_NOTE = "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """The rows removed so far: marks of positions closed before an instant, and prices of paths before another.

    ``prices_before_seq`` is the first input whose price is kept.
    """

    marks: int = 0
    marks_before: datetime | None = None
    prices: int = 0
    prices_before: datetime | None = None
    prices_before_seq: int = 0

    @property
    def note(self) -> str:
        """Return this as JSON, as ``meta`` holds it."""
        instants = {
            name: None if at is None else micros(at)
            for name, at in (("marks_before", self.marks_before), ("prices_before", self.prices_before))
        }
        return orjson.dumps(
            instants
            | {"marks": self.marks, "prices": self.prices, "prices_before_seq": self.prices_before_seq}
        ).decode()

    @property
    def texts(self) -> tuple[str, ...]:
        """Return a sentence for each thing that was removed."""
        found = []
        if self.marks and self.marks_before is not None:
            found.append(
                f"{self.marks:,} marks of trades closed before {_day(self.marks_before)} are removed"
                " (keep_marks_days): their charts are empty, their results stand"
            )
        if self.prices and self.prices_before is not None:
            found.append(
                f"{self.prices:,} prices of paths before {_day(self.prices_before)} are removed (keep_paths_days):"
                " a what-if does not know how other trades of then would have ended"
            )
        return tuple(found)


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def removed_of(connection: Connection) -> Removed:
    """Return what was removed from a ledger. Raises ValueError for a note that cannot be read."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (KEY,)).fetchone()
    return Removed() if row is None else read_removed(row[0])


def read_removed(text: str) -> Removed:
    """Return the removal that a note says. Raises ValueError for a note that cannot be read."""
    values: dict[str, Any] = orjson.loads(text)
    try:
        for name in ("marks_before", "prices_before"):
            values[name] = None if values[name] is None else instant(values[name])
        if any(not isinstance(values[name], int) for name in ("marks", "prices", "prices_before_seq")):
            raise ValueError("a number is missing")
        return Removed(**values)
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"the note of what was removed cannot be read: {error}") from None


def remove_some(connection: Connection, marks_before: datetime | None, prices_before: datetime | None) -> int:
    """Remove some rows from before these instants, in the open transaction; return how many, 0 when none is left."""
    before = removed_of(connection)
    marks = prices = 0
    first = before.prices_before_seq
    if marks_before is not None:
        old = connection.execute(_OLD_POSITIONS, (Micros(micros(marks_before)), _POSITIONS)).fetchall()
        for (position_id,) in map(tuple, old):
            marks += connection.execute(_MARKS_OF, (position_id, position_id)).fetchone()[0]
            connection.execute("DELETE FROM mark_blocks WHERE position_id = ?", (position_id,))
            connection.execute("DELETE FROM marks WHERE position_id = ?", (position_id,))
    if prices_before is not None:
        first = max(first, first_input_at(connection, micros(prices_before)))
        sql = "SELECT seq FROM paths WHERE seq < ? ORDER BY seq LIMIT ?"
        seqs = [row[0] for row in connection.execute(sql, (first, _PRICES))]
        if seqs:
            connection.execute("DELETE FROM paths WHERE seq <= ?", (seqs[-1],))
            connection.execute("DELETE FROM path_bars WHERE seq <= ?", (seqs[-1],))
        prices = len(seqs)
    if marks or prices:
        removed = Removed(
            marks=before.marks + marks,
            marks_before=_later(before.marks_before, marks_before if marks else None),
            prices=before.prices + prices,
            prices_before=_later(before.prices_before, prices_before if prices else None),
            prices_before_seq=first if prices else before.prices_before_seq,
        )
        connection.execute(_NOTE, (KEY, removed.note))
    return marks + prices


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((at for at in (one, other) if at is not None), default=None)


def first_input_at(connection: Connection, at: int) -> int:
    """Return the seq of the first input at an instant or later, one after the last when there is none.

    Inputs are in the order of time, so that a search by halves needs no index.
    """
    low, high = 1, connection.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone()[0] + 1
    while low < high:
        middle = (low + high) // 2
        row = connection.execute("SELECT at FROM journal WHERE seq = ?", (middle,)).fetchone()
        if row is None or row[0] < at:
            low = middle + 1
        else:
            high = middle
    return low
