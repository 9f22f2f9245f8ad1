"""Webhooks stored in groups of 64, against one aiosqlite commit each, and the cost of a group to the event loop."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import aiosqlite
import pytest

from core.effects import StoreReceipt
from core.events import Received
from core.model import ReceiptStatus, Source
from server.ledger.address import DatabaseLedger
from server.ledger.base import Entry, OwnLedger
from server.ledger.codec import encode
from server.ledger.opened_by_address import open_to_write
from server.ledger.sqlite import SqliteLedger
from tests.benchmarks.table import Row, alternate, duration, per_second
from tests.server.ledger.databases import new_database

GROUP = 64
GROUPS = 16
SINGLES = 200
ROUNDS = 7

BODY = (
    '{"meta":{"engine":"SATY_PO","event_id":"%d"},"instrument":{"symbol":"SPY"},'
    '"timeframe":{"chart_tf":"15"},"event":"EXIT_ACCUMULATION","note":"' + "x" * 1300 + '"}'
)


def _webhooks(first: int, count: int) -> list[Entry]:
    """Return distinct webhooks of about 1.5 kB with their receipts."""
    at = datetime.now(UTC)
    made: list[Entry] = []
    for seq in range(first, first + count):
        body, name = BODY % seq, f"00000000-0000-5000-a000-{seq:012d}"
        event = Received(seq=seq, at=at, receipt_id=name, body=body, endpoint="saty-phase")
        receipt = StoreReceipt(
            id=name,
            seq=seq,
            at=at,
            endpoint="saty-phase",
            body=body,
            status=ReceiptStatus.ACCEPTED,
            http_status=200,
            source=Source.SATY_PHASE,
            symbol="SPY",
        )
        made.append((event, (receipt,)))
    return made


async def _grouped(ledger: OwnLedger, batches: Sequence[Sequence[Entry]]) -> float:
    began = time.perf_counter()
    for batch in batches:
        await ledger.commit(batch)
    return (time.perf_counter() - began) / sum(map(len, batches))


async def _singly(peer: aiosqlite.Connection, count: int) -> float:
    sql = "INSERT INTO receipts (id, body) VALUES (?, ?)"
    began = time.perf_counter()
    for seq in range(count):
        await peer.execute(sql, (f"00000000-0000-5000-a000-{seq:012d}", BODY % seq))
        await peer.commit()
    return (time.perf_counter() - began) / count


async def _on_loop(ledger: SqliteLedger, batch: Sequence[Entry]) -> float:
    """Return the CPU seconds of the event loop's thread per webhook of one group, from submit to answer."""
    began = time.thread_time()
    await ledger.commit(batch)
    return (time.thread_time() - began) / len(batch)


async def _measure(folder: Path) -> tuple[float, float, float]:
    ledger = await SqliteLedger.open(folder / "ours.db", "bench")
    peer = await aiosqlite.connect(folder / "peer.db")
    await peer.execute("PRAGMA journal_mode = WAL")
    await peer.execute("PRAGMA synchronous = FULL")
    await peer.execute("CREATE TABLE receipts (id TEXT PRIMARY KEY, body TEXT)")
    ours: list[float] = []
    theirs: list[float] = []
    loop: list[float] = []
    try:
        for _ in range(ROUNDS):
            entries = _webhooks(ledger.last_seq + 1, GROUP * (GROUPS + 1))
            batches = [entries[n : n + GROUP] for n in range(0, len(entries), GROUP)]
            ours.append(await _grouped(ledger, batches[:-1]))
            loop.append(await _on_loop(ledger, batches[-1]))
            theirs.append(await _singly(peer, SINGLES))
            await peer.execute("DELETE FROM receipts")
            await peer.commit()
    finally:
        await ledger.close()
        await peer.close()
    return statistics.median(ours), statistics.median(theirs), statistics.median(loop)


async def _both(path: Path, url: str) -> tuple[float, float]:
    """Return the seconds of a webhook in a database and in a file, in turns."""
    database = await open_to_write(DatabaseLedger(url, "bench"), "bench")
    file = await open_to_write(path, "bench")
    took: dict[OwnLedger, list[float]] = {database: [], file: []}
    try:
        for _ in range(ROUNDS):
            for ledger, seconds in took.items():
                entries = _webhooks(ledger.last_seq + 1, GROUP * GROUPS)
                batches = [entries[n : n + GROUP] for n in range(0, len(entries), GROUP)]
                seconds.append(await _grouped(ledger, batches))
    finally:
        await database.close()
        await file.close()
    return statistics.median(took[database]), statistics.median(took[file])


def _in_database() -> Row:
    work = "the same in PostgreSQL, against the file"
    try:
        with new_database() as url, tempfile.TemporaryDirectory() as folder:
            database, file = asyncio.run(_both(Path(folder) / "file.db", url))
    except pytest.skip.Exception as reason:
        return Row(work, "–", str(reason), None, "≥ .6")
    return Row(work, per_second(1, database), f"{per_second(1, file)} SQLite", file / database, "≥ .6")


def rows() -> Iterator[Row]:
    """Yield durable webhooks per second, and the cost of one in the event loop's thread."""
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs, loop = asyncio.run(_measure(Path(folder)))
    yield Row(
        "durable webhooks, groups of 64, journal and receipt, hashed",
        per_second(1, ours),
        f"{per_second(1, theirs)} one aiosqlite commit each",
        theirs / ours,
        "–",
        "synchronous FULL on both",
    )
    yield _in_database()
    yield Row("a webhook of a group in the loop's thread", duration(loop), "–", None, "≤ 10 µs")
    event = _webhooks(1, 1)[0][0]
    (seconds,) = alternate(lambda: encode(event))
    yield Row("an input of 1.5 kB to JSON", duration(seconds), "–", None, "≤ 3 µs")
