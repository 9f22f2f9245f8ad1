"""Bytes of a demo session by table and by input, as plain JSON and in an archive, and those of a trading day."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from server.ledger.archive import read_facts
from server.ledger.compressed import expand
from server.ledger.sizes import LedgerSizes, sizes_of
from server.ledger.snapshot import ORDERS, LedgerSnapshot
from server.replay.archives import archive_sessions
from tests.benchmarks.table import Row
from tests.benchmarks.year_ledger import demo_day

MINUTES = 390
WEBHOOKS, SYMBOLS, POSITIONS, BARS = 2_000, 10, 5, 390
"""A trading day: webhooks, symbols of minute bars, and positions marked on each of them."""


def rows(*, small: bool = False) -> Iterator[Row]:
    """Yield the sizes; they are exact, also on a machine with other work. ``small``: of a session's first hour."""
    with tempfile.TemporaryDirectory(prefix="gatedeck-bench-") as name:
        folder = Path(name)
        path = demo_day(folder, 60 if small else MINUTES)
        with LedgerSnapshot(path) as ledger:
            found, plain = sizes_of(ledger), _plain(ledger)
            day = _trading_day(ledger, found)
            inputs = ledger.inputs
            webhooks = sum(day.webhooks for day in found.days)
        archives = archive_sessions(path, folder / "archives")
        sealed = sum(each.stat().st_size for each in archives)
        sealed_inputs = sum(read_facts(a).last_seq - read_facts(a).first_seq + 1 for a in archives)
    share = ", ".join(f"{t.name} {t.bytes / found.file:.0%}" for t in found.tables[:5])
    yield Row(
        f"a demo session of {inputs:,} inputs, {webhooks:,} of them webhooks", _mb(found.file),
        f"{_mb(plain)} as plain JSON", plain / found.file, "–", share,
    )  # fmt: skip
    yield Row(
        "an input of it", f"{found.file / inputs:,.0f} B", "limit 3 KB", 3_000 * inputs / found.file, "≤ 3 KB"
    )
    yield Row(
        f"a day of {WEBHOOKS:,} webhooks, {SYMBOLS} symbols of minute bars, {POSITIONS} positions", _mb(day),
        "limit 10 MB", 10e6 / day, "≤ 10 MB", "by the session's bytes for a webhook, a bar and a mark",
    )  # fmt: skip
    yield Row(
        "an input in an archive", f"{sealed / sealed_inputs:,.0f} B", f"{found.file / inputs:,.0f} B in the ledger",
        found.file / inputs / (sealed / sealed_inputs), "–", f"{_mb(sealed)} for {sealed_inputs:,} inputs",
    )  # fmt: skip


def _plain(ledger: LedgerSnapshot) -> int:
    """Return the bytes of the values of every row, nothing compressed."""
    whole = sum(len(expand(row[0])) for row in ledger.query("SELECT payload FROM journal"))
    for table in ORDERS:
        for row in ledger.rows(table)[1]:
            whole += sum(len(value) if isinstance(value, str | bytes) else 8 for value in row)
    return whole


def _trading_day(ledger: LedgerSnapshot, found: LedgerSizes) -> float:
    """Return the bytes of a trading day: what grows with bars, with marks and with webhooks, each by its number."""
    size = {table.name: table.bytes for table in found.tables}
    by_kind = dict(ledger.query("SELECT kind, sum(length(payload)) FROM journal GROUP BY kind"))
    bars, marks = size["paths"], size["marks"] + size["mark_blocks"]
    prices = size["journal"] * by_kind["price"] / sum(by_kind.values())
    number = {
        "bars": next(ledger.query("SELECT count(*) FROM journal WHERE kind = 'price'"))[0],
        "marks": sum(day.marks for day in found.days),
        "webhooks": sum(day.webhooks for day in found.days),
    }
    rest = sum(size.values()) - size["checkpoints"] - bars - prices - marks
    return (
        (bars + prices) / number["bars"] * SYMBOLS * BARS
        + marks / number["marks"] * POSITIONS * BARS
        + rest / number["webhooks"] * WEBHOOKS
        + size["checkpoints"]
    )


def _mb(count: float) -> str:
    return f"{count / 1e6:.1f} MB"
