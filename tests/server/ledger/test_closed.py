"""The closed trades of a ledger, and the metrics of a running engine kept up to date with its exits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.performance import metrics
from core.rules import Rules, parse_rules
from server.deck import PageQuery
from server.deck.performance import Performance, report_of, window_days
from server.ledger.address import LedgerAddress
from server.ledger.base import OwnLedger
from server.ledger.opened_by_address import open_to_read
from server.ledger.sqlite import SqliteLedger
from tests.server.ledger.databases import change

NET = (4.35 - 1.90) * 200 - 1.3 - 1.3
"""What the trade made by ``make.trade`` comes to: two contracts from 1.90 to 4.35, 1.30 a side."""


async def test_a_trade_is_read_from_what_the_ledger_stores(ledger: OwnLedger, make: Any) -> None:
    await ledger.commit([make.webhook(1), make.decided(2)])
    await ledger.commit([(make.tick(3), (make.trade(2, closed_at=3),))])
    (trade,) = await ledger.closed_trades()
    record = await ledger.record(make.id(2, "decision"))
    assert record is not None
    assert (trade.id, trade.symbol, trade.quality) == (record.id, record.symbol, record.quality)
    assert (trade.timeframe, trade.confidence) == (record.timeframe, record.confidence)
    assert trade.session == record.context.session
    assert trade.multiplier == (record.size.final if record.size else None)
    assert trade.phase == (record.context.regime.phase if record.context.regime else None)
    assert (trade.pnl_net, trade.r) == (pytest.approx(NET), pytest.approx(NET / 122.6))
    assert (trade.dte, trade.exit_reason, trade.exit_time) == (3, "TARGET_2", make.at(3))
    assert (trade.pnl_from_delta, trade.pnl_from_theta) == (480.0, -30.0)
    assert (trade.mfe, trade.mae, trade.stale_fill) == (0.0, 0.0, False)
    assert trade.weekday == "Tuesday"


async def test_more_than_a_page_is_read_while_an_engine_writes(
    ledger: OwnLedger, address: LedgerAddress, make: Any
) -> None:
    count = 550
    await ledger.commit([make.decided(seq) for seq in range(1, count + 1)])
    for tick, first in enumerate(range(1, count + 1, 110), start=count + 1):
        trades = tuple(make.trade(seq, closed_at=seq) for seq in range(first, first + 110))
        await ledger.commit([(make.tick(tick), trades)])
    reader = await open_to_read(address)
    try:
        await ledger.commit([make.decided(count + 6)])
        found = await reader.closed_trades()
    finally:
        await reader.close()
    assert len({trade.id for trade in found}) == len(found) == count


async def test_performance_follows_the_exits(ledger: OwnLedger, make: Any) -> None:
    performance = Performance(ledger)
    await ledger.commit([make.decided(seq) for seq in range(1, 6)])
    await ledger.commit([(make.tick(6), (make.trade(1, closed_at=6), make.trade(2)))])
    assert (await performance.tracker()).metrics().trades == 1

    for seq, closed in ((7, make.trade(2, closed_at=7)), (8, make.trade(3)), (9, make.trade(4, closed_at=9))):
        await ledger.commit([(make.tick(seq), (closed,))])
        performance.heard(closed)
    tracker = await performance.tracker()
    assert tracker.metrics().trades == 3
    assert tracker.metrics().net_pnl.value == pytest.approx(3 * NET)
    assert tracker.metrics() == metrics(await ledger.closed_trades())

    now = make.at(9) + timedelta(hours=1)
    made = await performance.report(parse_rules("[account]\nsize = 50_000"), now, None, ("symbol",))
    assert (made.metrics.account, made.metrics.trades) == (50_000, 3)
    assert [b.label for b in made.cuts["symbol"]] == ["SPY"]
    with pytest.raises(ValueError, match="colour"):
        await performance.report(Rules(), now, None, ("colour",))


async def test_an_exit_heard_before_the_first_reading_counts_once(ledger: OwnLedger, make: Any) -> None:
    performance, closed = Performance(ledger), make.trade(1, closed_at=2)
    await ledger.commit([make.decided(1)])
    await ledger.commit([(make.tick(2), (closed,))])
    performance.heard(closed)
    assert (await performance.tracker()).metrics().trades == 1


async def test_a_day_the_rules_close_is_no_session(ledger: OwnLedger, make: Any) -> None:
    await ledger.commit([make.decided(1)])
    await ledger.commit([(make.tick(2), (make.trade(1, closed_at=2),))])
    tracker = await Performance(ledger).tracker()
    later = make.at(2) + timedelta(days=60)
    usual = report_of(tracker.trades(), Rules(), later)
    closed = report_of(tracker.trades(), parse_rules('[clock]\nclosures = ["2026-12-01"]'), later)
    assert usual.metrics.sharpe.n == closed.metrics.sharpe.n + 1


def test_windows_have_names() -> None:
    assert [window_days(name) for name in ("30", "60", "90", "all")] == [30, 60, 90, None]
    with pytest.raises(ValueError, match="'31' is not one of 30, 60, 90, all"):
        window_days("31")


async def test_an_entry_that_cannot_be_read_fails_alone(file_ledger: SqliteLedger, make: Any) -> None:
    ledger = file_ledger
    await ledger.commit([make.decided(seq) for seq in range(1, 4)])
    await ledger.commit([(make.tick(4), tuple(make.trade(seq, closed_at=4) for seq in (1, 2, 3)))])
    change(ledger.path, "UPDATE ledger_entries SET exit = '{\"pnl_net\": inf}' WHERE seq = 2")
    for what in ("decisions", "ledger"):
        items = (await ledger.page(PageQuery(what=what))).items
        assert [bool(item.get("fault")) for item in items] == [False, True, False], what
        assert items[1]["symbol"] == "SPY" and "cannot be read" in items[1]["fault"]
    assert len(await ledger.closed_trades()) == 3, "a report reads the columns beside the entry"
