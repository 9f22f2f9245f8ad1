"""Old marks and paths are removed: results still add up, verify misses nothing else, the journal gives all again."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from core.learning import with_rule
from core.rules import parse_rules
from server.ledger.base import LedgerError
from server.ledger.history import rules_text
from server.ledger.reader import SqliteReader
from server.ledger.retention import first_input_at
from server.ledger.snapshot import LedgerSnapshot
from server.ledger.sqlite import SqliteLedger
from server.ledger.timestamps import instant
from server.replay.rebuild import rebuild_ledger
from server.replay.verify import verify_ledger
from server.retention import ALARM, Retention
from server.whatif import whatif_of_ledger
from tui.cli.report import measure

COUNTS = {
    "journal": "SELECT count(*), max(hash) FROM journal",
    "entries": "SELECT count(*), sum(json_extract(exit, '$.pnl_net')) FROM ledger_entries",
    "trades": "SELECT count(*), sum(net) FROM trades",
}


def facts(path: Path) -> dict[str, Any]:
    with closing(sqlite3.connect(path)) as c:
        return {name: c.execute(sql).fetchone() for name, sql in COUNTS.items()}


def count(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as c:
        return int(c.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def remove(path: Path, marks: datetime | None, prices: datetime | None) -> int:
    async def work() -> int:
        ledger, total = await SqliteLedger.open(path, "demo"), 0
        try:
            while some := await ledger.remove_old(marks, prices):
                total += some
        finally:
            await ledger.close()
        return total

    return asyncio.run(work())


def middle_and_end(path: Path) -> tuple[datetime, datetime]:
    with closing(sqlite3.connect(path)) as c:
        half = c.execute(
            "SELECT at FROM paths WHERE seq >= (SELECT max(seq) / 2 FROM paths) LIMIT 1"
        ).fetchone()
        return instant(half[0]), instant(c.execute("SELECT max(at) FROM journal").fetchone()[0])


def test_results_stand_and_the_journal_gives_the_rest_again(
    ledger: Path, spoil: Callable[[Path, str], None]
) -> None:
    middle, end = middle_and_end(ledger)
    before, report = (
        facts(ledger),
        asyncio.run(measure(ledger, "all", ("symbol",), end, include_stale=False)),
    )
    prices, blocks = count(ledger, "paths"), count(ledger, "mark_blocks")
    assert remove(ledger, end, middle) > 0 and remove(ledger, end, middle) == 0
    assert facts(ledger) == before
    assert asyncio.run(measure(ledger, "all", ("symbol",), end, include_stale=False)) == report
    assert count(ledger, "mark_blocks") < blocks and 0 < count(ledger, "paths") < prices
    with closing(sqlite3.connect(ledger)) as c:
        sql = "SELECT count(*) FROM mark_blocks b JOIN positions p ON p.id = b.position_id WHERE p.closed_at < ?"
        assert c.execute(sql, (end.timestamp() * 1e6,)).fetchone() == (0,)
    with LedgerSnapshot(ledger) as snapshot:
        removed = snapshot.removed
        assert removed.prices == prices - count(ledger, "paths") and removed.marks > 0
        in_force = parse_rules(rules_text(snapshot) or "")
        whatif_of_ledger(snapshot, in_force, with_rule(in_force, "market.max_spread_bps", 30.0))
    told = verify_ledger(ledger)
    assert told["ok"] and all(text in told["notes"] for text in removed.texts) and len(removed.texts) == 2
    # What was not removed by retention is missed as before.
    spoil(ledger, "DELETE FROM paths WHERE seq = (SELECT min(seq) FROM paths)")
    assert not verify_ledger(ledger)["ok"]
    rebuild_ledger(ledger, engine_id="demo")
    assert count(ledger, "paths") == prices and count(ledger, "mark_blocks") == blocks
    assert verify_ledger(ledger)["ok"]


def test_the_first_input_of_an_instant_is_found_by_halves(recorded: Path) -> None:
    async def both() -> None:
        reader = await SqliteReader.attach(recorded)
        try:
            instants = await reader._read(
                lambda c: c.execute("SELECT at FROM journal WHERE seq % 50 = 1").fetchall()
            )
            sql = "SELECT min(seq) FROM journal WHERE at >= ?"
            found = [
                await reader._read(
                    lambda c, at=row[0]: (first_input_at(c, at), c.execute(sql, (at,)).fetchone()[0])
                )
                for row in instants
            ]
            assert len(found) > 5 and all(by_halves == by_search for by_halves, by_search in found)
            last = await reader._read(lambda c: c.execute("SELECT max(seq), max(at) FROM journal").fetchone())
            assert await reader._read(lambda c: first_input_at(c, last[1] + 1)) == last[0] + 1
        finally:
            await reader.close()

    asyncio.run(both())


class FakeLedger:
    """Gives the numbers of removed rows that it was told to."""

    def __init__(self, *results: int | Exception) -> None:
        self.results = [*results]
        self.asked: list[tuple[datetime | None, datetime | None]] = []

    async def remove_old(self, marks: datetime | None, prices: datetime | None) -> int:
        self.asked.append((marks, prices))
        result = self.results.pop(0) if self.results else 0
        if isinstance(result, Exception):
            raise result
        return result


async def test_it_removes_once_a_day_outside_market_hours_and_tries_again_after_a_failure() -> None:
    ledger, alarms = FakeLedger(3, LedgerError("disk full"), 2), {}
    now, closed = datetime(2026, 11, 24, 15, 0, tzinfo=UTC), False
    told: dict[str, str] = {}
    fake: Any = ledger
    job = Retention(fake, 90, None, alarms, closed=lambda: closed, now=lambda: now, upkeep=told)
    assert await job.remove_if_due() == 0 and not ledger.asked
    assert "marks for 90 days kept; not yet since this start" in told[ALARM]
    closed, now = True, now + timedelta(hours=7)
    assert await job.remove_if_due() == 3 and "disk full" in alarms[ALARM]
    assert await job.remove_if_due() == 2 and not alarms
    assert "last 2026-11-24 22:00 UTC, 2 removed" in told[ALARM]
    asked = len(ledger.asked)
    assert await job.remove_if_due() == 0 and len(ledger.asked) == asked
    now += timedelta(days=1)
    await job.remove_if_due()
    assert len(ledger.asked) == asked + 1
    # Midnight of the exchange, 90 of its days ago, over the end of daylight saving time.
    assert {each[0] and each[0].astimezone(UTC) for each in ledger.asked} == {
        datetime(2026, 8, 26, 4, tzinfo=UTC),
        datetime(2026, 8, 27, 4, tzinfo=UTC),
    }
    assert {each[1] for each in ledger.asked} == {None}
