"""The list of trades of a ledger of 10,000: a page sorted, filtered or searched, and a month of the calendar."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from server.ledger.paging import PageQuery
from server.ledger.sqlite import SqliteLedger
from server.ledger.timestamps import micros
from server.ledger.trades import FIELDS
from tests.benchmarks.table import Row, duration

TRADES = 10_000
PAGE = 100
ROUNDS = 15
TARGET = "≤ 50 ms"
START = datetime(2025, 1, 2, 15, 0, tzinfo=UTC)

QUERIES = {
    "newest": PageQuery(what="trades", limit=PAGE),
    "by net": PageQuery(what="trades", limit=PAGE, order="net"),
    "searched, by R": PageQuery(what="trades", limit=PAGE, order="r.asc", filters={"text": "late"}),
    "of a tag, by hold": PageQuery(what="trades", limit=PAGE, order="hold", filters={"tag": "fomo"}),
    "of a group of a cut": PageQuery(
        what="trades", limit=PAGE, filters={"cut": "setup=setup 3", "counted": "yes"}
    ),
    "days of a month": PageQuery(what="days", limit=31, filters={"from": "2025-06-01", "to": "2025-06-30"}),
}


def _trade(n: int, dice: random.Random) -> tuple[object, ...]:
    opened = START + timedelta(days=n // 25, minutes=13 * (n % 25))
    held = dice.uniform(60, 20_000)
    closed, net, setup = opened + timedelta(seconds=held), round(dice.gauss(8, 140), 2), f"setup {n % 12}"
    tags = " fomo " if n % 9 == 0 else ""
    day: date = opened.date()
    values = {
        "seq": 2 * n + 1, "id": f"decision-{n}", "position_id": f"position-{n}", "symbol": "SPY", "direction": "LONG",
        "contract": "SPY 600C 01/03", "occ": "SPY250103C00600000", "setup": setup, "state": "CLOSED",
        "timeframe": 15, "quality": "HIGH", "confidence": 78.4, "opened_at": micros(opened),
        "opened_day": day.isoformat(), "closed_at": micros(closed), "closed_day": day.isoformat(), "contracts": 2,
        "entry_price": 1.9, "exit_price": 2.4, "hold_seconds": held, "r": net / 122.6, "net": net,
        "reason": "TARGET_1", "mae": -40.0, "mfe": 90.0, "stale": 0, "cuts": f'{{"setup":"{setup}"}}',
        "tags": tags, "search": f"spy long spy 600c 01/03 {setup} {'late #fomo' if tags else ''}",
    }  # fmt: skip
    return tuple(values[name] for name in FIELDS)


async def _measure(path: Path) -> dict[str, float]:
    await (await SqliteLedger.open(path, "bench")).close()
    dice = random.Random(1)
    with sqlite3.connect(path) as connection:
        places = ", ".join("?" * len(FIELDS))
        rows = (_trade(n, dice) for n in range(TRADES))
        connection.executemany(f"INSERT INTO trades ({', '.join(FIELDS)}) VALUES ({places})", rows)
    ledger = await SqliteLedger.open(path, "bench")
    try:
        times: dict[str, list[float]] = {name: [] for name in QUERIES}
        for _ in range(ROUNDS):
            for name, query in QUERIES.items():
                began = time.perf_counter()
                await ledger.page(query)
                times[name].append(time.perf_counter() - began)
        return {name: statistics.median(each) for name, each in times.items()}
    finally:
        await ledger.close()


def rows() -> Iterator[Row]:
    """Yield the time of each question to a ledger of 10,000 trades."""
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(_measure(Path(folder) / "ledger.db"))
    for name, seconds in found.items():
        yield Row(
            f"trades of 10,000: {name}", duration(seconds), "–", None, TARGET, f"{PAGE} a page, with sums"
        )
