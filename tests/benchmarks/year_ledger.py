"""A simulated year by volume: the ledger of one recorded demo day, written again and again on earlier weekdays.

Ids, seqs and dates differ from day to day, and the hash chain is whole. Marks keep the times of the recorded day.
"""

from __future__ import annotations

import asyncio
import math
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from server.config import load_settings
from server.demo.drive import virtual_end
from server.demo.session import demo_session
from server.ledger.chain import GENESIS, link
from server.ledger.checkpoint import compress as compress_state
from server.ledger.checkpoint import put_checkpoint
from server.ledger.compressed import compress, expand
from server.ledger.packed import RECORD
from server.ledger.schema import create
from server.ledger.snapshot import LedgerSnapshot
from server.ledger.timestamps import exchange_day, instant

MINUTES = 300
ONE_PRICE_OF = 4
BLOCKS_OF_5 = 2
"""One of so many prices, and so many of five blocks of marks are kept: a year is a matter of minutes."""
DAY = 86_400_000_000
_IDS = {"id", "signal_id", "receipt_id", "position_id", "decision_id", "supersedes", "duplicate_of", "key"}
_INSTANTS = {"at", "received_at", "created_at", "opened_at", "closed_at", "ended_at", "priced_at", "began",
             "decided_at", "exit_at"}  # fmt: skip
_TABLES = (
    "receipts", "ledger_entries", "decision_columns", "followed", "positions", "trades", "paths", "path_bars",
    "approvals", "risk_events", "stream_events",
)  # fmt: skip


def demo_day(folder: Path, minutes: int = MINUTES) -> Path:
    """Record a demo session that ends before its close; return its ledger."""
    flags = {"state_dir": folder, "engine_id": "demo", "db": str(folder / "day.db"), "port": 0}

    async def play() -> None:
        async with demo_session(load_settings(flags, Path("/dev/null")), seed=7, speed=math.inf) as running:
            await running.drive.run(virtual_end(running.drive.clock.now(), minutes, math.inf))

    asyncio.run(play())
    return folder / "day.db"


@dataclass(frozen=True)
class _Table:
    name: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


