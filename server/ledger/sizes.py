"""Rows and bytes of a ledger by table and by day: what it is made of, and what a day of trading adds."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from server.ledger.address import DatabaseLedger
from server.ledger.databases import database
from server.ledger.files import side_files
from server.ledger.rows import DERIVED
from server.ledger.snapshot import LedgerSnapshot
from server.ledger.timestamps import exchange_day

TABLES = ("journal", *DERIVED, "checkpoints", "meta")
_HOUR = 3_600_000_000
_INSTANTS = {
    "journal": "at",
    "receipts": "received_at",
    "ledger_entries": "created_at",
    "positions": "opened_at",
    "notes": "at",
    "marks": "at",
    "mark_blocks": "first_at",
    "paths": "at",
    "rules_versions": "at",
    "suggestions": "at",
    "approvals": "at",
    "risk_events": "at",
}
"""The instant of a row, by table; a row of the tables below belongs to the day of its input."""
_COUNTS = {
    "inputs": f"SELECT at / {_HOUR} AS hour, count(*) FROM journal GROUP BY hour",
    "webhooks": f"SELECT at / {_HOUR} AS hour, count(*) FROM journal WHERE kind = 'received' GROUP BY hour",
    "decisions": f"SELECT created_at / {_HOUR} AS hour, count(*) FROM ledger_entries GROUP BY hour",
    "marks": f"SELECT at / {_HOUR} AS hour, count(*) FROM marks GROUP BY hour UNION ALL"
    f" SELECT first_at / {_HOUR} AS hour, sum(marks) FROM mark_blocks GROUP BY hour",
}
_BY_INPUT = (
    "decision_columns", "followed", "stream_events", "path_bars", "trades", "books", "book_rows", "book_trades",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSize:
    """Rows of a table, and its bytes in the file, those of its indexes included."""

    name: str
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySize:
    """Rows that an exchange day added, and its share of the bytes of their tables."""

    day: str
    inputs: int
    webhooks: int
    decisions: int
    marks: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSizes:
    """Sizes in bytes; ``free`` is in the file and used next, ``log`` is in the write-ahead log.

    ``pages`` says that bytes are whole pages of the file; else they are those of the values alone.
    """

    file: int
    log: int
    free: int
    pages: bool
    tables: tuple[TableSize, ...]
    days: tuple[DaySize, ...]


def sizes_of(ledger: LedgerSnapshot) -> LedgerSizes:
    """Measure a ledger, largest table first and oldest day first. Reads the whole file."""
    rows = {table: _one(ledger, f"SELECT count(*) FROM {table}") for table in TABLES}
    values = {table: Counter(dict(_values(ledger, table))) for table in TABLES}
    stored, pages = _stored(ledger)
    tables = {table: stored.get(table, values[table].total()) for table in TABLES}
    file, log, free = _files(ledger, sum(tables.values()))
    return LedgerSizes(
        file=file,
        log=log,
        free=free,
        pages=pages,
        tables=tuple(
            TableSize(name=name, rows=rows[name], bytes=size)
            for name, size in sorted(tables.items(), key=lambda each: (-each[1], each[0]))
        ),
        days=tuple(_days(ledger, tables, values)),
    )


def _files(ledger: LedgerSnapshot, whole: int) -> tuple[int, int, int]:
    """Return the bytes of the file, of its log and of what is free; a database has neither of its own."""
    if not isinstance(ledger.address, Path):
        return whole, 0, 0
    log = side_files(ledger.path)[0]
    free = _one(ledger, "PRAGMA freelist_count") * _one(ledger, "PRAGMA page_size")
    return ledger.path.stat().st_size, log.stat().st_size if log.exists() else 0, free


def _stored(ledger: LedgerSnapshot) -> tuple[dict[str, int], bool]:
    """Return the bytes of each table and its indexes, where SQLite was built to tell them."""
    if isinstance(ledger.address, DatabaseLedger):
        return database("state").table_sizes(ledger.address), True
    sql = (
        "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name"
        " WHERE s.aggregate = TRUE GROUP BY m.tbl_name"
    )
    try:
        return {name: int(size) for name, size in ledger.query(sql)}, True
    except sqlite3.OperationalError:
        return {}, False


def _values(ledger: LedgerSnapshot, table: str) -> Iterator[tuple[str | None, int]]:
    """Yield the bytes of a table's values by exchange day; ``None`` where its rows belong to no day."""
    size = _size_of_row(ledger, table)
    if table in _INSTANTS:
        hours = f"SELECT t.{_INSTANTS[table]} / {_HOUR} AS hour, sum({size}) FROM {table} t GROUP BY hour"
    elif table in _BY_INPUT:
        hours = (
            f"SELECT j.at / {_HOUR} AS hour, sum({size}) FROM {table} t JOIN journal j ON j.seq = t.seq"
            " GROUP BY hour"
        )
    else:
        yield None, _one(ledger, f"SELECT coalesce(sum({size}), 0) FROM {table} t")
        return
    days: Counter[str] = Counter()
    for hour, bytes_ in ledger.query(hours):
        days[exchange_day(hour * _HOUR)] += bytes_
    yield from days.items()


def _size_of_row(ledger: LedgerSnapshot, table: str) -> str:
    """Return the SQL for the bytes of the values of a row of ``t``."""
    if not isinstance(ledger.address, Path):
        return "pg_column_size(t.*)"
    columns = [row[1] for row in ledger.query(f"PRAGMA table_info({table})")]
    return " + ".join(f"coalesce(length(CAST(t.{name} AS BLOB)), 0)" for name in columns)


def _days(
    ledger: LedgerSnapshot, tables: dict[str, int], values: dict[str, Counter[str | None]]
) -> Iterator[DaySize]:
    shares: Counter[str] = Counter()
    for table, by_day in values.items():
        total = by_day.total()
        for day, size in by_day.items():
            if day is not None and total:
                shares[day] += round(tables[table] * size / total)
    counts = {name: _counted(ledger, sql) for name, sql in _COUNTS.items()}
    for day in sorted(shares):
        yield DaySize(day=day, bytes=shares[day], **{name: by_day[day] for name, by_day in counts.items()})


def _counted(ledger: LedgerSnapshot, sql: str) -> Counter[str]:
    """Return the sums by exchange day of a SELECT of hours and numbers."""
    found: Counter[str] = Counter()
    for hour, number in ledger.query(sql):
        found[exchange_day(hour * _HOUR)] += number
    return found


def _one(ledger: LedgerSnapshot, sql: str) -> int:
    return int(next(ledger.query(sql))[0])
