"""Compare two ledgers: the rows of their derived tables that differ, and the columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from server.ledger.address import DatabaseLedger
from server.ledger.portable import comparable, without_nuls
from server.ledger.same_rows import equal_tables
from server.ledger.snapshot import ORDERS, LedgerSnapshot
from server.ledger.timestamps import Micros, micros

FINGERPRINTS = ("fingerprint", "rules_fingerprint")

Key = tuple[Any, ...]
Keyed = tuple[Key, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that differs; ``what`` says in which ledger alone it is, or names the columns that differ."""

    table: str
    key: str
    what: str
    here: str = ""
    there: str = ""

    def __str__(self) -> str:
        values = f": {self.here} | {self.there}" if self.here or self.there else ""
        return f"{self.table} {self.key}: {self.what}{values}"


class _RemovedRows:
    """Rows that one ledger may lack because they were old; the other one was made from its journal."""

    def __init__(self, lacking: LedgerSnapshot, whole: LedgerSnapshot) -> None:
        self._seq = lacking.removed.prices_before_seq
        before = lacking.removed.marks_before
        sql = "SELECT id FROM positions WHERE closed_at < ?"
        self._positions = (
            set() if before is None else {row[0] for row in whole.query(sql, (Micros(micros(before)),))}
        )

    def has(self, table: str, key: Key) -> bool:
        if table == "marks":
            return key[0] in self._positions
        return table in ("paths", "path_bars") and key[0] < self._seq


@dataclass(slots=True)
class Comparison:
    """Rows compared and differing per table, the columns that differ, and the first differences in full.

    ``other_rules``: equal rules texts have different fingerprints, because rules were added or removed since
    the ledger was written. Fingerprints are not compared then.
    """

    rows: dict[str, int] = field(default_factory=dict)
    differing: dict[str, int] = field(default_factory=dict)
    columns: Counter[str] = field(default_factory=Counter)
    first: list[Difference] = field(default_factory=list)
    other_rules: bool = False
    missed: _RemovedRows | None = None

    @property
    def equal(self) -> bool:
        return not any(self.differing.values())


def compare(here: LedgerSnapshot, there: LedgerSnapshot, most: int = 20) -> Comparison:
    """Compare every derived table row by row; all differences are counted, the first ``most`` are kept.

    Where both store the same nothing is unpacked.
    """
    if (rows := equal_tables(here, there)) is not None:
        return Comparison(rows={table: rows[table] for table in ORDERS})
    found = Comparison(other_rules=_other_rules(here, there), missed=_RemovedRows(here, there))
    for table in ORDERS:
        found.rows[table] = found.differing[table] = 0
        for difference in _table(table, here, there, found):
            found.differing[table] += 1
            if len(found.first) < most:
                found.first.append(difference)
    return found


def _table(
    table: str, here: LedgerSnapshot, there: LedgerSnapshot, found: Comparison
) -> Iterator[Difference]:
    columns, mine = here.rows(table)
    _, theirs = there.rows(table)
    if here.reordered or there.reordered:
        same = comparable(table, columns)
        mine, theirs = map(same, mine), map(same, theirs)
    elif isinstance(here.address, DatabaseLedger) or isinstance(there.address, DatabaseLedger):
        mine, theirs = map(without_nuls, mine), map(without_nuls, theirs)
    order = ORDERS[table]
    left_out = {*order.left_out, *(FINGERPRINTS if found.other_rules else ())}
    counted = [i for i, name in enumerate(columns) if name not in left_out]
    recorded, replayed = _keyed(table, columns, mine), _keyed(table, columns, theirs)
    if table == "stream_events":
        recorded, replayed = _streamed(recorded, here, there), _streamed(replayed, here, there)
    a, b = next(recorded, None), next(replayed, None)
    while a is not None or b is not None:
        if b is None or (a is not None and a[0] < b[0]):
            assert a is not None
            found.rows[table] += 1
            yield Difference(table, _format_key(a[0]), "only in the recorded ledger")
            a = next(recorded, None)
        elif a is None or b[0] < a[0]:
            if found.missed is None or not found.missed.has(table, b[0]):
                yield Difference(table, _format_key(b[0]), "only in the replay")
            b = next(replayed, None)
        else:
            found.rows[table] += 1
            unequal = [i for i in counted if a[1][i] != b[1][i]]
            if unequal:
                here_text, there_text = _excerpts(a[1][unequal[0]], b[1][unequal[0]])
                names = ", ".join(columns[i] for i in unequal)
                found.columns.update(f"{table}.{columns[i]}" for i in unequal)
                yield Difference(table, _format_key(a[0]), f"{names} differ", here_text, there_text)
            a, b = next(recorded, None), next(replayed, None)


def _streamed(rows: Iterator[Keyed], here: LedgerSnapshot, there: LedgerSnapshot) -> Iterator[Keyed]:
    """Yield the events of the inputs for which both ledgers store them."""
    since = max(here.streamed_after, there.streamed_after)
    return (keyed for keyed in rows if keyed[0][0] > since)


def _other_rules(here: LedgerSnapshot, there: LedgerSnapshot) -> bool:
    sql = "SELECT toml, fingerprint FROM rules_versions"
    mine, theirs = dict(here.query(sql)), dict(there.query(sql))
    return any(theirs.get(toml, fingerprint) != fingerprint for toml, fingerprint in mine.items())


def _keyed(table: str, columns: tuple[str, ...], rows: Iterator[tuple[Any, ...]]) -> Iterator[Keyed]:
    """Yield each row with its key; a column that is left out is numbered from 1 within the rest of the key."""
    order = ORDERS[table]
    places = [columns.index(name) for name in order.key if name not in order.left_out]
    if not order.left_out:
        for row in rows:
            yield tuple(row[i] for i in places), row
        return
    last: Key | None = None
    numbers = count(1)
    for row in rows:
        key = tuple(row[i] for i in places)
        if key != last:
            last, numbers = key, count(1)
        yield (*key, next(numbers)), row


def _format_key(key: Key) -> str:
    return " ".join(str(part) for part in key)


def _excerpts(here: Any, there: Any, width: int = 60) -> tuple[str, str]:
    """Return both values, cut to start shortly before the first difference."""
    mine, theirs = (str(text).encode(errors="replace").decode() for text in (here, there))
    at = next((i for i, (x, y) in enumerate(zip(mine, theirs, strict=False)) if x != y), 0)
    start = max(0, at - 20)
    return mine[start : start + width], theirs[start : start + width]
