"""A group of a report and the list of its trades agree, in every cut: as many trades, and the same net."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from core.learning import learn
from core.learning.tables import TABLES, trades_group
from core.performance import Trades
from core.performance.cuts import CUT_TITLES
from core.rules import Rules
from server.deck.performance import in_exit_order, report_of
from server.deck.tags import with_tags
from server.ledger.lists import items
from server.ledger.paging import PageQuery
from server.ledger.reader import SqliteReader
from server.ledger.snapshot import LedgerSnapshot
from tui.panes.cuts import group_filters


async def test_every_group_opens_the_trades_it_measures(recorded: Path) -> None:
    reader = await SqliteReader.attach(recorded)
    try:
        trades = in_exit_order(await reader.closed_trades())
        columns = await with_tags(
            reader, Trades.from_trades(trades), [t.id for t in trades], tuple(CUT_TITLES)
        )
        report = report_of(columns, Rules(), datetime(2030, 1, 1, tzinfo=UTC), None, tuple(CUT_TITLES))
        checked = 0
        for cut, buckets in report.cuts.items():
            for bucket in buckets:
                filters = group_filters(cut, bucket.label) | {"counted": "yes"}
                page = await reader.page(PageQuery(what="trades", filters=filters))
                assert page.totals is not None
                assert page.totals["closed"] == bucket.metrics.trades, (cut, bucket.label)
                assert page.totals["net"] == round(bucket.metrics.net_pnl.value or 0.0, 2), (
                    cut,
                    bucket.label,
                )
                checked += 1
        labels = {bucket.label for bucket in report.cuts["tag"]}
        assert checked > len(CUT_TITLES) and {"fomo", "no tag"} >= labels and labels
    finally:
        await reader.close()


async def test_every_row_of_learning_names_a_group_of_the_metrics(recorded: Path) -> None:
    with LedgerSnapshot(recorded) as ledger:
        learning = learn(items(ledger, "ledger"))
    reader = await SqliteReader.attach(recorded)
    try:
        for name in TABLES:
            for row in learning.tables[name]:
                cut, label = trades_group(name, row.label)
                query = PageQuery(what="trades", filters={"cut": f"{cut}={label}", "counted": "yes"})
                page = await reader.page(query)
                assert page.totals is not None
                assert page.totals["closed"] == row.group.executed, (name, row.label)
    finally:
        await reader.close()
