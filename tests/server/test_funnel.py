"""The day's funnel, read from the ledger: once in full, then only what is new."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from core.events import PriceSeen
from core.model import Action, Direction, Source
from server.deck import Command, Funnel
from server.deck.funnel import FunnelReader
from server.deck.local import LocalDeck
from server.feeds.base import NoFeed

NARROW = "[market]\nmax_spread_bps = 4\n"


async def funnel(deck: LocalDeck) -> Funnel:
    found = (await deck.system()).funnel
    assert found is not None
    return found


async def test_webhooks_signals_codes_and_trades_are_counted(station: Any) -> None:
    runtime = await station.start(NoFeed())
    deck = LocalDeck(runtime)
    assert await funnel(deck) == Funnel(day=date(2026, 11, 24))
    await station.enter(runtime)
    await runtime.submit("not JSON", "/api/webhooks")
    station.later(minutes=6)
    await station.send(runtime, Source.TRADINGVIEW_SIGNAL, direction=Direction.SHORT)
    found = await funnel(deck)
    assert (found.webhooks, found.quarantined, found.signals) == (6, 1, 2)
    assert (found.executed, found.open, found.won, found.lost) == (1, 1, 0, 0)
    assert dict(found.decisions)["EXECUTE"] == 1 and sum(n for _, n in found.decisions) >= 2
    assert sum(count for _, count in found.refused) == 1
    (position,) = deck.snapshot().positions
    station.later(minutes=1)
    at = station.clock.now()
    await runtime.post(
        lambda seq, now: PriceSeen(seq=seq, at=now, symbol="SPY", price=449.0, priced_at=at, source="test")
    )
    await deck.command(Command(id="x", name="exit", position_id=position.id, expected=position.remaining))
    after = await funnel(deck)
    assert (after.executed, after.open, after.won, after.lost) == (1, 0, 0, 1)
    assert after.net == pytest.approx(deck.snapshot().pnl.realized)
    fresh = await FunnelReader(runtime.ledger).read(at, runtime.engine.trading.calendar)
    assert fresh == after


async def test_a_signal_counts_once_by_its_latest_decision(station: Any) -> None:
    runtime = await station.start(NoFeed(), rules=NARROW)
    answer = await station.enter(runtime)
    assert answer.decision.action is Action.SKIP
    deck = LocalDeck(runtime)
    before = await funnel(deck)
    assert before.refused == (("SPREAD_WIDE", 1),)
    station.later(minutes=2)
    at = station.clock.now()
    await runtime.post(
        lambda seq, now: PriceSeen(seq=seq, at=now, symbol="SPY", price=451.0, priced_at=at, source="test")
    )
    after = await funnel(deck)
    assert (after.signals, sum(count for _, count in after.refused)) == (1, 1)


async def test_more_rows_than_a_page_and_a_new_day(station: Any) -> None:
    runtime = await station.start(NoFeed())
    deck = LocalDeck(runtime)
    for _ in range(230):
        await runtime.submit("not JSON", "/api/webhooks")
    assert (await funnel(deck)).webhooks == 230
    await runtime.submit("not JSON", "/api/webhooks")
    assert (await funnel(deck)).quarantined == 231
    station.later(minutes=24 * 60)
    assert await funnel(deck) == Funnel(day=date(2026, 11, 25))
    await runtime.submit("not JSON", "/api/webhooks")
    assert (await funnel(LocalDeck(runtime))).webhooks == 1