class YearLedger:
    """Writes the days of a ledger; the last one is the recorded day itself."""

    def __init__(self, recorded: Path, path: Path, days: int) -> None:
        self._path = path
        with LedgerSnapshot(recorded) as ledger:
            dropped = {
                seq
                for (seq,) in ledger.query("SELECT seq FROM journal WHERE kind = 'price'")
                if seq % ONE_PRICE_OF
            }
            journal = [*ledger.query("SELECT seq, at, kind, payload FROM journal ORDER BY seq")]
            kept = [row for row in journal if row[0] not in dropped]
            self._seqs = {row[0]: n for n, row in enumerate(kept, start=1)}
            self._journal = [
                (self._seqs[seq], at, kind, seq, expand(payload)) for seq, at, kind, payload in kept
            ]
            self._tables = [self._read(ledger, name) for name in _TABLES]
            self._blocks = [
                row
                for n, row in enumerate(ledger.query("SELECT * FROM mark_blocks ORDER BY position_id, first"))
                if n % 5 < BLOCKS_OF_5
            ]
            self._rules = [*ledger.query("SELECT * FROM rules_versions")]
            (self._checkpoint, *_) = ledger.checkpoints()
        self._day = date.fromisoformat(exchange_day(journal[0][1]))
        self._days = [*_weekdays_before(self._day, days - 1), self._day]

    def _read(self, ledger: LedgerSnapshot, name: str) -> _Table:
        rows = list(ledger.mappings(f"SELECT * FROM {name}"))
        if rows and "seq" in rows[0]:
            rows = [row for row in rows if row["seq"] in self._seqs]
        columns = tuple(rows[0]) if rows else ()
        return _Table(name, columns, [tuple(row.values()) for row in rows])

    def write(self) -> None:
        """Write the file, a day in a transaction."""
        c = sqlite3.connect(self._path, isolation_level=None)
        c.execute("PRAGMA synchronous = OFF")
        create(c)
        c.execute("INSERT INTO meta (key, value) VALUES ('engine_id', 'demo')")
        head, seq = GENESIS, 0
        for day in self._days:
            c.execute("BEGIN")
            head = self._write_day(c, day, seq, head)
            seq += len(self._journal)
            if day is self._days[0]:
                c.executemany(f"INSERT INTO rules_versions VALUES ({_places(6)})", self._rules)
            c.execute("COMMIT")
        last_seq, state = self._checkpoint
        text = state.replace(b'"seq":%d,' % last_seq, b'"seq":%d,' % seq, 1)
        c.execute("BEGIN")
        put_checkpoint(c, seq, instant(self._journal[-1][1]), head, compress_state(text), keep=1)
        c.execute("COMMIT")
        c.execute("PRAGMA journal_mode = WAL")
        c.close()

    def _write_day(self, c: sqlite3.Connection, day: date, base: int, head: bytes) -> bytes:
        shift = (day - self._day).days * DAY
        ours, theirs = self._day.isoformat().encode(), day.isoformat().encode()
        tag = f"{(day - date(2000, 1, 1)).days:08x}"
        rows = []
        for seq, at, kind, old, payload in self._journal:
            new = payload.replace(b'"seq":%d,' % old, b'"seq":%d,' % (base + seq), 1)
            new = new if shift == 0 else new.replace(ours, theirs)
            head = link(head, base + seq, at + shift, kind, new)
            rows.append((base + seq, at + shift, kind, compress(new), head))
        c.executemany("INSERT INTO journal VALUES (?, ?, ?, ?, ?)", rows)
        for table in self._tables:
            if not table.rows:
                continue
            change = [self._change(name, base, shift, tag, ours, theirs) for name in table.columns]
            sql = f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({_places(len(change))})"
            c.executemany(sql, ([f(v) for f, v in zip(change, row, strict=True)] for row in table.rows))
        blocks = []
        for position_id, first, marks, first_at, last_at, packed in self._blocks:
            facts = (tag + position_id[8:], first, marks, first_at + shift, last_at + shift)
            checksum = zlib.crc32(packed[4:], zlib.crc32(" ".join(map(str, facts)).encode()))
            blocks.append((*facts, checksum.to_bytes(4, "little") + packed[4:]))
        c.executemany(f"INSERT INTO mark_blocks VALUES ({_places(6)})", blocks)
        return head

    def _change(
        self, column: str, base: int, shift: int, tag: str, ours: bytes, theirs: bytes
    ) -> Callable[[Any], Any]:
        """Return what makes a value of a column one of another day."""
        if column == "seq":
            return lambda value: base + self._seqs[value]
        if column in _IDS:
            return lambda value: None if value is None else tag + value[8:]
        if column in _INSTANTS:
            return lambda value: None if value is None else value + shift
        if column == "packed":
            return lambda value: self._packed(value, base, shift)
        text, new = ours.decode(), theirs.decode()

        def dated(value: Any) -> Any:
            if isinstance(value, str):
                return value.replace(text, new)
            return compress(expand(value).replace(ours, theirs)) if isinstance(value, bytes) else value

        return dated

    def _packed(self, value: bytes, base: int, shift: int) -> bytes:
        record = np.frombuffer(value, dtype=RECORD).copy()
        record["seq"] = base + self._seqs[int(record["seq"][0])]
        record["at"] += shift
        record["signal"] ^= base
        if record["outcome"]["exit_at"][0]:
            record["outcome"]["exit_at"] += shift
        return record.tobytes()


def _weekdays_before(day: date, count: int) -> list[date]:
    def earlier() -> Iterator[date]:
        before = day
        while True:
            before -= timedelta(days=1)
            if before.weekday() < 5:
                yield before

    return sorted(day for day, _ in zip(earlier(), range(count), strict=False))


def _places(count: int) -> str:
    return ", ".join("?" * count)
